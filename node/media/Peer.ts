import { EventEmitter } from "node:events";
import type { Router, WebRtcServer, WebRtcTransport } from "mediasoup/types";
import type {
  DtlsParameters,
  IceParameters,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
  TransportParameters,
} from "../protocol/mediaParameters.js";
import type { MediaLimits } from "./limits.js";
import { MediaError, asMediaError } from "./mediaError.js";
import { Publication } from "./Publication.js";
import { Subscription } from "./Subscription.js";
import { TransportByteCounter } from "./TransportByteCounter.js";

export type PeerEvents = {
  /** The peer publishes a track. */
  published: [Publication];
  /** The peer has a transport to receive on and said what it can receive. */
  receiving: [];
  /** A track is ready to be offered to the peer; it is paused until `resumeSubscription`. */
  subscribed: [Subscription];
  closed: [];
};

/** First guess of what a receiver's downlink carries, in bits per second; bandwidth estimation goes on from it. */
const INITIAL_OUTGOING_BITRATE = 1_000_000;

/** One participant in a room: at most one transport to send on and one to receive on, and the tracks on them. */
export class Peer extends EventEmitter<PeerEvents> {
  readonly id: string;
  readonly #router: Router;
  readonly #webRtcServer: WebRtcServer;
  readonly #limits: MediaLimits;
  readonly #counter = new TransportByteCounter();
  readonly #publications = new Map<string, Publication>();
  readonly #subscriptions = new Map<string, Subscription>();
  /** Subscriptions that are being made: they count towards the limit too. */
  #pendingSubscriptions = 0;
  #pendingPublications = 0;
  #sending: Promise<WebRtcTransport> | undefined;
  #receiving: Promise<WebRtcTransport> | undefined;
  #receiveCapabilities: RtpCapabilities | undefined;
  #closed = false;

