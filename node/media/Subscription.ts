import { EventEmitter } from "node:events";
import { parseScalabilityMode } from "mediasoup";
import type { Consumer, ConsumerLayers } from "mediasoup/types";
import type { Layers, MediaKind, RtpParameters } from "../protocol/mediaParameters.js";
import { offeredParameters } from "./capabilities.js";
import { asMediaError } from "./mediaError.js";
import type { Publication } from "./Publication.js";

export type SubscriptionEvents = {
  /** Other layers arrive now; undefined: the bandwidth carries none, or it is paused. Of simulcast and SVC only. */
  layerschanged: [Layers | undefined];
  closed: [];
};

/** How many layers there are to choose from. */
export interface LayerCounts {
  readonly spatial: number;
  readonly temporal: number;
}

/**
 * A publication on its way to one peer. It starts paused, so that no packet and no key frame is lost before the
 * client can take them: a client that missed the first key frame would show a black picture until the next.
 * All that asks the worker throws `MediaError`, failed, where the subscription has closed.
 */
export class Subscription extends EventEmitter<SubscriptionEvents> {
  readonly #consumer: Consumer;
  readonly publication: Publication;

  constructor(publication: Publication, consumer: Consumer) {
    super();
    this.#consumer = consumer;
    this.publication = publication;
    consumer.on("layerschange", (layers) => this.emit("layerschanged", asLayers(layers)));
    consumer.observer.once("close", () => this.emit("closed"));
  }

  get id(): string {
    return this.#consumer.id;
  }

  get kind(): MediaKind {
    return this.#consumer.kind;
  }

  get rtpParameters(): RtpParameters {
    return offeredParameters(this.#consumer.rtpParameters);
  }

  get paused(): boolean {
    return this.#consumer.paused;
  }

  get closed(): boolean {
    return this.#consumer.closed;
  }

  /** Undefined where the publisher sends the track in one quality only. */
  get layers(): LayerCounts | undefined {
    const { type, rtpParameters } = this.#consumer;
    if (type !== "simulcast" && type !== "svc") return undefined;
    const { spatialLayers, temporalLayers } = parseScalabilityMode(
      rtpParameters.encodings?.[0]?.scalabilityMode,
    );
    return { spatial: spatialLayers, temporal: temporalLayers };
  }

  /** What arrives just now. */
  get currentLayers(): Layers | undefined {
    return asLayers(this.#consumer.currentLayers);
  }

  /** The client is ready, or wants it again; for video mediasoup asks the publisher for a key frame now. */
  resume(): Promise<void> {
    return asMediaError("track not resumed", () => this.#consumer.resume());
  }

  /** Nothing of the track is sent, nor counted, until it is resumed. */
  pause(): Promise<void> {
    return asMediaError("track not paused", () => this.#consumer.pause());
  }

  /**
   * The most that the client wants; where the bandwidth is short it gets less. Higher layers than there are mean the
   * highest. Nothing happens where the track has no layers.
   */
  async setPreferredLayers({ spatialLayer, temporalLayer }: Layers): Promise<void> {
    if (!this.layers) return;
    const preferred = { spatialLayer, ...(temporalLayer !== undefined && { temporalLayer }) };
    await asMediaError("layers not preferred", () => this.#consumer.setPreferredLayers(preferred));
  }

  /** Which track keeps its quality where bandwidth is short: 1 (least) to 255. */
  setPriority(priority: number): Promise<void> {
    return asMediaError("priority not set", () => this.#consumer.setPriority(priority));
  }

  /** The publisher is asked; at most once a second, however many ask. Nothing happens where it is paused. */
  requestKeyFrame(): Promise<void> {
    return asMediaError("key frame not requested", () => this.#consumer.requestKeyFrame());
  }

  close(): void {
    this.#consumer.close();
  }
}

function asLayers(layers: ConsumerLayers | undefined): Layers | undefined {
  return layers && { spatialLayer: layers.spatialLayer, temporalLayer: layers.temporalLayer };
}
