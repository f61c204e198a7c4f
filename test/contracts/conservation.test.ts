import { expect } from "chai";
import { WEI_PER_GWEI } from "../../node/protocol/amounts.js";
import type { Attestation } from "../../node/protocol/typedData.js";
import { randomFrom } from "../node/support/random.js";
import type { Account } from "./support/account.js";
import { addApp, addNode, delegateMore, dtel, ROUNDING_RESERVE, signVoucher } from "./support/people.js";
import type { App, Node } from "./support/people.js";
import { freshProtocol } from "./support/protocol.js";
import type { Protocol } from "./support/protocol.js";
import { drawSeed, honestService, passProofDeadline, unattested } from "./support/service.js";
import type { Service } from "./support/service.js";

const GENESIS_SUPPLY = dtel(600_000_000);
/** An epoch is settled when the second one after it has begun: these are lived through one after another. */
const EPOCHS = Array.from({ length: 10 }, (_, index) => 2 + 3 * index);
const LAST_EPOCH = Math.max(...EPOCHS);
const sum = (values: readonly bigint[]): bigint => values.reduce((total, value) => total + value, 0n);

/**
 * A small network lives through some epochs in which everybody acts at random, and after each of them the tokens of
 * every contract are what its books say.
 */
describe("conservation", function () {
  this.timeout(120_000);

  for (const seed of [1, 2]) {
    it(`every token is accounted for, in random course ${seed}`, async function () {
      const world = await World.begin(seed);
      for (const epoch of EPOCHS) await world.liveThrough(epoch);
      await world.closeDown();
    });
  }
});

class World {
  readonly #vouchers = new Map<string, bigint>();
  /** What is to be claimed, by node and epoch. */
  readonly #unclaimed = new Map<string, Attestation>();

  private constructor(
    readonly protocol: Protocol,
    readonly random: ReturnType<typeof randomFrom>,
    readonly nodes: readonly Node[],
    readonly apps: readonly App[],
    readonly delegators: readonly Account[],
  ) {}

  static async begin(seed: number): Promise<World> {
    const protocol = await freshProtocol();
    const nodes = [
      await addNode(protocol, { bond: dtel(1_000), active: true }),
      await addNode(protocol, { bond: dtel("2500.000000001"), commissionBps: 1_000, active: true }),
      await addNode(protocol, { bond: dtel(4_000), commissionBps: 5_000, active: true }),
    ];
    const apps = [await addApp(protocol, dtel(3_000)), await addApp(protocol, dtel(50))];
    const delegators = [
      await protocol.newAccount(),
      await protocol.newAccount(),
      await protocol.newAccount(),
    ];
    return new World(protocol, randomFrom(seed), nodes, apps, delegators);
  }

