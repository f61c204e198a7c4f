import { AssertionError, expect } from "chai";
import { networkHelpers } from "../support/chain.js";
import { actingAs } from "../support/impersonate.js";
import { freshProtocol } from "../support/protocol.js";
import { slash } from "../support/staking.js";
import { GOVERNANCE_ACTIONS } from "./actions/governance.js";
import { PAYMENT_ACTIONS, collectBatch } from "./actions/payments.js";
import { attestSteps, finalSteps, revealSteps, slashSteps } from "./actions/service.js";
import type { Step } from "./actions/service.js";
import { STAKING_ACTIONS } from "./actions/staking.js";
import type { Action } from "./actions/staking.js";
import { checkEverything } from "./checks.js";
import { World } from "./world.js";

/** Both are for longer runs, and to repeat one: see README.md. */
const USUAL_STEPS = 260;
const USUAL_SEED = 1;
const STEPS = Number(process.env["INVARIANT_STEPS"] ?? USUAL_STEPS);
const SEED = Number(process.env["INVARIANT_SEED"] ?? USUAL_SEED);

/** Without these a course would not say much. */
const EXPECTED_EVENTS = [
  "Bonded",
  "BondExitRequested",
  "Delegated",
  "UndelegateRequested",
  "Withdrawn",
  "IncomeCredited",
  "IncomeVested",
  "OwnerIncomeClaimed",
  "Deposited",
  "Reserved",
  "ReleaseRequested",
  "VoucherCollected",
  "EpochFlushed",
  "Attested",
  "SeedDrawn",
  "ServiceProven",
  "AuditsRevealed",
  "ProofMissing",
  "StakeSlashed",
  "Claimed",
  "RewardsMinted",
  "Struck",
  "SlashExecuted",
  "SlashesFlushed",
  "CaseOpened",
  "CaseClosed",
];

describe("the whole protocol", function () {
  this.timeout(600_000 + STEPS * 1_000);

  it(`keeps its books in ${STEPS} random steps of course ${SEED}`, async function () {
    const world = await World.begin(SEED, await freshProtocol());
    const course = new Course(world);
    try {
      await course.run();
    } catch (error) {
      console.error(`INVARIANT_SEED=${SEED} INVARIANT_STEPS=${STEPS}, failed after step ${course.steps}:`);
      console.error(world.lastActions.map((action) => `  ${action}`).join("\n"));
      throw error;
    }
    if (process.env["INVARIANT_STEPS"] !== undefined) console.log(course.summary());
    // A course by itself may be too short for it, but the usual one is known.
    for (const event of SEED === USUAL_SEED && STEPS >= USUAL_STEPS ? EXPECTED_EVENTS : []) {
      expect(world.books.count(event), `${event}: did it ever happen?`).to.be.greaterThan(0);
    }
  });
});

/** The checks themselves: something is done behind the books' back, and one of them must say so. */
describe("the invariants", function () {
  this.timeout(120_000);
  const GWEI = 1_000_000_000n;

  const forgeries: Record<string, (world: World) => Promise<unknown>> = {
    "a gwei that left NodeStaking": async ({ protocol: { staking, token, holder } }) =>
      token.connect(await actingAs(staking)).transfer(holder, GWEI),
    "a gwei that left the escrow": async ({ protocol: { escrow, token, holder } }) =>
      token.connect(await actingAs(escrow)).transfer(holder, GWEI),
    "a gwei that was minted and credited to nobody": async ({ protocol: { distributor, token, holder } }) =>
      token.connect(await actingAs(distributor)).mint(holder, GWEI),
    "a vote that was taken from a staker": async ({ protocol: { staking, token }, nodes }) =>
      token.connect(await actingAs(staking)).unstakeTo(nodes[0]!.owner, 0n, GWEI),
    "a slash that nobody opened": ({ protocol, nodes }) => slash(protocol, nodes[0]!.nodeId, GWEI),
    "a seat that two nodes have": async ({ protocol: { ring, attestations, clock }, nodes }) =>
      attestations
        .connect(await actingAs(ring))
        .setSeat(nodes[0]!.nodeId, (await clock.now()) + 2, 1n, 1_000n),
  };

  for (const [what, forge] of Object.entries(forgeries)) {
    it(`notice ${what}`, async () => {
      const world = await World.begin(USUAL_SEED, await freshProtocol());
      await checkEverything(world);
      await forge(world);
      const noticed = await checkEverything(world).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(noticed).to.be.instanceOf(AssertionError);
    });
  }
});

/** Epoch after epoch in two halves, with everybody's steps shuffled; now and then a long time passes. */
class Course {
  steps = 0;
  #epochs = 0;
  #deck: Action[] = [];

  constructor(readonly world: World) {}

  async run(): Promise<void> {
    const { clock } = this.world.protocol;
    await checkEverything(this.world);
    // Seats that were taken at the beginning count from the second epoch on.
    await clock.goTo((await clock.now()) + 2, 1);
    while (this.steps < STEPS) {
      const epoch = await clock.now();
      await this.#firstHalf(epoch);
      if ((await clock.now()) === epoch) await this.#secondHalf(epoch);
      await this.#moveOn(epoch);
    }
    await this.#unwind();
  }

  summary(): string {
    return [...this.world.outcomes]
      .map(([outcome, count]) => `${count} × ${outcome}`)
      .sort()
      .join("\n");
  }

