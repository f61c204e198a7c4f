import { expect } from "chai";
import { ZeroHash, keccak256, AbiCoder } from "ethers";
import { samplePoints } from "../../../node/protocol/sampling.js";
import { parseHex } from "../../../node/protocol/hex.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { addApp, addNode, collect, dtel } from "../support/people.js";
import { freshProtocol, NOBODY_PROVES, protocolFixture } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, honestService, idleService, passProofDeadline, unattested } from "../support/service.js";

const EPOCH = 3;
/** Blocks from the first lane's to the last lane's. */
const LANES_SPAN = 14;
/** How far BLOCKHASH reaches. */
const REACH = 256;

const LIMIT = dtel(50);
const neverPicked = protocolFixture({}, { ...NOBODY_PROVES, alwaysProveAboveWei: LIMIT });
const alwaysPicked = protocolFixture({ sampling: { pickProbability: "1/1" } });

describe("ServiceAttestations: seed", function () {
  let protocol: Protocol;
  beforeEach(async function () {
    protocol = await freshProtocol();
  });

  /** Arms as early as can be and returns the first lane's block. */
  async function arm(epoch = EPOCH): Promise<number> {
    const { attestations, clock } = protocol;
    await clock.nextBlockAt(epoch + 1, clock.half);
    await attestations.arm(epoch);
    return Number((await attestations.epochRecordOf(epoch)).blockNumber);
  }

  describe("arm", function () {
    it("waits for the end of the commit window, to the second, and fixes blocks of the future", async function () {
      const { attestations, clock } = protocol;
      await clock.nextBlockAt(EPOCH + 1, clock.half - 1);
      await expect(attestations.arm(EPOCH))
        .to.be.revertedWithCustomError(attestations, "CommitWindowOpen")
        .withArgs(EPOCH, clock.startOf(EPOCH + 1) + clock.half);
      await clock.nextBlockAt(EPOCH + 1, clock.half);
      const block = (await networkHelpers.time.latestBlock()) + 1;
      await expect(attestations.arm(EPOCH))
        .to.emit(attestations, "SeedArmed")
        .withArgs(EPOCH, block + 1);
    });

    it("cannot be repeated while its hashes are within reach, only after", async function () {
      const { attestations } = protocol;
      const first = await arm();
      await expect(attestations.arm(EPOCH))
        .to.be.revertedWithCustomError(attestations, "AlreadyArmed")
        .withArgs(EPOCH, first);
      // The last block from which the first lane can be read.
      await networkHelpers.mineUpTo(first + REACH - 1);
      await expect(attestations.arm(EPOCH)).to.be.revertedWithCustomError(attestations, "AlreadyArmed");
      await expect(attestations.draw(EPOCH)).to.be.revertedWithCustomError(attestations, "NotDrawable");
      await expect(attestations.arm(EPOCH)).to.emit(attestations, "SeedArmed");
      await networkHelpers.mine(LANES_SPAN + 1);
      await attestations.draw(EPOCH);
    });

    it("cannot be repeated once the seed is drawn, however late", async function () {
      const { attestations } = protocol;
      await arm();
      await networkHelpers.mine(15);
      await attestations.draw(EPOCH);
      await networkHelpers.mine(REACH + 10);
      await expect(attestations.arm(EPOCH)).to.be.revertedWithCustomError(attestations, "AlreadyArmed");
      await expect(attestations.draw(EPOCH)).to.be.revertedWithCustomError(attestations, "NotDrawable");
    });

    it("is possible until the epoch leaves the ring", async function () {
      const { attestations, clock } = protocol;
      await clock.nextBlockAt(EPOCH + 256, -1);
      await attestations.arm(EPOCH);
      await clock.nextBlockAt(EPOCH + 256, 0);
      await expect(attestations.arm(EPOCH))
        .to.be.revertedWithCustomError(attestations, "EpochExpired")
        .withArgs(EPOCH);
      await networkHelpers.mine(20);
      await expect(attestations.draw(EPOCH)).to.be.revertedWithCustomError(attestations, "EpochExpired");
    });
  });

  describe("draw", function () {
    it("is possible from the block after the last lane until the first one's hash is lost", async function () {
      const { attestations } = protocol;
      await expect(attestations.draw(EPOCH)).to.be.revertedWithCustomError(attestations, "NotDrawable");
      const first = await arm();
      await networkHelpers.mineUpTo(first + LANES_SPAN - 1);
      await expect(attestations.draw(EPOCH))
        .to.be.revertedWithCustomError(attestations, "NotDrawable")
        .withArgs(EPOCH, first);
      const snapshot = await networkHelpers.takeSnapshot();
      await expect(attestations.draw(EPOCH)).to.emit(attestations, "SeedDrawn");

      await snapshot.restore();
      await networkHelpers.mineUpTo(first + REACH - 1);
      await expect(attestations.draw(EPOCH)).to.emit(attestations, "SeedDrawn");
    });

    it("takes lane i from the hash of block first + 2i, lane 0 highest", async function () {
      const { attestations } = protocol;
      const first = await arm();
      await networkHelpers.mine(30);
      await attestations.draw(EPOCH);
      const lanes = await Promise.all(
        Array.from({ length: 8 }, async (_, lane) => {
          const block = await ethers.provider.getBlock(first + 2 * lane);
          return block?.hash?.slice(-8);
        }),
      );
      expect(await attestations.seedOf(EPOCH)).to.equal(`0x${lanes.join("")}`);
    });

    it("fixes the epoch's fees and stake, and has the fees burned and paid out", async function () {
      const { attestations, clock, escrow } = protocol;
      const node = await addNode(protocol, { bond: dtel(3_000) });
      const app = await addApp(protocol);
      await clock.goTo(EPOCH, clock.half);
      await collect(protocol, app, node.nodeId, dtel(100));
      const first = await arm();
      // Both are of later epochs.
      await addNode(protocol, { bond: dtel(5_000) });
      await collect(protocol, app, node.nodeId, dtel(200));
      await networkHelpers.mineUpTo(first + LANES_SPAN);
      await expect(attestations.draw(EPOCH))
        .to.emit(attestations, "SeedDrawn")
        .withArgs(EPOCH, (seed: string) => seed !== ZeroHash, dtel(10), dtel(3_000), 0n)
        .and.to.emit(escrow, "EpochFlushed")
        .withArgs(EPOCH, dtel(10), dtel(5), dtel(85));
      expect((await escrow.epochRevenueOf(EPOCH)).flushed).to.equal(true);
      expect((await escrow.epochRevenueOf(EPOCH + 1)).burned).to.equal(10n ** 10n);
    });
  });

  describe("before it is drawn", function () {
    it("nothing can be known, proven or claimed", async function () {
      const { attestations, distributor, clock } = protocol;
      const node = await addNode(protocol);
      const app = await addApp(protocol);
      const service = await honestService(protocol, node, app, EPOCH);
      await clock.goTo(EPOCH + 1, 10);
      await service.attest();
      const openings = Array.from({ length: 4 }, () => service.openingAt(0n));
      const expectUndrawn = async () => {
        const { attestation } = service;
        for (const attempt of [
          () => attestations.seedOf(EPOCH),
          () => attestations.mustProve(node.nodeId, EPOCH, 0n),
          () => attestations.samplePoints(node.nodeId, EPOCH, 1n),
          () => attestations.prove(attestation, openings),
          () => distributor.claim(attestation),
          () => distributor.claimBatch([attestation]),
        ]) {
          await expect(attempt()).to.be.revertedWithCustomError(attestations, "SeedNotDrawn").withArgs(EPOCH);
        }
        expect([...(await attestations.proofDeadline(EPOCH))]).to.deep.equal([false, 0n, 0n]);
      };
      await expectUndrawn();
      await arm();
      await expectUndrawn();
      // Not even when the deadline would be long past.
      await clock.goTo(EPOCH + 30);
      await expectUndrawn();
    });
  });

  describe("the proof deadline", function () {
    it("is half an epoch after the draw, so never before the end of the next epoch", async function () {
      const { attestations, clock } = protocol;
      await drawSeed(protocol, EPOCH);
      const drawnAt = await networkHelpers.time.latest();
      const drawnIn = await networkHelpers.time.latestBlock();
      const [drawn, timestamp, blockNumber] = await attestations.proofDeadline(EPOCH);
      expect([drawn, timestamp, blockNumber]).to.deep.equal([
        true,
        BigInt(drawnAt + clock.half),
        BigInt(drawnIn + 20),
      ]);
      expect(Number(timestamp)).to.be.greaterThan(clock.startOf(EPOCH + 2));
    });

    it("comes late after a late draw", async function () {
      const { attestations, clock } = protocol;
      await clock.goTo(EPOCH + 7, 0);
      await drawSeed(protocol, EPOCH);
      const drawnAt = await networkHelpers.time.latest();
      const drawnIn = await networkHelpers.time.latestBlock();
      expect([...(await attestations.proofDeadline(EPOCH))]).to.deep.equal([
        true,
        BigInt(drawnAt + clock.half),
        BigInt(drawnIn + 20),
      ]);
    });

    it("divides proving from claiming to the second", async function () {
      const { attestations, distributor, clock } = protocol;
      const node = await addNode(protocol);
      const service = await honestService(protocol, node, await addApp(protocol), EPOCH);
      await clock.goTo(EPOCH + 1, 10);
      await service.attest();
      await drawSeed(protocol, EPOCH);
      const openings = await service.openings();
      const { timestamp } = await attestations.proofDeadline(EPOCH);
      await networkHelpers.mine(25);
      const snapshot = await networkHelpers.takeSnapshot();

      await networkHelpers.time.setNextBlockTimestamp(timestamp - 1n);
      await expect(service.claim())
        .to.be.revertedWithCustomError(attestations, "ProofDeadlineNotPassed")
        .withArgs(EPOCH);
      await snapshot.restore();
      await networkHelpers.time.setNextBlockTimestamp(timestamp - 1n);
      await attestations.prove(service.attestation, openings);
      await snapshot.restore();
      await networkHelpers.time.setNextBlockTimestamp(timestamp);
      await expect(attestations.prove(service.attestation, openings))
        .to.be.revertedWithCustomError(attestations, "ProofDeadlinePassed")
        .withArgs(EPOCH, timestamp);
      await distributor.claim(service.attestation);
    });

    it("does not pass while the chain stands still, whatever the clock says", async function () {
      const { attestations, clock } = protocol;
      const node = await addNode(protocol);
      const service = await honestService(protocol, node, await addApp(protocol), EPOCH);
      await clock.goTo(EPOCH + 1, 10);
      await service.attest();
      await drawSeed(protocol, EPOCH);
      const openings = await service.openings();
      const { blockNumber } = await attestations.proofDeadline(EPOCH);
      // No block for ten epochs; then they come again.
      await clock.goTo(EPOCH + 12);
      await expect(service.claim()).to.be.revertedWithCustomError(attestations, "ProofDeadlineNotPassed");
      await networkHelpers.mineUpTo(Number(blockNumber) - 2);
      await attestations.prove(service.attestation, openings);
      await service.claim();
    });
  });

  describe("what it asks for", function () {
    it("are the same points as the node computes", async function () {
      const { attestations } = protocol;
      await drawSeed(protocol, EPOCH);
      const seed = parseHex(await attestations.seedOf(EPOCH), 32);
      for (const [nodeId, bytes] of [
        [1n, 1n],
        [2n, 123_456_789n],
        [3n, (1n << 64n) - 1n],
      ] as const) {
        expect(await attestations.samplePoints(nodeId, EPOCH, bytes)).to.deep.equal(
          samplePoints(seed, nodeId, EPOCH, bytes, 4),
        );
      }
      await expect(attestations.samplePoints(1n, EPOCH, 0n))
        .to.be.revertedWithCustomError(attestations, "NothingToProve")
        .withArgs(1n, EPOCH);
    });

    it("is a proof of about half of all nodes at p = 1/2, by each lane on its own", async function () {
      const { attestations, parameters } = protocol;
      await drawSeed(protocol, EPOCH);
      const seed = BigInt(await attestations.seedOf(EPOCH));
      let picked = 0;
      for (let nodeId = 1n; nodeId <= 200n; nodeId++) {
        const mask = keccak256(
          AbiCoder.defaultAbiCoder().encode(["uint256", "uint256", "uint256"], [nodeId, EPOCH, 0]),
        );
        const lanes = seed ^ BigInt(mask);
        const expected = Array.from(
          { length: 8 },
          (_, lane) => (lanes >> BigInt(32 * lane)) & 0xffff_ffffn,
        ).some((lane) => lane < BigInt(parameters.sampling.laneOdds));
        expect(await attestations.mustProve(nodeId, EPOCH, 0n)).to.equal(expected);
        if (expected) picked++;
      }
      // Six standard deviations of a binomial of 200 halves: 100 ± 42.
      expect(picked).to.be.within(58, 142);
    });

    it("is a proof of who earned much, picked or not", async function () {
      protocol = await freshProtocol(neverPicked);
      const { attestations } = protocol;
      await drawSeed(protocol, EPOCH);
      expect(await attestations.mustProve(1n, EPOCH, LIMIT)).to.equal(false);
      expect(await attestations.mustProve(1n, EPOCH, LIMIT + 1n)).to.equal(true);
    });

    it("is a proof of everybody at p = 1", async function () {
      protocol = await freshProtocol(alwaysPicked);
      await drawSeed(protocol, EPOCH);
      for (let nodeId = 1n; nodeId <= 20n; nodeId++) {
        expect(await protocol.attestations.mustProve(nodeId, EPOCH, 0n)).to.equal(true);
      }
    });
  });

  it("ring: an epoch's record makes room for the one 256 later", async function () {
    const { attestations, clock, distributor } = protocol;
    const node = await addNode(protocol);
    await clock.goTo(EPOCH + 1, 10);
    await idleService(protocol, node, EPOCH).attest();
    await drawSeed(protocol, EPOCH);
    const seed = await attestations.seedOf(EPOCH);
    const later = EPOCH + 256;
    await clock.goTo(later, 10);
    // Out of the ring's last 256, though nobody has overwritten it yet.
    await expect(distributor.claim(unattested(node, EPOCH)))
      .to.be.revertedWithCustomError(attestations, "EpochExpired")
      .withArgs(EPOCH - 2);
    expect((await attestations.epochRecordOf(later)).lap).to.equal(0n);
    await expect(attestations.seedOf(later)).to.be.revertedWithCustomError(attestations, "SeedNotDrawn");

    await drawSeed(protocol, later);
    expect(await attestations.seedOf(later)).not.to.equal(seed);
    expect((await attestations.epochRecordOf(EPOCH)).lap).to.equal(0n);
    await expect(attestations.seedOf(EPOCH)).to.be.revertedWithCustomError(attestations, "SeedNotDrawn");
    await passProofDeadline(protocol, later);
    await distributor.claim(unattested(node, later));
  });

  it("a claim is possible to the last second of an epoch's time in the ring", async function () {
    const { attestations, clock, distributor } = protocol;
    const node = await addNode(protocol);
    await drawSeed(protocol, EPOCH);
    await networkHelpers.mine(30);
    // Two epochs before the record itself goes: the seed of e − 2 says by whose scores it is paid.
    await clock.nextBlockAt(EPOCH + 254, -1);
    await distributor.claim(unattested(node, EPOCH));
    await clock.nextBlockAt(EPOCH + 254, 0);
    await expect(distributor.claim(unattested({ nodeId: 2n }, EPOCH)))
      .to.be.revertedWithCustomError(attestations, "EpochExpired")
      .withArgs(EPOCH - 2);
  });
});
