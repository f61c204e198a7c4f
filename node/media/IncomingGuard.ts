import type { Logger } from "pino";
import type { MediaLimits } from "./limits.js";
import { MediaError } from "./mediaError.js";
import type { Peer } from "./Peer.js";
import type { IncomingTotals } from "./Publisher.js";

/** Readings in a row above the limit after which a publisher is stopped: short bursts are nobody's fault. */
const READINGS_ABOVE = 3;
/** How far above: key frames and a congestion control that probes go over the limit for a while. */
const TOLERANCE = 1.5;

interface Reading extends IncomingTotals {
  readonly atMs: number;
  readonly readingsAbove: number;
}

/**
 * Stops publishers who send more than they may. mediasoup tells them their bitrate by congestion control, which honest
 * clients follow; whoever does not is found out by what arrives.
 */
export class IncomingGuard {
  readonly #limits: MediaLimits;
  readonly #peers: () => Iterable<Peer>;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #readings = new WeakMap<Peer, Reading>();
  #checking = false;

  constructor(limits: MediaLimits, intervalMs: number, peers: () => Iterable<Peer>, logger: Logger) {
    this.#limits = limits;
    this.#peers = peers;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#check(), intervalMs);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #check(): Promise<void> {
    // A worker that answers late is not asked the same again meanwhile.
    if (this.#checking) return;
    this.#checking = true;
    try {
      await Promise.all(Array.from(this.#peers(), (peer) => this.#checkOne(peer)));
    } finally {
      this.#checking = false;
    }
  }

  async #checkOne(peer: Peer): Promise<void> {
    const last = this.#readings.get(peer);
    const totals = await peer.incoming();
    if (!totals || peer.closed) return;
    const atMs = performance.now();
    const excess = last && this.#excess(totals, last, (atMs - last.atMs) / 1_000);
    const readingsAbove = excess ? last.readingsAbove + 1 : 0;
    this.#readings.set(peer, { ...totals, atMs, readingsAbove });
    if (excess && readingsAbove >= READINGS_ABOVE) {
      this.#logger.warn({ peerId: peer.id, code: excess.code }, excess.message);
      peer.expel(excess);
    }
  }

  #excess(now: IncomingTotals, last: IncomingTotals, seconds: number): MediaError | undefined {
    const { maxIncomingBitsPerSecond, maxIncomingPacketsPerSecond } = this.#limits;
    const bitsPerSecond = ((now.bytes - last.bytes) * 8) / seconds;
    if (bitsPerSecond > TOLERANCE * maxIncomingBitsPerSecond) {
      return new MediaError(
        "bitrate_limit",
        `the participant sends ${Math.round(bitsPerSecond / 1_000)} kb/s and may send ` +
          `${Math.round(maxIncomingBitsPerSecond / 1_000)} kb/s`,
      );
    }
    const packetsPerSecond = (now.packets - last.packets) / seconds;
    if (packetsPerSecond > TOLERANCE * maxIncomingPacketsPerSecond) {
      return new MediaError(
        "packet_limit",
        `the participant sends ${Math.round(packetsPerSecond)} packets per second and may send ` +
          `${maxIncomingPacketsPerSecond}`,
      );
    }
    return undefined;
  }
}
