import { expect } from "chai";
import { WEI_PER_GWEI as GWEI } from "../../../node/protocol/amounts.js";
import { actingAs } from "../support/impersonate.js";
import { addBond, addDelegator, addNode, delegateMore, dtel } from "../support/people.js";

import type { Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { burnSlashed, feesOf, slash } from "../support/staking.js";

describe("NodeStaking: bond", function () {
  let protocol: Protocol;
  let node: Node;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol, { bond: 0n });
    await protocol.token.transfer(node.owner, dtel(10_000));
  });

  const asOwner = () => protocol.staking.connect(node.owner);

  it("is the owner's, counts from the next epoch and needs the minimum", async function () {
    const { staking, clock } = protocol;
    await protocol.token.connect(node.owner).approve(staking, dtel(10_000));
    await clock.goTo(2, 10);
    await expect(asOwner().bond(node.nodeId, dtel(1_000) - GWEI))
      .to.be.revertedWithCustomError(staking, "BondTooLow")
      .withArgs(dtel(1_000) - GWEI, dtel(1_000));
    await asOwner().bond(node.nodeId, dtel(1_000));
    expect(await staking.bondOf(node.nodeId)).to.equal(dtel(1_000));
    await clock.goTo(4, 10);
    await expect(asOwner().bond(node.nodeId, dtel(500)))
      .to.emit(staking, "StakeChanged")
      .withArgs(node.nodeId, 5n, dtel(1_500), dtel(1_500));
    const stakes = [2, 3, 4, 5, 99].map((epoch) => staking.stakeAt(node.nodeId, epoch));
    expect(await Promise.all(stakes)).to.deep.equal([0n, dtel(1_000), dtel(1_000), dtel(1_500), dtel(1_500)]);
    const bonds = [2, 3, 4, 5].map((epoch) => staking.bondAt(node.nodeId, epoch));
    expect(await Promise.all(bonds)).to.deep.equal([0n, dtel(1_000), dtel(1_000), dtel(1_500)]);
    expect(await staking.totalStakeAt(5)).to.equal(dtel(1_500));
  });

  it("is nobody else's business", async function () {
    const { staking, newAccount } = protocol;
    await addBond(protocol, node, dtel(1_000));
    const stranger = staking.connect(await newAccount(dtel(1_000)));
    for (const attempt of [
      () => stranger.bond(node.nodeId, dtel(1)),
      () => stranger.requestUnbond(node.nodeId, dtel(1)),
      () => stranger.withdrawBond(node.nodeId),
      () => stranger.claimOwnerIncome(node.nodeId),
      () => stranger.setCommission(node.nodeId, 0),
    ]) {
      await expect(attempt()).to.be.revertedWithCustomError(staking, "NotNodeOwner");
    }
    await expect(stranger.bond(99n, dtel(1)))
      .to.be.revertedWithCustomError(protocol.registry, "UnknownNode")
      .withArgs(99n);
  });

  it("refuses nothing, fractions of a gwei, and more than the owner has approved", async function () {
    const { staking, token } = protocol;
    await expect(asOwner().bond(node.nodeId, 0n)).to.be.revertedWithCustomError(staking, "ZeroAmount");
    await expect(asOwner().bond(node.nodeId, dtel(1) + 1n)).to.be.revertedWithCustomError(
      staking,
      "NotWholeGwei",
    );
    await expect(asOwner().bond(node.nodeId, dtel(1_000))).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    await token.connect(node.owner).approve(staking, dtel(20_000));
    await expect(asOwner().bond(node.nodeId, dtel(20_000))).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientBalance",
    );
  });

  it("cannot fall below the minimum nor below what is delegated, but can be taken out as a whole", async function () {
    const { staking } = protocol;
    await addBond(protocol, node, dtel(3_000));
    await addDelegator(protocol, node.nodeId, dtel(20_000));
    await expect(asOwner().requestUnbond(node.nodeId, dtel(1_001)))
      .to.be.revertedWithCustomError(staking, "BondTooLow")
      .withArgs(dtel(1_999), dtel(2_000));
    await asOwner().requestUnbond(node.nodeId, dtel(1_000));
    await expect(asOwner().requestUnbond(node.nodeId, dtel(2_001)))
      .to.be.revertedWithCustomError(staking, "InsufficientBond")
      .withArgs(dtel(2_001), dtel(2_000));
    await asOwner().requestUnbond(node.nodeId, dtel(2_000));
    expect((await staking.poolOf(node.nodeId)).bond).to.equal(0n);
    const epoch = await protocol.clock.now();
    expect(await staking.stakeAt(node.nodeId, epoch + 1)).to.equal(0n);
    expect(await staking.totalStakeAt(epoch + 1)).to.equal(0n);
  });

  it("without delegation cannot fall between nothing and the minimum", async function () {
    const { staking } = protocol;
    await addBond(protocol, node, dtel(1_500));
    await expect(asOwner().requestUnbond(node.nodeId, dtel(501)))
      .to.be.revertedWithCustomError(staking, "BondTooLow")
      .withArgs(dtel(999), dtel(1_000));
    await asOwner().requestUnbond(node.nodeId, dtel(500));
    await asOwner().requestUnbond(node.nodeId, dtel(1_000));
  });

  it("takes back its node's stake at once when it falls: the way out earns nothing", async function () {
    const { staking, clock } = protocol;
    await addBond(protocol, node, dtel(3_000));
    await clock.goTo(5, 10);
    await asOwner().requestUnbond(node.nodeId, dtel(2_000));
    const stakes = [5, 6].map((epoch) => staking.stakeAt(node.nodeId, epoch));
    expect(await Promise.all(stakes)).to.deep.equal([dtel(3_000), dtel(1_000)]);
    const bonds = [5, 6].map((epoch) => staking.bondAt(node.nodeId, epoch));
    expect(await Promise.all(bonds)).to.deep.equal([dtel(3_000), dtel(1_000)]);
  });

  it("is remembered epoch by epoch, and the network's stake with it", async function () {
    const { staking, clock } = protocol;
    const other = await addNode(protocol, { bond: 0n });
    await protocol.token.transfer(other.owner, dtel(10_000));
    const expected = new Map<number, [bond: bigint, stake: bigint, total: bigint]>();
    // What the first node's bond and delegation, and the other's bond, become in an epoch.
    const changes: Record<number, [bond: number, delegation: number, other: number]> = {
      2: [1_000, 0, 0],
      3: [0, 0, 2_000],
      4: [500, 100, 0],
      6: [0, 50, 0],
      7: [700, 0, 1],
      9: [0, 10, 0],
      10: [-2_200, 0, -2_001],
      11: [3_000, 0, 0],
      13: [0, 7, 1_500],
    };
    let [bond, delegation, others] = [0, 0, 0];
    const delegator = await protocol.newAccount();
    for (let epoch = 2; epoch <= 14; epoch++) {
      const active = bond >= 1_000 ? bond + delegation : 0;
      expected.set(epoch, [dtel(bond), dtel(active), dtel(active + (others >= 1_000 ? others : 0))]);
      const change = changes[epoch];
      if (change === undefined) continue;
      await clock.goTo(epoch, 10);
      const [own, more, its] = change;
      if (own > 0) await addBond(protocol, node, dtel(own));
      if (own < 0) await asOwner().requestUnbond(node.nodeId, dtel(-own));
      if (more > 0) await delegateMore(protocol, node.nodeId, delegator, dtel(more));
      if (its > 0) await addBond(protocol, other, dtel(its));
      if (its < 0) await staking.connect(other.owner).requestUnbond(other.nodeId, dtel(-its));
      [bond, delegation, others] = [bond + own, delegation + more, others + its];
    }
    for (const [epoch, then] of expected) {
      expect(
        [
          await staking.bondAt(node.nodeId, epoch),
          await staking.stakeAt(node.nodeId, epoch),
          await staking.totalStakeAt(epoch),
        ],
        `epoch ${epoch}`,
      ).to.deep.equal(then);
    }
  });

  it("several times in one epoch counts as it was at the end of it", async function () {
    const { staking, clock } = protocol;
    await clock.goTo(3, 10);
    await addBond(protocol, node, dtel(1_000));
    await addBond(protocol, node, dtel(2_000));
    await addDelegator(protocol, node.nodeId, dtel(40));
    await asOwner().requestUnbond(node.nodeId, dtel(500));
    for (const [epoch, bond, stake] of [
      [3, 0n, 0n],
      [4, dtel(2_500), dtel(2_540)],
    ] as const) {
      expect(await staking.bondAt(node.nodeId, epoch)).to.equal(bond);
      expect(await staking.stakeAt(node.nodeId, epoch)).to.equal(stake);
      expect(await staking.totalStakeAt(epoch)).to.equal(stake);
    }
  });

  it("put in and asked back in one epoch leaves nothing", async function () {
    const { staking, clock } = protocol;
    await clock.goTo(3, 10);
    await addBond(protocol, node, dtel(1_000));
    await asOwner().requestUnbond(node.nodeId, dtel(1_000));
    await clock.goTo(5, 10);
    await addBond(protocol, node, dtel(3_000));
    const stakes = [4, 5, 6].map((epoch) => staking.stakeAt(node.nodeId, epoch));
    expect(await Promise.all(stakes)).to.deep.equal([0n, 0n, dtel(3_000)]);
    const totals = [4, 5, 6].map((epoch) => staking.totalStakeAt(epoch));
    expect(await Promise.all(totals)).to.deep.equal([0n, 0n, dtel(3_000)]);
  });

  describe("commission", function () {
    const commission = async () => (await protocol.staking.poolOf(node.nodeId)).commissionBps;

    it("is free up to the maximum before the first bond, and can only fall afterwards", async function () {
      const { staking } = protocol;
      await expect(asOwner().setCommission(node.nodeId, 5_001))
        .to.be.revertedWithCustomError(staking, "CommissionTooHigh")
        .withArgs(5_001n, 5_000n);
      await asOwner().setCommission(node.nodeId, 100);
      await expect(asOwner().setCommission(node.nodeId, 2_000))
        .to.emit(staking, "CommissionChanged")
        .withArgs(node.nodeId, 2_000n);
      await addBond(protocol, node, dtel(1_000));
      await expect(asOwner().setCommission(node.nodeId, 2_001))
        .to.be.revertedWithCustomError(staking, "CommissionTooHigh")
        .withArgs(2_001n, 2_000n);
      await asOwner().setCommission(node.nodeId, 1_000);
      await expect(asOwner().setCommission(node.nodeId, 1_001)).to.be.revertedWithCustomError(
        staking,
        "CommissionTooHigh",
      );
      expect(await commission()).to.equal(1_000n);
    });

    it("cannot be raised in front of a delegation by taking the bond out and in again", async function () {
      const { staking } = protocol;
      await asOwner().setCommission(node.nodeId, 500);
      await addBond(protocol, node, dtel(1_000));
      await asOwner().requestUnbond(node.nodeId, dtel(1_000));
      await expect(asOwner().setCommission(node.nodeId, 5_000)).to.be.revertedWithCustomError(
        staking,
        "CommissionTooHigh",
      );
      await addBond(protocol, node, dtel(1_000));
      expect(await commission()).to.equal(500n);
    });
  });

  describe("delegation", function () {
    it("is refused above a multiple of the bond", async function () {
      const { staking } = protocol;
      await addBond(protocol, node, dtel(1_000));
      const delegator = await addDelegator(protocol, node.nodeId, dtel(10_000));
      await expect(delegateMore(protocol, node.nodeId, delegator, GWEI))
        .to.be.revertedWithCustomError(staking, "DelegationCapExceeded")
        .withArgs(dtel(10_000) + GWEI, dtel(10_000));
    });

    it("may grow above it by gains, which then are no active stake", async function () {
      const { staking, distributor, clock } = protocol;
      await addBond(protocol, node, dtel(1_000));
      const delegator = await addDelegator(protocol, node.nodeId, dtel(10_000));
      await clock.goTo(3, 10);
      await staking.connect(await actingAs(distributor)).creditIncome(node.nodeId, 3, feesOf(dtel(1_100)));
      await clock.goTo(6, 10);
      expect(await staking.assetsOf(node.nodeId)).to.equal(dtel(11_000));
      await staking.connect(delegator).requestUndelegate(node.nodeId, 1_000n);
      expect((await staking.poolOf(node.nodeId)).assets > dtel(10_999) / GWEI).to.equal(true);
      expect(await staking.stakeAt(node.nodeId, 7)).to.equal(dtel(11_000));
      await expect(delegateMore(protocol, node.nodeId, delegator, GWEI)).to.be.revertedWithCustomError(
        staking,
        "DelegationCapExceeded",
      );
    });

    it("is refused while the node has no minimum bond", async function () {
      const { staking, newAccount } = protocol;
      const delegator = await newAccount();
      for (const bonded of [0n, dtel(999)]) {
        if (bonded > 0n) {
          await addBond(protocol, node, dtel(1_000));
          await burnSlashed(protocol, node.nodeId, await slash(protocol, node.nodeId, dtel(1)));
        }
        await expect(delegateMore(protocol, node.nodeId, delegator, dtel(1)))
          .to.be.revertedWithCustomError(staking, "BondTooLow")
          .withArgs(bonded, dtel(1_000));
      }
    });
  });
});
