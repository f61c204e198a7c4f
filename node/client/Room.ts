import type { Permissions } from "../protocol/grantDetails.js";
import type { ModerationAction } from "../protocol/roomCommand.js";
import type { PeerInfo } from "../protocol/signaling.js";
import { roomCommand, roomHash } from "../protocol/typedData.js";
import type { SignedReceipt } from "../protocol/typedData.js";
import type { ConnectOptions } from "./connectOptions.js";
import type { DataOptions } from "./dataMessage.js";
import { Emitter } from "./Emitter.js";
import { Disconnected } from "./errors.js";
import { LocalData } from "./LocalData.js";
import { Membership } from "./Membership.js";
import type { Reconnection } from "./Membership.js";
import type { NodeSession } from "./NodeSession.js";
import type { RemoteData } from "./RemoteData.js";
import type { RemoteMedia } from "./RemoteMedia.js";
import { Roster } from "./Roster.js";
import { isLost, unlessLost } from "./SignalingConnection.js";
import { LocalTrack } from "./tracks.js";
import type { PublishOptions, RemoteTrack } from "./tracks.js";
import { deferred } from "./timing.js";

export type RoomEvents = {
  /** Someone publishes a track, and it can be shown or played. */
  track: [RemoteTrack];
  trackEnded: [RemoteTrack];
  trackPaused: [RemoteTrack];
  trackResumed: [RemoteTrack];
  /** Other layers of a simulcast or SVC track arrive now: `track.layers`. */
  trackLayersChanged: [RemoteTrack];
  /** A moderator muted an own track, or unmuted it: `track.muted`. */
  trackMuted: [LocalTrack];
  /** Someone opened a data channel. */
  data: [RemoteData];
  participantJoined: [PeerInfo];
  participantLeft: [PeerInfo];
  activeSpeaker: [PeerInfo];
  epoch: [epoch: number];
  /** The node acknowledged a receipt. */
  receipt: [SignedReceipt];
  /** The connection is lost and sought again; what is published stays so, and requests wait. */
  reconnecting: [reason: Disconnected];
  reconnected: [Reconnection];
  /** Something went wrong that does not end the connection: a receipt or an epoch that was refused, a lost track. */
  warning: [Error];
  /** The room is over for this participant, whoever ended it; the last event. */
  disconnected: [Disconnected];
};

/** How long a moderator's command may take to reach all nodes of the room. */
const COMMAND_SECONDS = 60;

/**
 * A participant's place in a room, whatever becomes of the connection to the node that carries it. Tracks of others
 * arrive by themselves; receipts for what arrived are signed and sent by themselves. A lost connection is resumed; where
 * that cannot be, the room is joined again, on another node if it must, and all that was published is published again.
 */
export class Room extends Emitter<RoomEvents> {
  readonly #options: ConnectOptions;
  readonly #membership: Membership;
  readonly #roster: Roster;
  /** Offers of tracks wait for it, so that the caller of `connect` can listen before the first one is announced. */
  readonly #listening = deferred<void>();
  readonly #tracks = new Set<LocalTrack>();
  readonly #data = new Set<LocalData>();

