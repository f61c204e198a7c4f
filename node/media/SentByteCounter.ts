import type { WebRtcTransport } from "mediasoup/types";
import type { DataSubscription } from "./DataSubscription.js";

/** What was counted, and when. */
export interface ByteReading {
  readonly bytes: bigint;
  /** What came in on the same transports meanwhile, of whatever kind: next to nothing from an honest receiver. */
  readonly bytesReceived: number;
  /** Of `performance.now()`. */
  readonly atMs: number;
}

/**
 * Bytes sent to a participant, from mediasoup's own statistics.
 *
 * Counted are
 * - RTP packets when they are sent for the first time: header, extensions, payload and padding (`rtpBytesSent`);
 * - the payload of data channel messages, as handed to the sending application (`bytesSent` of the data consumers),
 *   without those that still wait to be sent.
 *
 * Not counted is what serves the connection and not the participant: retransmissions, bandwidth probes, RTCP, DTLS,
 * SCTP, ICE checks, SRTP's authentication tag and what lies below. The client counts the same on its side
 * (`client/receiveStatistics.ts`; of data channels, `bytesReceived` of its `data-channel` statistics): without loss
 * both arrive at the same number, with loss the client's is lower by the part that was lost. (An empty message is one
 * byte here, as RFC 8831 6.6 sends it, and none there.)
 */
export class SentByteCounter {
  readonly #transports = new Set<WebRtcTransport>();
  readonly #ofTransports = new Map<WebRtcTransport, bigint>();
  readonly #ofOpenData = new Map<DataSubscription, bigint>();
  #ofClosedData = 0n;
  #bytesReceived = 0;
  #latest: ByteReading = { bytes: 0n, bytesReceived: 0, atMs: performance.now() };

  /** The last reading, without asking anew. */
  get latest(): ByteReading {
    return this.#latest;
  }

  addTransport(transport: WebRtcTransport): void {
    this.#transports.add(transport);
    transport.observer.once("close", () => this.#transports.delete(transport));
  }

  addData(subscription: DataSubscription): void {
    this.#ofOpenData.set(subscription, 0n);
    // Its last bytes are read as it closes; then it need not be kept.
    subscription.once("closed", () => void this.#readData(subscription, true));
  }

  /**
   * The sum so far; of what has closed, what the last reading said. Never falls, never rejects. Unless it is to be
   * `exact`, it may lack the data messages of the last 100 ms.
   */
  async read({ exact }: { exact: boolean }): Promise<bigint> {
    await Promise.all([
      ...Array.from(this.#transports, (transport) => this.#readTransport(transport)),
      ...Array.from(this.#ofOpenData.keys(), (subscription) => this.#readData(subscription, exact)),
    ]);
    let bytes = this.#ofClosedData;
    for (const ofTransport of this.#ofTransports.values()) bytes += ofTransport;
    for (const ofData of this.#ofOpenData.values()) bytes += ofData;
    this.#latest = { bytes, bytesReceived: this.#bytesReceived, atMs: performance.now() };
    return bytes;
  }

  async #readTransport(transport: WebRtcTransport): Promise<void> {
    let bytes = 0n;
    try {
      for (const { rtpBytesSent, bytesReceived } of await transport.getStats()) {
        bytes += BigInt(rtpBytesSent);
        this.#bytesReceived = bytesReceived;
      }
    } catch {
      // It closed, or its worker died, between the question and the answer: the last reading stands.
      return;
    }
    const last = this.#ofTransports.get(transport) ?? 0n;
    if (bytes > last) this.#ofTransports.set(transport, bytes);
  }

  async #readData(subscription: DataSubscription, exact: boolean): Promise<void> {
    const bytes = await subscription.bytesSent({ exact });
    if (!this.#ofOpenData.has(subscription)) return;
    if (!subscription.closed) {
      this.#ofOpenData.set(subscription, bytes);
    } else if (this.#ofOpenData.delete(subscription)) {
      this.#ofClosedData += bytes;
    }
  }
}
