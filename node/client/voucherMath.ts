import { feeWei, floorToGwei, scoreWei } from "../protocol/amounts.js";
import type { SessionReceipt } from "../protocol/typedData.js";
import type { NodeTotals } from "./VoucherStore.js";

/** What was counted of a session so far; all zero at first. */
export interface Counted {
  readonly bytesDelivered: bigint;
  readonly bytesPaid: bigint;
  readonly amountWei: bigint;
  readonly scoreWei: bigint;
}

export const NOTHING_COUNTED: Counted = { bytesDelivered: 0n, bytesPaid: 0n, amountWei: 0n, scoreWei: 0n };

/**
 * Counts a receipt that is higher than the last one.
 *
 * Paid are the new bytes as far as the grant's limit leaves room, at the node's price of now. The score follows
 * amount × quality, with the receipt's cumulative quality, but never falls and never gains more than the amount does:
 * a cumulative mean cannot do either unless the participant made it up, and a voucher must not go down.
 *
 * @param bytesLeft What the grant still allows the session in this epoch, over all nodes.
 */
export function countReceipt(
  counted: Counted,
  receipt: Pick<SessionReceipt, "bytesDelivered" | "quality">,
  priceWeiPerGB: bigint,
  bytesLeft: bigint,
): Counted {
  const newBytes = receipt.bytesDelivered - counted.bytesDelivered;
  if (newBytes <= 0n) return counted;
  const newlyPaid = newBytes < bytesLeft ? newBytes : bytesLeft;
  const newAmountWei = feeWei(newlyPaid, priceWeiPerGB);
  const amountWei = counted.amountWei + newAmountWei;
  const newScoreWei = scoreWei(amountWei, receipt.quality) - counted.scoreWei;
  return {
    bytesDelivered: receipt.bytesDelivered,
    bytesPaid: counted.bytesPaid + newlyPaid,
    amountWei,
    scoreWei: counted.scoreWei + clamp(newScoreWei, 0n, newAmountWei),
  };
}

/**
 * What the next voucher says: what is owed, in whole gwei. From one voucher to the next the score never rises by more
 * than the amount: where rounding would make it so, the gwei goes into a later voucher.
 */
export function promise(totals: NodeTotals): NodeTotals {
  const promisedAmountWei = floorToGwei(totals.amountWei);
  const rise = promisedAmountWei - totals.promisedAmountWei;
  const scoreRise = clamp(floorToGwei(totals.scoreWei) - totals.promisedScoreWei, 0n, rise);
  return { ...totals, promisedAmountWei, promisedScoreWei: totals.promisedScoreWei + scoreRise };
}

function clamp(value: bigint, least: bigint, most: bigint): bigint {
  if (value < least) return least;
  return value > most ? most : value;
}
