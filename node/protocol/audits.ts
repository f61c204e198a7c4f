import { AbiCoder, keccak256 } from "ethers";
import { FULL_QUALITY } from "./amounts.js";
import { parseHex } from "./hex.js";
import type { Hex } from "./hex.js";
import { LANES, laneOf } from "./sampling.js";

/** Most auditors that a network can have per node: each needs a lane of the seed of its own, and their number is odd. */
export const MAX_AUDITORS = LANES - 1;
const SCORE_BITS = 16n;

/**
 * How far around the ring the auditors of a seat stand, one offset per auditor: 1 + j·w + lane_j mod w with
 * w = ⌊(seats − 1) / auditors⌋. All different and none 0: nobody is audited twice by one node, or by itself.
 * @param seed Of the epoch before the last one.
 * @returns Empty where there are too few seats to audit anybody.
 */
export function auditOffsets(seed: Hex, seats: number, auditors: number): number[] {
  if (seats <= auditors) return [];
  const width = Math.floor((seats - 1) / auditors);
  return Array.from({ length: auditors }, (_, index) => 1 + index * width + (laneOf(seed, index) % width));
}

/** The seats that the node in a seat audits, one per offset. */
export function auditedSeats(seat: number, seats: number, offsets: readonly number[]): number[] {
  return offsets.map((offset) => (seat + seats - offset) % seats);
}

/** The seats whose nodes audit the one in a seat, one per offset. */
export function auditorSeats(seat: number, seats: number, offsets: readonly number[]): number[] {
  return offsets.map((offset) => (seat + offset) % seats);
}

/**
 * Scores in one word: score j in bits 16j to 16j + 15.
 * @throws RangeError for too many scores, and for one that is no integer from 0 to 10,000.
 */
export function packScores(scores: readonly number[]): bigint {
  if (scores.length > MAX_AUDITORS) {
    throw new RangeError(`${scores.length} scores: an audit has at most ${MAX_AUDITORS}`);
  }
  return scores.reduce((packed, score, index) => {
    if (!Number.isInteger(score) || score < 0 || score > FULL_QUALITY) {
      throw new RangeError(`score ${index} is ${score}: expected an integer from 0 to ${FULL_QUALITY}`);
    }
    return packed | (BigInt(score) << (SCORE_BITS * BigInt(index)));
  }, 0n);
}

/** The first `count` scores of a word. */
export function unpackScores(packedScores: bigint, count: number): number[] {
  return Array.from({ length: count }, (_, index) =>
    Number((packedScores >> (SCORE_BITS * BigInt(index))) & 0xffffn),
  );
}

/** What an attestation commits its auditor to: keccak256(abi.encode(nodeId, epoch, packedScores, salt)). */
export function auditCommitment(nodeId: bigint, epoch: number, packedScores: bigint, salt: Hex): Hex {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["uint256", "uint256", "uint256", "bytes32"],
    [nodeId, epoch, packedScores, salt],
  );
  return parseHex(keccak256(encoded), 32);
}

/** The lower weighted median: the smallest score at which half of all weight is reached; 0 where there is none. */
export function weightedMedian(scores: readonly { score: number; weight: number }[]): number {
  const total = scores.reduce((sum, { weight }) => sum + weight, 0);
  let reached = 0;
  for (const { score, weight } of scores.toSorted((a, b) => a.score - b.score)) {
    reached += weight;
    if (2 * reached >= total) return score;
  }
  return 0;
}
