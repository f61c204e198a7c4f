import type { Logger } from "pino";
import type { Peer } from "../media/Peer.js";
import type { Subscription } from "../media/Subscription.js";
import type { DataSubscription } from "../media/DataSubscription.js";
import type { z } from "zod";
import type { Layers } from "../protocol/mediaParameters.js";
import type { PeerInfo, ServerNotification, ServerNotifications } from "../protocol/signaling.js";
import { Offers } from "./Offers.js";
import type { SignalingSocket } from "./SignalingSocket.js";

export interface ReceivingOptions {
  readonly peer: Peer;
  /** Who is in the room, on this node or another one, by the id of their media peer. */
  readonly infoOf: (peerId: string) => PeerInfo | undefined;
  readonly logger: Logger;
}

/** What a participant receives: tracks and data channels of others, offered, taken and kept up to date. */
export class TrackOffers {
  readonly #infoOf: (peerId: string) => PeerInfo | undefined;
  readonly #tracks: Offers<Subscription>;
  readonly #data: Offers<DataSubscription>;
  /** What the client was told last of each track's layers. */
  readonly #toldLayers = new WeakMap<Subscription, string>();
  #socket: SignalingSocket | undefined;

  constructor({ peer, infoOf, logger }: ReceivingOptions) {
    this.#infoOf = infoOf;
    this.#tracks = new Offers<Subscription>({
      offer: (subscription, socket) => this.#offerTrack(subscription, socket),
      known: ({ publication }) => infoOf(publication.peerId) !== undefined,
      renew: ({ publication }) => peer.subscribe(publication),
      ended: ({ publication }) => this.#tell("producerClosed", { producerId: publication.id }),
      logger,
    });
    this.#data = new Offers<DataSubscription>({
      offer: (subscription, socket) => this.#offerData(subscription, socket),
      known: ({ publication }) => infoOf(publication.peerId) !== undefined,
      renew: ({ publication }) => peer.subscribeData(publication),
      ended: ({ publication }) => this.#tell("dataProducerClosed", { dataProducerId: publication.id }),
      logger,
    });
    peer.on("subscribed", (subscription) => this.#followTrack(subscription));
    peer.on("subscribedData", (subscription) => this.#data.add(subscription));
  }

  /** What the client took and still has, for one that comes back. */
  get standing(): {
    consumers: { consumerId: string; producerPaused: boolean }[];
    dataConsumerIds: string[];
  } {
    return {
      consumers: this.#tracks.taken.map(({ id, publication }) => ({
        consumerId: id,
        producerPaused: publication.paused,
      })),
      dataConsumerIds: this.#data.taken.map(({ id }) => id),
    };
  }

  /** Goes on on a socket: offers what waits, and says which layers have changed. */
  attach(socket: SignalingSocket): void {
    this.#socket = socket;
    for (const subscription of this.#tracks.taken) {
      if (subscription.layers) this.#tellLayers(subscription, subscription.currentLayers);
    }
    this.#tracks.attach(socket);
    this.#data.attach(socket);
  }

  /** Says nothing more until it is attached again. */
  detach(): void {
    this.#socket = undefined;
    this.#tracks.detach();
    this.#data.detach();
  }

  /** Somebody came: what they published before can be offered now. */
  peerKnown(): void {
    this.#tracks.retry();
    this.#data.retry();
  }

  #followTrack(subscription: Subscription): void {
    const { publication } = subscription;
    const producerId = publication.id;
    const paused = () => this.#tell("producerPaused", { producerId });
    const resumed = () => this.#tell("producerResumed", { producerId });
    publication.on("paused", paused);
    publication.on("resumed", resumed);
    subscription.on("layerschanged", (layers) => this.#tellLayers(subscription, layers));
    subscription.once("closed", () => {
      publication.off("paused", paused);
      publication.off("resumed", resumed);
    });
    this.#tracks.add(subscription);
  }

  async #offerTrack(subscription: Subscription, socket: SignalingSocket): Promise<void> {
    const { publication, kind, rtpParameters, layers } = subscription;
    const publisher = this.#publisher(publication.peerId);
    await socket.request("newConsumer", {
      consumerId: subscription.id,
      producerId: publication.id,
      peerId: publisher.peerId,
      kind,
      rtpParameters,
      source: publication.source,
      producerPaused: publication.paused,
      layers,
    });
  }

  /** A channel is opened when the client has its end of it: messages that come before would be lost, and be counted. */
  async #offerData(subscription: DataSubscription, socket: SignalingSocket): Promise<void> {
    const { publication, sctpStreamParameters } = subscription;
    const publisher = this.#publisher(publication.peerId);
    await socket.request("newDataConsumer", {
      dataConsumerId: subscription.id,
      dataProducerId: publication.id,
      peerId: publisher.peerId,
      sctpStreamParameters,
      label: publication.label,
      protocol: publication.protocol,
    });
    await subscription.resume();
  }

  #tell<M extends ServerNotification>(method: M, data: z.output<ServerNotifications[M]>): void {
    this.#socket?.notify(method, data);
  }

  #publisher(peerId: string): PeerInfo {
    const publisher = this.#infoOf(peerId);
    if (!publisher) throw new Error("the publisher has left");
    return publisher;
  }

  #tellLayers(subscription: Subscription, layers: Layers | undefined): void {
    const socket = this.#socket;
    const text = JSON.stringify(layers ?? null);
    if (!socket || this.#toldLayers.get(subscription) === text) return;
    this.#toldLayers.set(subscription, text);
    socket.notify("layersChanged", { consumerId: subscription.id, layers });
  }
}
