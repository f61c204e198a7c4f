import { expect } from "chai";
import { addBond, addDelegator, addNode, delegateMore, dtel, ROUNDING_RESERVE } from "../support/people.js";
import type { Node } from "../support/people.js";
import type { Account } from "../support/account.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

const PERIOD_SECONDS = 8 * 3_600;

describe("NodeStaking: exits", function () {
  let protocol: Protocol;
  let node: Node;
  let delegator: Account;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol);
    delegator = await addDelegator(protocol, node.nodeId, dtel(100));
  });

  const goTo = (period: number, offset = 0) => protocol.clock.goToPeriod(period, PERIOD_SECONDS, offset);
  const nextBlockAt = (period: number, offset = 0) => protocol.clock.nextBlockAt(period * 8, offset);
  const sharesFor = async (amount: bigint): Promise<bigint> => {
    const { shares } = await protocol.staking.positionOf(node.nodeId, delegator);
    return (shares * amount) / (await protocol.staking.delegationOf(node.nodeId, delegator));
  };
  const leave = async (amount: bigint) =>
    protocol.staking.connect(delegator).requestUndelegate(node.nodeId, await sharesFor(amount));
  const waiting = async () => [...(await protocol.staking.exitOf(node.nodeId, delegator))];

  it("of a period are paid from the end of the next one, to the second", async function () {
    const { staking, token } = protocol;
    await goTo(2, 100);
    await expect(leave(dtel(100)))
      .to.emit(staking, "UndelegateRequested")
      .withArgs(node.nodeId, delegator.address, (await staking.poolOf(node.nodeId)).shares, dtel(100), 2n);
    expect(await waiting()).to.deep.equal([0n, dtel(100)]);
    await nextBlockAt(4, -1);
    await expect(staking.connect(delegator).withdraw(node.nodeId))
      .to.be.revertedWithCustomError(staking, "NothingToWithdraw")
      .withArgs(node.nodeId, delegator.address);
    await nextBlockAt(4);
    await expect(staking.connect(delegator).withdraw(node.nodeId))
      .to.emit(staking, "Withdrawn")
      .withArgs(node.nodeId, delegator.address, dtel(100));
    expect(await token.balanceOf(delegator)).to.equal(dtel(100));
    expect(await waiting()).to.deep.equal([0n, 0n]);
    await expect(staking.connect(delegator).withdraw(node.nodeId)).to.be.revertedWithCustomError(
      staking,
      "NothingToWithdraw",
    );
  });

  it("in the last second of a period wait for one period, in the first one for two", async function () {
    const { staking } = protocol;
    await nextBlockAt(3, -1);
    await leave(dtel(40));
    await nextBlockAt(3);
    await leave(dtel(60));
    await goTo(4);
    expect(await waiting()).to.deep.equal([dtel(40), dtel(60)]);
    await staking.connect(delegator).withdraw(node.nodeId);
    await goTo(5);
    expect(await waiting()).to.deep.equal([dtel(60), 0n]);
  });

  it("of two waiting periods and what has matured do not disturb each other", async function () {
    const { staking, token } = protocol;
    await goTo(2, 10);
    await leave(dtel(10));
    await goTo(3, 10);
    await leave(dtel(20));
    await leave(dtel(5));
    await goTo(4, 10);
    await leave(dtel(30));
    expect(await waiting()).to.deep.equal([dtel(10), dtel(55)]);
    expect([...(await staking.unbondingOf(node.nodeId))]).to.deep.equal([4n, dtel(30), dtel(25)]);
    await staking.connect(delegator).withdraw(node.nodeId);
    expect(await token.balanceOf(delegator)).to.equal(dtel(10));
    await goTo(5, 10);
    expect(await waiting()).to.deep.equal([dtel(25), dtel(30)]);
    expect([...(await staking.unbondingOf(node.nodeId))]).to.deep.equal([5n, 0n, dtel(30)]);
    await goTo(12, 10);
    expect(await waiting()).to.deep.equal([dtel(55), 0n]);
    await leave(dtel(35));
    expect(await waiting()).to.deep.equal([dtel(55), dtel(35)]);
    await staking.connect(delegator).withdraw(node.nodeId);
    expect(await token.balanceOf(delegator)).to.equal(dtel(65));
  });

  it("stay each delegator's own, and a new delegation does not put them off", async function () {
    const { staking, token } = protocol;
    const other = await addDelegator(protocol, node.nodeId, dtel(50));
    await goTo(2, 10);
    await leave(dtel(100));
    await goTo(3, 10);
    await delegateMore(protocol, node.nodeId, delegator, dtel(7));
    await staking.connect(other).requestUndelegate(node.nodeId, 1_000_000_000_000n);
    await goTo(4);
    await expect(staking.connect(other).withdraw(node.nodeId)).to.be.revertedWithCustomError(
      staking,
      "NothingToWithdraw",
    );
    await staking.connect(delegator).withdraw(node.nodeId);
    expect(await token.balanceOf(delegator)).to.equal(dtel(100));
    expect(await staking.delegationOf(node.nodeId, delegator)).to.equal(dtel(7));
  });

  it("leave the node's stake at once", async function () {
    const { staking, clock } = protocol;
    await clock.goTo(5, 10);
    await leave(dtel(100));
    const stakes = [5, 6].map((epoch) => staking.stakeAt(node.nodeId, epoch));
    expect(await Promise.all(stakes)).to.deep.equal([dtel(1_100), dtel(1_000)]);
    expect(await staking.totalStakeAt(6)).to.equal(dtel(1_000));
  });

  it("refuse more shares than the delegator holds, and none", async function () {
    const { staking } = protocol;
    const { shares } = await staking.positionOf(node.nodeId, delegator);
    await expect(staking.connect(delegator).requestUndelegate(node.nodeId, shares + 1n))
      .to.be.revertedWithCustomError(staking, "InsufficientShares")
      .withArgs(shares + 1n, shares);
    await expect(staking.connect(delegator).requestUndelegate(node.nodeId, 0n)).to.be.revertedWithCustomError(
      staking,
      "ZeroAmount",
    );
    await expect(
      staking.connect(await protocol.newAccount()).requestUndelegate(node.nodeId, 1n),
    ).to.be.revertedWithCustomError(staking, "InsufficientShares");
  });

  it("of the bond wait the same way", async function () {
    const { staking, token } = protocol;
    await goTo(2, 100);
    await expect(staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000)))
      .to.emit(staking, "BondExitRequested")
      .withArgs(node.nodeId, node.owner.address, dtel(1_000), 2n);
    await nextBlockAt(4, -1);
    await expect(staking.connect(node.owner).withdrawBond(node.nodeId)).to.be.revertedWithCustomError(
      staking,
      "NothingToWithdraw",
    );
    await nextBlockAt(4);
    await expect(staking.connect(node.owner).withdrawBond(node.nodeId))
      .to.emit(staking, "BondWithdrawn")
      .withArgs(node.nodeId, node.owner.address, dtel(1_000));
    expect(await token.balanceOf(node.owner)).to.equal(dtel(1_000));
    expect([...(await staking.bondExitOf(node.nodeId))]).to.deep.equal([0n, 0n]);
  });

  it("everybody can leave a node that its owner has left, and the owner can come back", async function () {
    const { staking, token } = protocol;
    await goTo(2, 100);
    await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000));
    await leave(dtel(100));
    await goTo(4);
    await staking.connect(node.owner).withdrawBond(node.nodeId);
    await staking.connect(delegator).withdraw(node.nodeId);
    expect(await token.balanceOf(staking)).to.equal(ROUNDING_RESERVE);
    for (const person of [node.owner, delegator]) expect(await token.stakedUnitsOf(person)).to.equal(0n);
    await addBond(protocol, node, dtel(1_000));
    const epoch = await protocol.clock.now();
    expect(await staking.stakeAt(node.nodeId, epoch + 1)).to.equal(dtel(1_000));
  });
});
