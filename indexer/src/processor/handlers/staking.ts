import { events } from "../../abi/NodeStaking";
import * as model from "../../model";
import { advanceIncome } from "../../shared/income";
import type { Batch } from "../batch";
import { on, toInt, type Moment } from "../handler";
import { requestExit, payExits } from "./exits";
import { recordUpdate } from "./registry";

export const stakingHandlers = [
  on(events.Bonded, async (event, at, batch) => {
    await changeBond(event.nodeId, event.amount, at, batch);
    await recordAction(model.StakeActionKind.BOND, event.nodeId, event.owner, event.amount, at, batch);
  }),

  on(events.BondExitRequested, async (event, at, batch) => {
    const period = toInt(event.period);
    await changeBond(event.nodeId, -event.amount, at, batch);
    await requestExit(model.ExitKind.BOND, { ...event, account: event.owner, period }, at, batch);
    await recordAction(
      model.StakeActionKind.REQUEST_UNBOND,
      event.nodeId,
      event.owner,
      event.amount,
      at,
      batch,
      {
        period,
      },
    );
  }),

  on(events.BondWithdrawn, async (event, at, batch) => {
    await payExits(model.ExitKind.BOND, { ...event, account: event.owner }, batch);
    await recordAction(
      model.StakeActionKind.WITHDRAW_BOND,
      event.nodeId,
      event.owner,
      event.amount,
      at,
      batch,
    );
  }),

  on(events.Delegated, async (event, at, batch) => {
    const { nodeId, delegator, amount, shares } = event;
    const pool = await batch.pool(nodeId);
    pool.assets += amount;
    pool.shares += shares;
    (await batch.network()).delegated += amount;
    const delegation = await ensureDelegation(nodeId, delegator, at, batch);
    if (delegation.shares === 0n) pool.delegators += 1;
    delegation.shares += shares;
    delegation.votingUnits += amount;
    delegation.totalDelegated += amount;
    await recordAction(model.StakeActionKind.DELEGATE, nodeId, delegator, amount, at, batch, { shares });
  }),

  on(events.UndelegateRequested, async (event, at, batch) => {
    const { nodeId, delegator, amount, shares } = event;
    const period = toInt(event.period);
    const pool = await batch.pool(nodeId);
    const network = await batch.network();
    pool.assets -= amount;
    pool.shares -= shares;
    network.delegated -= amount;
    if (pool.shares === 0n) {
      // The last one left: what rounding left and what is on its way became the owner's, by an event before this one.
      network.delegated -= pool.assets;
      pool.assets = 0n;
      pool.streaming = 0n;
      pool.arriving = 0n;
    }
    const delegation = await batch.entities.get(model.Delegation, `${nodeId}-${delegator}`);
    delegation.shares -= shares;
    delegation.exiting += amount;
    if (delegation.shares === 0n) pool.delegators -= 1;
    await requestExit(model.ExitKind.DELEGATION, { nodeId, account: delegator, amount, period }, at, batch);
    await recordAction(model.StakeActionKind.REQUEST_UNDELEGATE, nodeId, delegator, amount, at, batch, {
      shares,
      period,
    });
  }),

  on(events.Withdrawn, async (event, at, batch) => {
    const { nodeId, delegator, amount } = event;
    const delegation = await batch.entities.get(model.Delegation, `${nodeId}-${delegator}`);
    delegation.exiting -= amount;
    delegation.totalWithdrawn += amount;
    // Units leave with the money; the last of it takes all that are left.
    const isLast = delegation.shares === 0n && delegation.exiting === 0n;
    const taken = isLast || delegation.votingUnits < amount ? delegation.votingUnits : amount;
    delegation.votingUnits -= taken;
    await payExits(model.ExitKind.DELEGATION, { nodeId, account: delegator, amount }, batch);
    await recordAction(model.StakeActionKind.WITHDRAW, nodeId, delegator, amount, at, batch);
  }),

  on(events.IncomeCredited, async (event, at, batch) => {
    const pool = await batch.pool(event.nodeId);
    advance(pool, at, batch);
    pool.arriving += event.toPool;
    pool.ownerIncome += event.toOwner;
    pool.poolIncomeTotal += event.toPool;
    pool.ownerIncomeTotal += event.toOwner;
  }),

  on(events.IncomeVested, async (event, at, batch) => {
    const pool = await batch.pool(event.nodeId);
    (await batch.network()).delegated += event.toPool;
    pool.assets += event.toPool;
    pool.ownerIncome += event.toOwner;
    if (event.toOwner !== 0n) return;
    advance(pool, at, batch);
    // All that vested has joined the assets.
    pool.vested = 0n;
  }),

  on(events.OwnerIncomeClaimed, async (event, at, batch) => {
    const { nodeId, owner, amount } = event;
    (await batch.pool(nodeId)).ownerIncome -= amount;
    await recordAction(model.StakeActionKind.CLAIM_OWNER_INCOME, nodeId, owner, amount, at, batch);
  }),

  on(events.StakeChanged, async (event, _at, batch) => {
    const { nodeId, stake, totalStake } = event;
    const fromEpoch = toInt(event.fromEpoch);
    (await batch.pool(nodeId)).stake = stake;
    (await batch.network()).totalStake = totalStake;
    (await stakeCheckpoint(await batch.node(nodeId), fromEpoch, batch)).stake = stake;
    const total = await batch.entities.ensure(
      model.NetworkStakeCheckpoint,
      String(fromEpoch),
      () => new model.NetworkStakeCheckpoint({ id: String(fromEpoch), fromEpoch }),
    );
    total.entity.totalStake = totalStake;
  }),

  on(events.CommissionChanged, async (event, at, batch) => {
    (await batch.pool(event.nodeId)).commissionBps = toInt(event.commissionBps);
    const node = await batch.node(event.nodeId);
    recordUpdate(node, model.NodeUpdateKind.COMMISSION, event.commissionBps.toString(), at, batch);
  }),
];

