import type * as Secp256k1 from "secp256k1/bindings.js";
import { getBytes, keccak256 } from "ethers";
import { createKeccak } from "hash-wasm";
import { useKeccak } from "../protocol/keccak.js";
import { useRecovery } from "../protocol/recovery.js";

/**
 * Makes this process check signatures with libsecp256k1 and hash with WebAssembly: 14,000 recoveries a second on one
 * core instead of a few hundred, which is what receipts of a busy node need. To be called once, at start.
 * @returns Whether the native library could be loaded; without it everything works as before, only slower.
 */
export async function useNativeCrypto(): Promise<boolean> {
  const keccak = await createKeccak(256);
  // One after another, and never awaited in between: the hasher can be shared.
  const hash = (data: Uint8Array): Uint8Array => keccak.init().update(data).digest("binary");
  keccak256.register(hash);
  useKeccak(hash);
  let native: typeof Secp256k1.default;
  try {
    ({ default: native } = await import("secp256k1/bindings.js"));
  } catch {
    return false;
  }
  useRecovery((digest, { r, s, yParity }) => {
    const signature = new Uint8Array(64);
    signature.set(getBytes(r), 0);
    signature.set(getBytes(s), 32);
    const key = native.ecdsaRecover(signature, yParity, getBytes(digest), false);
    // The last 20 bytes of the hash of the key's coordinates.
    return `0x${keccak256(key.subarray(1)).slice(26)}`;
  });
  return true;
}
