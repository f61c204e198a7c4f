import { expect } from "chai";
import { actingAs } from "../support/impersonate.js";
import { addDelegator, addNode, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { feesOf } from "../support/staking.js";

/** Of the tests' parameters: a notice of 17 epochs, counted from within the running one. */
const NOTICE_EPOCHS = 17;
const RING = 256;

describe("NodeStaking: commission", function () {
  let protocol: Protocol;
  let node: Node;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol, { commissionBps: 1_000 });
    await addDelegator(protocol, node.nodeId, dtel(1_000));
    await protocol.clock.goTo(3, 10);
  });

  const asOwner = () => protocol.staking.connect(node.owner);
  const at = (epoch: number) => protocol.staking.commissionAt(node.nodeId, epoch);
  const announce = (bps: number) => asOwner().announceCommission(node.nodeId, bps);
  /** First epoch of a rise that is announced now. */
  const effective = async () => (await protocol.clock.now()) + NOTICE_EPOCHS + 1;
  /** What the owner gets of 200 DTEL of an epoch: half for its bond, and the commission of the pool's half. */
  async function ownersPartOf(epoch: number): Promise<bigint> {
    const { staking, distributor } = protocol;
    const before = await staking.ownerIncomeOf(node.nodeId);
    const peer = staking.connect(await actingAs(distributor));
    await peer.creditIncome(node.nodeId, epoch, feesOf(dtel(200)));
    return (await staking.ownerIncomeOf(node.nodeId)) - before - dtel(100);
  }

  it("rises for epochs after a notice that is longer than the way out, and not a second earlier", async function () {
    const { staking, clock } = protocol;
    const first = await effective();
    await expect(announce(1_500))
      .to.emit(staking, "CommissionRiseAnnounced")
      .withArgs(node.nodeId, 1_500n, BigInt(first));
    expect([...(await staking.commissionRiseOf(node.nodeId))]).to.deep.equal([1_500n, BigInt(first)]);
    expect([await at(first - 1), await at(first), await at(first + 999)]).to.deep.equal([
      1_000n,
      1_500n,
      1_500n,
    ]);
    // The epoch begins after the notice has run, whatever second of the running one it was announced in.
    const noticeSeconds = protocol.parameters.staking.commissionNoticeSeconds;
    expect(clock.startOf(first) - (clock.startOf(3) + 11)).to.be.greaterThan(noticeSeconds);
    expect(noticeSeconds).to.be.greaterThan(2 * protocol.parameters.staking.unbondingSeconds);
  });

  it("of an epoch is what it was then, however late its income is claimed", async function () {
    const { clock } = protocol;
    const first = await effective();
    await announce(1_500);
    await clock.goTo(first + 5, 10);
    expect(await ownersPartOf(first - 1)).to.equal(dtel(10));
    expect(await ownersPartOf(first)).to.equal(dtel(15));
    expect(await ownersPartOf(3)).to.equal(dtel(10));
  });

  it("falls at once, for what is not claimed yet too, and takes back a rise that is announced", async function () {
    const { staking, clock } = protocol;
    const first = await effective();
    await announce(1_500);
    await expect(asOwner().setCommission(node.nodeId, 800))
      .to.emit(staking, "CommissionChanged")
      .withArgs(node.nodeId, 800n);
    expect([await at(2), await at(first), await at(first + 9)]).to.deep.equal([800n, 800n, 800n]);
    await expect(asOwner().setCommission(node.nodeId, 801))
      .to.be.revertedWithCustomError(staking, "CommissionTooHigh")
      .withArgs(801n, 800n);
    expect(await ownersPartOf(2)).to.equal(dtel(8));
    await clock.goTo(first, 10);
    expect(await ownersPartOf(first)).to.equal(dtel(8));
  });

  it("after a rise may fall between the old one and the new one, without touching epochs before", async function () {
    const { staking, clock } = protocol;
    const first = await effective();
    await announce(1_500);
    await expect(asOwner().setCommission(node.nodeId, 1_200)).to.be.revertedWithCustomError(
      staking,
      "CommissionTooHigh",
    );
    await clock.goTo(first, 10);
    await asOwner().setCommission(node.nodeId, 1_200);
    expect([await at(first - 1), await at(first)]).to.deep.equal([1_000n, 1_200n]);
    await asOwner().setCommission(node.nodeId, 300);
    expect([await at(first - 1), await at(first)]).to.deep.equal([300n, 300n]);
  });

  it("rises once in all that can still be claimed: 256 epochs after the last rise, to the second", async function () {
    const { staking, clock } = protocol;
    const first = await effective();
    await announce(1_500);
    await expect(announce(1_600))
      .to.be.revertedWithCustomError(staking, "RisePending")
      .withArgs(node.nodeId, BigInt(first));
    await clock.nextBlockAt(first + RING, -1);
    await expect(announce(2_000)).to.be.revertedWithCustomError(staking, "RisePending");
    await clock.nextBlockAt(first + RING, 0);
    await announce(2_000);
    const second = first + RING + NOTICE_EPOCHS + 1;
    // What can be claimed of the time before the first rise: nothing. All else is 1,500.
    expect([await at(first), await at(second - 1), await at(second)]).to.deep.equal([1_500n, 1_500n, 2_000n]);
  });

  it("cannot be raised again by taking the first rise back", async function () {
    const { staking } = protocol;
    const first = await effective();
    await announce(1_500);
    await asOwner().setCommission(node.nodeId, 500);
    await expect(announce(1_000))
      .to.be.revertedWithCustomError(staking, "RisePending")
      .withArgs(node.nodeId, BigInt(first));
  });

  it("rises by at most five points and to at most fifty, and only upwards", async function () {
    const { staking, clock } = protocol;
    await expect(announce(1_501))
      .to.be.revertedWithCustomError(staking, "CommissionTooHigh")
      .withArgs(1_501n, 1_500n);
    for (const bps of [1_000, 0]) {
      await expect(announce(bps))
        .to.be.revertedWithCustomError(staking, "CommissionNotHigher")
        .withArgs(BigInt(bps), 1_000n);
    }
    const greedy = await addNode(protocol, { commissionBps: 4_800 });
    const asGreedy = staking.connect(greedy.owner);
    await expect(asGreedy.announceCommission(greedy.nodeId, 5_001))
      .to.be.revertedWithCustomError(staking, "CommissionTooHigh")
      .withArgs(5_001n, 5_000n);
    await asGreedy.announceCommission(greedy.nodeId, 5_000);
    await clock.goTo(3 + NOTICE_EPOCHS + 1 + RING, 10);
    await expect(asGreedy.announceCommission(greedy.nodeId, 5_001)).to.be.revertedWithCustomError(
      staking,
      "CommissionTooHigh",
    );
  });

  it("a step counts from what is in force, not from what was before", async function () {
    const { clock } = protocol;
    const first = await effective();
    await announce(1_500);
    await clock.goTo(first, 10);
    await asOwner().setCommission(node.nodeId, 1_200);
    await clock.goTo(first + RING, 10);
    await expect(announce(1_701)).to.be.revertedWithCustomError(protocol.staking, "CommissionTooHigh");
    await announce(1_700);
  });

  it("is the owner's to announce", async function () {
    const { staking } = protocol;
    await expect(staking.connect(node.operator).announceCommission(node.nodeId, 1_100))
      .to.be.revertedWithCustomError(staking, "NotNodeOwner")
      .withArgs(node.nodeId, node.operator.address);
  });
});
