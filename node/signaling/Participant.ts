import type { Logger } from "pino";
import type { MediaError } from "../media/mediaError.js";
import type { Peer } from "../media/Peer.js";
import type { GrantDetails } from "../protocol/grantDetails.js";
import { SessionEnded } from "../protocol/refusals.js";
import { CLOSE_CODES } from "../protocol/signaling.js";
import type { ClientAnswers, PeerInfo } from "../protocol/signaling.js";
import type { JoinClaim, ServedSession } from "./admission.js";
import type { ParticipantRequest } from "./clientRequest.js";
import type { SignalingLimits } from "./limits.js";
import type { LiveRoom } from "./LiveRoom.js";
import { MediaRequests } from "./MediaRequests.js";
import { MeterTimer } from "./MeterTimer.js";
import { OwnTracks } from "./OwnTracks.js";
import { RequestError } from "./requestError.js";
import type { SignalingSocket } from "./SignalingSocket.js";
import { TrackOffers } from "./TrackOffers.js";

export interface ParticipantOptions {
  readonly claim: JoinClaim;
  readonly session: ServedSession;
  readonly details: GrantDetails;
  readonly info: PeerInfo;
  readonly room: LiveRoom;
  readonly peer: Peer;
  readonly limits: SignalingLimits;
  /** A request to moderate the room; checked by whoever gets it. */
  readonly moderate: (
    participant: Participant,
    request: Extract<ParticipantRequest, { method: "moderate" }>["data"],
  ) => Promise<void>;
  /** It has no socket, or has one again. */
  readonly onSuspended: (participant: Participant, suspended: boolean) => void;
  readonly onEnded: (participant: Participant) => void;
  readonly logger: Logger;
}

/** Tracks that an audit publishes at a time: one of each kind. */
const MAX_AUDIT_TRACKS = 2;

/**
 * One who was let into a room, from its join to its leaving. Its socket may break: its media goes on and is metered, the
 * room hears nothing of it, and whoever shows the session key in time goes on with it on another socket. It ends when
 * its client leaves, when nobody resumes it in time, when the node stops serving its session, when its room closes,
 * when the same session key joins again, when a moderator removes it, or when the node closes; in all cases it is
 * metered a last time and gives up its place.
 */
export class Participant {
  readonly info: PeerInfo;
  /** The others are not told of it. */
  readonly hidden: boolean;
  readonly #options: ParticipantOptions;
  readonly #offers: TrackOffers;
  readonly #tracks: OwnTracks;
  readonly #media: MediaRequests;
  readonly #meterTimer: MeterTimer;
  /** Own tracks of which the client knows that they are muted. */
  readonly #toldMuted = new Set<string>();
  #socket: SignalingSocket | undefined;
  #graceTimer: NodeJS.Timeout | undefined;
  /** Why it has left the room; its session goes on for a last receipt. */
  #left: { readonly code: string; readonly reason: string } | undefined;
  #finished: Promise<void> | undefined;
  #farewell: Promise<void> | undefined;
  #ended: Promise<void> | undefined;

