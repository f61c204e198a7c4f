import type { types } from "mediasoup-client";
import type { MediaKind } from "../protocol/mediaParameters.js";
import type { PeerInfo } from "../protocol/signaling.js";

/** A track that someone else in the room publishes. */
export class RemoteTrack {
  readonly #consumer: types.Consumer;
  /** Who publishes it. */
  readonly participant: PeerInfo;
  /** "camera", "microphone", "screen", or the publisher's own word. */
  readonly source: string;
  /** Whether the publisher has paused it. */
  paused: boolean;

  constructor(consumer: types.Consumer, participant: PeerInfo, source: string, paused: boolean) {
    this.#consumer = consumer;
    this.participant = participant;
    this.source = source;
    this.paused = paused;
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

  /** Stops receiving; `Room` calls this when the publication ends. */
  close(): void {
    this.#consumer.close();
  }
}

/** A track that this participant publishes. */
export class LocalTrack {
  readonly #producer: types.Producer;
  readonly source: string;
  readonly mediaTrack: MediaStreamTrack;

  constructor(producer: types.Producer, source: string, mediaTrack: MediaStreamTrack) {
    this.#producer = producer;
    this.source = source;
    this.mediaTrack = mediaTrack;
  }

  get id(): string {
    return this.#producer.id;
  }

  get kind(): MediaKind {
    return this.#producer.kind;
  }

  get paused(): boolean {
    return this.#producer.paused;
  }

  /** Sends nothing from now on; `Room.pause` also tells the others. */
  pause(): void {
    this.#producer.pause();
  }

  resume(): void {
    this.#producer.resume();
  }

  /** Stops sending; the media track itself goes on. `Room.unpublish` also tells the others. */
  close(): void {
    this.#producer.close();
  }
}
