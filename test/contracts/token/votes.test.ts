import { expect } from "chai";
import { networkHelpers } from "../support/chain.js";
import { actingAs } from "../support/impersonate.js";
import { addBond, addDelegator, addNode, delegateMore, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import type { Account } from "../support/account.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { feesOf } from "../support/staking.js";

describe("DTelToken: votes of staked tokens", function () {
  let protocol: Protocol;
  let node: Node;
  let voter: Account;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol);
    voter = await protocol.newAccount(dtel(100));
    await protocol.token.connect(voter).approve(protocol.staking, dtel(1_000_000));
  });

  const votes = (account: Account = voter) => protocol.token.getVotes(account);
  const stake = (amount: bigint) => protocol.staking.connect(voter).delegate(node.nodeId, amount, 0n);
  const leave = (shares: bigint) => protocol.staking.connect(voter).requestUndelegate(node.nodeId, shares);
  const allShares = async () => (await protocol.staking.positionOf(node.nodeId, voter)).shares;
  /** Unbonds what was asked for. */
  const goOut = async () => {
    const { clock, staking } = protocol;
    await clock.goTo((await clock.now()) + 24);
    await staking.connect(voter).withdraw(node.nodeId);
  };
  /** The pool's delegators earn an amount, and its tokens are there. */
  async function earn(amount: bigint): Promise<void> {
    const { staking, distributor, token, clock } = protocol;
    const epoch = await clock.now();
    const [whole, bond] = [
      await staking.stakeAt(node.nodeId, epoch),
      await staking.bondAt(node.nodeId, epoch),
    ];
    await staking
      .connect(await actingAs(distributor))
      .creditIncome(node.nodeId, epoch, feesOf((amount * whole) / (whole - bond)));
    await token.transfer(staking, (amount * whole) / (whole - bond));
    await clock.goTo(epoch + 2);
  }

  it("stay with the staker, delegated before or after staking", async function () {
    const { token, newAccount } = protocol;
    await token.connect(voter).delegate(voter);
    await stake(dtel(60));
    expect(await votes()).to.equal(dtel(100));
    const delegate = await newAccount();
    await token.connect(voter).delegate(delegate);
    expect([await votes(), await votes(delegate)]).to.deep.equal([0n, dtel(100)]);
    expect(await token.stakedUnitsOf(voter)).to.equal(dtel(60));

    const late = await addDelegator(protocol, node.nodeId, dtel(30));
    expect(await votes(late)).to.equal(0n);
    await token.connect(late).delegate(late);
    expect(await votes(late)).to.equal(dtel(30));
  });

  it("cannot be counted twice: what is staked is not also voted by the contract or the node's owner", async function () {
    const { token, staking } = protocol;
    await token.connect(voter).delegate(voter);
    await token.connect(node.owner).delegate(node.owner);
    await stake(dtel(100));
    expect(await token.getVotes(staking)).to.equal(0n);
    expect(await votes(node.owner)).to.equal(dtel(1_000));
    expect(await votes()).to.equal(dtel(100));
    // What is in stake cannot be transferred to be voted with again.
    await expect(token.connect(voter).transfer(node.owner, 1n)).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientBalance",
    );
  });

  it("stay while stake unbonds and come back as tokens", async function () {
    const { token } = protocol;
    await token.connect(voter).delegate(voter);
    await stake(dtel(100));
    await leave(await allShares());
    expect(await votes()).to.equal(dtel(100));
    await goOut();
    expect(await votes()).to.equal(dtel(100));
    expect(await token.stakedUnitsOf(voter)).to.equal(0n);
    await token.connect(voter).transfer(node.owner, dtel(100));
    expect(await votes()).to.equal(0n);
  });

  it("grow with gains only when they are paid", async function () {
    const { token, staking, clock } = protocol;
    await token.connect(voter).delegate(voter);
    await stake(dtel(100));
    await clock.goTo(2, 10);
    await earn(dtel(50));
    expect(await staking.delegationOf(node.nodeId, voter)).to.be.closeTo(dtel(150), 10n ** 10n);
    expect(await votes()).to.equal(dtel(100));
    await leave((await allShares()) / 2n);
    await goOut();
    expect(await token.balanceOf(voter)).to.be.closeTo(dtel(75), 10n ** 10n);
    expect(await votes()).to.be.closeTo(dtel(100), 10n ** 10n);
    await leave(await allShares());
    await goOut();
    expect(await votes()).to.equal(await token.balanceOf(voter));
    expect(await votes()).to.be.closeTo(dtel(150), 10n ** 10n);
  });

  it("are the bond's too", async function () {
    const { token, staking, clock } = protocol;
    await token.connect(node.owner).delegate(node.owner);
    expect(await votes(node.owner)).to.equal(dtel(1_000));
    await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000));
    expect(await votes(node.owner)).to.equal(dtel(1_000));
    await clock.goTo(24);
    await staking.connect(node.owner).withdrawBond(node.nodeId);
    expect(await votes(node.owner)).to.equal(dtel(1_000));
    await addBond(protocol, node, dtel(1_000));
    expect(await votes(node.owner)).to.equal(dtel(1_000));
  });

  it("are never more than the tokens that back them, and units never more than the stake's worth", async function () {
    const { token, staking, clock } = protocol;
    await token.connect(voter).delegate(voter);
    await stake(dtel(40));
    await clock.goTo(3, 10);
    await earn(dtel("7.777777777"));
    for (const [add, share] of [
      [dtel(10), 3n],
      [dtel("0.000000001"), 7n],
      [dtel(5), 2n],
    ] as const) {
      await delegateMore(protocol, node.nodeId, voter, add);
      await leave((await allShares()) / share);
      const [payable, waiting] = await staking.exitOf(node.nodeId, voter);
      const worth = (await staking.delegationOf(node.nodeId, voter)) + payable + waiting;
      expect(await token.stakedUnitsOf(voter)).to.be.at.most(worth + 10n ** 9n);
      const units = [voter, node.owner].map((each) => token.stakedUnitsOf(each));
      const total = (await Promise.all(units)).reduce((sum, each) => sum + each, 0n);
      expect(total).to.be.at.most(await token.balanceOf(staking));
    }
    await leave(await allShares());
    await goOut();
    expect(await token.stakedUnitsOf(voter)).to.equal(0n);
    expect(await votes()).to.equal(await token.balanceOf(voter));
  });

  it("of the past stay what they were", async function () {
    const { token, clock } = protocol;
    await token.connect(voter).delegate(voter);
    await clock.goTo(2);
    await stake(dtel(100));
    const before = await networkHelpers.time.latest();
    await leave(await allShares());
    await goOut();
    await token.connect(voter).transfer(node.owner, dtel(40));
    await networkHelpers.mine(2);
    expect(await token.getPastVotes(voter, before)).to.equal(dtel(100));
    expect(
      await token.getPastVotes(voter, await networkHelpers.time.latest().then((now) => now - 1)),
    ).to.equal(dtel(60));
    expect(await token.getPastTotalSupply(before)).to.equal(dtel(600_000_000));
  });
});
