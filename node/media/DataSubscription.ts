import { EventEmitter } from "node:events";
import type { DataConsumer, SctpStreamParameters } from "mediasoup/types";
import type { DataPublication } from "./DataPublication.js";
import { asMediaError } from "./mediaError.js";

export type DataSubscriptionEvents = {
  closed: [];
};

/**
 * A data channel on its way to one peer. It starts paused, and messages that come before the client is ready are not
 * delivered, as with any channel that opens later. It closes where the client takes messages so much slower than they
 * come that the worker's buffer (2 MB) is full: a gap would be worse than an end.
 */
export class DataSubscription extends EventEmitter<DataSubscriptionEvents> {
  readonly #consumer: DataConsumer;
  readonly publication: DataPublication;
  #bytesSent = 0n;
  /** Of the publication, when `#bytesSent` was read and nothing was under way. */
  #messagesRead: number | undefined;
  #lastReading: Promise<void> | undefined;

  constructor(publication: DataPublication, consumer: DataConsumer) {
    super();
    this.#consumer = consumer;
    this.publication = publication;
    const closing = () => void (this.#lastReading = this.#read());
    publication.once("closing", closing);
    consumer.once("sctpsendbufferfull", () => this.close());
    consumer.observer.once("close", () => {
      publication.off("closing", closing);
      this.emit("closed");
    });
  }

  get id(): string {
    return this.#consumer.id;
  }

  get sctpStreamParameters(): SctpStreamParameters {
    const parameters = this.#consumer.sctpStreamParameters;
    if (!parameters) throw new TypeError("a data channel of a transport without SCTP");
    return parameters;
  }

  get closed(): boolean {
    return this.#consumer.closed;
  }

  /** The client is ready. Throws `MediaError`: failed where it has closed. */
  resume(): Promise<void> {
    return asMediaError("data channel not resumed", () => this.#consumer.resume());
  }

  /**
   * Bytes of the messages sent so far, without those that still wait for the client; never falls. Unless it is to be
   * `exact`, the last 100 ms may be missing. Never rejects.
   */
  async bytesSent({ exact }: { exact: boolean }): Promise<bigint> {
    if (this.closed) {
      await this.#lastReading;
    } else if (exact) {
      await this.#read();
    } else {
      const messages = await this.publication.messagesReceived();
      if (messages !== this.#messagesRead) await this.#read(messages);
    }
    return this.#bytesSent;
  }

  /** Reads the bytes a last time, in the order of the worker's requests just before it closes. */
  close(): void {
    if (this.closed) return;
    this.#lastReading = this.#read();
    this.#consumer.close();
  }

  async #read(messages?: number): Promise<void> {
    try {
      const [stat] = await this.#consumer.getStats();
      if (!stat) return;
      const bytes = BigInt(stat.bytesSent - stat.bufferedAmount);
      // A message that is counted at its source may still be on its way through a pipe: it is at rest when nothing grew.
      const atRest = stat.bufferedAmount === 0 && bytes <= this.#bytesSent;
      if (bytes > this.#bytesSent) this.#bytesSent = bytes;
      this.#messagesRead = atRest ? messages : undefined;
    } catch {
      // It closed, or its worker died, between the question and the answer: the last reading stands.
    }
  }
}
