import { keccak256, toUtf8Bytes } from "ethers";
import { parseAddress, parseHex } from "../../../node/protocol/hex.js";
import type { Address, Hex } from "../../../node/protocol/hex.js";

/** Random values that repeat for a seed, so that a failure can be run again. */
export function randomFrom(seed: number) {
  let count = 0;
  const word = (): Hex => parseHex(keccak256(toUtf8Bytes(`${seed}:${count++}`)), 32);
  const below = (bound: number): number => (bound <= 0 ? 0 : Number(BigInt(word()) % BigInt(bound)));
  return {
    /** An integer in [0, bound); 0 where the bound is 0. */
    below,
    hex: (byteLength: number): Hex => parseHex(word().slice(0, 2 + 2 * byteLength), byteLength),
    address: (): Address => parseAddress(word().slice(0, 42)),
    pick<T>(items: readonly [T, ...T[]]): T {
      return items[below(items.length)] ?? items[0];
    },
  };
}
