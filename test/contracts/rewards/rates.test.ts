import { expect } from "chai";
import { floorToGwei } from "../../../node/protocol/amounts.js";
import { addApp, addNode, collect, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { asAuthority } from "../support/penalties.js";
import { freshProtocol, NOBODY_PROVES, protocolFixture } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, honestService, passProofDeadline } from "../support/service.js";

const nobodyPicked = protocolFixture({}, NOBODY_PROVES);
const EPOCH = 3;
const RING = 256;

describe("RewardDistributor: rates", function () {
  let protocol: Protocol;
  let node: Node;
  beforeEach(async function () {
    protocol = await freshProtocol(nobodyPicked);
    node = await addNode(protocol);
    await protocol.clock.goTo(EPOCH, protocol.clock.half);
  });

  const set = (kappaBps: number, workShareBps: number) =>
    asAuthority(protocol, protocol.distributor, "setRates", [kappaBps, workShareBps]);
  const rates = async (epoch: number) => [...(await protocol.distributor.ratesOf(epoch))];
  const isDividedBy = async (epoch: number, workShareBps: bigint) => {
    const [work, availability] = await protocol.distributor.budgetOf(epoch);
    return work === ((work + availability) * workShareBps) / 10_000n;
  };

  it("are those of the deployment until governance sets others, and its alone", async function () {
    const { distributor, holder } = protocol;
    expect(await rates(EPOCH)).to.deep.equal([9_000n, 4_000n]);
    await expect(distributor.setRates(9_000, 4_100))
      .to.be.revertedWithCustomError(distributor, "NotAuthority")
      .withArgs(holder.address);
  });

  it("hold from the next epoch on, never for one that has begun", async function () {
    const { distributor } = protocol;
    await expect(set(9_500, 3_500))
      .to.emit(distributor, "RatesChanged")
      .withArgs(EPOCH + 1, 9_500n, 3_500n);
    expect(await rates(0)).to.deep.equal([9_000n, 4_000n]);
    expect(await rates(EPOCH)).to.deep.equal([9_000n, 4_000n]);
    expect(await rates(EPOCH + 1)).to.deep.equal([9_500n, 3_500n]);
    expect([await isDividedBy(EPOCH, 4_000n), await isDividedBy(EPOCH + 1, 3_500n)]).to.deep.equal([
      true,
      true,
    ]);
  });

  it("do not change what an epoch pays that is claimed later", async function () {
    const { clock, distributor } = protocol;
    const app = await addApp(protocol);
    const services = [EPOCH, EPOCH + 1].map((epoch) => honestService(protocol, node, app, epoch));
    const [before, after] = await Promise.all(services);
    await collect(protocol, app, node.nodeId, dtel(100));
    await set(8_500, 4_500);
    await clock.goTo(EPOCH + 1, 10);
    await before!.attest();
    await clock.goTo(EPOCH + 1, clock.half);
    await collect(protocol, app, node.nodeId, dtel(200));
    await drawSeed(protocol, EPOCH);
    await clock.goTo(EPOCH + 2, 10);
    await after!.attest();
    await drawSeed(protocol, EPOCH + 1);
    await passProofDeadline(protocol, EPOCH + 1);
    await expect(before!.claim())
      .to.emit(distributor, "Claimed")
      .withArgs(node.nodeId, EPOCH, dtel(9), 0n, dtel(85));
    await expect(after!.claim())
      .to.emit(distributor, "Claimed")
      .withArgs(node.nodeId, EPOCH + 1, dtel("8.5"), 0n, dtel(85));
  });

  it("change by at most five points at once", async function () {
    const { distributor } = protocol;
    for (const [kappaBps, workShareBps] of [
      [8_499, 4_000],
      [9_000, 4_501],
      [9_000, 3_499],
    ] as const) {
      await expect(set(kappaBps, workShareBps))
        .to.be.revertedWithCustomError(distributor, "RatesChangeRefused")
        .withArgs(0n, BigInt(kappaBps), BigInt(workShareBps));
    }
    await set(8_500, 4_500);
  });

  it("keep their bounds", async function () {
    const { distributor } = protocol;
    for (const [kappaBps, workShareBps] of [
      [9_501, 4_000],
      [4_999, 4_000],
      [9_000, 1_999],
      [9_000, 8_001],
    ] as const) {
      await expect(set(kappaBps, workShareBps)).to.be.revertedWithCustomError(
        distributor,
        "InvalidRewardConfig",
      );
    }
  });

  it("change again when no epoch from before the last change can be claimed, to the second", async function () {
    const { distributor, clock } = protocol;
    await set(9_100, 4_100);
    await clock.nextBlockAt(EPOCH + RING, -1);
    await expect(set(9_200, 4_200))
      .to.be.revertedWithCustomError(distributor, "RatesChangeRefused")
      .withArgs(EPOCH + 1, 9_200n, 4_200n);
    await clock.nextBlockAt(EPOCH + RING, 0);
    await set(9_200, 4_200);
    expect(await rates(EPOCH + RING)).to.deep.equal([9_100n, 4_100n]);
    expect(await rates(EPOCH + RING + 1)).to.deep.equal([9_200n, 4_200n]);
    // The oldest epoch that can be claimed has what it always had.
    expect(await rates(EPOCH + 3)).to.deep.equal([9_100n, 4_100n]);
  });

  it("scale work by what its epoch's budget is", async function () {
    const { distributor, clock } = protocol;
    await set(9_000, 3_500);
    const app = await addApp(protocol, dtel(1_000_000));
    const epoch = EPOCH + 1;
    await clock.goTo(epoch, clock.half);
    await collect(protocol, app, node.nodeId, dtel(900_000));
    const service = await honestService(protocol, node, app, epoch);
    await clock.goTo(epoch + 1, 10);
    await service.attest();
    await drawSeed(protocol, epoch);
    await passProofDeadline(protocol, epoch);
    await service.claim();
    const [work] = await distributor.budgetOf(epoch);
    expect(await distributor.totalCredited()).to.equal(floorToGwei(work));
  });
});