  constructor(options: ParticipantOptions) {
    const { session, details, room, peer, limits, logger } = options;
    this.#options = options;
    const { permissions } = details;
    this.info = options.info;
    this.hidden = permissions.hidden;
    this.#offers = new TrackOffers({ peer, infoOf: (peerId) => room.infoOf(peerId), logger });
    this.#tracks = new OwnTracks({
      ...{ peer, permissions, logger },
      maxTracks: session.audit ? MAX_AUDIT_TRACKS : undefined,
      published: (publication) => room.published(this, publication),
      unpublished: (publication) => room.unpublished(this, publication),
    });
    this.#media = new MediaRequests(peer, permissions, this.#tracks);
    peer.on("expelled", this.#expelled);
    session.signal.addEventListener("abort", this.#stopServing, { once: true });
    this.#meterTimer = new MeterTimer(peer, limits.meterIntervalMs, (bytesSent) => this.#meter(bytesSent));
  }

  get session(): ServedSession {
    return this.#options.session;
  }

  get details(): GrantDetails {
    return this.#options.details;
  }

  get claim(): JoinClaim {
    return this.#options.claim;
  }

  get room(): LiveRoom {
    return this.#options.room;
  }

  /** Whether a new socket could take it over now. */
  mayResume(): boolean {
    return this.#left === undefined;
  }

  /** What a client has to know that comes back. */
  get standing(): Omit<ClientAnswers["resume"], "epoch"> {
    return {
      ...this.standingOfRoom,
      transportIds: this.#media.transportIds,
      ...this.#tracks.ids,
      ...this.#offers.standing,
    };
  }

  /** What a client has to know that comes, for the first time or again. */
  get standingOfRoom(): Pick<ClientAnswers["join"], "peers" | "lastReceipt" | "homeNodeId"> {
    const { room, session } = this.#options;
    return { peers: room.peersOf(this), lastReceipt: session.lastReceipt, homeNodeId: room.link.homeNodeId };
  }

  /** Goes on on a socket, from which it got its standing just now. */
  attach(socket: SignalingSocket): void {
    if (this.#left) return socket.close(CLOSE_CODES.goodbye, this.#left.code, this.#left.reason);
    clearTimeout(this.#graceTimer);
    this.#options.onSuspended(this, false);
    this.#socket = socket;
    socket.once("closed", ({ left }) => this.#socketClosed(socket, left));
    if (!socket.open) return this.#socketClosed(socket, false);
    const { producerIds } = this.#tracks.ids;
    for (const producerId of producerIds) this.#tellMuted(producerId);
    this.#offers.attach(socket);
  }

  /** Lets go of the socket for another one; resolves when its last request is worked off. */
  async detach(code: string, reason: string): Promise<void> {
    const socket = this.#socket;
    this.#socket = undefined;
    this.#offers.detach();
    socket?.close(CLOSE_CODES.goodbye, code, reason);
    await socket?.idle;
  }

  peerJoined(info: PeerInfo): void {
    this.#socket?.notify("peerJoined", info);
    this.#offers.peerKnown();
  }

  peerLeft(peerId: PeerInfo["peerId"]): void {
    this.#socket?.notify("peerLeft", { peerId });
  }

  activeSpeaker(peerId: PeerInfo["peerId"]): void {
    this.#socket?.notify("activeSpeaker", { peerId });
  }

  epochBegan(epoch: number): void {
    this.#socket?.notify("epoch", { epoch });
  }

  /** As a moderator wants it; false where the track is not its own, or is so already. */
  async setMuted(producerId: string, muted: boolean): Promise<boolean> {
    const changed = await this.#tracks.setMuted(producerId, muted);
    if (changed) this.#tellMuted(producerId);
    return changed;
  }

  /** Throws RequestError, CommandRefused, MediaError or ReceiptRefused where it is not granted. */
  async handle(request: ParticipantRequest): Promise<unknown> {
    const { peer, session } = this.#options;
    if (request.method === "receipt") {
      // First what the node itself counted up to now, since the receipt is judged against it.
      this.#meter(await peer.bytesSent({ exact: true }));
      return session.submitReceipt(request.data);
    }
    if (this.#left) throw new RequestError("not_joined", `you have left the room: no ${request.method} now`);
    if (request.method !== "moderate") return this.#media.handle(request);
    await this.#options.moderate(this, request.data);
    return {};
  }

  /**
   * Sends it away: says why, waits a moment for its last receipt, and closes. Resolves when it is gone; never rejects.
   */
  sendAway(code: string, reason: string): Promise<void> {
    this.#farewell ??= this.#sayFarewell(code, reason);
    return this.#farewell;
  }

  /** Sends it away without waiting for a receipt: the same session key has joined again. */
  async replace(reason: string): Promise<void> {
    this.#leaveRoom("replaced", reason);
    await Promise.all([this.detach("replaced", reason), this.#end("replaced", reason)]);
  }

  readonly #expelled = ({ code, message }: MediaError): void => void this.sendAway(code, message);

  readonly #stopServing = (): void => {
    const { code, message } = endOf(this.#options.session.signal);
    void this.sendAway(code, message);
  };

  #socketClosed(socket: SignalingSocket, left: boolean): void {
    if (this.#socket !== socket) return;
    this.#socket = undefined;
    this.#offers.detach();
    if (left || this.#left) return void this.#end("left", "you left the room");
    const { limits, logger } = this.#options;
    logger.info("the participant's socket broke");
    this.#graceTimer = setTimeout(() => void this.giveUp(), limits.resumeGraceMs);
    this.#options.onSuspended(this, true);
  }

  /** Nobody came to resume it. */
  giveUp(): Promise<void> {
    return this.#end("connection_lost", "the connection broke and was not resumed in time");
  }

  async #sayFarewell(code: string, reason: string): Promise<void> {
    this.#leaveRoom(code, reason);
    const socket = this.#socket;
    if (socket?.open) {
      const closed = new Promise<void>((resolve) => socket.once("closed", () => resolve()));
      socket.goodbye(code, reason);
      const timer = setTimeout(
        () => socket.close(CLOSE_CODES.goodbye, code, reason),
        this.#options.limits.farewellMs,
      );
      await this.#finishMedia();
      await closed;
      clearTimeout(timer);
    }
    await this.#end(code, reason);
  }

  /** Gives everything back; again: nothing more to do. Never rejects. */
  #end(code: string, reason: string): Promise<void> {
    this.#ended ??= this.#giveBack(code, reason);
    return this.#ended;
  }

  async #giveBack(code: string, reason: string): Promise<void> {
    const { session, logger, onSuspended, onEnded } = this.#options;
    this.#leaveRoom(code, reason);
    onSuspended(this, false);
    await this.#finishMedia();
    try {
      session.leave();
      logger.info({ code: this.#left?.code ?? code }, "participant left");
    } catch (error) {
      logger.error({ err: error }, "session not left");
    }
    onEnded(this);
  }

  #leaveRoom(code: string, reason: string): void {
    if (this.#left) return;
    this.#left = { code, reason };
    clearTimeout(this.#graceTimer);
    this.#options.session.signal.removeEventListener("abort", this.#stopServing);
    this.#offers.detach();
    const { peer, room } = this.#options;
    // Now, and not with the rest of its media: its tracks end before it is gone.
    for (const publication of peer.publications) publication.close();
    for (const publication of peer.dataPublications) publication.close();
    room.leave(this, code);
  }

  /** Ends the media and meters it a last time; the session goes on, for a last receipt. Never rejects. */
  #finishMedia(): Promise<void> {
    this.#meterTimer.stop();
    this.#finished ??= this.#options.peer.finish().then((bytesSent) => this.#meter(bytesSent));
    return this.#finished;
  }

  #tellMuted(producerId: string): void {
    const muted = this.#tracks.muted.has(producerId);
    if (!this.#socket || this.#toldMuted.has(producerId) === muted) return;
    if (muted) this.#toldMuted.add(producerId);
    else this.#toldMuted.delete(producerId);
    this.#socket.notify("trackMuted", { producerId, muted });
  }

  #meter(bytesSent: bigint): void {
    const { session, logger } = this.#options;
    try {
      session.meter(bytesSent);
    } catch (error) {
      logger.error({ err: error }, "bytes not metered");
    }
  }
}

/** What a session's signal says of its end. */
function endOf({ reason }: AbortSignal): { code: string; message: string } {
  if (reason instanceof SessionEnded) return { code: reason.code, message: reason.message };
  const message = reason instanceof Error ? reason.message : "the node stops serving this session";
  return { code: "session_ended", message };
}
