import { FULL_QUALITY } from "../../protocol/amounts.js";
import { intervalScore } from "../../protocol/quality.js";

/** What one round of an audit found: two sessions on the target, one sending to the other through it. */
export interface AuditMeasurement {
  /** From the first try to connect to the first packet that came through. */
  readonly joinMs: number;
  /** Median time of a packet to the target and back: the round trip between participants and the node. */
  readonly roundTripTimeMs: number;
  /** Mean change of that time from one packet of sound to the next. */
  readonly jitterMs: number;
  /** Packets that did not come through, of those sent, 0 to 1; nothing is sent again. */
  readonly lossRatio: number;
  /** Part of the time in which sound was missing for longer than concealment covers, 0 to 1. */
  readonly frozenRatio: number;
}

/** One round: what was measured, or why nothing could be. */
export type AuditRound =
  | { readonly measurement: AuditMeasurement; readonly fault?: undefined }
  | { readonly measurement?: undefined; readonly fault: string };

/** Joining within this is as good as at once. */
const QUICK_JOIN_MS = 2_000;
/** Who needs as long as this might as well not let anybody in. */
const ENDLESS_JOIN_MS = 20_000;

/** What is left of a round's score for the time that joining took: 1 up to 2 s, from there in a line to 0 at 20 s. */
export function joinFactor(joinMs: number): number {
  return Math.min(1, Math.max(0, (ENDLESS_JOIN_MS - joinMs) / (ENDLESS_JOIN_MS - QUICK_JOIN_MS)));
}

/**
 * Score of a round, 0 to 10,000: the interval score of receipts (E-model, `protocol/quality.ts`) from round trip, jitter
 * and loss × joinFactor × (1 − frozen part of the time); 0 where the target did not serve.
 */
export function roundScore({ measurement }: AuditRound): number {
  if (measurement === undefined) return 0;
  const { joinMs, frozenRatio, ...stats } = measurement;
  return Math.round(intervalScore(stats) * joinFactor(joinMs) * (1 - frozenRatio));
}

/**
 * Score of an epoch: the mean over all rounds, so a target that serves two of three times gets two thirds of what its
 * media deserves.
 * @throws RangeError without rounds.
 */
export function auditScore(rounds: readonly AuditRound[]): number {
  if (rounds.length === 0) throw new RangeError("a node that was not audited has no score");
  const sum = rounds.reduce((total, round) => total + roundScore(round), 0);
  return Math.min(FULL_QUALITY, Math.round(sum / rounds.length));
}
