import type { Logger } from "pino";
import { MediaError } from "../media/mediaError.js";
import type { MediaServer, Place } from "../media/MediaServer.js";
import type { Room } from "../media/Room.js";
import { parseGrantDetails } from "../protocol/grantDetails.js";
import type { GrantDetails } from "../protocol/grantDetails.js";
import { JoinRefused } from "../protocol/refusals.js";
import type { PeerInfo } from "../protocol/signaling.js";
import { InvalidSignature, joinProof, roomHash } from "../protocol/typedData.js";
import type { Address, Hex } from "../protocol/typedData.js";
import type { Admission, JoinClaim, ServedSession } from "./admission.js";
import type { SignalingLimits } from "./limits.js";
import { LiveRoom } from "./LiveRoom.js";
import { roomKey } from "./Lobby.js";
import type { Lobby } from "./Lobby.js";
import type { Moderation } from "./Moderation.js";
import { Participant } from "./Participant.js";
import { RequestError } from "./requestError.js";
import { loneRooms } from "./roomLinks.js";
import type { RoomLink, RoomLinks } from "./roomLinks.js";
import type { RoomObserver } from "./roomObserver.js";
import type { SignalingSocket } from "./SignalingSocket.js";

export interface EntranceOptions {
  readonly admission: Admission;
  readonly media: MediaServer;
  readonly lobby: Lobby;
  readonly links: RoomLinks;
  readonly observer: RoomObserver;
  readonly moderation: Moderation;
  readonly limits: SignalingLimits;
  readonly logger: Logger;
}

export interface ResumeClaim {
  readonly room: string;
  readonly sessionKey: Address;
  readonly joinSignature: Hex;
  /** The nonce that this connection's `welcome` carried. */
  readonly nonce: Hex;
}

/** Where participants come in, for the first time or again. */
export class Entrance {
  readonly #options: EntranceOptions;
  readonly #lone: RoomLinks;
  #closedBecause: JoinRefused | undefined;

  constructor(options: EntranceOptions) {
    this.#options = options;
    this.#lone = loneRooms(options.admission.nodeId);
  }

  get open(): boolean {
    return this.#closedBecause === undefined;
  }

  /** Lets nobody in any more, for a reason; or again. Who is in may go on, and resume. */
  close(because: JoinRefused | undefined): void {
    this.#closedBecause = because;
  }

  /** Throws JoinRefused, MediaError, RequestError. */
  join(claim: JoinClaim, socket: SignalingSocket, logger: Logger): Promise<Participant> {
    return this.#options.lobby.inTurn(claim.grant.sessionKey, () => this.#join(claim, socket, logger));
  }

