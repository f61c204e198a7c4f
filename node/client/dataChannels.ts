import type { types } from "mediasoup-client";
import type { PeerInfo } from "../protocol/signaling.js";
import { Emitter } from "./Emitter.js";
import { Disconnected } from "./errors.js";
import type { DataConsumerOffer } from "./SignalingConnection.js";

/** How messages travel: in order and until they arrive, unless one of the limits is set. */
export interface DataOptions {
  readonly ordered?: boolean | undefined;
  /** Not in order, and sent again so often at most. */
  readonly maxRetransmits?: number | undefined;
  /** Not in order, and sent again for so long at most. */
  readonly maxPacketLifeTimeMs?: number | undefined;
  /** The subprotocol: the sender's own word for what the messages hold. */
  readonly protocol?: string | undefined;
}

export type DataMessage = string | Uint8Array<ArrayBuffer>;

/** Bytes that may wait in WebRTC before `send` waits; browsers end a channel whose queue grows too long. */
const HIGH_WATER_BYTES = 1024 * 1024;
const LOW_WATER_BYTES = 256 * 1024;
const encoder = new TextEncoder();

/** Payload bytes of a message, as WebRTC counts them. */
export function payloadBytes(message: DataMessage): number {
  return typeof message === "string" ? encoder.encode(message).length : message.byteLength;
}

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
   * joined anew. What was on its way when a connection broke for good is lost.
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
      if (producer?.readyState === "open" && !producer.closed && producer.bufferedAmount < HIGH_WATER_BYTES) {
        return producer;
      }
      await new Promise<void>((resolve) => this.#wake.push(resolve));
    }
  }

  #awake(): void {
    const waiting = this.#wake;
    this.#wake = [];
    for (const wake of waiting) wake();
  }
}

export type RemoteDataEvents = {
  message: [DataMessage];
  /** Its sender closed it or left, or the room was joined anew: then it comes as a new one. */
  closed: [];
};

/** A data channel that someone else in the room has opened. */
export class RemoteData extends Emitter<RemoteDataEvents> {
  readonly #consumer: types.DataConsumer;
  /** Who sends on it. */
  readonly participant: PeerInfo;
  readonly label: string;
  readonly protocol: string;
  #closed = false;

  /**
   * @param received Hears of each message's payload bytes. They are counted here and not read from WebRTC statistics,
   * which forget a channel as soon as the node closes it, before anybody could read them a last time; the number is the
   * same (`bytesReceived` of `data-channel` statistics).
   */
  constructor(
    consumer: types.DataConsumer,
    participant: PeerInfo,
    offer: DataConsumerOffer,
    received: (bytes: number) => void,
  ) {
    super();
    this.#consumer = consumer;
    this.participant = participant;
    this.label = offer.label;
    this.protocol = offer.protocol;
    consumer.binaryType = "arraybuffer";
    consumer.on("message", (data: unknown) => {
      if (typeof data !== "string" && !(data instanceof ArrayBuffer)) return;
      const message = typeof data === "string" ? data : new Uint8Array(data);
      received(payloadBytes(message));
      this.emit("message", message);
    });
  }

  /** The channel's id, the same for all who receive it. */
  get id(): string {
    return this.#consumer.dataProducerId;
  }

  /** The id under which this participant receives it. */
  get consumerId(): string {
    return this.#consumer.id;
  }

  /** Stops receiving; `Room` calls this when the channel ends. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#consumer.close();
    this.emit("closed");
  }
}
