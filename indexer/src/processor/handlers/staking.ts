import { events } from "../../abi/NodeStaking";
import * as model from "../../model";
import { on, toInt } from "../handler";
import { setParameters } from "./contracts";
import { requestExit, payExits } from "./exits";
import { recordUpdate } from "./registry";
import { advance, changeBond, ensureDelegation, recordAction, stakeCheckpoint } from "./stake";

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
    // Shares that were worth nothing are followed by no withdrawal that would give back what they voted with.
    if (delegation.shares === 0n && delegation.exiting === 0n) delegation.votingUnits = 0n;
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
    const pool = await batch.pool(event.nodeId);
    const commissionBps = toInt(event.commissionBps);
    // A fall after an announced rise may be one of the rise alone.
    if (pool.bondFrom == null || commissionBps < pool.commissionBps) pool.commissionBps = commissionBps;
    if (pool.commissionRiseBps != null && commissionBps < pool.commissionRiseBps)
      pool.commissionRiseBps = commissionBps;
    const node = await batch.node(event.nodeId);
    recordUpdate(node, model.NodeUpdateKind.COMMISSION, event.commissionBps.toString(), at, batch);
  }),

  on(events.CommissionRiseAnnounced, async (event, at, batch) => {
    const pool = await batch.pool(event.nodeId);
    // The rise before this one has long been what is taken.
    if (pool.commissionRiseBps != null) pool.commissionBps = pool.commissionRiseBps;
    pool.commissionRiseBps = toInt(event.commissionBps);
    pool.commissionRiseFrom = toInt(event.fromEpoch);
    const node = await batch.node(event.nodeId);
    recordUpdate(node, model.NodeUpdateKind.COMMISSION_RISE, event.commissionBps.toString(), at, batch);
  }),

  on(events.StakeLimitsChanged, (limits, at, batch) => setParameters("nodeStaking", limits, at, batch)),
];
