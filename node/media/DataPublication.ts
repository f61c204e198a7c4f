import { EventEmitter } from "node:events";
import type { DataProducer, Router, SctpStreamParameters } from "mediasoup/types";

export type DataPublicationEvents = {
  /** It is about to close: what was sent of it can be read a last time. */
  closing: [];
  closed: [];
};

/** How old the count of messages may be that `mayHaveGrown` goes by. */
const COUNT_AGE_MS = 100;

/** A data channel on which somebody sends to the room: a peer of this server, or a participant on another node. */
export class DataPublication extends EventEmitter<DataPublicationEvents> {
  readonly #producer: DataProducer;
  readonly peerId: string;
  /** Where it enters the room. */
  readonly router: Router;
  #count: { readonly atMs: number; readonly messages: Promise<number> } | undefined;

  constructor(peerId: string, producer: DataProducer, router: Router) {
    super();
    // Every participant who receives the data listens.
    this.setMaxListeners(0);
    this.#producer = producer;
    this.peerId = peerId;
    this.router = router;
    producer.observer.once("close", () => this.emit("closed"));
  }

  get id(): string {
    return this.#producer.id;
  }

  get label(): string {
    return this.#producer.label;
  }

  get protocol(): string {
    return this.#producer.protocol;
  }

  get sctpStreamParameters(): SctpStreamParameters {
    const parameters = this.#producer.sctpStreamParameters;
    if (!parameters) throw new TypeError("a data channel of a transport without SCTP");
    return parameters;
  }

  get closed(): boolean {
    return this.#producer.closed;
  }

  /**
   * Messages that arrived, as of at most 100 ms ago; all who ask meanwhile share the answer, so that a quiet channel
   * costs nothing per receiver. -1 once it has closed. Never rejects.
   */
  messagesReceived(): Promise<number> {
    const nowMs = performance.now();
    if (!this.#count || nowMs - this.#count.atMs > COUNT_AGE_MS) {
      const messages = this.#producer.getStats().then(
        ([stat]) => stat?.messagesReceived ?? -1,
        () => -1,
      );
      this.#count = { atMs: nowMs, messages };
    }
    return this.#count.messages;
  }

  close(): void {
    if (this.closed) return;
    this.emit("closing");
    this.#producer.close();
  }
}
