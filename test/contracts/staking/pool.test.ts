import { expect } from "chai";
import { WEI_PER_GWEI } from "../../../node/protocol/amounts.js";
import { actingAs } from "../support/impersonate.js";
import { addBond, addDelegator, addNode, delegateMore, dtel } from "../support/people.js";
import type { Account } from "../support/account.js";
import type { Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { feesOf } from "../support/staking.js";

const GWEI = WEI_PER_GWEI;

describe("NodeStaking: pool", function () {
  let protocol: Protocol;
  let node: Node;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol, { bond: dtel(1_000_000) });
    await protocol.clock.goTo(2, 10);
  });

  /** Income of the pool alone, vested in full: what a donation would be. Fees cost the donor more than they give. */
  async function donate(amount: bigint): Promise<void> {
    const { staking, distributor, token, clock } = protocol;
    const epoch = await clock.now();
    const bond = await staking.bondAt(node.nodeId, epoch);
    const stake = await staking.stakeAt(node.nodeId, epoch);
    // The bond takes its part of it.
    const credit = (amount * stake) / (stake - bond);
    await staking
      .connect(await actingAs(distributor))
      .creditIncome(node.nodeId, epoch, feesOf(credit - (credit % GWEI)));
    await token.transfer(staking, credit);
    await clock.goTo(epoch + 2, 10);
  }

  it("gives shares for what they are worth, so that nobody gains or loses by who else joins", async function () {
    const { staking } = protocol;
    const first = await addDelegator(protocol, node.nodeId, dtel(100));
    await protocol.clock.goTo(3, 10);
    await donate(dtel(50));
    const worth = await staking.delegationOf(node.nodeId, first);
    expect(worth).to.be.closeTo(dtel(150), dtel("0.001"));
    const second = await addDelegator(protocol, node.nodeId, dtel(300));
    expect(await staking.delegationOf(node.nodeId, first)).to.be.closeTo(worth, GWEI);
    expect(await staking.delegationOf(node.nodeId, second)).to.be.closeTo(dtel(300), GWEI);
  });

  it("refuses a delegation that would get fewer shares than asked for, or none", async function () {
    const { staking, token, newAccount } = protocol;
    const first = await addDelegator(protocol, node.nodeId, dtel(100));
    const delegator = await newAccount(dtel(100));
    await token.connect(delegator).approve(staking, dtel(100));
    const expected = (await staking.positionOf(node.nodeId, first)).shares;
    await expect(staking.connect(delegator).delegate(node.nodeId, dtel(100), expected + 1n))
      .to.be.revertedWithCustomError(staking, "TooFewShares")
      .withArgs(expected, expected + 1n);
    await staking.connect(delegator).delegate(node.nodeId, dtel(100), expected);
    await expect(staking.connect(delegator).delegate(node.nodeId, 0n, 0n)).to.be.revertedWithCustomError(
      staking,
      "ZeroAmount",
    );
    await expect(staking.connect(delegator).delegate(node.nodeId, 1n, 0n)).to.be.revertedWithCustomError(
      staking,
      "NotWholeGwei",
    );
  });

  it("cannot be inflated by its first delegator against the second", async function () {
    const { staking, distributor, token, clock } = protocol;
    // The owner is the attacker: while there is no bond, all income goes to the pool, of which it holds a gwei.
    const attacker = await addDelegator(protocol, node.nodeId, GWEI);
    await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000_000));
    await clock.goTo(4, 10);
    await staking.connect(await actingAs(distributor)).creditIncome(node.nodeId, 4, feesOf(dtel(1_000)));
    await token.transfer(staking, dtel(1_000));
    await clock.goTo(6, 10);
    expect(await staking.assetsOf(node.nodeId)).to.equal(dtel(1_000) + GWEI);
    await token.transfer(node.owner, dtel(1_000));
    await addBond(protocol, node, dtel(1_000));

    const victim = await addDelegator(protocol, node.nodeId, dtel(999));
    // Rounding takes at most one share from the victim, a two-thousandth of what the attacker has given away; and
    // half of that is lost to the attacker for good.
    expect(await staking.delegationOf(node.nodeId, victim)).to.be.greaterThan(dtel("998.5"));
    expect(await staking.delegationOf(node.nodeId, attacker)).to.be.lessThan(dtel("500.5"));
  });

  it("tokens sent to the contract belong to no pool", async function () {
    const { staking, token } = protocol;
    await addDelegator(protocol, node.nodeId, GWEI);
    await token.transfer(staking, dtel(1_000));
    expect(await staking.assetsOf(node.nodeId)).to.equal(GWEI);
  });

  it("lets everybody out to the last gwei, in any order, after any gains", async function () {
    const { staking, token, clock } = protocol;
    const amounts = [GWEI, 7n * GWEI, dtel("0.333333333"), dtel(100), dtel("12345.678901234")];
    const delegators: Account[] = [];
    for (const amount of amounts) delegators.push(await addDelegator(protocol, node.nodeId, amount));
    await clock.goTo(3, 10);
    await donate(dtel("777.777777777"));
    for (const delegator of [3, 0, 4, 2, 1].map((index) => delegators[index]!)) {
      const { shares } = await staking.positionOf(node.nodeId, delegator);
      await staking.connect(delegator).requestUndelegate(node.nodeId, shares);
      expect(await staking.delegationOf(node.nodeId, delegator)).to.equal(0n);
    }
    const pool = await staking.poolOf(node.nodeId);
    expect([pool.assets, pool.shares]).to.deep.equal([0n, 0n]);
    await clock.goTo(40);
    let paid = 0n;
    for (const delegator of delegators) {
      await staking.connect(delegator).withdraw(node.nodeId);
      paid += await token.balanceOf(delegator);
      expect(await token.stakedUnitsOf(delegator)).to.equal(0n);
    }
    const left = await staking.ownerIncomeOf(node.nodeId);
    const total = amounts.reduce((sum, amount) => sum + amount, 0n);
    const bondsPart = left - (total + dtel("777.777777777") - paid);
    // All that is left is the owner's: its own part and what rounding left over.
    expect(bondsPart).to.be.greaterThanOrEqual(0n);
  });

  describe("gives back shares that are worth nothing any more, so that nobody is left over", function () {
    beforeEach(async function () {
      const { staking } = protocol;
      dust = await addDelegator(protocol, node.nodeId, 2n * GWEI);
      await protocol.token.connect(dust).delegate(dust);
      await staking.connect(dust).requestUndelegate(node.nodeId, 1_999n);
    });
    let dust: Account;
    const leave = () => protocol.staking.connect(dust).requestUndelegate(node.nodeId, 1n);

    it("before the rest is withdrawn", async function () {
      const { staking, token } = protocol;
      await expect(leave()).to.emit(staking, "UndelegateRequested");
      expect((await staking.poolOf(node.nodeId)).shares).to.equal(0n);
      await protocol.clock.goTo(40);
      await staking.connect(dust).withdraw(node.nodeId);
      expect(await token.stakedUnitsOf(dust)).to.equal(0n);
      expect(await token.getVotes(dust)).to.equal(GWEI);
    });

    it("and after it: no vote without stake stays behind", async function () {
      const { staking, token } = protocol;
      await protocol.clock.goTo(40);
      await staking.connect(dust).withdraw(node.nodeId);
      await leave();
      expect(await token.stakedUnitsOf(dust)).to.equal(0n);
      expect(await token.getVotes(dust)).to.equal(GWEI);
      expect((await staking.positionOf(node.nodeId, dust)).units).to.equal(0n);
      await staking.connect(node.owner).claimOwnerIncome(node.nodeId);
    });
  });

  it("no round trip pays, however the amounts are chosen", async function () {
    const { staking } = protocol;
    await addDelegator(protocol, node.nodeId, dtel("1.000000007"));
    await protocol.clock.goTo(3, 10);
    await donate(dtel("0.333333331"));
    const trader = await protocol.newAccount();
    for (const amount of [1n, 2n, 3n, 999n, 1_001n, 123_456_789n].map((gwei) => gwei * GWEI)) {
      const before = await staking.positionOf(node.nodeId, trader);
      await delegateMore(protocol, node.nodeId, trader, amount);
      const { shares } = await staking.positionOf(node.nodeId, trader);
      const back = await staking
        .connect(trader)
        .requestUndelegate.staticCall(node.nodeId, shares - before.shares);
      expect(back).to.be.at.most(amount);
    }
  });
});
