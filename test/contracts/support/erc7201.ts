import { keccak256, toBeHex, toUtf8Bytes } from "ethers";

/** Where a contract's storage begins (ERC-7201). */
export function erc7201(name: string): string {
  const inner = BigInt(keccak256(toUtf8Bytes(name))) - 1n;
  return toBeHex(BigInt(keccak256(toBeHex(inner, 32))) & ~0xffn, 32);
}
