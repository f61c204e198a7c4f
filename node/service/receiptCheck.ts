import { FULL_QUALITY, MAX_UINT64 } from "../protocol/amounts.js";
import type { EpochClock } from "../protocol/epochClock.js";
import type { Address } from "../protocol/hex.js";
import { ReceiptRefused } from "../protocol/refusals.js";
import { InvalidSignature, sessionReceipt } from "../protocol/typedData.js";
import type { AccessGrant, SignedReceipt, TypedDataDomain } from "../protocol/typedData.js";

/** What a receipt is held against. */
export interface ReceiptExpectation {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  readonly clock: EpochClock;
  readonly grant: AccessGrant;
  /** The session's highest receipt of the epoch so far. */
  readonly highest: { bytesDelivered: bigint } | undefined;
  /** Most bytes that this session can have received in the epoch. */
  readonly mostBytes: bigint;
}

/** The epochs whose receipts are taken at a moment: the running one and, for a while, the one before. */
export function receivableEpochs(clock: EpochClock, nowMs: number, graceMs: number): number[] {
  const epoch = clock.currentEpoch(nowMs);
  const inGrace = epoch > 0 && nowMs < clock.startOf(epoch) * 1_000 + graceMs;
  return inGrace ? [epoch, epoch - 1] : [epoch];
}

/**
 * Checks everything about a receipt that can make it worthless on chain or unfair to the node. The epoch's being open
 * is the caller's to check.
 * @throws ReceiptRefused
 */
export function checkReceipt({ receipt, signature }: SignedReceipt, expected: ReceiptExpectation): void {
  const { nodeId, epoch, bytesDelivered, quality } = receipt;
  const { grant, highest, clock } = expected;
  if (nodeId !== expected.nodeId) {
    throw new ReceiptRefused(
      "receipt_wrong_node",
      `the receipt is for node ${nodeId}, this is node ${expected.nodeId}`,
    );
  }
  if (grant.expiresAt <= BigInt(clock.startOf(epoch))) {
    throw new ReceiptRefused("receipt_grant_expired", `the grant had expired before epoch ${epoch} began`);
  }
  if (!Number.isInteger(quality) || quality < 0 || quality > FULL_QUALITY) {
    throw new ReceiptRefused(
      "receipt_quality_invalid",
      `the quality is ${quality}, expected 0 to ${FULL_QUALITY}`,
    );
  }
  if (highest !== undefined && bytesDelivered < highest.bytesDelivered) {
    throw new ReceiptRefused(
      "receipt_decreased",
      `the receipt counts ${bytesDelivered} bytes, one before it ${highest.bytesDelivered}`,
    );
  }
  if (bytesDelivered > grant.maxBytesPerEpoch) {
    throw new ReceiptRefused(
      "receipt_above_grant",
      `the receipt counts ${bytesDelivered} bytes, the grant allows ${grant.maxBytesPerEpoch} in an epoch`,
    );
  }
  if (bytesDelivered < 0n || bytesDelivered > expected.mostBytes || bytesDelivered > MAX_UINT64) {
    throw new ReceiptRefused(
      "receipt_above_sent",
      `the receipt counts ${bytesDelivered} bytes, more than this node can have delivered (${expected.mostBytes})`,
    );
  }
  checkSigner(receipt.epoch, recover({ receipt, signature }, expected.domain), grant.sessionKey);
}

function recover({ receipt, signature }: SignedReceipt, domain: TypedDataDomain): Address {
  try {
    return sessionReceipt.recover(domain, receipt, signature);
  } catch (error) {
    if (error instanceof InvalidSignature)
      throw new ReceiptRefused("receipt_signature_invalid", error.message);
    throw error;
  }
}

function checkSigner(epoch: number, signer: Address, sessionKey: Address): void {
  if (signer !== sessionKey) {
    throw new ReceiptRefused(
      "receipt_wrong_key",
      `the receipt of epoch ${epoch} was signed by ${signer}, the session key is ${sessionKey}`,
    );
  }
}
