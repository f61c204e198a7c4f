import type { WebRtcTransport } from "mediasoup/types";

/**
 * Bytes sent over a participant's transports, from mediasoup's own statistics.
 *
 * Counted are RTP packets when they are sent for the first time: header, extensions, payload and padding
 * (`rtpBytesSent`). Not counted is what serves the connection and not the participant: retransmissions, bandwidth
 * probes, RTCP, DTLS, ICE checks, SRTP's authentication tag and what lies below. The client counts the same on its
 * side (`client/receiveStatistics.ts`): without loss both arrive at the same number, with loss the client's is lower
 * by the part that was lost.
 */
export class TransportByteCounter {
  readonly #open = new Set<WebRtcTransport>();
  readonly #last = new Map<WebRtcTransport, bigint>();

  add(transport: WebRtcTransport): void {
    this.#open.add(transport);
    transport.observer.once("close", () => this.#open.delete(transport));
  }

  /** The sum so far; of a transport that has closed, what the last reading said. Never rejects. */
  async read(): Promise<bigint> {
    await Promise.all([...this.#open].map((transport) => this.#readOne(transport)));
    let total = 0n;
    for (const bytes of this.#last.values()) total += bytes;
    return total;
  }

  async #readOne(transport: WebRtcTransport): Promise<void> {
    let bytes = 0n;
    try {
      for (const { rtpBytesSent } of await transport.getStats()) bytes += BigInt(rtpBytesSent);
    } catch {
      // It closed, or its worker died, between the question and the answer: the last reading stands.
      return;
    }
    const last = this.#last.get(transport) ?? 0n;
    if (bytes > last) this.#last.set(transport, bytes);
  }
}
