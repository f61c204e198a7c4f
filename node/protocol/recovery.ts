import { recoverAddress } from "ethers";
import type { Signature } from "ethers";
import type { Hex } from "./hex.js";

/** The address of the key that signed a digest, in any letter case. Throws where there is none. */
export type Recovery = (digest: Hex, signature: Signature) => string;

let recovery: Recovery = (digest, signature) => recoverAddress(digest, signature);

/**
 * Replaces the arithmetic that recovers keys, in JavaScript by default, for this process: a node has a native one
 * (`service/nativeCrypto.ts`). What is a valid signature is checked before, and does not depend on it.
 */
export function useRecovery(native: Recovery): void {
  recovery = native;
}

/** @throws Error where the signature recovers to no key. */
export function recoverSigner(digest: Hex, signature: Signature): string {
  return recovery(digest, signature);
}
