import { expect } from "chai";
import { WEI_PER_GWEI, floorToGwei } from "../../../node/protocol/amounts.js";
import { addApp, addDelegator, addNode, collect, dtel } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import { freshProtocol, NOBODY_PROVES, protocolFixture } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, honestService, idleService, passProofDeadline, unattested } from "../support/service.js";
import type { Service } from "../support/service.js";
import { slash } from "../support/staking.js";

const EPOCH = 3;
const nobodyPicked = protocolFixture({}, NOBODY_PROVES);
const everybodyPicked = protocolFixture({ sampling: { pickProbability: "1/1" } });

const [KAPPA, NEUTRAL, BPS] = [9_000n, 8_000n, 10_000n];

describe("RewardDistributor: claims", function () {
  let protocol: Protocol;
  let node: Node;
  let app: App;
  beforeEach(async function () {
    await setUp(nobodyPicked);
  });

  async function setUp(fixture: typeof nobodyPicked): Promise<void> {
    protocol = await freshProtocol(fixture);
    node = await addNode(protocol, { active: true });
    app = await addApp(protocol, dtel(1_000_000));
  }

  /** Fees of the epoch: goes to where they are collected. */
  async function pay(nodeId: bigint, amount: bigint, score = amount): Promise<void> {
    const { clock } = protocol;
    if ((await clock.now()) < EPOCH) await clock.goTo(EPOCH, clock.half);
    await collect(protocol, app, nodeId, amount, score);
  }

  /** Attests, draws, and goes past the deadline; `proven` ones are proven in between. */
  async function settle(attested: Service[], proven: Service[] = []): Promise<void> {
    const { clock } = protocol;
    await clock.goTo(EPOCH + 1, 10);
    for (const service of attested) await service.attest();
    await drawSeed(protocol, EPOCH);
    for (const service of proven) await service.prove();
    await passProofDeadline(protocol, EPOCH);
  }

  /** What a claim credits, in wei. */
  async function credited(service: Service): Promise<{ work: bigint; availability: bigint; fees: bigint }> {
    const { distributor } = protocol;
    const receipt = await (await service.claim()).wait();
    const event = receipt?.logs
      .filter((log) => log.address === distributor.target)
      .map((log) => distributor.interface.parseLog(log))
      .find((each) => each?.name === "Claimed");
    const { work, availability, fees } = event?.args as unknown as Record<string, bigint>;
    return { work: work!, availability: availability!, fees: fees! };
  }

  describe("work", function () {
    it("is κ times what was burned, as the app judged it", async function () {
      const second = await addNode(protocol);
      await pay(node.nodeId, dtel(100));
      await pay(second.nodeId, dtel(100), dtel(30));
      const services = await Promise.all(
        [node, second].map((each) => honestService(protocol, each, app, EPOCH)),
      );
      await settle(services);
      const [full, third] = [await credited(services[0]!), await credited(services[1]!)];
      expect([full.work, full.fees]).to.deep.equal([dtel(9), dtel(85)]);
      expect([third.work, third.fees]).to.deep.equal([dtel("2.7"), dtel(85)]);
    });

    it("is scaled down where κ times all that was burned exceeds the budget; the rest is never minted", async function () {
      const { distributor } = protocol;
      const second = await addNode(protocol);
      await pay(node.nodeId, dtel(90_000));
      await pay(second.nodeId, dtel(30_000), dtel(15_000));
      const services = await Promise.all(
        [node, second].map((each) => honestService(protocol, each, app, EPOCH)),
      );
      await settle(services);
      const [budget] = await distributor.budgetOf(EPOCH);
      expect(budget).to.be.lessThan((dtel(12_000) * KAPPA) / BPS);
      const [first, other] = [await credited(services[0]!), await credited(services[1]!)];
      expect(first.work).to.equal(floorToGwei((dtel(9_000) * budget) / dtel(12_000)));
      expect(other.work).to.equal(floorToGwei((dtel(1_500) * budget) / dtel(12_000)));
      expect(first.work + other.work).to.be.lessThan(budget);
    });

    it("does not depend on the order of claims", async function () {
      const second = await addNode(protocol);
      await pay(node.nodeId, dtel(90_000));
      await pay(second.nodeId, dtel(30_000));
      const services = await Promise.all(
        [node, second].map((each) => honestService(protocol, each, app, EPOCH)),
      );
      await settle(services);
      const second_ = await credited(services[1]!);
      const first = await credited(services[0]!);
      const [budget] = await protocol.distributor.budgetOf(EPOCH);
      expect(first.work).to.equal(floorToGwei((dtel(9_000) * budget) / dtel(12_000)));
      expect(second_.work).to.equal(floorToGwei((dtel(3_000) * budget) / dtel(12_000)));
      // Perfect scores use the budget up, to the rounding.
      expect(budget - first.work - second_.work).to.be.lessThan(2n * WEI_PER_GWEI + 1n);
    });

    it("pays less than it costs to pay oneself, even who owns all the stake", async function () {
      await pay(node.nodeId, dtel(1_000));
      const service = await honestService(protocol, node, app, EPOCH);
      await settle([service]);
      const { work, fees } = await credited(service);
      // b(1 − κ) + t of what was paid: 6 %.
      expect(dtel(1_000) - work - fees).to.equal(dtel(60));
    });

    it("pays less than that at any parameters within their bounds, and never more for dust", async function () {
      await setUp(
        protocolFixture(
          {
            payment: { burnBps: 500, treasuryBps: 200 },
            rewards: { kappaBps: 9_500, workShareBps: 8_000 },
          },
          NOBODY_PROVES,
        ),
      );
      const amounts = [
        dtel(1_000),
        WEI_PER_GWEI,
        19n * WEI_PER_GWEI,
        20n * WEI_PER_GWEI,
        999n * WEI_PER_GWEI,
      ];
      const services: Service[] = [];
      for (const amount of amounts) {
        const own = services.length === 0 ? node : await addNode(protocol);
        await pay(own.nodeId, amount);
        services.push(await honestService(protocol, own, app, EPOCH));
      }
      await settle(services);
      for (const [index, amount] of amounts.entries()) {
        const { work, fees } = await credited(services[index]!);
        expect(work + fees, `${amount} wei`).to.be.at.most(amount);
        if (index === 0) expect(amount - work - fees).to.equal(dtel("22.5"));
      }
    });

    it("is for who delivered something: none for an epoch without bytes", async function () {
      await pay(node.nodeId, dtel(100));
      const service = idleService(protocol, node, EPOCH);
      await settle([service]);
      const { work, availability, fees } = await credited(service);
      expect([work, fees]).to.deep.equal([0n, dtel(85)]);
      expect(availability > 0n).to.equal(true);
    });

    describe("of a node that is picked", function () {
      beforeEach(async function () {
        await setUp(everybodyPicked);
      });

      it("needs the proof", async function () {
        const second = await addNode(protocol, { active: true });
        await pay(node.nodeId, dtel(100));
        await pay(second.nodeId, dtel(100));
        const services = await Promise.all(
          [node, second].map((each) => honestService(protocol, each, app, EPOCH)),
        );
        await settle(services, services.slice(0, 1));
        const [proven, missing] = [await credited(services[0]!), await credited(services[1]!)];
        expect([proven.work, proven.fees]).to.deep.equal([dtel(9), dtel(85)]);
        expect([missing.work, missing.fees]).to.deep.equal([0n, dtel(85)]);
        expect(missing.availability).to.equal(proven.availability);
      });
    });

    it("of a node that earned more than a slash could take needs the proof, picked or not", async function () {
      await setUp(protocolFixture({}, { ...NOBODY_PROVES, alwaysProveAboveWei: dtel("5.5") }));
      const second = await addNode(protocol);
      await pay(node.nodeId, dtel(55));
      await pay(second.nodeId, dtel(55) + 10n * WEI_PER_GWEI);
      const services = await Promise.all(
        [node, second].map((each) => honestService(protocol, each, app, EPOCH)),
      );
      await settle(services);
      expect((await credited(services[0]!)).work).to.equal(dtel("4.95"));
      expect((await credited(services[1]!)).work).to.equal(0n);
    });
  });

  describe("availability", function () {
    it("divides its budget by stake as it was when the epoch began, at the neutral score", async function () {
      const { distributor, clock } = protocol;
      const second = await addNode(protocol, { bond: dtel(3_000), active: true });
      await addDelegator(protocol, second.nodeId, dtel(1_000));
      await clock.goTo(EPOCH, 10);
      // Too late to count.
      await addDelegator(protocol, node.nodeId, dtel(5_000));
      const services = [node, second].map((each) => idleService(protocol, each, EPOCH));
      await settle(services);
      const [, budget] = await distributor.budgetOf(EPOCH);
      for (const [index, share] of [1n, 4n].entries()) {
        const { availability } = await credited(services[index]!);
        expect(availability).to.equal(floorToGwei((((budget * share) / 5n) * NEUTRAL) / BPS));
      }
    });

    it("of a rival that stays away goes to nobody", async function () {
      const { distributor } = protocol;
      await addNode(protocol, { bond: dtel(3_000) });
      const service = idleService(protocol, node, EPOCH);
      await settle([service]);
      const [, budget] = await distributor.budgetOf(EPOCH);
      expect((await credited(service)).availability).to.equal(floorToGwei(((budget / 4n) * NEUTRAL) / BPS));
    });
  });

  it("without active stake a node earns what apps pay, and no emission", async function () {
    // It lost its bond, but not yet its seat.
    const poor = await addNode(protocol, { active: true });
    await slash(protocol, poor.nodeId, WEI_PER_GWEI);
    await pay(poor.nodeId, dtel(100));
    const service = await honestService(protocol, poor, app, EPOCH);
    await settle([service]);
    expect(await credited(service)).to.deep.equal({ work: 0n, availability: 0n, fees: dtel(85) });
  });

  it("without an attestation there are the fees alone, whatever is said to have been attested", async function () {
    const { distributor } = protocol;
    await pay(node.nodeId, dtel(100));
    const service = await honestService(protocol, node, app, EPOCH);
    await settle([]);
    await expect(service.claim())
      .to.emit(distributor, "Claimed")
      .withArgs(node.nodeId, EPOCH, 0n, 0n, dtel(85));
    await expect(distributor.claim(unattested(node, EPOCH)))
      .to.be.revertedWithCustomError(distributor, "AlreadyClaimed")
      .withArgs(node.nodeId, EPOCH);
  });

  it("is refused for an epoch whose place in the rings is another's, as are draw and flush", async function () {
    const { distributor, attestations, escrow } = protocol;
    await pay(node.nodeId, dtel(100));
    await settle([]);
    // 2^24 laps of 256 epochs later: the highest bits of its lap do not fit the word.
    const alias = EPOCH + 2 ** 32;
    for (const call of [
      () => distributor.claim(unattested(node, alias)),
      () => attestations.draw(alias),
      () => escrow.flush(alias),
    ]) {
      await expect(call())
        .to.be.revertedWithCustomError(attestations, "SafeCastOverflowedUintDowncast")
        .withArgs(24, BigInt(alias) / 256n + 1n);
    }
    await expect(distributor.claim(unattested(node, EPOCH)))
      .to.emit(distributor, "Claimed")
      .withArgs(node.nodeId, EPOCH, 0n, 0n, dtel(85));
  });

  it("is refused with another attestation than the one on record", async function () {
    const { distributor, attestations } = protocol;
    const service = await honestService(protocol, node, app, EPOCH);
    await settle([service]);
    for (const other of [unattested(node, EPOCH), { ...service.attestation, bytesDelivered: 16_000_000n }]) {
      await expect(distributor.claim(other))
        .to.be.revertedWithCustomError(attestations, "AttestationMismatch")
        .withArgs(node.nodeId, EPOCH);
    }
    await service.claim();
  });

  it("is possible once; a batch passes over what is claimed", async function () {
    const { distributor, attestations } = protocol;
    const second = await addNode(protocol, { active: true });
    await pay(node.nodeId, dtel(100));
    const services = [await honestService(protocol, node, app, EPOCH), idleService(protocol, second, EPOCH)];
    await settle(services);
    await services[0]?.claim();
    await expect(services[0]?.claim())
      .to.be.revertedWithCustomError(distributor, "AlreadyClaimed")
      .withArgs(node.nodeId, EPOCH);
    const before = await distributor.totalCredited();
    const batch = [...services, ...services].map(({ attestation }) => attestation);
    await expect(distributor.claimBatch(batch)).to.emit(distributor, "Claimed");
    const [, budget] = await distributor.budgetOf(EPOCH);
    expect((await distributor.totalCredited()) - before).to.equal(
      floorToGwei((((budget * dtel(1_000)) / dtel(2_000)) * NEUTRAL) / BPS),
    );
    expect((await attestations.attestationOf(second.nodeId, EPOCH))[1]).to.equal(true);
  });

  it("of several epochs can be in one batch, each with its own budget", async function () {
    const { distributor, clock } = protocol;
    const services = [];
    for (const epoch of [EPOCH, EPOCH + 1]) {
      const service = idleService(protocol, node, epoch);
      await clock.goTo(epoch + 1, 10);
      await service.attest();
      await drawSeed(protocol, epoch);
      services.push(service);
    }
    await passProofDeadline(protocol, EPOCH + 1);
    await distributor.claimBatch(services.map(({ attestation }) => attestation));
    let expected = 0n;
    for (const epoch of [EPOCH, EPOCH + 1]) {
      const [, budget] = await distributor.budgetOf(epoch);
      expected += floorToGwei((budget * NEUTRAL) / BPS);
    }
    expect(await distributor.totalCredited()).to.equal(expected);
  });

  it("minting moves what was credited, once and by anyone", async function () {
    const { distributor, token, staking } = protocol;
    await expect(distributor.mintPending()).to.be.revertedWithCustomError(distributor, "NothingToMint");
    await pay(node.nodeId, dtel(100));
    const service = await honestService(protocol, node, app, EPOCH);
    await settle([service]);
    const { work, availability } = await credited(service);
    expect(await distributor.pendingMint()).to.equal(work + availability);
    const before = await token.balanceOf(staking);
    await expect(distributor.mintPending())
      .to.emit(distributor, "RewardsMinted")
      .withArgs(work + availability);
    expect((await token.balanceOf(staking)) - before).to.equal(work + availability);
    expect(await token.emitted()).to.equal(work + availability);
    expect(await distributor.pendingMint()).to.equal(0n);
    expect(await distributor.totalCredited()).to.equal(work + availability);
    await expect(distributor.mintPending()).to.be.revertedWithCustomError(distributor, "NothingToMint");
  });

  it("budgets of consecutive epochs add up to the schedule, divided as configured", async function () {
    const { distributor } = protocol;
    let sum = 0n;
    for (let epoch = 0; epoch < 10; epoch++) {
      const [work, availability] = await distributor.budgetOf(epoch);
      expect(work).to.equal(((work + availability) * 4_000n) / BPS);
      sum += work + availability;
    }
    const year = 365n * 86_400n;
    expect(sum).to.equal((dtel(80_000_000) * 36_000n) / year);
    const last = 20n * (year / 3_600n);
    expect(await distributor.budgetOf(last)).to.deep.equal([0n, 0n]);
    expect((await distributor.budgetOf(last - 1n))[0] > 0n).to.equal(true);
  });
});
