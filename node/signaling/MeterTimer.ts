import type { Peer } from "../media/Peer.js";

/** What is needed of a peer to meter it. */
export type Metered = Pick<Peer, "bytesSent" | "latestBytesSent">;

/** Timers go by whole milliseconds and may come a little early. */
const TIMER_ERROR_MS = 2;

/**
 * Meters a participant at least every so often: receipts and others read the same counters, and each reading asks the
 * worker about all of the participant's transports, so that one which is younger than the interval is passed on as it is.
 */
export class MeterTimer {
  readonly #peer: Metered;
  readonly #intervalMs: number;
  readonly #meter: (bytesSent: bigint) => void;
  #timer: NodeJS.Timeout;
  #stopped = false;

  /** @param meter must not throw. */
  constructor(peer: Metered, intervalMs: number, meter: (bytesSent: bigint) => void) {
    this.#peer = peer;
    this.#intervalMs = intervalMs;
    this.#meter = meter;
    this.#timer = this.#after(intervalMs);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  #after(delayMs: number): NodeJS.Timeout {
    // At least a millisecond: a clock that stands still must not become a loop.
    return setTimeout(() => void this.#tick(), Math.max(1, Math.ceil(delayMs)));
  }

  async #tick(): Promise<void> {
    const { bytes, atMs } = this.#peer.latestBytesSent;
    const isYoung = performance.now() - atMs < this.#intervalMs - TIMER_ERROR_MS;
    this.#meter(isYoung ? bytes : await this.#peer.bytesSent());
    if (this.#stopped) return;
    const ageMs = performance.now() - this.#peer.latestBytesSent.atMs;
    this.#timer = this.#after(this.#intervalMs - ageMs);
  }
}
