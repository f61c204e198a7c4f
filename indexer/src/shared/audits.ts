// Who audits whom, and what comes of it: the arithmetic of `QualityAudits.sol` and `WeightedMedian.sol`.

const LANES = 8;
const SCORE_BITS = 16n;

/**
 * How far after its own seat a node's auditors sit, one entry each: 1 + j·w + lane_j mod w, w = ⌊(N − 1) / K⌋.
 * @param seed Of the epoch before the last: eight lanes of 32 bits, lane 0 highest, as hexadecimal digits.
 * @returns Empty where the ring is too small to audit in.
 */
export function auditOffsets(seed: string, ringSize: number, auditors: number): number[] {
  if (ringSize <= auditors) return [];
  const width = Math.floor((ringSize - 1) / auditors);
  return Array.from({ length: auditors }, (_, j) => 1 + j * width + (laneOf(seed, j) % width));
}

/** One score of what a node revealed. */
export function scoreAt(packedScores: bigint, position: number): number {
  return Number(BigInt.asUintN(16, packedScores >> (SCORE_BITS * BigInt(position))));
}

/** Whether enough auditors revealed for a node to have a score. */
export function isScored(revealed: number, auditors: number): boolean {
  return 2 * revealed >= auditors;
}

/** The smallest score at which half of all weight is reached. */
export function weightedMedian(
  entries: readonly { readonly score: number; readonly weight: number }[],
): number {
  const total = entries.reduce((sum, { weight }) => sum + weight, 0);
  let reached = 0;
  for (const { score, weight } of entries.toSorted((a, b) => a.score - b.score)) {
    reached += weight;
    if (2 * reached >= total) return score;
  }
  return 0;
}

function laneOf(seed: string, lane: number): number {
  const digits = seed.replace(/^0x/, "").padStart(LANES * 8, "0");
  return Number.parseInt(digits.slice(lane * 8, lane * 8 + 8), 16);
}