  async liveThrough(epoch: number): Promise<void> {
    const { clock, attestations, distributor, escrow } = this.protocol;
    await clock.goTo(epoch, 10);
    await this.actAtRandom(8);
    await clock.goTo(epoch, clock.half);
    await this.pay();
    const services: Service[] = [];
    for (const node of this.nodes) {
      if (this.random.below(5) > 0) {
        services.push(await honestService(this.protocol, node, this.#app(), epoch, 1 + this.random.below(4)));
      }
    }
    await clock.goTo(epoch + 1, 10);
    await attestations.attestBatch(await Promise.all(services.map((service) => service.signed())));
    await drawSeed(this.protocol, epoch);
    for (const service of services) {
      if (this.random.below(4) > 0) await service.prove();
    }
    await passProofDeadline(this.protocol, epoch);
    for (const node of this.nodes) {
      const service = services.find((each) => each.node === node);
      const attestation = service?.attestation ?? unattested(node, epoch);
      this.#unclaimed.set(`${node.nodeId}/${epoch}`, attestation);
      if (this.random.below(3) > 0) await this.#claim(attestation);
    }
    if (this.random.below(2) > 0) await escrow.flush(epoch).catch(ignoreRevert);
    if (this.random.below(3) === 0) await distributor.mintPending().catch(ignoreRevert);
    await this.check(epoch);
  }

  /** Everybody takes out what there is; only what belongs to nobody may be left. */
  async closeDown(): Promise<void> {
    const { clock, escrow, staking, token } = this.protocol;
    for (const epoch of EPOCHS) await escrow.flush(epoch).catch(ignoreRevert);
    for (const attestation of this.#unclaimed.values()) await this.#claim(attestation);
    for (const node of this.nodes) {
      for (const delegator of this.delegators) {
        const { shares } = await staking.positionOf(node.nodeId, delegator);
        if (shares > 0n) await staking.connect(delegator).requestUndelegate(node.nodeId, shares);
      }
      const { bond } = await staking.poolOf(node.nodeId);
      if (bond > 0n) await staking.connect(node.owner).requestUnbond(node.nodeId, bond * WEI_PER_GWEI);
    }
    await clock.goTo((await clock.now()) + 20, 0);
    for (const node of this.nodes) {
      for (const delegator of this.delegators) {
        await staking.connect(delegator).withdraw(node.nodeId).catch(ignoreRevert);
      }
      await staking.connect(node.owner).withdrawBond(node.nodeId);
      await staking.connect(node.owner).claimOwnerIncome(node.nodeId).catch(ignoreRevert);
    }
    await this.check(LAST_EPOCH);
    const people = [...this.delegators, ...this.nodes.map(({ owner }) => owner)];
    for (const person of people) {
      expect(await token.stakedUnitsOf(person), "votes through stake").to.equal(0n);
    }
    const books = await this.#stakingBooks();
    expect(books.owed, "owed to anybody").to.equal(0n);
    expect(await token.balanceOf(staking), "left over").to.equal(ROUNDING_RESERVE);
  }

  /** Compares tokens with books. */
  async check(epoch: number): Promise<void> {
    const { token, escrow, staking, distributor, treasury } = this.protocol;
    const epochs = Array.from({ length: LAST_EPOCH + 2 }, (_, index) => index);
    const revenues = await Promise.all(epochs.map((each) => escrow.epochRevenueOf(each)));
    const open = revenues.filter((revenue) => !revenue.flushed);
    const flushed = revenues.filter((revenue) => revenue.flushed);
    const inWei = (amounts: bigint[]) => sum(amounts) * WEI_PER_GWEI;

    const accounts = await Promise.all(
      this.apps.flatMap(({ account }) =>
        this.nodes.map(async ({ nodeId }) => escrow.accountOf(account, nodeId)),
      ),
    );
    const free = sum(await Promise.all(this.apps.map(({ account }) => escrow.balanceOf(account))));
    expect(await token.balanceOf(escrow), "escrow").to.equal(
      free +
        inWei(accounts.map(({ reserved }) => reserved)) +
        inWei(open.flatMap(({ burned, treasury: part, stakers }) => [burned, part, stakers])),
    );
    expect(await token.balanceOf(treasury), "treasury").to.equal(
      inWei(flushed.map((revenue) => revenue.treasury)),
    );
    expect(await token.totalSupply(), "supply").to.equal(
      GENESIS_SUPPLY + (await token.emitted()) - inWei(flushed.map(({ burned }) => burned)),
    );
    expect(await distributor.totalCredited(), "credited").to.equal(
      (await token.emitted()) + (await distributor.pendingMint()),
    );

    const books = await this.#stakingBooks();
    expect(
      (await token.balanceOf(staking)) + (await distributor.pendingMint()) + books.unflushedFees,
      "staking",
    ).to.equal(ROUNDING_RESERVE + books.owed + books.unclaimedFees);
    const people = [...this.delegators, ...this.nodes.map(({ owner }) => owner)];
    const units = sum(await Promise.all(people.map((person) => token.stakedUnitsOf(person))));
    expect(units, "units").to.equal(books.units);
    expect(books.units <= (await token.balanceOf(staking)), "units are backed").to.equal(true);

    for (const each of [epoch - 1, epoch, epoch + 1, epoch + 2]) {
      const stakes = await Promise.all(this.nodes.map(({ nodeId }) => staking.stakeAt(nodeId, each)));
      expect(await staking.totalStakeAt(each), `stake of epoch ${each}`).to.equal(sum(stakes));
    }
    for (const revenue of [epoch - 1, epoch]) {
      const parts = await Promise.all(this.nodes.map(({ nodeId }) => escrow.nodeRevenueOf(nodeId, revenue)));
      const whole = await escrow.epochRevenueOf(revenue);
      expect(sum(parts.map(({ burned }) => burned)), "burned").to.equal(whole.burned * WEI_PER_GWEI);
      expect(sum(parts.map(({ stakers }) => stakers)), "stakers").to.equal(whole.stakers * WEI_PER_GWEI);
      for (const { burned, scored } of parts) expect(scored <= burned).to.equal(true);
    }
    const [work, availability] = await distributor.budgetOf(epoch);
    expect((await this.#creditedIn(epoch)) <= work + availability, "budget").to.equal(true);
  }

  async actAtRandom(count: number): Promise<void> {
    const { staking, escrow, token } = this.protocol;
    for (let action = 0; action < count; action++) {
      const node = this.#pick(this.nodes);
      const delegator = this.#pick(this.delegators);
      const app = this.#app();
      const amount = BigInt(1 + this.random.below(500_000)) * 1_000_003n * WEI_PER_GWEI;
      const { shares } = await staking.positionOf(node.nodeId, delegator);
      const { bond } = await staking.poolOf(node.nodeId);
      const actions: (() => Promise<unknown>)[] = [
        () => delegateMore(this.protocol, node.nodeId, delegator, amount),
        () =>
          delegateMore(this.protocol, node.nodeId, delegator, amount / 7n - ((amount / 7n) % WEI_PER_GWEI)),
        () =>
          staking
            .connect(delegator)
            .requestUndelegate(node.nodeId, shares / BigInt(1 + this.random.below(3))),
        () => staking.connect(delegator).withdraw(node.nodeId),
        () => staking.connect(node.owner).requestUnbond(node.nodeId, (bond / 3n) * WEI_PER_GWEI),
        () => staking.connect(node.owner).withdrawBond(node.nodeId),
        () => staking.connect(node.owner).claimOwnerIncome(node.nodeId),
        async () => {
          await token.transfer(node.owner, amount);
          await token.connect(node.owner).approve(staking, amount);
          await staking.connect(node.owner).bond(node.nodeId, amount);
        },
        () => escrow.connect(app.account).reserve(node.nodeId, amount),
        () => escrow.connect(app.account).requestRelease(node.nodeId, amount),
        () => escrow.connect(app.account).release(node.nodeId),
        async () => {
          await token.approve(escrow, amount);
          await escrow.deposit(app.account, amount);
        },
      ];
      await this.#pick(actions)().catch(ignoreRevert);
    }
  }

  async pay(): Promise<void> {
    const vouchers = [];
    for (const app of this.apps) {
      for (const node of this.nodes) {
        const key = `${app.account.address}/${node.nodeId}`;
        const amount =
          (this.#vouchers.get(key) ?? 0n) + BigInt(this.random.below(200)) * 1_000_000_007n * WEI_PER_GWEI;
        this.#vouchers.set(key, amount);
        const score = (amount * BigInt(this.random.below(10_001))) / 10_000n;
        vouchers.push(
          await signVoucher(this.protocol, app, node.nodeId, amount, score - (score % WEI_PER_GWEI)),
        );
      }
    }
    await this.protocol.escrow.collectBatch(vouchers);
  }

  async #stakingBooks() {
    const { staking, escrow } = this.protocol;
    const owed: bigint[] = [];
    const units: bigint[] = [];
    for (const { nodeId } of this.nodes) {
      const [pool, stream] = [await staking.poolOf(nodeId), await staking.streamOf(nodeId)];
      owed.push(
        ...[pool.bond, pool.assets, stream.streaming, stream.arriving, stream.vested, stream.ownerIncome].map(
          (gwei) => gwei * WEI_PER_GWEI,
        ),
      );
      const bondExit = sum([...(await staking.bondExitOf(nodeId))]);
      owed.push(bondExit);
      units.push(pool.bond * WEI_PER_GWEI, bondExit);
      let shares = 0n;
      for (const delegator of this.delegators) {
        owed.push(...(await staking.exitOf(nodeId, delegator)));
        const position = await staking.positionOf(nodeId, delegator);
        units.push(position.units * WEI_PER_GWEI);
        shares += position.shares;
      }
      expect(pool.shares, "shares of a pool").to.equal(shares);
    }
    let unflushedFees = 0n;
    let unclaimedFees = 0n;
    for (let epoch = 0; epoch <= LAST_EPOCH + 1; epoch++) {
      const { flushed, stakers } = await escrow.epochRevenueOf(epoch);
      if (!flushed) unflushedFees += stakers * WEI_PER_GWEI;
      for (const { nodeId } of this.nodes) {
        if (EPOCHS.includes(epoch) && !this.#unclaimed.has(`${nodeId}/${epoch}`)) continue;
        unclaimedFees += (await escrow.nodeRevenueOf(nodeId, epoch)).stakers;
      }
    }
    return { owed: sum(owed), units: sum(units), unflushedFees, unclaimedFees };
  }

  async #creditedIn(epoch: number): Promise<bigint> {
    const { distributor } = this.protocol;
    const events = await distributor.queryFilter(distributor.filters.Claimed(undefined, epoch));
    return sum(events.map(({ args }) => args.work + args.availability));
  }

  async #claim(attestation: Attestation): Promise<void> {
    await this.protocol.distributor.claim(attestation);
    this.#unclaimed.delete(`${attestation.nodeId}/${attestation.epoch}`);
  }

  #app(): App {
    return this.#pick(this.apps);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.random.below(items.length)]!;
  }
}

/** What somebody tries at random may well be refused; anything but a refusal by a contract is an error of the test. */
function ignoreRevert(error: unknown): void {
  if (!(error instanceof Error && error.message.includes("reverted"))) throw error;
}
