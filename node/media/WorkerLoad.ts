import type { Transport } from "mediasoup/types";

/** What a worker carries just now. */
export class WorkerLoad {
  /** Participants whose transports are on it. */
  peers = 0;
  /** Streams that it sends to them. */
  subscriptions = 0;
  dataSubscriptions = 0;
  readonly #piped = { out: 0, in: 0, data: 0 };

  /** Streams that go through pipes, to or from other workers and other nodes; each layer of simulcast is one. */
  get pipedStreams(): number {
    return this.#piped.out + this.#piped.in;
  }

  /** Streams that it sends: to participants, and over pipes. */
  get sentStreams(): number {
    return this.subscriptions + this.#piped.out;
  }

  /**
   * For comparing workers: forwarding packets is what costs, so it is the number of streams; a participant counts as
   * one more, so that many who come at once are spread before their streams are there.
   */
  get score(): number {
    return this.peers + this.subscriptions + this.dataSubscriptions + this.pipedStreams + this.#piped.data;
  }

  /** Counts what one end of a pipe on this worker carries, as long as it does. */
  addPipe({ observer }: Transport): void {
    const piped = this.#piped;
    observer.on("newconsumer", ({ rtpParameters, observer: ended }) => {
      const streams = rtpParameters.encodings?.length ?? 1;
      piped.out += streams;
      ended.once("close", () => (piped.out -= streams));
    });
    observer.on("newproducer", ({ rtpParameters, observer: ended }) => {
      const streams = rtpParameters.encodings?.length ?? 1;
      piped.in += streams;
      ended.once("close", () => (piped.in -= streams));
    });
    for (const event of ["newdataconsumer", "newdataproducer"] as const) {
      observer.on(event, ({ observer: ended }: { readonly observer: Closing }) => {
        piped.data += 1;
        ended.once("close", () => (piped.data -= 1));
      });
    }
  }
}

interface Closing {
  once(event: "close", listener: () => void): unknown;
}
