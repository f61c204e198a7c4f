import type { AppAccount } from "../chain/nodeChain.js";
import type { AppBill } from "./accountStore.js";
import type { ServiceLimits } from "./limits.js";

/** What a node risks with an app, in wei. */
export interface Exposure {
  /** Served and not promised by a voucher, signed for or not. */
  readonly unbilled: bigint;
  /** What `unbilled` may grow to. */
  readonly limit: bigint;
}

/**
 * What an app got without a voucher, against what it may. Unsigned service of sessions that run and of those that are
 * gone counts like unbilled receipts, so that fresh session keys win nothing; a small part of what the app has
 * promised is forgiven, because packets get lost and people close their laptops. The limit is what the chain guarantees
 * to this node beyond vouchers not yet collected, at most `maxUnbilledWei`, plus a credit.
 * @param unsignedWei Unsigned service of the app's running sessions.
 */
export function exposureOf(
  bill: AppBill,
  account: Pick<AppAccount, "paid" | "guaranteed">,
  unsignedWei: bigint,
  limits: Pick<ServiceLimits, "creditWei" | "maxUnbilledWei" | "forgivenLossBps">,
): Exposure {
  const promised = max(bill.voucher?.voucher.cumulativeAmount ?? 0n, account.paid);
  const forgiven = (promised * BigInt(limits.forgivenLossBps)) / 10_000n;
  const unbilled = max(bill.owed - promised, 0n) + max(bill.lost + unsignedWei - forgiven, 0n);
  const guaranteed = max(account.guaranteed - (promised - account.paid), 0n);
  return { unbilled, limit: min(guaranteed, limits.maxUnbilledWei) + limits.creditWei };
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
