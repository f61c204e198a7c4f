import { WEI_PER_GWEI } from "../protocol/amounts.js";
import type { Address } from "../protocol/hex.js";
import { InvalidSignature, voucher } from "../protocol/typedData.js";
import type { SignedVoucher, TypedDataDomain } from "../protocol/typedData.js";

/** A voucher that is worth nothing to this node; the message says why. */
export class VoucherRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "VoucherRefused";
  }
}

export interface VoucherExpectation {
  readonly app: Address;
  readonly nodeId: bigint;
  /** Of `PaymentEscrow`. */
  readonly domain: TypedDataDomain;
  /** The highest voucher so far, and what was collected; amounts in wei. */
  readonly previous: { readonly amount: bigint; readonly score: bigint };
}

/**
 * Checks all of a voucher that can be checked without the chain.
 * @returns Its signer; whether that is one of the app's is for the chain to say.
 * @throws VoucherRefused
 */
export function checkVoucher(
  { voucher: promise, signature }: SignedVoucher,
  expected: VoucherExpectation,
): Address {
  const { cumulativeAmount: amount, cumulativeScore: score } = promise;
  const { previous } = expected;
  if (promise.app !== expected.app) throw new VoucherRefused(`the voucher is of app ${promise.app}`);
  if (promise.nodeId !== expected.nodeId)
    throw new VoucherRefused(`the voucher is for node ${promise.nodeId}`);
  if (amount % WEI_PER_GWEI !== 0n || score % WEI_PER_GWEI !== 0n) {
    throw new VoucherRefused(`the voucher's amount ${amount} or score ${score} is no whole number of gwei`);
  }
  if (amount < previous.amount) {
    throw new VoucherRefused(`the voucher goes down from ${previous.amount} to ${amount} wei`);
  }
  if (score < previous.score) {
    throw new VoucherRefused(`the voucher's score goes down from ${previous.score} to ${score}`);
  }
  if (score > amount || score - previous.score > amount - previous.amount) {
    throw new VoucherRefused(
      `the voucher's score rises to ${score}, from ${previous.score}, more than its amount does ` +
        `(to ${amount} from ${previous.amount} wei)`,
    );
  }
  try {
    return voucher.recover(expected.domain, promise, signature);
  } catch (error) {
    if (error instanceof InvalidSignature) throw new VoucherRefused(error.message);
    throw error;
  }
}
