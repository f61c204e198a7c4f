/** Parameters within their bounds, pauses, cases before the arbiters. */
import { id } from "ethers";
import { networkHelpers } from "../../support/chain.js";
import { dtel } from "../../support/people.js";
import { asAuthority, presentParameters } from "../../support/penalties.js";
import type { World } from "../world.js";
import type { Action } from "./staking.js";

/** A value not more than a step away, within bounds. */
function near(world: World, value: bigint, step: number, least: bigint, most: bigint): bigint {
  const next = value + BigInt(world.random.below(2 * step + 1) - step);
  return next < least ? least : next > most ? most : next;
}

async function setRates(world: World): Promise<unknown> {
  const { distributor, clock } = world.protocol;
  const [kappa, share] = await distributor.ratesOf(await clock.now());
  const next = [near(world, kappa, 500, 5_000n, 9_500n), near(world, share, 500, 2_000n, 8_000n)];
  return world.attempt(`set rates ${next.join(", ")}`, () =>
    asAuthority(world.protocol, distributor, "setRates", next),
  );
}

async function setPayments(world: World): Promise<unknown> {
  const { escrow } = world.protocol;
  const next = [500 + world.random.below(2_501), 200 + world.random.below(1_301), 2 + world.random.below(6)];
  return world.must(`set payments ${next.join(", ")}`, () =>
    asAuthority(world.protocol, escrow, "setPaymentConfig", [next]),
  );
}

async function setStakeLimits(world: World): Promise<unknown> {
  const { staking } = world.protocol;
  const next = [dtel(1_000 + 100 * world.random.below(8)), 5 + world.random.below(16)];
  return world.must(`set stake limits ${next.join(", ")}`, () =>
    asAuthority(world.protocol, staking, "setStakeLimits", next),
  );
}

async function setPenalties(world: World): Promise<unknown> {
  const present = await presentParameters(world.protocol);
  const next = {
    ...present,
    bountyBps: world.random.below(2_001),
    poolLimitBps: world.random.below(501),
    rulingSlashBps: world.random.below(5_001),
    thirdJailBps: world.random.below(501),
  };
  return world.must("set penalties", () =>
    asAuthority(world.protocol, world.protocol.penalties, "setParameters", [next]),
  );
}

async function pause(world: World): Promise<unknown> {
  const { escrow, staking, distributor, penalties } = world.protocol;
  const contract = world.pick([escrow, staking, distributor, penalties]);
  return world.attempt("pause", () => asAuthority(world.protocol, contract, "pause"));
}

async function openCase(world: World): Promise<unknown> {
  const { arbitration, token, clock } = world.protocol;
  const [{ nodeId }, challenger] = [world.pick(world.nodes), world.pick(world.people)];
  const faultAt = (await networkHelpers.time.latest()) - world.random.below(3) * clock.epochSeconds;
  await token.transfer(challenger, dtel(100));
  return world.attempt(`open a case against ${nodeId}`, () =>
    arbitration.connect(challenger).openCase(nodeId, faultAt, id("evidence"), "ipfs://evidence"),
  );
}

async function ruleOnCase(world: World): Promise<unknown> {
  const { arbitration } = world.protocol;
  const cases = [...world.books.deposits.keys()];
  if (cases.length === 0) return;
  const caseId = world.pick(cases);
  const { nodeId, answerUntil } = await arbitration.caseOf(caseId);
  const owner = world.nodes.find((node) => node.nodeId === nodeId)?.owner;
  if (owner !== undefined && world.oneIn(3)) {
    return world.attempt(`answer case ${caseId}`, () =>
      arbitration.connect(owner).answer(caseId, id("answer"), "ipfs://answer"),
    );
  }
  if ((await networkHelpers.time.latest()) < answerUntil) await networkHelpers.time.increaseTo(answerUntil);
  const uphold = world.oneIn(2);
  for (const arbiter of world.arbiters) {
    if (!world.books.deposits.has(caseId)) break;
    if (world.oneIn(8)) continue;
    await world.attempt(`vote ${uphold ? "for" : "against"} case ${caseId}`, () =>
      arbitration.connect(arbiter).vote(caseId, uphold),
    );
  }
  return world.attempt(`close case ${caseId} without a ruling`, () => arbitration.closeUnruled(caseId));
}

export const GOVERNANCE_ACTIONS: readonly Action[] = [
  setRates,
  setPayments,
  setStakeLimits,
  setPenalties,
  pause,
  openCase,
  openCase,
  ruleOnCase,
  ruleOnCase,
];
