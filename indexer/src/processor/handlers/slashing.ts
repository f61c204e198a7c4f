// What slashes do to bonds, pools and what is on its way out of them: the part of `NodeStaking` in `Slashing.sol`.
import { events } from "../../abi/NodeStaking";
import * as model from "../../model";
import type { Batch } from "../batch";
import { on, placeOf, toInt, type Moment } from "../handler";
import { changeExit, exitBucket, slashBondExit } from "./exits";
import { changeBond, recordAction } from "./stake";

const GWEI = 1_000_000_000n;

/** What a slash took, in gwei, as the contract says it. */
interface Taken {
  readonly bond: bigint;
  readonly bondExitPrevious: bigint;
  readonly bondExitCurrent: bigint;
  readonly pool: bigint;
  readonly exitPrevious: bigint;
  readonly exitCurrent: bigint;
  readonly lossPrevious: bigint;
  readonly lossCurrent: bigint;
  readonly period: bigint;
}

export const slashingHandlers = [
  on(events.StakeSlashed, async ({ nodeId, taken }, at, batch) => {
    const pool = await batch.pool(nodeId);
    pool.openSlashes += 1;
    await moveStake(nodeId, taken, -1n, at, batch);
    pool.assets -= taken.pool * GWEI;
    (await batch.network()).delegated -= taken.pool * GWEI;
    // Requests count for the next period from here on: what is lost of a period's is lost of all alike.
    if ((taken.pool | taken.lossPrevious | taken.lossCurrent) !== 0n)
      pool.exitsFromPeriod = toInt(taken.period) + 1;
  }),

  on(events.SlashReturned, async ({ nodeId, taken, awaitingSync }, at, batch) => {
    const pool = await batch.pool(nodeId);
    const network = await batch.network();
    pool.openSlashes -= 1;
    await moveStake(nodeId, taken, 1n, at, batch);
    // Where all delegators have left, there is nobody to return the pool's part to.
    const toPool = taken.pool * GWEI - awaitingSync;
    pool.assets += toPool;
    network.delegated += toPool;
    network.slashesAwaitingSync += awaitingSync;
    pool.burnAwaitingSync += awaitingSync;
  }),

  on(events.SlashBurned, async ({ nodeId, toBurn, awaitingSync }, _at, batch) => {
    const pool = await batch.pool(nodeId);
    pool.openSlashes -= 1;
    pool.burnAwaitingSync += awaitingSync;
    const network = await batch.network();
    network.slashesPendingBurn += toBurn;
    network.slashesAwaitingSync += awaitingSync;
  }),

  on(events.BurnReleased, async ({ nodeId, amount }, _at, batch) => {
    (await batch.pool(nodeId)).burnAwaitingSync -= amount;
    const network = await batch.network();
    network.slashesAwaitingSync -= amount;
    network.slashesPendingBurn += amount;
  }),

  on(events.SlashesFlushed, async ({ amount }, at, batch) => {
    const network = await batch.network();
    network.slashesPendingBurn -= amount;
    network.slashesBurned += amount;
    batch.entities.add(new model.SlashBurn({ id: at.id, amount, ...placeOf(at) }));
  }),

  on(events.ExitSlashed, async ({ nodeId, delegator, period, lost }, _at, batch) => {
    const exit = { nodeId, account: delegator, amount: lost, period: toInt(period) };
    await changeExit(model.ExitKind.DELEGATION, exit, "lost", batch);
    (await delegationOf(nodeId, delegator, batch)).exiting -= lost;
  }),

  on(events.ExitRestored, async ({ nodeId, delegator, period, amount }, at, batch) => {
    const exit = { nodeId, account: delegator, amount, period: toInt(period) };
    await changeExit(model.ExitKind.DELEGATION, exit, "restored", batch);
    (await delegationOf(nodeId, delegator, batch)).exiting += amount;
    await recordAction(model.StakeActionKind.RESTORE_EXIT, nodeId, delegator, amount, at, batch, {
      period: exit.period,
    });
  }),

  on(events.VotesSynced, async ({ nodeId, account, units }, at, batch) => {
    (await delegationOf(nodeId, account, batch)).votingUnits -= units;
    await recordAction(model.StakeActionKind.SYNC_VOTES, nodeId, account, units, at, batch);
  }),
];

/** Takes a slash's parts, or gives them back, but for the pool's. */
async function moveStake(
  nodeId: bigint,
  taken: Taken,
  sign: 1n | -1n,
  at: Moment,
  batch: Batch,
): Promise<void> {
  const period = toInt(taken.period);
  await changeBond(nodeId, sign * taken.bond * GWEI, at, batch);
  await slashBondExit(nodeId, period, -sign * taken.bondExitCurrent * GWEI, batch);
  await slashBondExit(nodeId, period - 1, -sign * taken.bondExitPrevious * GWEI, batch);
  const losses = [
    { period, amount: taken.exitCurrent, loss: taken.lossCurrent },
    { period: period - 1, amount: taken.exitPrevious, loss: taken.lossPrevious },
  ];
  for (const { period: ofPeriod, amount, loss } of losses) {
    if (loss === 0n) continue;
    const bucket = await exitBucket(nodeId, ofPeriod, batch);
    bucket.slashed -= sign * amount * GWEI;
    bucket.loss -= sign * loss;
  }
}

function delegationOf(nodeId: bigint, delegator: string, batch: Batch): Promise<model.Delegation> {
  return batch.entities.get(model.Delegation, `${nodeId}-${delegator}`);
}
