import { EventEmitter } from "node:events";
import type { Consumer } from "mediasoup/types";
import type { MediaKind, RtpParameters } from "../protocol/mediaParameters.js";
import { offeredParameters } from "./capabilities.js";
import type { Publication } from "./Publication.js";

export type SubscriptionEvents = {
  closed: [];
};

/**
 * A publication on its way to one peer. It starts paused, so that no packet and no key frame is lost before the
 * client can take them: a client that missed the first key frame would show a black picture until the next.
 */
export class Subscription extends EventEmitter<SubscriptionEvents> {
  readonly #consumer: Consumer;
  readonly publication: Publication;

  constructor(publication: Publication, consumer: Consumer) {
    super();
    this.#consumer = consumer;
    this.publication = publication;
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

  /** The client is ready; for video mediasoup asks the publisher for a key frame now. */
  resume(): Promise<void> {
    return this.#consumer.resume();
  }

  close(): void {
    this.#consumer.close();
  }
}
