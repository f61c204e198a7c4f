import { Wallet, keccak256, toUtf8Bytes } from "ethers";
import { parseAddress } from "../../../node/protocol/hex.js";
import type { Address, Hex } from "../../../node/protocol/hex.js";
import {
  accessGrant,
  detailsHash,
  joinProof,
  roomHash,
  sessionReceipt,
  typedDataDomain,
} from "../../../node/protocol/typedData.js";
import type { AccessGrant, SignedReceipt, TypedDataDomain } from "../../../node/protocol/typedData.js";
import type { JoinClaim } from "../../../node/signaling/admission.js";

export const testDomain: TypedDataDomain = typedDataDomain(
  33_380n,
  parseAddress("0x00000000000000000000000000000000000000a1"),
);

/** A key that repeats for a name. */
export function walletOf(name: string): Wallet {
  return new Wallet(keccak256(toUtf8Bytes(name)));
}

export function addressOf(wallet: Wallet): Address {
  return parseAddress(wallet.address);
}

export interface GrantOptions {
  readonly app: Address;
  readonly signer: Wallet;
  readonly session: Wallet;
  readonly domain?: TypedDataDomain;
  readonly room?: string;
  readonly maxBytesPerEpoch?: bigint;
  readonly expiresAt?: bigint;
  readonly details?: string;
}

export const DETAILS = JSON.stringify({ identity: "ada", voucherUrl: "https://app.example/vouchers" });

/** A grant with its signature, as an app's backend issues it. */
export async function grantFor(options: GrantOptions): Promise<{ grant: AccessGrant; grantSignature: Hex }> {
  const { app, signer, session, domain = testDomain, room = "stand-up", details = DETAILS } = options;
  const grant = {
    app,
    sessionKey: addressOf(session),
    room: roomHash(room),
    maxBytesPerEpoch: options.maxBytesPerEpoch ?? 10_000_000_000n,
    expiresAt: options.expiresAt ?? 4_000_000_000n,
    detailsHash: detailsHash(details),
  };
  return { grant, grantSignature: await accessGrant.sign(signer, domain, grant) };
}

/** A join as a participant sends it. */
export async function claimFor(options: GrantOptions & { nodeId: bigint }): Promise<JoinClaim> {
  const { session, nodeId, domain = testDomain, room = "stand-up", details = DETAILS } = options;
  const nonce: Hex = `0x${"5a".repeat(32)}`;
  const joinSignature = await joinProof.sign(session, domain, { nodeId, room: roomHash(room), nonce });
  return { room, details, nonce, joinSignature, ...(await grantFor(options)) };
}

/** A receipt as a participant signs it. */
export async function receiptBy(
  session: Wallet,
  receipt: { nodeId: bigint; epoch: number; bytesDelivered: bigint; quality?: number },
  domain: TypedDataDomain = testDomain,
): Promise<SignedReceipt> {
  const complete = { quality: 9_000, ...receipt };
  return { receipt: complete, signature: await sessionReceipt.sign(session, domain, complete) };
}
