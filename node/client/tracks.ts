import type { types } from "mediasoup-client";
import type { Layers, MediaKind } from "../protocol/mediaParameters.js";
import type { PeerInfo } from "../protocol/signaling.js";
import type { VideoOptions } from "./encodings.js";
import { unlessLost, unlessRefused } from "./SignalingConnection.js";
import type { ConsumerOffer, Requester } from "./SignalingConnection.js";

/** A track that someone else in the room publishes. It ends where the room is joined anew, and comes as a new one. */
export class RemoteTrack {
  readonly #consumer: types.Consumer;
  readonly #node: Requester;
  /** Who publishes it. */
  readonly participant: PeerInfo;
  /** "camera", "microphone", "screen", or the publisher's own word. */
  readonly source: string;
  /** How many layers a simulcast or SVC track has; undefined of any other. */
  readonly layerCounts: { readonly spatial: number; readonly temporal: number } | undefined;
  #paused: boolean;
  #enabled = true;
  #layers: Layers | undefined;
  #preferred: Layers | undefined;
  #priority: number | undefined;

  constructor(consumer: types.Consumer, participant: PeerInfo, offer: ConsumerOffer, node: Requester) {
    this.#consumer = consumer;
    this.#node = node;
    this.participant = participant;
    this.source = offer.source;
    this.layerCounts = offer.layers;
    this.#paused = offer.producerPaused;
  }

  /** The publication's id, the same for all who receive it. */
  get id(): string {
    return this.#consumer.producerId;
  }

  get kind(): MediaKind {
    return this.#consumer.kind;
  }

  /** To be shown or played. */
  get mediaTrack(): MediaStreamTrack {
    return this.#consumer.track;
  }

  /** Whether the publisher, or a moderator, has paused it. */
  get paused(): boolean {
    return this.#paused;
  }

  /** Whether this participant wants it; see `setEnabled`. */
  get enabled(): boolean {
    return this.#enabled;
  }

  /** Which layers of a simulcast or SVC track arrive now; undefined: none, or it has no layers. */
  get layers(): Layers | undefined {
    return this.#layers;
  }

  /** The id under which this participant receives it. */
  get consumerId(): string {
    return this.#consumer.id;
  }

  /** Nothing of a track that is not wanted is sent, nor paid for; as for pictures out of view. */
  async setEnabled(enabled: boolean): Promise<void> {
    this.#enabled = enabled;
    if (enabled) this.#consumer.resume();
    else this.#consumer.pause();
    await unlessLost(this.#tell());
  }

  /**
   * The most that is wanted of a simulcast or SVC track, from 0 (lowest). The node sends it where the bandwidth allows.
   * @throws RequestRefused where it has no such layer.
   */
  async setPreferredLayers(preferred: Layers): Promise<void> {
    this.#preferred = preferred;
    await unlessLost(this.#node.request("setPreferredLayers", { consumerId: this.consumerId, preferred }));
  }

  /** Which track keeps its quality where bandwidth is short: 1 (least, as all begin) to 255. */
  async setPriority(priority: number): Promise<void> {
    this.#priority = priority;
    await unlessLost(this.#node.request("setConsumerPriority", { consumerId: this.consumerId, priority }));
  }

  /** Asks the publisher for a picture that needs none before it; its decoder does so by itself where it must. */
  async requestKeyFrame(): Promise<void> {
    await this.#node.request("requestKeyFrame", { consumerId: this.consumerId });
  }

  /** Called by the room: what the publisher did. */
  setPaused(paused: boolean): void {
    this.#paused = paused;
  }

  /** Called by the room: what the node sends. */
  setLayers(layers: Layers | undefined): void {
    this.#layers = layers;
  }

  /** Called by the room after a broken connection: tells the node again what it may not have heard. */
  async tellAgain(): Promise<void> {
    const { consumerId } = this;
    await unlessRefused(this.#tell());
    if (this.#preferred) {
      const preferred = this.#preferred;
      await unlessRefused(this.#node.request("setPreferredLayers", { consumerId, preferred }));
    }
    if (this.#priority !== undefined) {
      const priority = this.#priority;
      await unlessRefused(this.#node.request("setConsumerPriority", { consumerId, priority }));
    }
  }

  /** Stops receiving; `Room` calls this when the publication ends. */
  close(): void {
    this.#consumer.close();
  }

  #tell(): Promise<unknown> {
    return this.#node.request(this.#enabled ? "resumeConsumer" : "pauseConsumer", {
      consumerId: this.consumerId,
    });
  }
}

export interface PublishOptions extends VideoOptions {
  /** "camera", "microphone", "screen" or another short word; camera or microphone where left out. */
  readonly source?: string | undefined;
}

/** A track that this participant publishes. It lasts as long as the room; its id changes where the room is joined anew. */
export class LocalTrack {
  #producer: types.Producer | undefined;
  readonly source: string;
  readonly mediaTrack: MediaStreamTrack;
  readonly options: PublishOptions;
  #paused = false;
  #muted = false;

  constructor(mediaTrack: MediaStreamTrack, options: PublishOptions) {
    this.mediaTrack = mediaTrack;
    this.source = options.source ?? (mediaTrack.kind === "audio" ? "microphone" : "camera");
    this.options = options;
  }

  /** The publication's id for the others and for moderators; empty while it is published on no node. */
  get id(): string {
    return this.#producer?.id ?? "";
  }

  get kind(): MediaKind {
    return this.mediaTrack.kind === "audio" ? "audio" : "video";
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether a moderator has muted it: nobody receives it until a moderator unmutes it. */
  get muted(): boolean {
    return this.#muted;
  }

  /** Sends nothing from now on; `Room.pause` also tells the others. */
  pause(): void {
    this.#paused = true;
    this.#producer?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#producer?.resume();
  }

  /** Called by the room: what a moderator did. */
  setMuted(muted: boolean): void {
    this.#muted = muted;
  }

  /** Called by the room: it is published, on a node, by this producer. */
  attach(producer: types.Producer): void {
    this.#producer = producer;
    this.#muted = false;
    if (this.#paused) producer.pause();
  }

  /** Stops sending; the media track itself goes on. `Room.unpublish` also tells the others. */
  close(): void {
    this.#producer?.close();
  }
}
