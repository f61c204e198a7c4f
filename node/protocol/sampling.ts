import { AbiCoder, keccak256 } from "ethers";
import type { Hex } from "./hex.js";

/** Lanes of 32 bits in a seed. */
const LANES = 8;
/** Last word of the hash: a sample point, not the pick of a node. */
const SAMPLE_TAG = 1n;

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
    const lane = (BigInt(seed) >> BigInt(32 * (LANES - 1 - (sample % LANES)))) & 0xffff_ffffn;
    return BigInt(keccak256(coder.encode(words, [lane, sample, nodeId, epoch, SAMPLE_TAG]))) % bytesDelivered;
  });
}
