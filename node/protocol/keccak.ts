import { getBytes, keccak256 } from "ethers";

/** 32 bytes. */
export type Keccak = (data: Uint8Array) => Uint8Array;

let keccak: Keccak = (data) => getBytes(keccak256(data));

/** Replaces the hash function, in JavaScript by default, for this process: a node has a quicker one. */
export function useKeccak(native: Keccak): void {
  keccak = native;
}

/** keccak256, bytes to bytes: for what is hashed a hundred thousand times. */
export function keccakBytes(data: Uint8Array): Uint8Array {
  return keccak(data);
}
