import { expect } from "chai";
import { addBond, addDelegator, addNode, delegateMore, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

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
    await clock.goTo(2, 10);
    await addBond(protocol, node, dtel(999));
    expect(await staking.stakeAt(node.nodeId, 3)).to.equal(0n);
    await clock.goTo(4, 10);
    await protocol.token.connect(node.owner).approve(staking, dtel(501));
    await expect(asOwner().bond(node.nodeId, dtel(501)))
      .to.emit(staking, "StakeChanged")
      .withArgs(node.nodeId, 5n, dtel(1_500), dtel(1_500));
    const stakes = [3, 4, 5, 99].map((epoch) => staking.stakeAt(node.nodeId, epoch));
    expect(await Promise.all(stakes)).to.deep.equal([0n, 0n, dtel(1_500), dtel(1_500)]);
    const bonds = [2, 3, 4, 5].map((epoch) => staking.bondAt(node.nodeId, epoch));
    expect(await Promise.all(bonds)).to.deep.equal([0n, dtel(999), dtel(999), dtel(1_500)]);
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
    await expect(asOwner().bond(node.nodeId, dtel(1) + 1n)).to.be.revertedWithCustomError(staking, "NotWholeGwei");
    await expect(asOwner().bond(node.nodeId, dtel(1))).to.be.revertedWithCustomError(
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
    it("is refused above a multiple of the bond, gains included", async function () {
      const { staking } = protocol;
      await addBond(protocol, node, dtel(1_000));
      const delegator = await addDelegator(protocol, node.nodeId, dtel(10_000));
      await expect(delegateMore(protocol, node.nodeId, delegator, 1_000_000_000n))
        .to.be.revertedWithCustomError(staking, "DelegationCapExceeded")
        .withArgs(dtel(10_000) + 1_000_000_000n, dtel(10_000));
    });

    it("is refused while the node has no minimum bond", async function () {
      const { staking, newAccount } = protocol;
      const delegator = await newAccount();
      for (const bonded of [0n, dtel(999)]) {
        if (bonded > 0n) await addBond(protocol, node, bonded);
        await expect(delegateMore(protocol, node.nodeId, delegator, dtel(1)))
          .to.be.revertedWithCustomError(staking, "BondTooLow")
          .withArgs(bonded, dtel(1_000));
      }
    });
  });
});
