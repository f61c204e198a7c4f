import { createEpochClock } from "../protocol/epochClock.js";
import { parseGrantDetails } from "../protocol/grantDetails.js";
import type { PeerInfo } from "../protocol/signaling.js";
import { joinProof, roomHash } from "../protocol/typedData.js";
import type { SignedReceipt } from "../protocol/typedData.js";
import { assertExpected } from "./connectOptions.js";
import type { ConnectOptions, Welcome } from "./connectOptions.js";
import { Emitter } from "./Emitter.js";
import { Disconnected } from "./errors.js";
import { MediaTransports } from "./MediaTransports.js";
import { ReceiptKeeper } from "./ReceiptKeeper.js";
import { createDevice } from "./rtc.js";
import { SignalingConnection } from "./SignalingConnection.js";
import type { ConsumerOffer, NodeNotification } from "./SignalingConnection.js";
import { LocalTrack, RemoteTrack } from "./tracks.js";
import { deadline, deferred } from "./timing.js";

export type RoomEvents = {
  /** Someone publishes a track, and it can be shown or played. */
  track: [RemoteTrack];
  trackEnded: [RemoteTrack];
  trackPaused: [RemoteTrack];
  trackResumed: [RemoteTrack];
  participantJoined: [PeerInfo];
  participantLeft: [PeerInfo];
  activeSpeaker: [PeerInfo];
  epoch: [epoch: number];
  /** The node acknowledged a receipt. */
  receipt: [SignedReceipt];
  /** Something went wrong that does not end the connection: a receipt or an epoch that was refused, a lost track. */
  warning: [Error];
  /** The connection is over, whoever ended it; the last event. */
  disconnected: [Disconnected];
};

const DEFAULT_RECEIPT_INTERVAL_MS = 3_000;
const CONNECT_TIMEOUT_MS = 15_000;
/** How long leaving waits for the last receipt to be acknowledged. */
const LAST_RECEIPT_TIMEOUT_MS = 2_000;

/**
 * A participant's place in a room on one node. Tracks of others arrive by themselves; receipts for what arrived are
 * signed and sent by themselves.
 */
export class Room extends Emitter<RoomEvents> {
  readonly #options: ConnectOptions;
  readonly #connection: SignalingConnection;
  readonly #welcomed = deferred<Welcome>();
  /** Offers of tracks wait for it, so that the caller of `connect` can listen before the first one is announced. */
  readonly #listening = deferred<void>();
  readonly #participants = new Map<string, PeerInfo>();
  /** By publication; a promise, since a track may end while it is being made ready. */
  readonly #remoteTracks = new Map<string, Promise<RemoteTrack>>();
  readonly #readyTracks = new Set<RemoteTrack>();
  readonly #localTracks = new Set<LocalTrack>();
  #transports: MediaTransports | undefined;
  #keeper: ReceiptKeeper | undefined;
  #receiptTimer: ReturnType<typeof setInterval> | undefined;
  /** Why this side is leaving, from the moment it begins to. */
  #leaving: Disconnected | undefined;
  #farewell: Promise<void> | undefined;
  #ended: Disconnected | undefined;

  /**
   * Joins a room.
   * @throws JoinRefused with the node's code; Disconnected where the node cannot be reached, is not the expected one
   * or does not keep to the protocol; EpochRefused where its clock and this machine's are too far apart.
   */
  static async connect(options: ConnectOptions): Promise<Room> {
    options.signal?.throwIfAborted();
    const room = new Room(options);
    try {
      await deadline(
        room.#join(),
        CONNECT_TIMEOUT_MS,
        () => new Disconnected("timeout", "joining took too long"),
      );
      return room;
    } catch (error) {
      room.#connection.close(new Disconnected("left", "joining failed", { cause: error }));
      throw error;
    }
  }

