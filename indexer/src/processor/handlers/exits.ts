import { Like } from "typeorm";
import * as model from "../../model";
import type { Batch } from "../batch";
import type { Moment } from "../handler";

interface ExitEvent {
  readonly nodeId: bigint;
  readonly account: string;
  readonly amount: bigint;
}

/** Adds to what an account asked out of a node in an unbonding period. */
export async function requestExit(
  kind: model.ExitKind,
  event: ExitEvent & { readonly period: number },
  at: Moment,
  batch: Batch,
): Promise<void> {
  // The last shares of a delegator may be worth nothing.
  if (event.amount === 0n) return;
  if (kind === model.ExitKind.DELEGATION) {
    (await exitBucket(event.nodeId, event.period, batch)).amount += event.amount;
  }
  const id = `${prefixOf(kind, event)}${event.period}`;
  const known = await batch.entities.find(model.ExitRequest, id);
  if (known !== undefined) {
    known.amount += event.amount;
    return;
  }
  batch.entities.add(
    new model.ExitRequest({
      id,
      kind,
      node: await batch.node(event.nodeId),
      account: await batch.account(event.account),
      period: event.period,
      amount: event.amount,
      paid: 0n,
      lost: 0n,
      restored: 0n,
      requestedAt: at.timestamp,
    }),
  );
}

/** Counts a payment on the oldest requests: what is payable is paid at once, and it is always the oldest. */
export async function payExits(kind: model.ExitKind, event: ExitEvent, batch: Batch): Promise<void> {
  await batch.entities.flush();
  const requests = await batch.read(model.ExitRequest, { id: Like(`${prefixOf(kind, event)}%`) });
  requests.sort((a, b) => a.period - b.period);
  let left = event.amount;
  for (const request of requests) {
    const open = request.amount - request.lost + request.restored - request.paid;
    const paid = open < left ? open : left;
    request.paid += paid;
    left -= paid;
  }
  if (left !== 0n)
    throw new Error(`${event.account} was paid ${left} wei more by node ${event.nodeId} than it asked out.`);
}

/** What slashes took of a delegator's request, or gave back of that. */
export async function changeExit(
  kind: model.ExitKind,
  event: ExitEvent & { readonly period: number },
  field: "lost" | "restored",
  batch: Batch,
): Promise<void> {
  const request = await batch.entities.get(model.ExitRequest, `${prefixOf(kind, event)}${event.period}`);
  request[field] += event.amount;
}

/** What slashes took of the owner's request in a period; less than nothing where it is given back. */
export async function slashBondExit(
  nodeId: bigint,
  period: number,
  amount: bigint,
  batch: Batch,
): Promise<void> {
  if (amount === 0n) return;
  await batch.entities.flush();
  const id = Like(`${model.ExitKind.BOND}-${nodeId}-%-${period}`);
  const [request] = await batch.read(model.ExitRequest, { id });
  if (request === undefined) throw new Error(`Node ${nodeId} lost bond that nobody asked out in ${period}.`);
  request.lost += amount;
}

/** What a pool's delegators asked out in a period. */
export async function exitBucket(nodeId: bigint, period: number, batch: Batch): Promise<model.ExitBucket> {
  const id = `${nodeId}-${period}`;
  const node = await batch.node(nodeId);
  const make = (): model.ExitBucket =>
    new model.ExitBucket({ id, node, period, amount: 0n, slashed: 0n, loss: 0n });
  return (await batch.entities.ensure(model.ExitBucket, id, make)).entity;
}

function prefixOf(kind: model.ExitKind, { nodeId, account }: ExitEvent): string {
  return `${kind}-${nodeId}-${account}-`;
}
