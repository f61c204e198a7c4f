/** The native binding alone: without it the package falls back to arithmetic slower than ours. */
declare module "secp256k1/bindings.js" {
  const secp256k1: {
    /** @returns 65 bytes, 0x04 and the key. Throws where the signature recovers to none. */
    ecdsaRecover(
      signature: Uint8Array,
      recoveryId: number,
      digest: Uint8Array,
      compressed: boolean,
    ): Uint8Array;
  };
  export default secp256k1;
}
