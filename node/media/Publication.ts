import { EventEmitter } from "node:events";
import type { Producer } from "mediasoup/types";
import type { MediaKind } from "../protocol/mediaParameters.js";

export type PublicationEvents = {
  paused: [];
  resumed: [];
  closed: [];
};

/** A track that a peer sends to the room. */
export class Publication extends EventEmitter<PublicationEvents> {
  readonly #producer: Producer;
  readonly peerId: string;
  /** What the publisher says it is: "camera", "microphone", "screen", or its own word. */
  readonly source: string;

  constructor(peerId: string, source: string, producer: Producer) {
    super();
    // Every participant who receives the track listens.
    this.setMaxListeners(0);
    this.#producer = producer;
    this.peerId = peerId;
    this.source = source;
    producer.observer.once("close", () => this.emit("closed"));
    producer.observer.on("pause", () => this.emit("paused"));
    producer.observer.on("resume", () => this.emit("resumed"));
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

  get closed(): boolean {
    return this.#producer.closed;
  }

  pause(): Promise<void> {
    return this.#producer.pause();
  }

  resume(): Promise<void> {
    return this.#producer.resume();
  }

  close(): void {
    this.#producer.close();
  }
}
