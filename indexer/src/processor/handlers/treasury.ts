import { toUtf8String } from "ethers";
import { events } from "../../abi/Treasury";
import * as model from "../../model";
import type { Batch } from "../batch";
import { on, placeOf, toDate, toInt, toText, type Moment } from "../handler";

export const treasuryHandlers = [
  on(events.Paid, async ({ asset, to, amount }, at, batch) => {
    const account = await batch.account(to);
    recordPayment(model.TreasuryPaymentKind.DECISION, { asset, to: account, amount }, at, batch);
  }),

  on(events.Burned, async ({ amount }, at, batch) => {
    const asset = batch.deployment.addresses.token;
    recordPayment(model.TreasuryPaymentKind.BURN, { asset, to: null, amount }, at, batch);
  }),

  on(events.SentToAuction, async ({ asset, lotId, amount }, at, batch) => {
    const to = await batch.account(batch.deployment.addresses.buybackAuction ?? "");
    // The auction has opened it by an event before this one.
    const lot = await batch.entities.get(model.AuctionLot, lotId.toString());
    recordPayment(model.TreasuryPaymentKind.AUCTION, { asset, to, amount, lot }, at, batch);
  }),

  on(events.StreamOpened, async (event, at, batch) => {
    const { start, cliffSeconds, durationSeconds } = event;
    batch.entities.add(
      new model.TreasuryStream({
        id: event.streamId.toString(),
        recipient: await batch.account(event.recipient),
        asset: event.asset,
        amount: event.amount,
        paid: 0n,
        startAt: toDate(start),
        cliffEndsAt: toDate(start + cliffSeconds),
        endsAt: toDate(start + cliffSeconds + durationSeconds),
        canceledAt: null,
        openedAt: at.timestamp,
      }),
    );
  }),

  on(events.StreamPaid, async ({ streamId, recipient, asset, amount }, at, batch) => {
    const stream = await batch.entities.get(model.TreasuryStream, streamId.toString());
    stream.paid += amount;
    const to = await batch.account(recipient);
    recordPayment(model.TreasuryPaymentKind.STREAM, { asset, to, amount, stream }, at, batch);
  }),

  on(events.StreamCancelled, async ({ streamId, vested }, at, batch) => {
    const stream = await batch.entities.get(model.TreasuryStream, streamId.toString());
    stream.amount = vested;
    stream.canceledAt = at.timestamp;
  }),

  on(events.BudgetSet, async (event, at, batch) => {
    const id = event.purpose;
    const make = (): model.TreasuryBudget =>
      new model.TreasuryBudget({ id, purpose: textOf(id), spentTotal: 0n });
    const { entity: budget } = await batch.entities.ensure(model.TreasuryBudget, id, make);
    budget.spender = await batch.account(event.spender);
    budget.asset = event.asset;
    budget.allowance = event.allowance;
    budget.periodSeconds = toInt(event.periodSeconds);
    budget.startAt = at.timestamp;
    budget.spentPeriod = 0;
    budget.spent = 0n;
  }),

  on(events.BudgetSpent, async ({ purpose, to, asset, amount }, at, batch) => {
    const budget = await batch.entities.get(model.TreasuryBudget, purpose);
    const seconds = (at.timestamp.getTime() - budget.startAt.getTime()) / 1_000;
    const period = Math.floor(seconds / budget.periodSeconds);
    budget.spent = (period === budget.spentPeriod ? budget.spent : 0n) + amount;
    budget.spentPeriod = period;
    budget.spentTotal += amount;
    const account = await batch.account(to);
    recordPayment(model.TreasuryPaymentKind.BUDGET, { asset, to: account, amount, budget }, at, batch);
  }),

  on(events.OutflowLimitSet, async ({ asset, limitBps, effectiveAt }, at, batch) => {
    const make = (): model.OutflowLimit => new model.OutflowLimit({ id: asset, previousBps: null });
    const { entity: limit, isNew } = await batch.entities.ensure(model.OutflowLimit, asset, make);
    // What was to come and has not yet come into effect is void.
    if (!isNew && limit.effectiveAt <= at.timestamp) limit.previousBps = limit.limitBps;
    limit.limitBps = toInt(limitBps);
    limit.effectiveAt = toDate(effectiveAt);
  }),

  on(events.UpgradeAnnounced, async ({ implementation, earliest, latest }, at, batch) => {
    const window = { earliestAt: toDate(earliest), latestAt: toDate(latest) };
    batch.entities.add(
      new model.TreasuryUpgradeNotice({ id: at.id, implementation, ...window, ...placeOf(at) }),
    );
  }),
];

type Payment = Pick<model.TreasuryPayment, "asset" | "to" | "amount"> &
  Partial<Pick<model.TreasuryPayment, "stream" | "budget" | "lot">>;

function recordPayment(kind: model.TreasuryPaymentKind, payment: Payment, at: Moment, batch: Batch): void {
  batch.entities.add(
    new model.TreasuryPayment({
      stream: null,
      budget: null,
      lot: null,
      ...payment,
      id: at.id,
      kind,
      ...placeOf(at),
    }),
  );
}

/** A purpose in 32 bytes is text, padded with zeros; where it is none, its digits. */
function textOf(purpose: string): string {
  try {
    return toText(toUtf8String(purpose.replace(/(00)+$/, "")));
  } catch {
    return purpose;
  }
}
