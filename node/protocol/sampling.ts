import { AbiCoder, keccak256 } from "ethers";
import type { Hex } from "./hex.js";

/** Lanes of 32 bits in a seed. */
export const LANES = 8;
/** Last word of the hash: a sample point, not the pick of a node. */
const SAMPLE_TAG = 1n;

/** One lane of a seed; lane 0 is the highest 32 bits. */
export function laneOf(seed: Hex, lane: number): number {
  return Number((BigInt(seed) >> BigInt(32 * (LANES - 1 - lane))) & 0xffff_ffffn);
}

/**
 * The points in [0, bytesDelivered) whose leaves a proof must open:
 * point j = keccak256(abi.encode(lane j mod 8, j, nodeId, epoch, 1)) mod bytesDelivered, lane 0 the highest 32 bits.
 * @throws RangeError where nothing was delivered.
 */
export function samplePoints(
  seed: Hex,
  nodeId: bigint,
  epoch: number,
  bytesDelivered: bigint,
  samples: number,
): bigint[] {
  if (bytesDelivered <= 0n) throw new RangeError("there is nothing to sample in an epoch without bytes");
  const coder = AbiCoder.defaultAbiCoder();
  const words = ["uint256", "uint256", "uint256", "uint256", "uint256"];
  return Array.from({ length: samples }, (_, sample) => {
    const lane = laneOf(seed, sample % LANES);
    return BigInt(keccak256(coder.encode(words, [lane, sample, nodeId, epoch, SAMPLE_TAG]))) % bytesDelivered;
  });
}
