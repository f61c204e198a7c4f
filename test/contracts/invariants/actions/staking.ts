/** What owners and delegators do of their own accord. */
import { WEI_PER_GWEI } from "../../../../node/protocol/amounts.js";
import { dtel } from "../../support/people.js";
import type { World } from "../world.js";

export type Action = (world: World) => Promise<unknown>;

async function bond(world: World): Promise<unknown> {
  const { token, staking } = world.protocol;
  const [{ nodeId, owner }, amount] = [world.pick(world.nodes), world.amount()];
  await token.transfer(owner, amount);
  return world.attempt(`bond ${nodeId} ${amount}`, () => staking.connect(owner).bond(nodeId, amount));
}

async function unbond(world: World): Promise<unknown> {
  const { staking } = world.protocol;
  const { nodeId, owner } = world.pick(world.nodes);
  const { bond: bonded } = await staking.poolOf(nodeId);
  const part = world.pick([1n, 3n, 10n, 100n]);
  const amount = (bonded / part) * WEI_PER_GWEI;
  return world.attempt(`unbond ${nodeId} ${amount}`, () =>
    staking.connect(owner).requestUnbond(nodeId, amount),
  );
}

async function withdrawBond(world: World): Promise<unknown> {
  const { staking } = world.protocol;
  const { nodeId, owner } = world.pick(world.nodes);
  const [payableNow] = await staking.bondExitOf(nodeId);
  if (payableNow === 0n) return;
  return world.must(`withdraw bond ${nodeId}`, () => staking.connect(owner).withdrawBond(nodeId));
}

async function takeIncome(world: World): Promise<unknown> {
  const { staking } = world.protocol;
  const { nodeId, owner } = world.pick(world.nodes);
  if ((await staking.ownerIncomeOf(nodeId)) === 0n) return;
  return world.must(`take income ${nodeId}`, () => staking.connect(owner).claimOwnerIncome(nodeId));
}

async function delegate(world: World): Promise<unknown> {
  const { token, staking } = world.protocol;
  const [{ nodeId }, delegator, amount] = [
    world.pick(world.nodes),
    world.pick(world.delegators),
    world.amount(),
  ];
  await token.transfer(delegator, amount);
  return world.attempt(`delegate ${nodeId} ${amount}`, () =>
    staking.connect(delegator).delegate(nodeId, amount, 0n),
  );
}

async function undelegate(world: World): Promise<unknown> {
  const { staking } = world.protocol;
  const [{ nodeId }, delegator] = [world.pick(world.nodes), world.pick(world.delegators)];
  const { shares } = await staking.positionOf(nodeId, delegator);
  if (shares === 0n) return;
  const isAll = world.oneIn(3);
  const part = isAll ? shares : shares / BigInt(2 + world.random.below(9));
  const name = `undelegate ${nodeId} ${part} of ${shares}`;
  const send = () => staking.connect(delegator).requestUndelegate(nodeId, part);
  // All of it can always be asked for, even if it is worth nothing.
  return isAll ? world.must(name, send) : world.attempt(name, send);
}

async function withdraw(world: World): Promise<unknown> {
  const { staking } = world.protocol;
  const [{ nodeId }, delegator] = [world.pick(world.nodes), world.pick(world.delegators)];
  const [payableNow] = await staking.exitOf(nodeId, delegator);
  if (payableNow === 0n) return;
  return world.must(`withdraw ${nodeId} ${payableNow}`, () => staking.connect(delegator).withdraw(nodeId));
}

async function syncVotes(world: World): Promise<unknown> {
  const [{ nodeId }, delegator] = [world.pick(world.nodes), world.pick(world.delegators)];
  return world.attempt(`sync votes ${nodeId}`, () => world.protocol.staking.syncVotes(nodeId, delegator));
}

async function restoreExit(world: World): Promise<unknown> {
  const keys = [...world.books.paidWithLoss.keys()];
  if (keys.length === 0) return;
  const [nodeId, delegator, period] = world.pick(keys).split("/");
  return world.attempt(`restore exit ${nodeId} of period ${period}`, () =>
    world.protocol.staking.restoreExit(BigInt(nodeId!), delegator!, BigInt(period!)),
  );
}

async function changeCommission(world: World): Promise<unknown> {
  const { staking } = world.protocol;
  const [{ nodeId, owner }, bps] = [world.pick(world.nodes), BigInt(world.random.below(5_500))];
  if (world.oneIn(3)) {
    return world.attempt(`lower commission ${nodeId} to ${bps}`, () =>
      staking.connect(owner).setCommission(nodeId, bps),
    );
  }
  const present = await staking.commissionAt(nodeId, await world.protocol.clock.now());
  const next = present + BigInt(1 + world.random.below(600));
  return world.attempt(`announce commission ${nodeId} of ${next}`, () =>
    staking.connect(owner).announceCommission(nodeId, next),
  );
}

async function drainOrActivate(world: World): Promise<unknown> {
  const { registry, ring, strikes } = world.protocol;
  const { nodeId, owner, operator } = world.pick(world.nodes);
  if (world.oneIn(5)) return world.attempt(`drain ${nodeId}`, () => registry.connect(operator).drain(nodeId));
  if (world.oneIn(5)) return world.attempt(`evict ${nodeId}`, () => ring.evict(nodeId));
  if (world.oneIn(3)) return world.attempt(`refresh ${nodeId}`, () => ring.refresh(nodeId));
  if (await strikes.isJailed(nodeId)) {
    return world.attempt(`release ${nodeId} from jail`, () => strikes.connect(owner).release(nodeId));
  }
  return world.attempt(`activate ${nodeId}`, () => registry.connect(owner).activate(nodeId));
}

/** Moves DTEL about: votes follow it, and what was staked before does not. */
async function transfer(world: World): Promise<unknown> {
  const [from, to] = [world.pick(world.people), world.pick(world.people)];
  const { token } = world.protocol;
  const balance = await token.balanceOf(from);
  if (balance < dtel(1)) return;
  return world.must(`transfer`, () => token.connect(from).transfer(to, balance / 7n));
}

export const STAKING_ACTIONS: readonly Action[] = [
  bond,
  bond,
  unbond,
  withdrawBond,
  takeIncome,
  delegate,
  delegate,
  delegate,
  undelegate,
  undelegate,
  withdraw,
  withdraw,
  syncVotes,
  restoreExit,
  changeCommission,
  drainOrActivate,
  drainOrActivate,
  transfer,
];