  /**
   * Joins a room.
   * @throws JoinRefused with the node's code; Disconnected where the node cannot be reached, is not the expected one
   * or does not keep to the protocol; EpochRefused where its clock and this machine's are too far apart. Of several nodes
   * each is tried; then what a node refused for good, or else what the last one said.
   */
  static async connect(options: ConnectOptions): Promise<Room> {
    options.signal?.throwIfAborted();
    const room = new Room(options);
    try {
      await room.#membership.start();
    } catch (error) {
      room.#listening.resolve();
      options.signal?.removeEventListener("abort", room.#aborted);
      throw error;
    }
    setTimeout(room.#listening.resolve, 0);
    return room;
  }

  private constructor(options: ConnectOptions) {
    super();
    this.#options = options;
    this.#roster = new Roster({
      joined: (peer) => this.emit("participantJoined", peer),
      left: (peer) => this.emit("participantLeft", peer),
    });
    this.#membership = new Membership(options, this.#roster, this.#listening.promise, {
      session: (session) => this.#watch(session),
      remote: (remote) => this.#watchRemote(remote),
      restore: (session) => this.#restore(session),
      reconnecting: (reason) => this.emit("reconnecting", reason),
      reconnected: (reconnection) => this.emit("reconnected", reconnection),
      ended: (reason) => this.#end(reason),
    });
    options.signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  /** Everyone else in the room. */
  get participants(): readonly PeerInfo[] {
    return this.#roster.all;
  }

  /** Tracks that arrive now. */
  get tracks(): readonly RemoteTrack[] {
    return this.#membership.session?.remote.tracks ?? [];
  }

  /** Data channels of others. */
  get data(): readonly RemoteData[] {
    return this.#membership.session?.remote.data ?? [];
  }

  get localTracks(): readonly LocalTrack[] {
    return [...this.#tracks];
  }

  /** What the app allows this participant. */
  get permissions(): Permissions {
    return this.#membership.tokens.permissions;
  }

  /** The node that carries this participant now, or did last. */
  get nodeId(): bigint {
    return this.#session.nodeId;
  }

  /** Its signaling address. */
  get url(): string {
    return this.#session.url;
  }

  /** What was received of that node in the running epoch, and how well: bytes, and 0 to 10,000. */
  get received(): { epoch: number; bytesDelivered: bigint; quality: number } {
    const { epoch, bytesDelivered, quality } = this.#session.received;
    return { epoch, bytesDelivered, quality };
  }

  /** Why the room is over; undefined while it lasts. */
  get disconnected(): Disconnected | undefined {
    return this.#membership.ended;
  }

  /**
   * Publishes a track to the room, now and whenever the room is joined again. While the connection is lost, waits.
   * @param options Its source alone, or how to send it.
   * @throws RequestRefused (`permission_denied`, `track_limit`), RangeError where an option cannot be, Disconnected.
   */
  async publish(mediaTrack: MediaStreamTrack, options: string | PublishOptions = {}): Promise<LocalTrack> {
    const track = new LocalTrack(mediaTrack, typeof options === "string" ? { source: options } : options);
    await this.#persist(async (session) => {
      if (!session.local.has(track)) await session.local.publish(track);
    });
    this.#tracks.add(track);
    return track;
  }

  /** Stops publishing; the media track itself goes on. */
  async unpublish(track: LocalTrack): Promise<void> {
    if (this.#tracks.delete(track)) await this.#membership.session?.local.unpublish(track);
  }

  /** Sends nothing of a track until `resume`, and tells the others. */
  async pause(track: LocalTrack): Promise<void> {
    track.pause();
    await unlessLost(this.#session.request("pauseProducer", { producerId: track.id }));
  }

  async resume(track: LocalTrack): Promise<void> {
    track.resume();
    await unlessLost(this.#session.request("resumeProducer", { producerId: track.id }));
  }

  /**
   * Opens a data channel to everybody in the room, now and whenever the room is joined again.
   * @throws RequestRefused (`permission_denied`, `data_channel_limit`), Disconnected.
   */
  async publishData(label: string, options: DataOptions = {}): Promise<LocalData> {
    const data = new LocalData(label, options);
    await this.#persist(async (session) => {
      if (!session.local.has(data)) await session.local.publishData(data);
    });
    this.#data.add(data);
    return data;
  }

  async unpublishData(data: LocalData): Promise<void> {
    if (!this.#data.delete(data)) return;
    data.close(new Disconnected("left", `the data channel "${data.label}" was closed`));
    await this.#membership.session?.local.unpublishData(data);
  }

  /**
   * Mutes, unmutes or removes others, or closes the room: for those whose grant has the permission `admin`.
   * @param target A published track's id to (un)mute, the session key (`peerId`) of the participant to remove, or "" to
   * close the room.
   * @throws RequestRefused (`permission_denied`, `not_found`), Disconnected.
   */
  async moderate(action: ModerationAction, target: string): Promise<void> {
    const { room, sessionKey } = this.#options;
    const { domain } = this.#session;
    const { app } = this.#membership.tokens.token.grant;
    const expiresAt = BigInt(Math.floor(Date.now() / 1_000) + COMMAND_SECONDS);
    const command = { app, room: roomHash(room), action, target, expiresAt };
    const signature = await roomCommand.sign(sessionKey, domain, command);
    await this.#persist(async (session) => {
      await session.request("moderate", { action, target, expiresAt, signature });
    });
  }

  /** Signs a last receipt, hands it in and goes. Never rejects. */
  async leave(): Promise<void> {
    await this.#membership.leave(new Disconnected("left", "left the room"));
  }

  readonly #aborted = (): void => {
    const { signal } = this.#options;
    const reason: unknown = signal?.reason;
    void this.#membership.leave(
      new Disconnected("left", "the caller's signal was aborted", { cause: reason }),
    );
  };

  get #session(): NodeSession {
    const { session } = this.#membership;
    if (!session) throw new Disconnected("connection_lost", "not connected");
    return session;
  }

  /** Does something on the session there is; again on the next one where that breaks or is replaced meanwhile. */
  async #persist(action: (session: NodeSession) => Promise<void>): Promise<void> {
    for (;;) {
      const session = await this.#membership.ready();
      try {
        await action(session);
        if (this.#membership.session === session) return;
      } catch (error) {
        if (this.#membership.ended || !(isLost(error) || this.#membership.session !== session)) throw error;
      }
    }
  }

  /** Publishes on a session what is missing there: all, where the room was joined again. */
  async #restore(session: NodeSession): Promise<void> {
    for (const track of this.#tracks) {
      if (session.local.has(track)) continue;
      await this.#again(
        session,
        `the ${track.source} track`,
        () => session.local.publish(track),
        () => {
          this.#tracks.delete(track);
        },
      );
    }
    for (const data of this.#data) {
      if (session.local.has(data)) continue;
      await this.#again(
        session,
        `data channel "${data.label}"`,
        () => session.local.publishData(data),
        () => {
          this.#data.delete(data);
          data.close(new Disconnected("failed", `data channel "${data.label}" could not be opened again`));
        },
      );
    }
  }

  async #again(
    session: NodeSession,
    what: string,
    publish: () => Promise<void>,
    forget: () => void,
  ): Promise<void> {
    try {
      await publish();
    } catch (error) {
      if (isLost(error) || !session.connected) throw error;
      forget();
      this.#warn(new Error(`${what} could not be published again`, { cause: error }));
    }
  }

  #watch(session: NodeSession): void {
    session
      .on("activeSpeaker", (peerId) => {
        const speaker = this.#roster.get(peerId);
        if (speaker) this.emit("activeSpeaker", speaker);
      })
      .on("muted", (producerId, muted) => {
        const track = session.local.trackOf(producerId);
        if (!track || track.muted === muted) return;
        track.setMuted(muted);
        this.emit("trackMuted", track);
      })
      .on("epoch", (epoch) => this.emit("epoch", epoch))
      .on("receipt", (receipt) => this.emit("receipt", receipt))
      .on("warning", (error) => this.#warn(error));
  }

  #watchRemote(remote: RemoteMedia): void {
    remote
      .on("track", (track) => this.emit("track", track))
      .on("trackEnded", (track) => this.emit("trackEnded", track))
      .on("trackPaused", (track) => this.emit("trackPaused", track))
      .on("trackResumed", (track) => this.emit("trackResumed", track))
      .on("trackLayersChanged", (track) => this.emit("trackLayersChanged", track))
      .on("data", (data) => this.emit("data", data));
  }

  #end(reason: Disconnected): void {
    this.#options.signal?.removeEventListener("abort", this.#aborted);
    this.#listening.resolve();
    this.#tracks.clear();
    for (const data of this.#data) data.close(reason);
    this.#data.clear();
    this.emit("disconnected", reason);
  }

  #warn(error: Error): void {
    if (!this.#membership.ended) this.emit("warning", error);
  }
}
