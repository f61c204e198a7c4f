import type { WebRtcTransport } from "mediasoup/types";
import type { RtpCapabilities } from "../protocol/mediaParameters.js";
import type { DataPublication } from "./DataPublication.js";
import { DataSubscription } from "./DataSubscription.js";
import { Holdings } from "./Holdings.js";
import type { MediaLimits } from "./limits.js";
import { asMediaError } from "./mediaError.js";
import type { PeerTransports } from "./PeerTransports.js";
import type { Publication } from "./Publication.js";
import type { RoomSite } from "./RoomSite.js";
import { SentByteCounter } from "./SentByteCounter.js";
import { Subscription } from "./Subscription.js";

/** The half of a peer that receives: tracks and data channels of others, and what was sent of them. */
export class Subscriber {
  readonly tracks: Holdings<Subscription>;
  readonly data: Holdings<DataSubscription>;
  readonly counter = new SentByteCounter();
  readonly #site: RoomSite;
  readonly #transports: PeerTransports;
  #capabilities: RtpCapabilities | undefined;
  #ended = false;

  constructor(site: RoomSite, transports: PeerTransports, limits: MediaLimits) {
    const { maxSubscriptionsPerPeer, maxDataSubscriptionsPerPeer } = limits;
    this.#site = site;
    this.#transports = transports;
    this.tracks = new Holdings(
      maxSubscriptionsPerPeer,
      "subscription_limit",
      `receives at most ${maxSubscriptionsPerPeer} tracks`,
    );
    this.data = new Holdings(
      maxDataSubscriptionsPerPeer,
      "data_channel_limit",
      `receives at most ${maxDataSubscriptionsPerPeer} data channels`,
    );
  }

  /** Throws `MediaError`: closed, transport_exists. */
  async open(capabilities: RtpCapabilities): Promise<WebRtcTransport> {
    const transport = await this.#transports.create("receive");
    this.counter.addTransport(transport);
    this.#capabilities = capabilities;
    return transport;
  }

  /** Undefined where the peer does not receive yet or cannot decode it. Throws `MediaError`: subscription_limit, failed. */
  async subscribe(publication: Publication): Promise<Subscription | undefined> {
    const rtpCapabilities = this.#capabilities;
    const transport = await this.#transports.receiving;
    if (!transport || !rtpCapabilities || publication.closed) return undefined;
    const { id: producerId, router } = publication;
    // Asked of the publication's own router: all of a room can do the same, and this saves a pipe for nothing.
    if (!router.canConsume({ producerId, rtpCapabilities })) return undefined;
    const subscription = await this.tracks.add(() =>
      this.#reaching(publication, async () => {
        const consumer = await asMediaError("track not offered", () =>
          transport.consume({ producerId, rtpCapabilities, paused: true }),
        );
        return new Subscription(publication, consumer);
      }),
    );
    if (subscription.closed) return undefined;
    const { load } = this.#site.worker;
    load.subscriptions += 1;
    subscription.once("closed", () => (load.subscriptions -= 1));
    return subscription;
  }

  /** Undefined where the peer does not receive yet. Throws `MediaError`: data_channel_limit, failed. */
  async subscribeData(publication: DataPublication): Promise<DataSubscription | undefined> {
    const transport = await this.#transports.receiving;
    if (!transport || publication.closed) return undefined;
    const subscription = await this.data.add(() =>
      this.#reaching(publication, async () => {
        const consumer = await asMediaError("data channel not offered", () =>
          transport.consumeData({ dataProducerId: publication.id, paused: true }),
        );
        return new DataSubscription(publication, consumer);
      }),
    );
    if (subscription.closed) return undefined;
    this.counter.addData(subscription);
    const { load } = this.#site.worker;
    load.dataSubscriptions += 1;
    subscription.once("closed", () => (load.dataSubscriptions -= 1));
    return subscription;
  }

  /** From now on what is being made closes at once; what there is goes with the transport. */
  end(): void {
    this.#ended = true;
  }

  /** Closes all, one by one, so that nothing more is sent and what was sent can still be read. */
  closeAll(): void {
    this.end();
    for (const subscription of this.tracks.all) subscription.close();
    for (const subscription of this.data.all) subscription.close();
  }

  /** Brings a publication to this peer's router for as long as what is made of it there lasts. */
  async #reaching<T extends Subscription | DataSubscription>(
    publication: Publication | DataPublication,
    make: () => Promise<T>,
  ): Promise<T> {
    const reach = await this.#site.reach(publication);
    try {
      const made = await make();
      // mediasoup does not tell what was being made while its transport or its source closed.
      if (this.#ended || publication.closed) made.close();
      if (made.closed) reach.release();
      else made.once("closed", () => reach.release());
      return made;
    } catch (error) {
      reach.release();
      throw error;
    }
  }
}
