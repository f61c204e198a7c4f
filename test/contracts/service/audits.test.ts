import { expect } from "chai";
import { toBeHex } from "ethers";
import { auditOffsets, packScores, unpackScores, weightedMedian } from "../../../node/protocol/audits.js";
import { WEI_PER_GWEI, floorToGwei } from "../../../node/protocol/amounts.js";
import { parseHex } from "../../../node/protocol/hex.js";
import { randomFrom } from "../../node/support/random.js";
import { AuditedService, auditEpoch, commitmentOf, saltOf, targetsOf } from "../support/audits.js";
import type { Scoring } from "../support/audits.js";
import { networkHelpers } from "../support/chain.js";
import { erc7201 } from "../support/erc7201.js";
import { actingAs } from "../support/impersonate.js";
import { addNode, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { freshProtocol, protocolFixture } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, passProofDeadline, unattested } from "../support/service.js";
import type { Service } from "../support/service.js";

const EPOCH = 5;
const RING = 256;
/** K of the tests' parameters. */
const AUDITORS = 3;
const NEUTRAL = 8_000n;
const BPS = 10_000n;

const FIXTURES = [3, 5, 7].map((auditors) => [auditors, protocolFixture({ audits: { auditors } })] as const);

describe("QualityAudits", function () {
  let protocol: Protocol;
  let nodes: Node[];
  beforeEach(async function () {
    protocol = await freshProtocol();
    nodes = [];
  });

  /** A ring of this many nodes, seated well before `EPOCH`. */
  async function ringOf(count: number, bondOf: (index: number) => bigint = () => dtel(1_000)): Promise<void> {
    for (let index = 0; index < count; index++) {
      nodes.push(await addNode(protocol, { bond: bondOf(index), active: true }));
    }
    expect((await protocol.attestations.seatOf(nodes.at(-1)!.nodeId, EPOCH)).seated).to.equal(true);
    await protocol.clock.goTo(EPOCH - 1, 10);
  }

  /** Puts another seed in the place of a drawn one: chains do not draw the ends of their range. */
  async function setSeed(epoch: number, seed: string): Promise<void> {
    const seeds = BigInt(erc7201("dtelecom.EpochSeeds")) + BigInt(RING);
    const address = await protocol.attestations.getAddress();
    await networkHelpers.setStorageAt(address, toBeHex(seeds + BigInt(epoch % RING), 32), seed);
  }

  const always =
    (score: number): Scoring =>
    () =>
      score;

  /** Availability that a claim credits, in wei. */
  async function availabilityOf(service: Pick<Service, "claim">): Promise<bigint> {
    const { distributor } = protocol;
    const receipt = await (await service.claim()).wait();
    const event = receipt?.logs
      .filter((log) => log.address === distributor.target)
      .map((log) => distributor.interface.parseLog(log))
      .find((each) => each?.name === "Claimed");
    return event?.args.availability as bigint;
  }

  /** What a node of 1,000 DTEL among `count` of them gets at a score. */
  async function due(score: bigint, count = nodes.length): Promise<bigint> {
    const [, budget] = await protocol.distributor.budgetOf(EPOCH);
    return floorToGwei((budget * score) / BPS / BigInt(count));
  }

  describe("who audits whom", function () {
    for (const [auditors, fixture] of FIXTURES) {
      it(`is never oneself and never one node twice, ${auditors} of any number, as nodes compute it`, async function () {
        protocol = await freshProtocol(fixture);
        await checkOffsets(auditors);
      });
    }

    async function checkOffsets(auditors: number): Promise<void> {
      const { attestations, ring } = protocol;
      expect(await attestations.auditorCount()).to.equal(BigInt(auditors));
      await protocol.clock.goTo(EPOCH - 1, 10);
      await drawSeed(protocol, EPOCH - 2);
      const drawn = await attestations.seedOf(EPOCH - 2);
      const asRing = attestations.connect(await actingAs(ring));
      const sizes = [...Array.from({ length: 40 }, (_, size) => size), 100, 257, 9_999, 10_000, 16_777_215];
      // Every lane at either end of its range, too.
      for (const seed of [drawn, "0x" + "00".repeat(32), "0x" + "ff".repeat(32)]) {
        await setSeed(EPOCH - 2, seed);
        expect(await attestations.seedOf(EPOCH - 2)).to.equal(seed);
        for (const size of sizes) {
          await asRing.setRingSize(EPOCH, size);
          const offsets = (await attestations.auditOffsets(EPOCH)).map(Number);
          expect(offsets, `${size} seats`).to.deep.equal(auditOffsets(parseHex(seed, 32), size, auditors));
          expect(offsets.length).to.equal(size > auditors ? auditors : 0);
          expect(new Set(offsets).size).to.equal(offsets.length);
          for (const offset of offsets) expect(offset > 0 && offset < size).to.equal(true);
        }
      }
    }

    it("is seats that belong together both ways: who audits a node is who has it among its targets", async function () {
      await ringOf(8);
      await auditEpoch(protocol, nodes, EPOCH, always(9_000));
      for (const target of nodes) {
        const { seats } = await protocol.attestations.auditOf(target.nodeId, EPOCH);
        for (const [index, seat] of seats.entries()) {
          const auditor = nodes[Number(seat)]!;
          const targets = await targetsOf(protocol, nodes, auditor, EPOCH);
          expect(targets[index]?.nodeId).to.equal(target.nodeId);
        }
      }
    });

    for (const [what, offset, audited] of [
      ["a second before the epoch begins: it is audited", -1, true],
      ["as the epoch begins: it is not", 0, false],
    ] as const) {
      it(`hangs on the seed of the epoch before the last, drawn ${what}`, async function () {
        const { attestations, clock } = protocol;
        await ringOf(4);
        await clock.nextBlockAt(EPOCH - 1, clock.half);
        await attestations.arm(EPOCH - 2);
        await networkHelpers.mine(20);
        await clock.nextBlockAt(EPOCH, offset);
        await attestations.draw(EPOCH - 2);
        expect((await attestations.auditOffsets(EPOCH)).length).to.equal(audited ? AUDITORS : 0);
        expect((await attestations.auditOf(nodes[0]!.nodeId, EPOCH)).audited).to.equal(audited);
      });
    }

    it("is nobody in the first two epochs, which have no such seed", async function () {
      const { attestations, ring } = protocol;
      await attestations.connect(await actingAs(ring)).setRingSize(0, 10);
      expect(await attestations.auditOffsets(0)).to.deep.equal([]);
      expect(await attestations.auditOffsets(1)).to.deep.equal([]);
    });
  });

  describe("reveal", function () {
    let services: AuditedService[];
    beforeEach(async function () {
      await ringOf(5);
      services = await auditEpoch(protocol, nodes, EPOCH, always(9_000), { reveals: false });
    });

    it("publishes the scores with the auditor's seat and weight, whoever sends it, once", async function () {
      const { attestations } = protocol;
      await drawSeed(protocol, EPOCH);
      const [service] = services;
      await expect(service!.reveal())
        .to.emit(attestations, "AuditsRevealed")
        .withArgs(nodes[0]!.nodeId, EPOCH, 0n, 1_000n, packScores([9_000, 9_000, 9_000]));
      await expect(service!.reveal())
        .to.be.revertedWithCustomError(attestations, "AlreadyRevealed")
        .withArgs(nodes[0]!.nodeId, EPOCH);
    });

    it("opens when nothing can be committed to any more, to the second", async function () {
      const { attestations, clock } = protocol;
      await clock.nextBlockAt(EPOCH + 1, clock.half - 1);
      await expect(services[0]!.reveal())
        .to.be.revertedWithCustomError(attestations, "OutsideRevealWindow")
        .withArgs(EPOCH);
      await clock.nextBlockAt(EPOCH + 1, clock.half);
      await services[0]!.reveal();
    });

    it("closes with the proof deadline, in time and in blocks", async function () {
      const { attestations } = protocol;
      await drawSeed(protocol, EPOCH);
      const { timestamp, blockNumber } = await attestations.proofDeadline(EPOCH);
      // Time is over, but blocks are missing: it goes on.
      await networkHelpers.time.setNextBlockTimestamp(timestamp);
      await services[0]!.reveal();
      await networkHelpers.mineUpTo(Number(blockNumber) - 2);
      await services[1]!.reveal();
      await expect(services[2]!.reveal()).to.be.revertedWithCustomError(attestations, "OutsideRevealWindow");
    });

    it("closes to the second where blocks are not missing", async function () {
      const { attestations } = protocol;
      await drawSeed(protocol, EPOCH);
      const { timestamp } = await attestations.proofDeadline(EPOCH);
      await networkHelpers.mine(25);
      await networkHelpers.time.setNextBlockTimestamp(timestamp - 1n);
      await services[0]!.reveal();
      await networkHelpers.time.setNextBlockTimestamp(timestamp);
      await expect(services[1]!.reveal()).to.be.revertedWithCustomError(attestations, "OutsideRevealWindow");
    });

    it("waits for the seed as long as that takes, until the epoch leaves the ring", async function () {
      const { attestations, clock } = protocol;
      await clock.nextBlockAt(EPOCH + 256, -1);
      await services[0]!.reveal();
      await clock.nextBlockAt(EPOCH + 256, 0);
      await expect(services[1]!.reveal()).to.be.revertedWithCustomError(attestations, "OutsideRevealWindow");
    });

    it("takes what was committed to and nothing else", async function () {
      const { attestations, clock } = protocol;
      await clock.goTo(EPOCH + 1, clock.half);
      const [service] = services;
      const { packedScores, salt } = service!.audits;
      for (const other of [
        { packedScores: packedScores + 1n, salt },
        { packedScores: packedScores | (1n << 200n), salt },
        { packedScores, salt: saltOf("another") },
      ]) {
        await expect(service!.reveal(other))
          .to.be.revertedWithCustomError(attestations, "CommitmentMismatch")
          .withArgs(nodes[0]!.nodeId, EPOCH);
      }
      await service!.reveal();
    });

    it("takes the attestation on record and no other", async function () {
      const { attestations, clock } = protocol;
      await clock.goTo(EPOCH + 1, clock.half);
      const [service] = services;
      const liar = new AuditedService(protocol, nodes[0]!, EPOCH, {
        packedScores: packScores([1, 2, 3]),
        salt: saltOf("afterwards"),
      });
      await expect(liar.reveal())
        .to.be.revertedWithCustomError(attestations, "AttestationMismatch")
        .withArgs(nodes[0]!.nodeId, EPOCH);
      const { packedScores, salt } = service!.audits;
      for (const change of [{ nodeId: nodes[1]!.nodeId }, { epoch: EPOCH - 1 }, { sessions: 1 }]) {
        await expect(
          attestations.reveal({ ...service!.attestation, ...change }, packedScores, salt),
        ).to.be.revertedWithCustomError(attestations, "AttestationMismatch");
      }
    });
  });

  it("a commitment copied from another auditor opens nothing: it is bound to who made it", async function () {
    const { attestations, clock } = protocol;
    await ringOf(5);
    const audits = { packedScores: packScores([9_000, 9_000, 9_000]), salt: saltOf("honest") };
    const honest = new AuditedService(protocol, nodes[0]!, EPOCH, audits);
    const [, copier] = nodes;
    await clock.goTo(EPOCH + 1, 10);
    await honest.attest();
    const copied = { ...honest.attestation, nodeId: copier!.nodeId };
    await attestations.connect(copier!.operator).attest(copied);
    await clock.goTo(EPOCH + 1, clock.half);
    await honest.reveal();
    await expect(attestations.reveal(copied, audits.packedScores, audits.salt))
      .to.be.revertedWithCustomError(attestations, "CommitmentMismatch")
      .withArgs(copier!.nodeId, EPOCH);
  });

  it("a commitment of another epoch opens nothing either", async function () {
    const { attestations, clock } = protocol;
    await ringOf(4);
    const audits = { packedScores: packScores([9_000, 9_000, 9_000]), salt: saltOf("old") };
    const [node] = nodes;
    const replayed = {
      ...unattested(node!, EPOCH),
      auditCommitment: commitmentOf(node!, EPOCH - 1, audits),
    };
    await clock.goTo(EPOCH + 1, 10);
    await attestations.connect(node!.operator).attest(replayed);
    await clock.goTo(EPOCH + 1, clock.half);
    await expect(
      attestations.reveal(replayed, audits.packedScores, audits.salt),
    ).to.be.revertedWithCustomError(attestations, "CommitmentMismatch");
  });

  it("scores are at most full quality, and as many as there are targets", async function () {
    const { attestations, clock } = protocol;
    await ringOf(4);
    await clock.goTo(EPOCH + 1, 10);
    const attempts = [];
    for (const [index, packedScores] of [
      packScores([10_000, 10_000, 10_000]),
      10_001n,
      10_001n << 32n,
      1n << 48n,
    ].entries()) {
      const node = nodes[index]!;
      const service = new AuditedService(protocol, node, EPOCH, { packedScores, salt: saltOf("x") });
      await service.attest();
      attempts.push(service);
    }
    await clock.goTo(EPOCH + 1, clock.half);
    await attempts[0]!.reveal();
    for (const service of attempts.slice(1)) {
      await expect(service.reveal())
        .to.be.revertedWithCustomError(attestations, "InvalidScores")
        .withArgs(service.node.nodeId, service.audits.packedScores);
    }
  });

  it("without a seat in the epoch nobody has anything to reveal", async function () {
    const { attestations, clock } = protocol;
    await ringOf(4);
    const outside = await addNode(protocol);
    const late = await addNode(protocol, { active: true });
    await clock.goTo(EPOCH + 1, 10);
    for (const node of [outside, late]) {
      const audits = { packedScores: 0n, salt: saltOf("nothing") };
      const service = new AuditedService(protocol, node, EPOCH, audits);
      await service.attest();
    }
    await clock.goTo(EPOCH + 1, clock.half);
    for (const node of [outside, late]) {
      const service = new AuditedService(protocol, node, EPOCH, {
        packedScores: 0n,
        salt: saltOf("nothing"),
      });
      await expect(service.reveal())
        .to.be.revertedWithCustomError(attestations, "NoSeat")
        .withArgs(node.nodeId, EPOCH);
    }
    // Its seat counts two epochs after it was taken.
    const present = await clock.now();
    expect((await attestations.seatOf(late.nodeId, present)).seated).to.equal(true);
  });

  describe("the score", function () {
    it("is the median weighed by bonds, the lower one where two would do", async function () {
      const bonds = [1_000, 2_000, 3_000, 5_000, 50_000, 1_000, 1_500, 2_500].map((bond) => dtel(bond));
      await ringOf(bonds.length, (index) => bonds[index]!);
      const random = randomFrom(7);
      await auditEpoch(protocol, nodes, EPOCH, () => random.below(10_001));
      for (const node of nodes) {
        const audit = await protocol.attestations.auditOf(node.nodeId, EPOCH);
        expect([audit.audited, audit.didOwn, audit.revealed]).to.deep.equal([true, true, 3n]);
        const weights = audit.seats.map((seat) => {
          const weight = Number(bonds[Number(seat)]! / dtel(1));
          return weight > 10_000 ? 10_000 : weight;
        });
        expect(audit.weights.map(Number)).to.deep.equal(weights);
        const given = audit.scores.map((score, index) => ({ score: Number(score), weight: weights[index]! }));
        expect(Number(audit.median)).to.equal(weightedMedian(given));
      }
    });

    it("of two auditors of the same weight is the lower one", async function () {
      await ringOf(6);
      const silent = nodes[5]!;
      await auditEpoch(protocol, nodes, EPOCH, (auditor) =>
        auditor === silent ? undefined : Number(auditor.nodeId) * 1_000,
      );
      let pairs = 0;
      for (const { nodeId } of nodes) {
        const { revealed, scores, weights, median } = await protocol.attestations.auditOf(nodeId, EPOCH);
        if (revealed !== 2n) continue;
        pairs++;
        const given = scores.filter((_, index) => weights[index] !== 0n);
        expect(median).to.equal(given[0]! < given[1]! ? given[0] : given[1]);
      }
      expect(pairs).to.equal(AUDITORS);
    });

    it("weighs the availability of who is scored, and nobody else's", async function () {
      await ringOf(6);
      const [bad, best] = [nodes[2]!, nodes[4]!];
      const services = await auditEpoch(protocol, nodes, EPOCH, (_, target) =>
        target === bad ? 1_234 : target === best ? 10_000 : 9_000,
      );
      await passProofDeadline(protocol, EPOCH);
      for (const service of services) {
        const score = service.node === bad ? 1_234n : service.node === best ? 10_000n : 9_000n;
        expect(await availabilityOf(service)).to.equal(await due(score));
      }
    });

    it("is not moved by a third of the weight, however it lies", async function () {
      await ringOf(7);
      const [victim, friend, liar] = [nodes[0]!, nodes[1]!, nodes[2]!];
      await auditEpoch(protocol, nodes, EPOCH, (auditor, target) => {
        if (auditor !== liar) return target === friend ? 2_000 : 9_000;
        return target === friend ? 10_000 : 0;
      });
      const median = async ({ nodeId }: Node) => (await protocol.attestations.auditOf(nodeId, EPOCH)).median;
      expect(await median(victim)).to.equal(9_000n);
      expect(await median(friend)).to.equal(2_000n);
    });

    it("is neutral where fewer than half of the auditors revealed", async function () {
      await ringOf(5);
      const { attestations } = protocol;
      // Two who talk: a target has both of them, one or none among its auditors.
      const talking = new Set([nodes[0], nodes[3]]);
      const services = await auditEpoch(protocol, nodes, EPOCH, (auditor) =>
        talking.has(auditor) ? 1_000 : undefined,
      );
      await passProofDeadline(protocol, EPOCH);
      const seen = new Set<bigint>();
      for (const service of services) {
        const { revealed, didOwn, median } = await attestations.auditOf(service.node.nodeId, EPOCH);
        seen.add(revealed);
        expect(median).to.equal(revealed >= 2n ? 1_000n : 0n);
        const expected = didOwn ? await due(revealed >= 2n ? 1_000n : NEUTRAL) : 0n;
        expect(await availabilityOf(service)).to.equal(expected);
      }
      expect(seen.has(1n), "somebody has one auditor who talks").to.equal(true);
    });

    it("brings nothing to who did not do its own audits, however good", async function () {
      await ringOf(5);
      const [, lazy] = nodes;
      const services = await auditEpoch(protocol, nodes, EPOCH, (auditor) =>
        auditor === lazy ? undefined : 10_000,
      );
      await passProofDeadline(protocol, EPOCH);
      for (const service of services) {
        expect(await availabilityOf(service)).to.equal(service.node === lazy ? 0n : await due(10_000n));
      }
    });
  });

  describe("is neutral for all, and asks for no audits,", function () {
    const settle = async (): Promise<Service[]> => {
      const { clock, attestations } = protocol;
      await clock.goTo(EPOCH + 1, 10);
      const services = nodes.map(
        (node) => new AuditedService(protocol, node, EPOCH, { packedScores: 0n, salt: saltOf("none") }),
      );
      for (const service of services) await service.attest();
      await drawSeed(protocol, EPOCH);
      // Zeros revealed all the same change nothing.
      await services[0]!.reveal();
      await passProofDeadline(protocol, EPOCH);
      expect((await attestations.epochRecordOf(EPOCH)).ringSize).to.equal(0n);
      return services;
    };

    it("where there are no more nodes than auditors", async function () {
      await ringOf(AUDITORS);
      await drawSeed(protocol, EPOCH - 2);
      for (const service of await settle())
        expect(await availabilityOf(service)).to.equal(await due(NEUTRAL));
    });

    it("where the seed came too late, or never", async function () {
      await ringOf(5);
      for (const service of await settle())
        expect(await availabilityOf(service)).to.equal(await due(NEUTRAL));
    });

    it("where the seed came too late, even if it comes before the claim", async function () {
      await ringOf(5);
      await protocol.clock.goTo(EPOCH, 10);
      await drawSeed(protocol, EPOCH - 2);
      for (const service of await settle())
        expect(await availabilityOf(service)).to.equal(await due(NEUTRAL));
    });
  });

  describe("availability", function () {
    it("needs a seat in the epoch", async function () {
      await ringOf(5);
      nodes.push(await addNode(protocol));
      const outside = nodes.at(-1)!;
      const idle = new AuditedService(protocol, outside, EPOCH, { packedScores: 0n, salt: saltOf("o") });
      await protocol.clock.goTo(EPOCH + 1, 10);
      await idle.attest();
      await drawSeed(protocol, EPOCH);
      await passProofDeadline(protocol, EPOCH);
      expect(await availabilityOf(idle)).to.equal(0n);
    });

    it("is paid through the epochs of the notice, and not from the first one in drain on", async function () {
      const { registry, clock } = protocol;
      await ringOf(3);
      const [leaving] = nodes;
      await clock.goTo(EPOCH - 1, 30);
      await registry.connect(leaving!.operator).drain(leaving!.nodeId);
      for (const [epoch, paid] of [
        [EPOCH, true],
        [EPOCH + 1, false],
      ] as const) {
        await clock.goTo(epoch + 1, 300);
        const service = new AuditedService(protocol, leaving!, epoch, {
          packedScores: 0n,
          salt: saltOf("d"),
        });
        await service.attest();
        await drawSeed(protocol, epoch);
        await passProofDeadline(protocol, epoch);
        expect((await availabilityOf(service)) > 0n, `epoch ${epoch}`).to.equal(paid);
      }
    });

    for (const seed of [1, 2, 3]) {
      it(`of all together never exceeds the budget, at random bonds and scores ${seed}`, async function () {
        const random = randomFrom(seed);
        const bonds = Array.from({ length: 7 }, () => dtel(1_000) + BigInt(random.below(1e9)) * WEI_PER_GWEI);
        await ringOf(bonds.length, (index) => bonds[index]!);
        const services = await auditEpoch(protocol, nodes, EPOCH, (auditor) =>
          auditor === nodes[seed] ? undefined : 7_000 + random.below(3_001),
        );
        await passProofDeadline(protocol, EPOCH);
        const [, budget] = await protocol.distributor.budgetOf(EPOCH);
        let sum = 0n;
        for (const service of services) {
          const { nodeId } = service.node;
          const { median, didOwn } = await protocol.attestations.auditOf(nodeId, EPOCH);
          const stake = await protocol.staking.stakeAt(nodeId, EPOCH);
          const total = await protocol.staking.totalStakeAt(EPOCH);
          const credited = await availabilityOf(service);
          const expected = didOwn ? (((budget * median) / BPS) * stake) / total : 0n;
          expect(credited).to.equal(floorToGwei(expected));
          sum += credited;
        }
        expect(sum > 0n && sum <= budget).to.equal(true);
      });
    }
  });

  it("packed scores read as they were written", function () {
    expect(unpackScores(packScores([1, 10_000, 0]), 3)).to.deep.equal([1, 10_000, 0]);
  });
});