  private constructor(options: ConnectOptions) {
    super();
    this.#options = options;
    // It is awaited only where the connection comes about.
    this.#welcomed.promise.catch(() => undefined);
    this.#connection = new SignalingConnection(options.url, {
      notification: (notification) => this.#notified(notification),
      newConsumer: (offer) => this.#offered(offer),
      closed: (reason) => this.#end(reason),
    });
    options.signal?.addEventListener("abort", this.#aborted, { once: true });
  }

  /** Everyone else in the room. */
  get participants(): readonly PeerInfo[] {
    return [...this.#participants.values()];
  }

  /** Tracks that arrive now. */
  get tracks(): readonly RemoteTrack[] {
    return [...this.#readyTracks];
  }

  get localTracks(): readonly LocalTrack[] {
    return [...this.#localTracks];
  }

  /** What was received in the running epoch, and how well: bytes, and 0 to 10,000. */
  get received(): { epoch: number; bytesDelivered: bigint; quality: number } {
    const { epoch = 0, bytesDelivered = 0n, quality = 0 } = this.#keeper ?? {};
    return { epoch, bytesDelivered, quality };
  }

  /** Why the connection is over; undefined while it lasts. */
  get disconnected(): Disconnected | undefined {
    return this.#ended;
  }

  /**
   * Publishes a track to the room.
   * @param source "camera", "microphone", "screen" or another short word; camera or microphone where left out.
   * @throws RequestRefused (`permission_denied`, `track_limit`), Disconnected.
   */
  async publish(mediaTrack: MediaStreamTrack, source?: string): Promise<LocalTrack> {
    const name = source ?? (mediaTrack.kind === "audio" ? "microphone" : "camera");
    const producer = await this.#openTransports().publish(mediaTrack, name);
    const track = new LocalTrack(producer, name, mediaTrack);
    this.#localTracks.add(track);
    return track;
  }

  /** Stops publishing; the media track itself goes on. */
  async unpublish(track: LocalTrack): Promise<void> {
    if (!this.#localTracks.delete(track)) return;
    track.close();
    await this.#connection.request("closeProducer", { producerId: track.id });
  }

  /** Sends nothing of a track until `resume`, and tells the others. */
  async pause(track: LocalTrack): Promise<void> {
    track.pause();
    await this.#connection.request("pauseProducer", { producerId: track.id });
  }

  async resume(track: LocalTrack): Promise<void> {
    track.resume();
    await this.#connection.request("resumeProducer", { producerId: track.id });
  }

  /** Signs a last receipt, hands it in and goes. Never rejects. */
  async leave(): Promise<void> {
    await this.#leaveWith(new Disconnected("left", "left the room"));
  }

  readonly #aborted = (): void => {
    const { signal } = this.#options;
    const reason: unknown = signal?.reason;
    void this.#leaveWith(new Disconnected("left", "the caller's signal was aborted", { cause: reason }));
  };

  async #join(): Promise<void> {
    const { room, token, sessionKey, expect, rtc = {}, receiptIntervalMs } = this.#options;
    const welcome = await this.#welcomed.promise;
    assertExpected(welcome, expect);
    const { nodeId, domain, nonce } = welcome;
    const joinSignature = await joinProof.sign(sessionKey, domain, { nodeId, room: roomHash(room), nonce });
    const answer = await this.#connection.request("join", { room, ...token, joinSignature });
    for (const peer of answer.peers) this.#participants.set(peer.peerId, peer);
    this.#keeper = new ReceiptKeeper({
      nodeId,
      domain,
      clock: createEpochClock(welcome),
      sessionKey,
      epoch: answer.epoch,
      lastReceipt: answer.lastReceipt,
      readStatistics: async () => this.#transports?.receiveStatistics(),
      send: (receipt) => this.#connection.request("receipt", receipt),
      onAcknowledged: (receipt) => this.emit("receipt", receipt),
      onError: (error) => this.#warn(error),
    });
    const device = await createDevice(rtc);
    await device.load({ routerRtpCapabilities: answer.routerRtpCapabilities });
    this.#assertConnected();
    this.#transports = new MediaTransports(device, this.#connection, rtc, (error) => this.#warn(error));
    // Whoever may only publish is offered nothing.
    if (parseGrantDetails(token.details).permissions.subscribe) await this.#transports.openReceiving();
    this.#assertConnected();
    const keeper = this.#keeper;
    this.#receiptTimer = setInterval(() => {
      if (keeper.idle) void keeper.submit();
    }, receiptIntervalMs ?? DEFAULT_RECEIPT_INTERVAL_MS);
    setTimeout(this.#listening.resolve, 0);
  }

  #assertConnected(): void {
    if (this.#ended) throw this.#ended;
  }

  #openTransports(): MediaTransports {
    this.#assertConnected();
    if (!this.#transports) throw new Disconnected("connection_lost", "not connected");
    return this.#transports;
  }

  #notified({ method, data }: NodeNotification): void {
    switch (method) {
      case "welcome":
        return this.#welcomed.resolve(data);
      case "epoch":
        return this.#epochAnnounced(data.epoch);
      case "peerJoined":
        this.#participants.set(data.peerId, data);
        return this.emit("participantJoined", data);
      case "peerLeft": {
        const left = this.#participants.get(data.peerId);
        this.#participants.delete(data.peerId);
        return left && this.emit("participantLeft", left);
      }
      case "producerClosed":
        return void this.#trackEnded(data.producerId);
      case "producerPaused":
        return void this.#trackPaused(data.producerId, true);
      case "producerResumed":
        return void this.#trackPaused(data.producerId, false);
      case "activeSpeaker": {
        const speaker = this.#participants.get(data.peerId);
        return speaker && this.emit("activeSpeaker", speaker);
      }
      case "error":
        return this.#warn(new Error(`the node could not read a message: ${data.reason}`));
      case "goodbye":
        return void this.#leaveWith(new Disconnected(data.code, data.reason));
    }
  }

  #epochAnnounced(epoch: number): void {
    if (!this.#keeper) return;
    try {
      void this.#keeper.advance(epoch).then(() => this.emit("epoch", epoch));
    } catch (error) {
      this.#warn(error instanceof Error ? error : new Error(String(error)));
    }
  }

  async #offered(offer: ConsumerOffer): Promise<void> {
    await this.#listening.promise;
    const participant = this.#participants.get(offer.peerId);
    if (!participant) throw new Error(`the node offered a track of ${offer.peerId}, who is not in the room`);
    const making = this.#openTransports()
      .receive(offer)
      .then((consumer) => new RemoteTrack(consumer, participant, offer.source, offer.producerPaused));
    this.#remoteTracks.set(offer.producerId, making);
    try {
      const track = await making;
      this.#assertConnected();
      this.#readyTracks.add(track);
      this.emit("track", track);
      // Only now: the first key frame must find somebody who takes it.
      await this.#connection.request("resumeConsumer", { consumerId: offer.consumerId });
    } catch (error) {
      this.#remoteTracks.delete(offer.producerId);
      throw error;
    }
  }

  async #trackEnded(id: string): Promise<void> {
    const making = this.#remoteTracks.get(id);
    this.#remoteTracks.delete(id);
    // One that could not be made ready was refused there and then.
    const track = await making?.catch(() => undefined);
    if (!track || !this.#readyTracks.delete(track)) return;
    // Its statistics go with it.
    await this.#keeper?.sample();
    track.close();
    this.emit("trackEnded", track);
  }

  async #trackPaused(id: string, paused: boolean): Promise<void> {
    const track = await this.#remoteTracks.get(id)?.catch(() => undefined);
    if (!track) return;
    track.paused = paused;
    this.emit(paused ? "trackPaused" : "trackResumed", track);
  }

  #leaveWith(reason: Disconnected): Promise<void> {
    this.#leaving ??= reason;
    this.#farewell ??= (async () => {
      clearInterval(this.#receiptTimer);
      if (this.#keeper && !this.#ended) {
        await deadline(this.#keeper.submit(), LAST_RECEIPT_TIMEOUT_MS, () => reason).catch(() => undefined);
      }
      this.#connection.close(reason);
    })();
    return this.#farewell;
  }

  #end(reason: Disconnected): void {
    if (this.#ended) return;
    // The node may close before the last receipt is acknowledged: the reason is still the one that it gave.
    this.#ended = this.#leaving ?? reason;
    clearInterval(this.#receiptTimer);
    this.#options.signal?.removeEventListener("abort", this.#aborted);
    this.#welcomed.reject(this.#ended);
    this.#listening.resolve();
    this.#transports?.close();
    for (const track of this.#readyTracks) this.emit("trackEnded", track);
    this.#readyTracks.clear();
    this.#localTracks.clear();
    this.emit("disconnected", this.#ended);
  }

  #warn(error: Error): void {
    if (!this.#ended) this.emit("warning", error);
  }
}