  async #firstHalf(epoch: number): Promise<void> {
    const { world } = this;
    this.#chooseBadNodes();
    const due = [
      ...(await attestSteps(world, epoch - 1)),
      ...finalSteps(world, epoch - 2),
      ...slashSteps(world),
    ];
    await this.#perform([...due, ...this.#randomSteps(4)]);
  }

  async #secondHalf(epoch: number): Promise<void> {
    const { world } = this;
    const { clock } = world.protocol;
    const half = clock.startOf(epoch) + clock.half + 1;
    if ((await networkHelpers.time.latest()) < half) await networkHelpers.time.increaseTo(half);
    const { first, then } = revealSteps(world, epoch - 1);
    // Now and then nobody draws in time.
    if (!world.oneIn(10)) await this.#perform(first, false);
    await this.#perform([...then, () => collectBatch(world), ...this.#randomSteps(4)]);
  }

  async #moveOn(epoch: number): Promise<void> {
    const { world } = this;
    const { clock, parameters } = world.protocol;
    const unbondingEpochs = parameters.staking.unbondingSeconds / clock.epochSeconds;
    let next = epoch + 1;
    this.#epochs++;
    // Eight epochs in a row are enough for strikes to add up; then slashes end and stake is paid out.
    if (this.#epochs % 9 === 0) next += unbondingEpochs + world.random.below(3);
    else if (this.#epochs % 14 === 0) next += 250 + world.random.below(20);
    else if (world.oneIn(20)) next += 1 + world.random.below(3);
    const { timestamp, blockNumber } = await this.#deadline(epoch - 1);
    const missing = blockNumber - (await networkHelpers.time.latestBlock());
    if (missing > 0) await networkHelpers.mine(missing);
    const at = Math.max(clock.startOf(next) + 1, timestamp);
    if ((await networkHelpers.time.latest()) < at) await networkHelpers.time.increaseTo(at);
    if (next > epoch + 1) world.note(`${next - epoch} epochs pass`);
  }

  async #deadline(epoch: number): Promise<{ timestamp: number; blockNumber: number }> {
    const { drawn, timestamp, blockNumber } = await this.world.protocol.attestations.proofDeadline(epoch);
    return drawn
      ? { timestamp: Number(timestamp), blockNumber: Number(blockNumber) }
      : { timestamp: 0, blockNumber: 0 };
  }

  /** A bad node stays bad for some epochs, so that strikes add up. */
  #chooseBadNodes(): void {
    const { world } = this;
    for (const { nodeId } of world.nodes) {
      if (world.bad.has(nodeId) ? world.oneIn(6) : world.oneIn(30)) {
        if (!world.bad.delete(nodeId)) world.bad.add(nodeId);
      }
    }
    if (world.bad.size === 0) world.bad.add(world.pick(world.nodes).nodeId);
  }

  /** From a shuffled deck of all actions, so that each has its turn. */
  #randomSteps(count: number): Step[] {
    const { world } = this;
    return Array.from({ length: count + world.random.below(count) }, () => {
      if (this.#deck.length === 0)
        this.#deck = [...STAKING_ACTIONS, ...PAYMENT_ACTIONS, ...GOVERNANCE_ACTIONS];
      const [action] = this.#deck.splice(world.random.below(this.#deck.length), 1);
      return () => action!(world);
    });
  }

  async #perform(steps: readonly Step[], isShuffled = true): Promise<void> {
    const left = [...steps];
    while (left.length > 0) {
      const [step] = left.splice(isShuffled ? this.world.random.below(left.length) : 0, 1);
      const before = await networkHelpers.time.latestBlock();
      await step!();
      // A step for which there was no occasion changed nothing.
      if ((await networkHelpers.time.latestBlock()) === before) continue;
      await checkEverything(this.world);
      this.steps++;
    }
  }

  /** In the end everybody who wants to leaves with all that is theirs. */
  async #unwind(): Promise<void> {
    const { world } = this;
    const { staking, clock, parameters, penalties } = world.protocol;
    for (const { nodeId, owner } of world.nodes) {
      for (const delegator of world.delegators) {
        const { shares } = await staking.positionOf(nodeId, delegator);
        if (shares > 0n) {
          await world.must("leave", () => staking.connect(delegator).requestUndelegate(nodeId, shares));
        }
      }
      const bond = await staking.bondOf(nodeId);
      if (bond > 0n) await world.must("leave", () => staking.connect(owner).requestUnbond(nodeId, bond));
    }
    await checkEverything(world);
    const seconds = 3 * parameters.staking.unbondingSeconds;
    await clock.goTo((await clock.now()) + Math.ceil(seconds / clock.epochSeconds) + 1);
    for (const slash of world.books.openSlashes.values()) {
      await world.must("execute", () => penalties.execute(slash));
    }
    for (const { nodeId, owner } of world.nodes) {
      for (const delegator of world.delegators) {
        const [payableNow] = await staking.exitOf(nodeId, delegator);
        if (payableNow > 0n) await world.must("take", () => staking.connect(delegator).withdraw(nodeId));
        expect((await staking.positionOf(nodeId, delegator)).units, "votes without stake").to.equal(0n);
      }
      if ((await staking.bondExitOf(nodeId))[0] > 0n) {
        await world.must("take bond", () => staking.connect(owner).withdrawBond(nodeId));
      }
      if ((await staking.ownerIncomeOf(nodeId)) > 0n) {
        await world.must("take income", () => staking.connect(owner).claimOwnerIncome(nodeId));
      }
    }
    if ((await staking.pendingBurn()) > 0n) await world.must("burn", () => staking.burnPending());
    await checkEverything(world);
  }
}
