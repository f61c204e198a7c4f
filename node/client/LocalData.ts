import type { types } from "mediasoup-client";
import { payloadBytes } from "./dataMessage.js";
import type { DataMessage, DataOptions } from "./dataMessage.js";
import type { Disconnected } from "./errors.js";

/** Bytes that may wait in WebRTC before `send` waits; browsers end a channel whose queue grows too long. */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
const DRAIN_CHECK_MS = 50;

/** A data channel from this participant to everybody in the room. It lasts as long as the room. */
export class LocalData {
  readonly label: string;
  readonly options: DataOptions;
  #producer: types.DataProducer | undefined;
  #maxMessageBytes = 0;
  #closed: Disconnected | undefined;
  #sending: Promise<void> = Promise.resolve();
  /** Wakes whoever waits for the channel to open, to drain, to come back or to close. */
  #wake: (() => void)[] = [];

  constructor(label: string, options: DataOptions) {
    this.label = label;
    this.options = options;
  }

  /** The channel's id for the others; empty while it is open on no node. */
  get id(): string {
    return this.#producer?.id ?? "";
  }

  /** Bytes that were sent and have not left yet. */
  get bufferedAmount(): number {
    return this.#producer?.bufferedAmount ?? 0;
  }

  /**
   * Sends a message, after those before it. Resolves when it is on its way to the node; until then it may wait, for the
   * channel to open, for a slow network (await it, and no more piles up than the network carries), or for the room to be
   * joined anew. It reaches those who have the channel by then; what was on its way when a connection broke for good is
   * lost.
   * @throws RangeError where it is longer than the node takes (256 KiB at most), Disconnected where the room is over.
   */
  send(message: DataMessage): Promise<void> {
    const sent = this.#sending.then(async () => {
      const producer = await this.#writable();
      const length = payloadBytes(message);
      if (length > this.#maxMessageBytes) {
        throw new RangeError(
          `a message of ${length} bytes: the node takes ${this.#maxMessageBytes} at most; send it in parts`,
        );
      }
      producer.send(message);
    });
    this.#sending = sent.catch(() => undefined);
    return sent;
  }

  /** Called by the room: it is open, on a node, by this producer. */
  attach(producer: types.DataProducer, maxMessageBytes: number): void {
    this.#producer = producer;
    this.#maxMessageBytes = maxMessageBytes;
    producer.bufferedAmountLowThreshold = LOW_WATER_BYTES;
    for (const event of ["open", "bufferedamountlow", "close", "transportclose"] as const) {
      producer.on(event, () => this.#awake());
    }
    this.#awake();
  }

  /** Closes it here; `Room.unpublishData` also tells the others. */
  close(reason: Disconnected): void {
    this.#closed ??= reason;
    this.#producer?.close();
    this.#awake();
  }

  async #writable(): Promise<types.DataProducer> {
    for (;;) {
      if (this.#closed) throw this.#closed;
      const producer = this.#producer;
      const open = producer?.readyState === "open" && !producer.closed;
      if (open && producer.bufferedAmount < HIGH_WATER_BYTES) return producer;
      await new Promise<void>((resolve) => {
        this.#wake.push(resolve);
        // Not every WebRTC tells that a queue has drained (`bufferedamountlow`).
        if (open) setTimeout(() => this.#awake(), DRAIN_CHECK_MS);
      });
    }
  }

  #awake(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}
