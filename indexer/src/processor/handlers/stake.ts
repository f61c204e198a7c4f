// What several events do to pools, delegations and histories of stake.
import * as model from "../../model";
import { advanceIncome } from "../../shared/income";
import type { Batch } from "../batch";
import type { Moment } from "../handler";

/** Moves a pool's income stream on to the moment of an event. What vested joins the assets by an event of its own. */
export function advance(pool: model.Pool, at: Moment, batch: Batch): void {
  const updatedAtSeconds = pool.incomeUpdatedAt == null ? undefined : pool.incomeUpdatedAt.getTime() / 1_000;
  const { streaming, arriving, vested } = pool;
  const stream = advanceIncome({ streaming, arriving, vested, updatedAtSeconds }, at.seconds, batch.clock);
  pool.streaming = stream.streaming;
  pool.arriving = stream.arriving;
  pool.vested = stream.vested;
  pool.incomeUpdatedAt = at.timestamp;
}

/** A bond counts from the next epoch on; whether the active stake changes with it, another event says. */
export async function changeBond(nodeId: bigint, change: bigint, at: Moment, batch: Batch): Promise<void> {
  if (change === 0n) return;
  const fromEpoch = batch.clock.epochAt(at.seconds) + 1;
  const pool = await batch.pool(nodeId);
  pool.bond += change;
  pool.bondFrom = fromEpoch;
  (await batch.network()).bonded += change;
  (await stakeCheckpoint(await batch.node(nodeId), fromEpoch, batch)).bond = pool.bond;
}

/** The checkpoint of an epoch; a new one goes on from the values so far. */
export async function stakeCheckpoint(
  node: model.Node,
  fromEpoch: number,
  batch: Batch,
): Promise<model.StakeCheckpoint> {
  const id = `${node.id}-${fromEpoch}`;
  const { stake, bond } = await batch.pool(BigInt(node.id));
  const make = (): model.StakeCheckpoint => new model.StakeCheckpoint({ id, node, fromEpoch, stake, bond });
  return (await batch.entities.ensure(model.StakeCheckpoint, id, make)).entity;
}

/** The delegation of an account to a node; new ones are empty. */
export async function ensureDelegation(
  nodeId: bigint,
  delegator: string,
  at: Moment,
  batch: Batch,
): Promise<model.Delegation> {
  const id = `${nodeId}-${delegator}`;
  const known = await batch.entities.find(model.Delegation, id);
  if (known !== undefined) return known;
  return batch.entities.add(
    new model.Delegation({
      id,
      node: await batch.node(nodeId),
      delegator: await batch.account(delegator),
      shares: 0n,
      votingUnits: 0n,
      exiting: 0n,
      totalDelegated: 0n,
      totalWithdrawn: 0n,
      since: at.timestamp,
    }),
  );
}

/** Adds to the history of what an account did with stake. */
export async function recordAction(
  kind: model.StakeActionKind,
  nodeId: bigint,
  address: string,
  amount: bigint,
  at: Moment,
  batch: Batch,
  details: { readonly shares?: bigint; readonly period?: number } = {},
): Promise<void> {
  batch.entities.add(
    new model.StakeAction({
      id: at.id,
      kind,
      node: await batch.node(nodeId),
      account: await batch.account(address),
      amount,
      shares: details.shares ?? null,
      period: details.period ?? null,
      block: at.block,
      timestamp: at.timestamp,
      txHash: at.txHash,
    }),
  );
}
