import type { types } from "mediasoup-client";
import type { PeerInfo } from "../protocol/signaling.js";
import { payloadBytes } from "./dataMessage.js";
import type { DataMessage } from "./dataMessage.js";
import { Emitter } from "./Emitter.js";
import type { DataConsumerOffer } from "./SignalingConnection.js";

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
