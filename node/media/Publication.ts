import { EventEmitter } from "node:events";
import type { Producer, Router } from "mediasoup/types";
import type { MediaKind } from "../protocol/mediaParameters.js";
import { asMediaError } from "./mediaError.js";

export type PublicationEvents = {
  paused: [];
  resumed: [];
  closed: [];
};

/** A track that somebody sends to the room: a peer of this server, or a participant on another node. */
export class Publication extends EventEmitter<PublicationEvents> {
  readonly #producer: Producer;
  readonly peerId: string;
  /** What the publisher says it is: "camera", "microphone", "screen", or its own word. */
  readonly source: string;
  /** Where it enters the room. */
  readonly router: Router;

  constructor(peerId: string, source: string, producer: Producer, router: Router) {
    super();
    // Every participant who receives the track listens.
    this.setMaxListeners(0);
    this.#producer = producer;
    this.peerId = peerId;
    this.source = source;
    this.router = router;
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

  /** Throws `MediaError`: failed where it has closed. */
  pause(): Promise<void> {
    return asMediaError("track not paused", () => this.#producer.pause());
  }

  /** Throws `MediaError`: failed where it has closed. */
  resume(): Promise<void> {
    return asMediaError("track not resumed", () => this.#producer.resume());
  }

  /** RTP packets that arrived so far, of all its streams. Throws `MediaError`: failed where it has closed. */
  async packetsReceived(): Promise<number> {
    const streams = await asMediaError("track not measured", () => this.#producer.getStats());
    return streams.reduce((packets, { packetCount }) => packets + packetCount, 0);
  }

  close(): void {
    this.#producer.close();
  }
}
