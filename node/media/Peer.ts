import { EventEmitter } from "node:events";
import type { WebRtcTransport } from "mediasoup/types";
import type {
  DtlsParameters,
  IceParameters,
  MediaKind,
  RtpCapabilities,
  RtpParameters,
  SctpStreamParameters,
  TransportParameters,
} from "../protocol/mediaParameters.js";
import { DataPublication } from "./DataPublication.js";
import { DataSubscription } from "./DataSubscription.js";
import { Holdings } from "./Holdings.js";
import type { MediaLimits } from "./limits.js";
import { MediaError, asMediaError, notFound } from "./mediaError.js";
import { PeerTransports, parametersOf } from "./PeerTransports.js";
import { Publication } from "./Publication.js";
import type { RoomSite } from "./RoomSite.js";
import { SentByteCounter } from "./SentByteCounter.js";
import type { ByteReading } from "./SentByteCounter.js";
import { Subscription } from "./Subscription.js";

export type PeerEvents = {
  /** The peer publishes a track. */
  published: [Publication];
  /** The peer publishes a data channel. */
  publishedData: [DataPublication];
  /** The peer has a transport to receive on and said what it can receive. */
  receiving: [];
  /** A track is ready to be offered to the peer; it is paused until `Subscription.resume`. */
  subscribed: [Subscription];
  /** A data channel is ready to be offered to the peer; it is paused until `DataSubscription.resume`. */
  subscribedData: [DataSubscription];
  /** It sent far more than it may, and went on; all that it published has closed, and it can publish no more. */
  expelled: [MediaError];
  closed: [];
};

/** A track as a peer wants to publish it. */
export interface TrackToPublish {
  readonly kind: MediaKind;
  readonly rtpParameters: RtpParameters;
  readonly source: string;
  readonly paused: boolean;
}

/** A data channel as a peer wants to publish it. */
export interface DataToPublish {
  readonly sctpStreamParameters: SctpStreamParameters;
  readonly label: string;
  readonly protocol: string;
}

/** How much a peer sent so far. */
export interface IncomingTotals {
  /** All that arrived on its transport. */
  readonly bytes: number;
  /** RTP packets and data messages. */
  readonly packets: number;
}

/** How long a publisher has peace after a key frame was asked of it, in milliseconds, however many receivers ask. */
const KEY_FRAME_REQUEST_DELAY_MS = 1_000;

/** One participant in a room: at most one transport to send on and one to receive on, and what is on them. */
export class Peer extends EventEmitter<PeerEvents> {
  readonly id: string;
  readonly site: RoomSite;
  readonly #transports: PeerTransports;
  readonly #limits: MediaLimits;
  readonly #counter = new SentByteCounter();
  readonly #publications: Holdings<Publication>;
  readonly #dataPublications: Holdings<DataPublication>;
  readonly #subscriptions: Holdings<Subscription>;
  readonly #dataSubscriptions: Holdings<DataSubscription>;
  #receiveCapabilities: RtpCapabilities | undefined;
  #expelled: MediaError | undefined;
  #closed = false;

