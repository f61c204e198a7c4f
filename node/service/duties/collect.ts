import type { SignedVoucher } from "../../protocol/typedData.js";
import type { AppBill } from "../accountStore.js";
import type { VoucherKeeper } from "../voucherKeeper.js";
import type { Duty, DutyContext } from "./duty.js";

/** Vouchers in one transaction. */
const BATCH = 20;
/** What finds nothing to collect is no fault of the voucher. */
const NOTHING_TO_COLLECT = new Set(["VoucherNotHigher", "NothingCollectable"]);

/**
 * Collects an epoch's vouchers in the first half of the next one, after the last receipts were shown to the apps: then
 * service and fees count for the same epoch. Apps that do not answer are waited for only so long.
 */
export function collectDuty(
  context: DutyContext,
  keeper: Pick<VoucherKeeper, "ask">,
  onCollected: (vouchers: readonly SignedVoucher[]) => void,
): Duty {
  const { chain, queue, epochs, receipts, accounts, log } = context;

  const collectable = async (bills: readonly AppBill[]): Promise<SignedVoucher[]> => {
    const vouchers: SignedVoucher[] = [];
    for (const { app, voucher } of bills) {
      if (voucher === undefined) continue;
      const account = await chain.appAccount(app);
      if (account.paid >= voucher.voucher.cumulativeAmount || account.collectable === 0n) continue;
      const fault = await chain.voucherFault(voucher);
      if (fault === undefined) vouchers.push(voucher);
      else if (!NOTHING_TO_COLLECT.has(fault))
        log.warn({ app, fault }, "the app's voucher cannot be collected");
    }
    return vouchers;
  };

  return {
    name: "collect",
    async run(epoch) {
      const { closesAt } = chain.clock.collectionWindowOf(epoch);
      // A collection that comes too late counts for the next epoch, whose own collection it then is.
      if (chain.head.timestamp >= closesAt) return "done";
      if (epochs.attestation(epoch) === undefined) return "later";
      const bills = accounts.all();
      const behind = bills.filter(({ app }) =>
        receipts.unshown(app, 1).some((receipt) => receipt.epoch <= epoch),
      );
      const answered = await Promise.all(behind.map(({ app }) => keeper.ask(app)));
      const lastCall = closesAt - chain.clock.epochSeconds / 6;
      if (answered.includes(false) && chain.head.timestamp < lastCall) return "later";
      const vouchers = await collectable(accounts.all());
      for (let start = 0; start < vouchers.length; start += BATCH) {
        const batch = vouchers.slice(start, start + BATCH);
        await queue.send(chain.collect(`${epoch}:${start / BATCH}`, batch));
        log.info({ epoch, vouchers: batch.length }, "vouchers collected");
        onCollected(batch);
      }
      return "done";
    },
  };
}