/** Moves a pool's income stream on to the moment of an event. What vested joins the assets by an event of its own. */
function advance(pool: model.Pool, at: Moment, batch: Batch): void {
  const updatedAtSeconds = pool.incomeUpdatedAt == null ? undefined : pool.incomeUpdatedAt.getTime() / 1_000;
  const { streaming, arriving, vested } = pool;
  const stream = advanceIncome({ streaming, arriving, vested, updatedAtSeconds }, at.seconds, batch.clock);
  pool.streaming = stream.streaming;
  pool.arriving = stream.arriving;
  pool.vested = stream.vested;
  pool.incomeUpdatedAt = at.timestamp;
}

/** A bond counts from the next epoch on; whether the active stake changes with it, another event says. */
async function changeBond(nodeId: bigint, change: bigint, at: Moment, batch: Batch): Promise<void> {
  const fromEpoch = batch.clock.epochAt(at.seconds) + 1;
  const pool = await batch.pool(nodeId);
  pool.bond += change;
  pool.bondFrom = fromEpoch;
  (await batch.network()).bonded += change;
  (await stakeCheckpoint(await batch.node(nodeId), fromEpoch, batch)).bond = pool.bond;
}

/** The checkpoint of an epoch; a new one goes on from the values so far. */
async function stakeCheckpoint(
  node: model.Node,
  fromEpoch: number,
  batch: Batch,
): Promise<model.StakeCheckpoint> {
  const id = `${node.id}-${fromEpoch}`;
  const { stake, bond } = await batch.pool(BigInt(node.id));
  const make = (): model.StakeCheckpoint => new model.StakeCheckpoint({ id, node, fromEpoch, stake, bond });
  return (await batch.entities.ensure(model.StakeCheckpoint, id, make)).entity;
}

async function ensureDelegation(
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
      generation: (await batch.pool(nodeId)).generation,
      exiting: 0n,
      totalDelegated: 0n,
      totalWithdrawn: 0n,
      since: at.timestamp,
    }),
  );
}

async function recordAction(
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