  /** Takes a participant over whose socket broke, noticed or not. Throws JoinRefused, RequestError. */
  async resume(claim: ResumeClaim): Promise<Participant> {
    const { sessionKey, room } = claim;
    const unknown = new RequestError("session_unknown", "there is no such session to go on with: join again");
    // First what costs nothing: anybody may ask.
    if (!this.#options.lobby.participantOf(sessionKey)) throw unknown;
    if (this.#signerOf(claim) !== sessionKey) {
      throw new JoinRefused("join_signature_invalid", "the session key did not sign this connection's nonce");
    }
    return this.#options.lobby.inTurn(sessionKey, async () => {
      const participant = this.#options.lobby.participantOf(sessionKey);
      if (participant?.mayResume() && participant.claim.room === room) {
        await participant.detach("resumed", "the session goes on over another connection");
        if (participant.mayResume()) return participant;
      }
      throw unknown;
    });
  }

  async #join(claim: JoinClaim, socket: SignalingSocket, logger: Logger): Promise<Participant> {
    const { admission, media } = this.#options;
    this.#assertWelcome(claim);
    await this.#replaceFormer(claim);
    const session = await admission.admit(claim);
    const { sessionKey, app, audit } = session;
    let place: Place | undefined;
    let link: RoomLink | undefined;
    try {
      const details = readDetails(claim.details);
      if (!details.permissions.join) {
        throw new JoinRefused("join_not_permitted", "the grant does not allow to be in the room");
      }
      place = await media.join(roomKey(app, claim.room, audit), sessionKey);
      link = await this.#link(claim, session, details, place);
      // What may have changed meanwhile.
      this.#assertWelcome(claim);
      session.signal.throwIfAborted();
      if (!socket.open) throw new RequestError("not_joined", "the client left before it was let in");
      if (place.peer.closed)
        throw new MediaError("worker_died", "the media worker died while you joined; join again");
      const participant = this.#seat(claim, session, details, place, link, logger);
      logger.info({ sessionKey, app, room: claim.room, audit }, "participant joined");
      return participant;
    } catch (error) {
      link?.leave(sessionKey);
      place?.peer.close();
      session.leave();
      throw error;
    }
  }

  #assertWelcome({ grant, room }: JoinClaim): void {
    if (this.#closedBecause) throw this.#closedBecause;
    this.#options.moderation.assertNotRemoved(grant.app, room, grant.sessionKey);
  }

  #link(claim: JoinClaim, session: ServedSession, details: GrantDetails, place: Place): Promise<RoomLink> {
    const { app, audit } = session;
    const { homes = [], permissions } = details;
    const room = { app, name: claim.room, hash: roomHash(claim.room), homes };
    const member = { info: infoOf(session, details), hidden: permissions.hidden, claim };
    return (audit ? this.#lone : this.#options.links).enter(room, member, place.room);
  }

  /** From here on nothing waits, so that nobody in the room misses anything. */
  #seat(
    claim: JoinClaim,
    session: ServedSession,
    details: GrantDetails,
    { room: media, peer }: Place,
    link: RoomLink,
    logger: Logger,
  ): Participant {
    const { lobby, limits, moderation } = this.#options;
    const { app, sessionKey, audit } = session;
    const key = roomKey(app, claim.room, audit);
    const room = lobby.roomByKey(key) ?? this.#openRoom(key, claim, session, media, link);
    const participant = new Participant({
      ...{ claim, session, details, room, peer, limits },
      info: infoOf(session, details),
      moderate: (admin, request) => moderation.byAdmin(admin, request),
      onSuspended: (one, suspended) => lobby.suspended(one, suspended),
      onEnded: (one) => lobby.forget(one),
      logger: logger.child({ sessionKey, app }),
    });
    lobby.joined(participant);
    room.enter(participant);
    return participant;
  }

  #openRoom(key: string, claim: JoinClaim, { app }: ServedSession, media: Room, link: RoomLink): LiveRoom {
    const { admission, lobby, observer, moderation, logger } = this.#options;
    const room: LiveRoom = new LiveRoom({
      room: { app, name: claim.room },
      ...{ media, link, observer, logger },
      nodeId: admission.nodeId,
      onCommand: (command) => void moderation.fromNode(command),
      onEmpty: () => lobby.emptied(key, room),
    });
    lobby.opened(key, room);
    return room;
  }

  /**
   * A client whose connection broke comes back before the node has noticed, or joins where it could have resumed. Who
   * holds the session key may end the former session: the proof is checked here, so that nobody else can, and the rest
   * by `admit`.
   */
  async #replaceFormer(claim: JoinClaim): Promise<void> {
    const { sessionKey } = claim.grant;
    const former = this.#options.lobby.participantOf(sessionKey);
    if (!former || this.#signerOf({ ...claim, sessionKey }) !== sessionKey) return;
    await former.replace("the same session key has joined again");
  }

  #signerOf({ room, nonce, joinSignature }: ResumeClaim): Address | undefined {
    const { nodeId, domain } = this.#options.admission;
    try {
      return joinProof.recover(domain, { nodeId, room: roomHash(room), nonce }, joinSignature);
    } catch (error) {
      if (error instanceof InvalidSignature) return undefined;
      throw error;
    }
  }
}

function infoOf({ sessionKey }: ServedSession, { identity, name, metadata }: GrantDetails): PeerInfo {
  return { peerId: sessionKey, identity, name, metadata };
}

function readDetails(details: string): GrantDetails {
  try {
    return parseGrantDetails(details);
  } catch (error) {
    throw new JoinRefused("grant_details_invalid", error instanceof Error ? error.message : String(error));
  }
}
