import { Wallet, hexlify, randomBytes } from "ethers";
import type { TypedDataSigner } from "../protocol/typedData.js";

/** The key that a participant made for this session. An ethers `Wallet` is one. */
export interface SessionKey extends TypedDataSigner {
  readonly address: string;
}

/** A key for one session: made by the participant, known to nobody else, and thrown away afterwards. */
export function createSessionKey(): Wallet {
  return new Wallet(hexlify(randomBytes(32)));
}
