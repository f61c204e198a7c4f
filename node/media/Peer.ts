import { EventEmitter } from "node:events";
import type {
  DtlsParameters,
  IceParameters,
  RtpCapabilities,
  TransportParameters,
} from "../protocol/mediaParameters.js";
import type { DataPublication } from "./DataPublication.js";
import type { DataSubscription } from "./DataSubscription.js";
import type { MediaLimits } from "./limits.js";
import { MediaError, asMediaError, notFound } from "./mediaError.js";
import { PeerTransports, parametersOf } from "./PeerTransports.js";
import type { Publication } from "./Publication.js";
import { Publisher } from "./Publisher.js";
import type { DataToPublish, IncomingTotals, TrackToPublish } from "./Publisher.js";
import type { RoomSite } from "./RoomSite.js";
import type { ByteReading } from "./SentByteCounter.js";
import { Subscriber } from "./Subscriber.js";
import type { Subscription } from "./Subscription.js";

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

/** One participant in a room: at most one transport to send on and one to receive on, and what is on them. */
export class Peer extends EventEmitter<PeerEvents> {
  readonly id: string;
  readonly site: RoomSite;
  readonly #transports: PeerTransports;
  readonly #publisher: Publisher;
  readonly #subscriber: Subscriber;
  readonly #maxIncomingBitsPerSecond: number;
  #expelled = false;
  #closed = false;

  /** Peers are made by `Room.join`. */
  constructor(id: string, site: RoomSite, limits: MediaLimits) {
    super();
    this.id = id;
    this.site = site;
    this.#transports = new PeerTransports(site.router, site.worker.webRtcServer, limits);
    this.#publisher = new Publisher(id, site, this.#transports, limits);
    this.#subscriber = new Subscriber(site, this.#transports, limits);
    this.#maxIncomingBitsPerSecond = limits.maxIncomingBitsPerSecond;
    site.worker.load.peers += 1;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get publications(): readonly Publication[] {
    return this.#publisher.tracks.all;
  }

  get dataPublications(): readonly DataPublication[] {
    return this.#publisher.data.all;
  }

  get subscriptions(): readonly Subscription[] {
    return this.#subscriber.tracks.all;
  }

  get dataSubscriptions(): readonly DataSubscription[] {
    return this.#subscriber.data.all;
  }

  /** Throws `MediaError`: closed, transport_exists. */
  async createSendTransport(): Promise<TransportParameters> {
    const transport = await this.#transports.create("send");
    await asMediaError("bitrate not limited", () =>
      transport.setMaxIncomingBitrate(this.#maxIncomingBitsPerSecond),
    );
    return parametersOf(transport);
  }

  /** From now on what the room carries is offered by `subscribed` and `subscribedData`. Throws as above. */
  async createReceiveTransport(capabilities: RtpCapabilities): Promise<TransportParameters> {
    const transport = await this.#subscriber.open(capabilities);
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
    const publication = await this.#publisher.publish(transportId, track);
    this.emit("published", publication);
    return publication;
  }

  /** Throws `MediaError`: closed, not_found, data_channel_limit, invalid_parameters, and why the peer was expelled. */
  async publishData(transportId: string, data: DataToPublish): Promise<DataPublication> {
    const publication = await this.#publisher.publishData(transportId, data);
    this.emit("publishedData", publication);
    return publication;
  }

  /** Throws `MediaError`: not_found. */
  publication(id: string): Publication {
    return this.#publisher.tracks.get(id) ?? missing("published track", id);
  }

  /** Throws `MediaError`: not_found. */
  dataPublication(id: string): DataPublication {
    return this.#publisher.data.get(id) ?? missing("published data channel", id);
  }

  /** Throws `MediaError`: not_found. */
  subscription(id: string): Subscription {
    return this.#subscriber.tracks.get(id) ?? missing("offered track", id);
  }

  /** Throws `MediaError`: not_found. */
  dataSubscription(id: string): DataSubscription {
    return this.#subscriber.data.get(id) ?? missing("offered data channel", id);
  }

  /**
   * Prepares a publication for this peer; nothing happens where the peer does not receive yet or cannot decode it.
   * Throws `MediaError`: closed, subscription_limit, failed.
   */
  async subscribe(publication: Publication): Promise<Subscription | undefined> {
    if (this.#closed) throw hasLeft();
    const subscription = await this.#subscriber.subscribe(publication);
    if (subscription) this.emit("subscribed", subscription);
    return subscription;
  }

  /**
   * Prepares a data channel for this peer; nothing happens where the peer does not receive yet.
   * Throws `MediaError`: closed, data_channel_limit, failed.
   */
  async subscribeData(publication: DataPublication): Promise<DataSubscription | undefined> {
    if (this.#closed) throw hasLeft();
    const subscription = await this.#subscriber.subscribeData(publication);
    if (subscription) this.emit("subscribedData", subscription);
    return subscription;
  }

  /**
   * Bytes sent to this participant so far; never falls, and stands still once the peer is closed. What is counted: see
   * `SentByteCounter`. Unless it is to be `exact`, it may lack the data messages of the last 100 ms, which is cheaper
   * in rooms with many data channels. Never rejects.
   */
  bytesSent({ exact = false } = {}): Promise<bigint> {
    return this.#subscriber.counter.read({ exact });
  }

  /** What the last `bytesSent` said, without asking anew. */
  get latestBytesSent(): ByteReading {
    return this.#subscriber.counter.latest;
  }

  /** What the peer sent so far; undefined where that cannot be said just now. Never rejects. */
  async incoming(): Promise<IncomingTotals | undefined> {
    try {
      const { bytes, packets } = await this.#publisher.totals();
      return { bytes: bytes + this.latestBytesSent.bytesReceived, packets };
    } catch {
      // Something of it closed between the question and the answer: the next time.
      return undefined;
    }
  }

  /** Ends all that the peer publishes and lets it publish no more. */
  expel(why: MediaError): void {
    if (this.#closed || this.#expelled) return;
    this.#expelled = true;
    this.#publisher.end(why);
    this.emit("expelled", why);
  }

  /**
   * Sends nothing more, closes, and resolves to the bytes that were sent in all. The worker works requests off in
   * order, so nothing goes out between the last reading and the end. Never rejects.
   */
  async finish(): Promise<bigint> {
    this.#subscriber.closeAll();
    const bytesSent = await this.bytesSent({ exact: true });
    this.close();
    return bytesSent;
  }

  /** Ends both transports and all that is on them. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.site.worker.load.peers -= 1;
    // Before its transport, so that those who receive its data are still counted the last messages.
    this.#publisher.end(hasLeft());
    this.#subscriber.end();
    this.#transports.close();
    this.emit("closed");
  }
}

function hasLeft(): MediaError {
  return new MediaError("closed", "the participant has left the room");
}

function missing(what: string, id: string): never {
  throw notFound(what, id);
}