  /** Peers are made by `Room.join`. */
  constructor(id: string, site: RoomSite, limits: MediaLimits) {
    super();
    this.id = id;
    this.site = site;
    this.#limits = limits;
    this.#transports = new PeerTransports(site.router, site.worker.webRtcServer, limits);
    const { maxPublicationsPerPeer, maxDataPublicationsPerPeer } = limits;
    const { maxSubscriptionsPerPeer, maxDataSubscriptionsPerPeer } = limits;
    this.#publications = new Holdings(
      maxPublicationsPerPeer,
      "track_limit",
      `publishes at most ${maxPublicationsPerPeer} tracks`,
    );
    this.#dataPublications = new Holdings(
      maxDataPublicationsPerPeer,
      "data_channel_limit",
      `publishes at most ${maxDataPublicationsPerPeer} data channels`,
    );
    this.#subscriptions = new Holdings(
      maxSubscriptionsPerPeer,
      "subscription_limit",
      `receives at most ${maxSubscriptionsPerPeer} tracks`,
    );
    this.#dataSubscriptions = new Holdings(
      maxDataSubscriptionsPerPeer,
      "data_channel_limit",
      `receives at most ${maxDataSubscriptionsPerPeer} data channels`,
    );
    site.worker.load.peers += 1;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get publications(): readonly Publication[] {
    return this.#publications.all;
  }

  get dataPublications(): readonly DataPublication[] {
    return this.#dataPublications.all;
  }

  get subscriptions(): readonly Subscription[] {
    return this.#subscriptions.all;
  }

  get dataSubscriptions(): readonly DataSubscription[] {
    return this.#dataSubscriptions.all;
  }

  /** Throws `MediaError`: closed, transport_exists. */
  async createSendTransport(): Promise<TransportParameters> {
    const transport = await this.#transports.create("send");
    await asMediaError("bitrate not limited", () =>
      transport.setMaxIncomingBitrate(this.#limits.maxIncomingBitsPerSecond),
    );
    return parametersOf(transport);
  }

  /** From now on what the room carries is offered by `subscribed` and `subscribedData`. Throws as above. */
  async createReceiveTransport(capabilities: RtpCapabilities): Promise<TransportParameters> {
    const transport = await this.#transports.create("receive");
    this.#counter.addTransport(transport);
    this.#receiveCapabilities = capabilities;
    this.emit("receiving");
    return parametersOf(transport);
  }

  /** Throws `MediaError`: closed, not_found, failed where it is connected already. */
  connectTransport(transportId: string, dtlsParameters: DtlsParameters): Promise<void> {
    return this.#transports.connect(transportId, dtlsParameters);
  }

  /** Throws `MediaError`: closed, not_found. */
  restartIce(transportId: string): Promise<IceParameters> {
    return this.#transports.restartIce(transportId);
  }

  /** Throws `MediaError`: closed, not_found, track_limit, invalid_parameters, and why the peer was expelled. */
  async publish(transportId: string, track: TrackToPublish): Promise<Publication> {
    const transport = await this.#sendTransport(transportId);
    const publication = await this.#publications.add(async () => {
      const { kind, rtpParameters, paused, source } = track;
      const producer = await asMediaError("track not published", () =>
        transport.produce({ kind, rtpParameters, paused, keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS }),
      );
      return new Publication(this.id, source, producer, this.site.router);
    });
    if (!publication.closed) this.emit("published", publication);
    return publication;
  }

  /** Throws `MediaError`: closed, not_found, data_channel_limit, invalid_parameters, and why the peer was expelled. */
  async publishData(transportId: string, data: DataToPublish): Promise<DataPublication> {
    const transport = await this.#sendTransport(transportId);
    const { streamId } = data.sctpStreamParameters;
    if (streamId === undefined) {
      throw new MediaError("invalid_parameters", "a data channel needs the id of its SCTP stream");
    }
    const publication = await this.#dataPublications.add(async () => {
      const { label, protocol, sctpStreamParameters } = data;
      const producer = await asMediaError("data channel not published", () =>
        transport.produceData({
          label,
          protocol,
          sctpStreamParameters: { ...sctpStreamParameters, streamId },
        }),
      );
      return new DataPublication(this.id, producer, this.site.router);
    });
    if (!publication.closed) this.emit("publishedData", publication);
    return publication;
  }

  /** Throws `MediaError`: not_found. */
  publication(id: string): Publication {
    return found(this.#publications.get(id), "published track", id);
  }

  /** Throws `MediaError`: not_found. */
  dataPublication(id: string): DataPublication {
    return found(this.#dataPublications.get(id), "published data channel", id);
  }

  /** Throws `MediaError`: not_found. */
  subscription(id: string): Subscription {
    return found(this.#subscriptions.get(id), "offered track", id);
  }

  /** Throws `MediaError`: not_found. */
  dataSubscription(id: string): DataSubscription {
    return found(this.#dataSubscriptions.get(id), "offered data channel", id);
  }

  /**
   * Prepares a publication for this peer; nothing happens where the peer does not receive yet or cannot decode it.
   * Throws `MediaError`: closed, subscription_limit, failed.
   */
  async subscribe(publication: Publication): Promise<Subscription | undefined> {
    this.#assertOpen();
    const rtpCapabilities = this.#receiveCapabilities;
    const transport = await this.#transports.receiving;
    if (!transport || !rtpCapabilities || publication.closed) return undefined;
    const { id: producerId, router } = publication;
    // Asked of the publication's own router: all of a room can do the same, and this saves a pipe for nothing.
    if (!router.canConsume({ producerId, rtpCapabilities })) return undefined;
    const subscription = await this.#subscriptions.add(() =>
      this.#overReach(publication, async () => {
        const consumer = await asMediaError("track not offered", () =>
          transport.consume({ producerId, rtpCapabilities, paused: true }),
        );
        return new Subscription(publication, consumer);
      }),
    );
    if (subscription.closed) return undefined;
    this.site.worker.load.subscriptions += 1;
    subscription.once("closed", () => (this.site.worker.load.subscriptions -= 1));
    this.emit("subscribed", subscription);
    return subscription;
  }

  /**
   * Prepares a data channel for this peer; nothing happens where the peer does not receive yet.
   * Throws `MediaError`: closed, data_channel_limit, failed.
   */
  async subscribeData(publication: DataPublication): Promise<DataSubscription | undefined> {
    this.#assertOpen();
    const transport = await this.#transports.receiving;
    if (!transport || publication.closed) return undefined;
    const subscription = await this.#dataSubscriptions.add(() =>
      this.#overReach(publication, async () => {
        const consumer = await asMediaError("data channel not offered", () =>
          transport.consumeData({ dataProducerId: publication.id, paused: true }),
        );
        return new DataSubscription(publication, consumer);
      }),
    );
    if (subscription.closed) return undefined;
    this.#counter.addData(subscription);
    this.site.worker.load.dataSubscriptions += 1;
    subscription.once("closed", () => (this.site.worker.load.dataSubscriptions -= 1));
    this.emit("subscribedData", subscription);
    return subscription;
  }

  /**
   * Bytes sent to this participant so far; never falls, and stands still once the peer is closed. What is counted: see
   * `SentByteCounter`. Unless it is to be `exact`, it may lack the data messages of the last 100 ms, which is cheaper
   * in rooms with many data channels. Never rejects.
   */
  bytesSent({ exact = false } = {}): Promise<bigint> {
    return this.#counter.read({ exact });
  }

  /** What the last `bytesSent` said, without asking anew. */
  get latestBytesSent(): ByteReading {
    return this.#counter.latest;
  }

  /** What the peer sent so far; undefined where it has no transport to send on. Never rejects. */
  async incoming(): Promise<IncomingTotals | undefined> {
    try {
      const transport = await this.#transports.sending;
      if (!transport) return undefined;
      const [[stat], ...counts] = await Promise.all([
        transport.getStats(),
        ...this.publications.map((publication) => publication.packetsReceived()),
        ...this.dataPublications.map((publication) => publication.messagesReceived()),
      ]);
      return stat && { bytes: stat.bytesReceived, packets: counts.reduce((sum, count) => sum + count, 0) };
    } catch {
      // Something of it closed between the question and the answer: the next time.
      return undefined;
    }
  }

  /** Ends all that the peer publishes and lets it publish no more. */
  expel(why: MediaError): void {
    if (this.#closed || this.#expelled) return;
    this.#expelled = why;
    this.#closePublications();
    this.emit("expelled", why);
  }

  /**
   * Sends nothing more, closes, and resolves to the bytes that were sent in all. The worker works requests off in
   * order, so nothing goes out between the last reading and the end. Never rejects.
   */
  async finish(): Promise<bigint> {
    for (const subscription of this.subscriptions) subscription.close();
    for (const subscription of this.dataSubscriptions) subscription.close();
    const bytesSent = await this.bytesSent({ exact: true });
    this.close();
    return bytesSent;
  }

  /** Ends both transports and all that is on them. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.site.worker.load.peers -= 1;
    // Before their transport, so that their last messages are still counted.
    this.#closePublications();
    this.#transports.close();
    this.emit("closed");
  }

  #closePublications(): void {
    for (const publication of this.publications) publication.close();
    for (const publication of this.dataPublications) publication.close();
  }

  async #sendTransport(id: string): Promise<WebRtcTransport> {
    this.#assertOpen();
    if (this.#expelled) throw this.#expelled;
    const transport = await this.#transports.sending;
    if (transport?.id !== id) throw notFound("transport to send on", id);
    return transport;
  }

  /** Brings a publication to this peer's router for as long as what is made of it there lasts. */
  async #overReach<T extends Subscription | DataSubscription>(
    publication: Publication | DataPublication,
    make: () => Promise<T>,
  ): Promise<T> {
    const reach = await this.site.reach(publication);
    try {
      const made = await make();
      if (made.closed) reach.release();
      else made.once("closed", () => reach.release());
      return made;
    } catch (error) {
      reach.release();
      throw error;
    }
  }

  #assertOpen(): void {
    if (this.#closed) throw new MediaError("closed", "the participant has left the room");
  }
}

function found<T>(thing: T | undefined, what: string, id: string): T {
  if (thing === undefined) throw notFound(what, id);
  return thing;
}