  /** Peers are made by `Room.join`. */
  constructor(id: string, router: Router, webRtcServer: WebRtcServer, limits: MediaLimits) {
    super();
    this.id = id;
    this.#router = router;
    this.#webRtcServer = webRtcServer;
    this.#limits = limits;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get publications(): readonly Publication[] {
    return [...this.#publications.values()];
  }

  /** Throws `MediaError`: closed, transport_exists. */
  async createSendTransport(): Promise<TransportParameters> {
    this.#assertOpen();
    if (this.#sending) throw new MediaError("transport_exists", "there is a transport to send on already");
    const making = this.#createTransport();
    this.#sending = making;
    const transport = await making.catch((error: unknown) => {
      this.#sending = undefined;
      throw error;
    });
    await asMediaError("bitrate not limited", () =>
      transport.setMaxIncomingBitrate(this.#limits.maxIncomingBitrate),
    );
    return parametersOf(transport);
  }

  /** From now on the room's tracks are offered by `subscribed`. Throws `MediaError`: closed, transport_exists. */
  async createReceiveTransport(capabilities: RtpCapabilities): Promise<TransportParameters> {
    this.#assertOpen();
    if (this.#receiving)
      throw new MediaError("transport_exists", "there is a transport to receive on already");
    const making = this.#createTransport();
    this.#receiving = making;
    const transport = await making.catch((error: unknown) => {
      this.#receiving = undefined;
      throw error;
    });
    this.#counter.add(transport);
    this.#receiveCapabilities = capabilities;
    this.emit("receiving");
    return parametersOf(transport);
  }

  /** Throws `MediaError`: closed, not_found, failed where it is connected already. */
  async connectTransport(transportId: string, dtlsParameters: DtlsParameters): Promise<void> {
    const transport = await this.#transport(transportId);
    await asMediaError("transport not connected", () => transport.connect({ dtlsParameters }));
  }

  /** Throws `MediaError`: closed, not_found. */
  async restartIce(transportId: string): Promise<IceParameters> {
    const transport = await this.#transport(transportId);
    return asMediaError("ICE not restarted", () => transport.restartIce());
  }

  /** Throws `MediaError`: closed, not_found, track_limit, invalid_parameters. */
  async publish(
    transportId: string,
    track: { kind: MediaKind; rtpParameters: RtpParameters; source: string; paused: boolean },
  ): Promise<Publication> {
    this.#assertOpen();
    const transport = await this.#sending;
    if (transport?.id !== transportId) throw notFound("transport to send on", transportId);
    if (this.#publications.size + this.#pendingPublications >= this.#limits.maxPublicationsPerPeer) {
      throw new MediaError(
        "track_limit",
        `a participant publishes at most ${this.#limits.maxPublicationsPerPeer} tracks at a time`,
      );
    }
    this.#pendingPublications += 1;
    try {
      const { kind, rtpParameters, paused } = track;
      const producer = await asMediaError("track not published", () =>
        transport.produce({ kind, rtpParameters, paused, keyFrameRequestDelay: 1000 }),
      );
      const publication = new Publication(this.id, track.source, producer);
      this.#publications.set(publication.id, publication);
      publication.once("closed", () => this.#publications.delete(publication.id));
      this.emit("published", publication);
      return publication;
    } finally {
      this.#pendingPublications -= 1;
    }
  }

  /** Throws `MediaError`: not_found. */
  publication(id: string): Publication {
    const publication = this.#publications.get(id);
    if (!publication) throw notFound("published track", id);
    return publication;
  }

  /**
   * Prepares a publication for this peer; nothing happens where the peer does not receive yet or cannot decode it.
   * Throws `MediaError`: closed, subscription_limit.
   */
  async subscribe(publication: Publication): Promise<Subscription | undefined> {
    this.#assertOpen();
    const rtpCapabilities = this.#receiveCapabilities;
    const transport = await this.#receiving;
    if (!transport || !rtpCapabilities || publication.closed) return undefined;
    if (!this.#router.canConsume({ producerId: publication.id, rtpCapabilities })) return undefined;
    if (this.#subscriptions.size + this.#pendingSubscriptions >= this.#limits.maxSubscriptionsPerPeer) {
      throw new MediaError(
        "subscription_limit",
        `a participant receives at most ${this.#limits.maxSubscriptionsPerPeer} tracks at a time`,
      );
    }
    this.#pendingSubscriptions += 1;
    try {
      const consumer = await asMediaError("track not offered", () =>
        transport.consume({ producerId: publication.id, rtpCapabilities, paused: true }),
      );
      const subscription = new Subscription(publication, consumer);
      this.#subscriptions.set(subscription.id, subscription);
      subscription.once("closed", () => this.#subscriptions.delete(subscription.id));
      this.emit("subscribed", subscription);
      return subscription;
    } finally {
      this.#pendingSubscriptions -= 1;
    }
  }

  /** The client is ready for a track that was offered. Throws `MediaError`: not_found, failed. */
  async resumeSubscription(id: string): Promise<void> {
    const subscription = this.#subscriptions.get(id);
    if (!subscription) throw notFound("offered track", id);
    await asMediaError("track not resumed", () => subscription.resume());
  }

  /**
   * RTP bytes sent to this participant so far, retransmissions not included; never falls, and stands still once the
   * peer is closed. What is counted: see `TransportByteCounter`.
   */
  bytesSent(): Promise<bigint> {
    return this.#counter.read();
  }

  /**
   * Sends nothing more, closes, and resolves to the bytes that were sent in all. The worker works requests off in
   * order, so nothing goes out between the last reading and the end. Never rejects.
   */
  async finish(): Promise<bigint> {
    for (const subscription of this.#subscriptions.values()) subscription.close();
    const bytesSent = await this.bytesSent();
    this.close();
    return bytesSent;
  }

  /** Ends both transports and all that is on them. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const transport of [this.#sending, this.#receiving]) {
      // A transport that is being made fails where its room is gone: then there is nothing to close.
      transport?.then(
        (made) => made.close(),
        () => undefined,
      );
    }
    this.emit("closed");
  }

  async #createTransport(): Promise<WebRtcTransport> {
    const transport = await asMediaError("transport not created", () =>
      this.#router.createWebRtcTransport({
        webRtcServer: this.#webRtcServer,
        enableUdp: true,
        enableTcp: true,
        preferUdp: true,
        initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BITRATE,
      }),
    );
    if (this.#closed) {
      transport.close();
      this.#assertOpen();
    }
    return transport;
  }

  async #transport(id: string): Promise<WebRtcTransport> {
    this.#assertOpen();
    for (const transport of await Promise.all([this.#sending, this.#receiving])) {
      if (transport?.id === id) return transport;
    }
    throw notFound("transport", id);
  }

  #assertOpen(): void {
    if (this.#closed) throw new MediaError("closed", "the participant has left the room");
  }
}

function parametersOf(transport: WebRtcTransport): TransportParameters {
  const { id, iceParameters, iceCandidates, dtlsParameters } = transport;
  return { id, iceParameters, iceCandidates, dtlsParameters };
}

function notFound(what: string, id: string): MediaError {
  return new MediaError("not_found", `there is no ${what} with the id ${id}`);
}
