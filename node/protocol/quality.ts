import { FULL_QUALITY } from "./amounts.js";

/** What WebRTC statistics say about one interval. */
export interface IntervalStats {
  readonly roundTripTimeMs: number;
  readonly jitterMs: number;
  /** Lost packets of those expected, 0 to 1. */
  readonly lossRatio: number;
  /** Whether Opus carries forward error correction; true by default, as WebRTC does it. */
  readonly forwardErrorCorrection?: boolean;
}

/** R of a connection without delay and loss (ITU-T G.107, default values). */
const R_MAX = 93.2;
/** Delay of coder and decoder: one Opus frame of 20 ms. */
const CODEC_DELAY_MS = 20;
/** Delay above which a conversation suffers twice (ITU-T G.107). */
const CONVERSATION_DELAY_MS = 177.3;
/** Robustness of Opus against random loss, in percent, with and without forward error correction. */
const LOSS_ROBUSTNESS = { withFec: 20, withoutFec: 10 };
/** Equipment impairment of Opus without loss. */
const CODEC_IMPAIRMENT = 0;

/**
 * R factor of an interval (ITU-T G.107, simplified), 0 to 93.2:
 * R = 93.2 − Id − Ie,eff, with the one-way delay d = RTT/2 + 2·jitter + codec,
 * Id = 0.024·d + 0.11·max(0, d − 177.3) and Ie,eff = Ie + (95 − Ie)·Ppl/(Ppl + Bpl), loss Ppl in percent.
 * @throws RangeError where a statistic is negative or not finite, or the loss is above 1.
 */
export function rFactor(stats: IntervalStats): number {
  const { roundTripTimeMs, jitterMs, lossRatio, forwardErrorCorrection = true } = stats;
  for (const [name, value] of Object.entries({ roundTripTimeMs, jitterMs, lossRatio })) {
    if (!Number.isFinite(value) || value < 0)
      throw new RangeError(`${name} is ${value}: expected zero or more`);
  }
  if (lossRatio > 1) throw new RangeError(`lossRatio is ${lossRatio}: expected 0 to 1`);
  const delayMs = roundTripTimeMs / 2 + 2 * jitterMs + CODEC_DELAY_MS;
  const delayImpairment = 0.024 * delayMs + 0.11 * Math.max(0, delayMs - CONVERSATION_DELAY_MS);
  const lossPercent = lossRatio * 100;
  const robustness = forwardErrorCorrection ? LOSS_ROBUSTNESS.withFec : LOSS_ROBUSTNESS.withoutFec;
  const lossImpairment =
    CODEC_IMPAIRMENT + ((95 - CODEC_IMPAIRMENT) * lossPercent) / (lossPercent + robustness);
  return Math.min(R_MAX, Math.max(0, R_MAX - delayImpairment - lossImpairment));
}

/** Score of an interval, 0 to 10,000: R / 93.2 × 10,000, rounded. */
export function intervalScore(stats: IntervalStats): number {
  return Math.round((rFactor(stats) / R_MAX) * FULL_QUALITY);
}

/** Byte-weighted mean of interval scores: the quality of a receipt. */
export class QualityMeter {
  #bytes: bigint;
  #weighted: bigint;

  /** Goes on from a receipt that was signed before, where one is given. */
  constructor(last: { bytesDelivered: bigint; quality: number } = { bytesDelivered: 0n, quality: 0 }) {
    this.#bytes = last.bytesDelivered;
    this.#weighted = last.bytesDelivered * BigInt(last.quality);
  }

  /** Counts an interval in which `bytes` arrived, with its score from 0 to 10,000. */
  add(bytes: bigint, score: number): void {
    if (bytes < 0n) throw new RangeError(`an interval has ${bytes} bytes`);
    if (!Number.isInteger(score) || score < 0 || score > FULL_QUALITY) {
      throw new RangeError(`an interval's score is ${score}: expected an integer from 0 to ${FULL_QUALITY}`);
    }
    this.#bytes += bytes;
    this.#weighted += bytes * BigInt(score);
  }

  /** Bytes counted so far. */
  get bytesDelivered(): bigint {
    return this.#bytes;
  }

  /** The mean so far, rounded down; 0 before the first byte. */
  get quality(): number {
    return this.#bytes === 0n ? 0 : Number(this.#weighted / this.#bytes);
  }
}
