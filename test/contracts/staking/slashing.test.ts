import { expect } from "chai";
import { WEI_PER_GWEI as GWEI } from "../../../node/protocol/amounts.js";
import type { Account } from "../support/account.js";
import { networkHelpers } from "../support/chain.js";
import { addBond, addDelegator, addNode, delegateMore, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { asPenalties, burnSlashed, feesOf, returnSlashed, slash } from "../support/staking.js";
import type { SlashTaken } from "../support/staking.js";
import { actingAs } from "../support/impersonate.js";

const PERIOD_SECONDS = 8 * 3_600;
/** More than any pool and bond of these tests. */
const EVERYTHING = dtel(1_000_000);
const NOTHING = {
  bond: 0n,
  bondExitPrevious: 0n,
  bondExitCurrent: 0n,
  pool: 0n,
  exitPrevious: 0n,
  exitCurrent: 0n,
};
const inGwei = (amount: number): bigint => dtel(amount) / GWEI;

describe("NodeStaking: slashes", function () {
  let protocol: Protocol;
  let node: Node;
  let delegator: Account;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol);
    delegator = await addDelegator(protocol, node.nodeId, dtel(4_000));
  });

  const asOwner = () => protocol.staking.connect(node.owner);
  const goTo = (period: number, offset = 0) => protocol.clock.goToPeriod(period, PERIOD_SECONDS, offset);
  const startOf = (period: number) => protocol.clock.genesisSeconds + period * PERIOD_SECONDS;
  const exitOf = async (person = delegator) => [...(await protocol.staking.exitOf(node.nodeId, person))];
  const bondExit = async () => [...(await protocol.staking.bondExitOf(node.nodeId))];
  const worth = (person = delegator) => protocol.staking.delegationOf(node.nodeId, person);
  const slashNode = (amount: bigint, options = {}) => slash(protocol, node.nodeId, amount, options);
  const parts = (taken: SlashTaken) =>
    Object.fromEntries(Object.keys(NOTHING).map((part) => [part, taken[part as keyof typeof NOTHING]]));
  const sum = (taken: SlashTaken) => Object.values(parts(taken)).reduce((total, part) => total + part, 0n);

  /** Asks for a part of a delegation that is worth an amount; while nothing was gained or lost. */
  async function leave(amount: bigint, person = delegator): Promise<void> {
    const { shares } = await protocol.staking.positionOf(node.nodeId, person);
    await protocol.staking
      .connect(person)
      .requestUndelegate(node.nodeId, (shares * amount) / (await worth(person)));
  }

  async function leaveEntirely(person = delegator): Promise<void> {
    const { shares } = await protocol.staking.positionOf(node.nodeId, person);
    await protocol.staking.connect(person).requestUndelegate(node.nodeId, shares);
  }

  it("and their ends are the penalty manager's alone", async function () {
    const { staking, holder } = protocol;
    const taken = { ...NOTHING, lossPrevious: 0n, lossCurrent: 0n, period: 0n };
    for (const attempt of [
      () => staking.slash(node.nodeId, 0n, dtel(1), 500n),
      () => staking.burnSlashed(node.nodeId, taken, holder, 0n),
      () => staking.returnSlashed(node.nodeId, taken),
    ]) {
      await expect(attempt())
        .to.be.revertedWithCustomError(staking, "NotPeer")
        .withArgs(protocol.holder.address);
    }
  });

  describe("take", function () {
    it("the bond first, and nobody else's while it lasts", async function () {
      const { staking } = protocol;
      const taken = await slashNode(dtel(1_000));
      expect(parts(taken)).to.deep.equal({ ...NOTHING, bond: inGwei(1_000) });
      expect(await staking.bondOf(node.nodeId)).to.equal(0n);
      expect(await worth()).to.equal(dtel(4_000));
    });

    it("then what the owner has asked for, the newest first", async function () {
      await addOwnersBond(500);
      await goTo(2, 10);
      await asOwner().requestUnbond(node.nodeId, dtel(300));
      await goTo(3, 10);
      await asOwner().requestUnbond(node.nodeId, dtel(200));
      const taken = await slashNode(dtel(1_250), { faultAt: startOf(2) });
      expect(parts(taken)).to.deep.equal({
        ...NOTHING,
        bond: inGwei(1_000),
        bondExitCurrent: inGwei(200),
        bondExitPrevious: inGwei(50),
      });
      expect(await bondExit()).to.deep.equal([0n, dtel(250)]);
      expect(await worth()).to.equal(dtel(4_000));
    });

    it("then pool and exits of two periods in proportion, at most a twentieth of them", async function () {
      await addDelegator(protocol, node.nodeId, dtel(1_500));
      await goTo(2, 10);
      await leave(dtel(1_000));
      await goTo(3, 10);
      await leave(dtel(500));
      const taken = await slashNode(EVERYTHING, { faultAt: startOf(2) });
      expect(parts(taken)).to.deep.equal({
        ...NOTHING,
        bond: inGwei(1_000),
        pool: inGwei(200),
        exitPrevious: inGwei(50),
        exitCurrent: inGwei(25),
      });
      const { staking } = protocol;
      expect(await staking.exitLossOf(node.nodeId, 2n)).to.equal(5n * 10n ** 16n);
      expect(await staking.exitLossOf(node.nodeId, 3n)).to.equal(5n * 10n ** 16n);
      expect(await exitOf()).to.deep.equal([0n, dtel(1_425)]);
      expect(await staking.assetsOf(node.nodeId)).to.equal(dtel(3_800));
    });

    it("of pool and exits no more than is left to take, rounded in favour of what stays", async function () {
      await goTo(3, 10);
      await leave(dtel(1_000));
      const taken = await slashNode(dtel(1_000) + 7n * GWEI);
      // 7 gwei of 3,000 and 1,000 DTEL: five and a quarter, one and three quarters.
      expect([taken.pool, taken.exitCurrent]).to.deep.equal([5n, 1n]);
      const [, waiting] = await exitOf();
      expect(waiting).to.equal(dtel(1_000) - 2n * GWEI);
    });

    it("nothing of the pool at a limit of nothing, and refuse a limit above a twentieth", async function () {
      const { staking } = protocol;
      const taken = await slashNode(EVERYTHING, { poolLimitBps: 0n });
      expect(parts(taken)).to.deep.equal({ ...NOTHING, bond: inGwei(1_000) });
      // And have not used up the period.
      expect((await slashNode(EVERYTHING)).pool).to.equal(inGwei(200));
      await expect((await asPenalties(protocol)).slash(node.nodeId, startOf(0), EVERYTHING, 501n))
        .to.be.revertedWithCustomError(staking, "PoolSlashTooHigh")
        .withArgs(501n, 500n);
      await expect(
        (await asPenalties(protocol)).slash(node.nodeId, startOf(0), dtel(1) + 1n, 500n),
      ).to.be.revertedWithCustomError(staking, "NotWholeGwei");
    });

    it("income that has vested with the pool, not what is still on its way", async function () {
      const { staking, distributor, clock } = protocol;
      await clock.goTo(4, 10);
      const credit = async (amount: bigint) =>
        staking.connect(await actingAs(distributor)).creditIncome(node.nodeId, 4, feesOf(amount));
      await credit(dtel(1_000));
      await clock.goTo(6, 10);
      await credit(dtel(1_000));
      const taken = await slashNode(EVERYTHING);
      expect(taken.pool).to.equal(inGwei(240));
      await clock.goTo(8, 10);
      expect(await staking.assetsOf(node.nodeId)).to.equal(dtel(4_800 - 240 + 800));
    });

    it("what there is of a node that has nothing, and end like others", async function () {
      const { staking } = protocol;
      const empty = await addNode(protocol, { bond: 0n });
      const taken = await slash(protocol, empty.nodeId, dtel(100));
      expect(parts(taken)).to.deep.equal(NOTHING);
      expect((await staking.poolOf(empty.nodeId)).openSlashes).to.equal(1n);
      await returnSlashed(protocol, empty.nodeId, taken);
      await burnSlashed(protocol, empty.nodeId, await slash(protocol, empty.nodeId, dtel(100)));
      expect((await staking.poolOf(empty.nodeId)).openSlashes).to.equal(0n);
      expect(await staking.pendingBurn()).to.equal(0n);
    });
  });

  describe("reach who was liable", function () {
    for (const [what, fault, hit] of [
      ["asked in the fault's period: the last second", 3 * PERIOD_SECONDS - 1, true],
      ["asked in the period before the fault's: the first second", 3 * PERIOD_SECONDS, false],
    ] as const) {
      it(`who ${what}`, async function () {
        await addOwnersBond(500);
        await goTo(2, 10);
        await leave(dtel(1_000));
        await asOwner().requestUnbond(node.nodeId, dtel(500));
        await goTo(3, 10);
        const taken = await slashNode(EVERYTHING, { faultAt: startOf(0) + fault });
        expect(taken.bondExitPrevious).to.equal(hit ? inGwei(500) : 0n);
        expect(taken.exitPrevious).to.equal(hit ? inGwei(50) : 0n);
        expect(taken.pool).to.equal(inGwei(150));
        expect(await exitOf()).to.deep.equal([0n, hit ? dtel(950) : dtel(1_000)]);
        expect(await bondExit()).to.deep.equal([0n, hit ? 0n : dtel(500)]);
      });
    }

    it("not who asked two periods before, paid or not", async function () {
      await addOwnersBond(500);
      await goTo(2, 10);
      await leave(dtel(1_000));
      await asOwner().requestUnbond(node.nodeId, dtel(500));
      await goTo(4, 0);
      const taken = await slashNode(EVERYTHING, { faultAt: startOf(2) });
      expect(parts(taken)).to.deep.equal({ ...NOTHING, bond: inGwei(1_000), pool: inGwei(150) });
      expect(await exitOf()).to.deep.equal([dtel(1_000), 0n]);
      expect(await bondExit()).to.deep.equal([dtel(500), 0n]);
    });

    it("who asks in the last second of the fault's period, whenever in the next one it is slashed", async function () {
      await networkHelpers.time.setNextBlockTimestamp(startOf(3) - 1);
      await leaveEntirely();
      await networkHelpers.time.increaseTo(startOf(4) - 2);
      const taken = await slashNode(EVERYTHING, { faultAt: startOf(3) - 1 });
      expect(taken.exitPrevious).to.equal(inGwei(200));
    });
  });

  describe("touch a pool once per period", function () {
    it("the bond as often as it is slashed", async function () {
      await goTo(3, 10);
      expect((await slashNode(dtel(1_040))).pool).to.equal(inGwei(40));
      await addOwnersBond(1_000);
      const second = await slashNode(dtel(1_100));
      expect(parts(second)).to.deep.equal({ ...NOTHING, bond: inGwei(1_000) });
      await networkHelpers.time.increaseTo(startOf(4) - 3);
      expect((await slashNode(EVERYTHING)).pool).to.equal(0n);
      await goTo(4, 0);
      expect((await slashNode(EVERYTHING)).pool).to.equal(inGwei(198));
    });

    it("so that requests after it count for the next one: for what may come then", async function () {
      const { staking } = protocol;
      await goTo(3, 10);
      await leave(dtel(1_000));
      await slashNode(EVERYTHING);
      const { shares } = await staking.positionOf(node.nodeId, delegator);
      await expect(staking.connect(delegator).requestUndelegate(node.nodeId, shares))
        .to.emit(staking, "UndelegateRequested")
        .withArgs(node.nodeId, delegator.address, shares, dtel(2_850), 4n);
      expect([...(await staking.unbondingOf(node.nodeId))]).to.deep.equal([4n, dtel(2_850), dtel(1_000)]);
      expect(await exitOf()).to.deep.equal([0n, dtel(950 + 2_850)]);
      await goTo(4, 10);
      const second = await slashNode(EVERYTHING, { faultAt: startOf(3) + 20 });
      expect(parts(second)).to.deep.equal({
        ...NOTHING,
        exitPrevious: inGwei(47.5),
        exitCurrent: inGwei(142.5),
      });
      await goTo(5, 0);
      expect(await exitOf()).to.deep.equal([dtel(902.5), dtel(2_707.5)]);
      await goTo(6, 0);
      expect(await exitOf()).to.deep.equal([dtel(3_610), 0n]);
      const { token } = protocol;
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await token.balanceOf(delegator)).to.equal(dtel(3_610));
      expect(await token.stakedUnitsOf(delegator)).to.equal(0n);
    });

    it("and such a request settles an earlier one ahead of its time: nothing could be slashed of it any more", async function () {
      const { staking, token } = protocol;
      await networkHelpers.time.setNextBlockTimestamp(startOf(3) - 1);
      await leave(dtel(1_000));
      await goTo(3, 10);
      const first = await slashNode(EVERYTHING, { faultAt: startOf(3) - 1 });
      expect(first.exitPrevious).to.equal(inGwei(50));
      await leave(dtel(1));
      expect((await exitOf())[0]).to.equal(dtel(950));
      // As long as it waited, a second slash of the period would not have touched it either.
      const second = await slashNode(EVERYTHING, { faultAt: startOf(3) - 1 });
      expect(parts(second)).to.deep.equal(NOTHING);
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await token.balanceOf(delegator)).to.equal(dtel(950));
      // And what is given back of it still finds it.
      await returnSlashed(protocol, node.nodeId, first);
      await staking.restoreExit(node.nodeId, delegator, 2n);
      expect((await exitOf())[0]).to.equal(dtel(50));
    });
  });

  describe("while they are open", function () {
    it("the pool takes no delegation, until the last one has ended", async function () {
      const { staking } = protocol;
      const [first, second] = [await slashNode(dtel(1)), await slashNode(dtel(2))];
      await addOwnersBond(3);
      const join = () => delegateMore(protocol, node.nodeId, delegator, dtel(1));
      await expect(join()).to.be.revertedWithCustomError(staking, "SlashOpen").withArgs(node.nodeId, 2n);
      await burnSlashed(protocol, node.nodeId, first);
      await expect(join()).to.be.revertedWithCustomError(staking, "SlashOpen").withArgs(node.nodeId, 1n);
      await returnSlashed(protocol, node.nodeId, second);
      await join();
    });

    it("everybody may leave, and gets what he asked for, no more when it is returned", async function () {
      const { staking, token } = protocol;
      const other = await addDelegator(protocol, node.nodeId, dtel(1_000));
      await goTo(3, 10);
      const taken = await slashNode(EVERYTHING);
      await leaveEntirely();
      await goTo(6, 0);
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await token.balanceOf(delegator)).to.equal(dtel(3_800));
      await returnSlashed(protocol, node.nodeId, taken);
      // What comes back to the pool is that of those who stayed.
      expect(await worth(other)).to.be.closeTo(dtel(950 + 250), GWEI);
      expect(await token.stakedUnitsOf(delegator)).to.equal(0n);
    });

    it("a pool that all have left gets nothing back: it is burned, and nobody can join for it", async function () {
      const { staking } = protocol;
      const taken = await slashNode(EVERYTHING);
      await leaveEntirely();
      const penalties = await asPenalties(protocol);
      await expect(penalties.returnSlashed(node.nodeId, taken))
        .to.emit(staking, "SlashReturned")
        .withArgs(node.nodeId, (returned: bigint[]) => returned[3] === taken.pool, dtel(200));
      expect(await staking.burnAwaitingSync(node.nodeId)).to.equal(dtel(200));
      expect(await staking.assetsOf(node.nodeId)).to.equal(0n);
      const joined = await addDelegator(protocol, node.nodeId, dtel(10));
      expect(await worth(joined)).to.equal(dtel(10));
    });

    it("the owner may leave, and finds what is returned", async function () {
      const { staking, token } = protocol;
      await goTo(3, 10);
      const taken = await slashNode(dtel(100));
      await asOwner().requestUnbond(node.nodeId, dtel(900));
      await goTo(5, 0);
      await asOwner().withdrawBond(node.nodeId);
      await returnSlashed(protocol, node.nodeId, taken);
      expect(await staking.bondOf(node.nodeId)).to.equal(dtel(100));
      expect(await staking.stakeAt(node.nodeId, (await protocol.clock.now()) + 1)).to.equal(0n);
      await asOwner().requestUnbond(node.nodeId, dtel(100));
      await goTo(8, 0);
      await asOwner().withdrawBond(node.nodeId);
      expect(await token.balanceOf(node.owner)).to.equal(dtel(1_000));
      expect(await token.stakedUnitsOf(node.owner)).to.equal(0n);
    });

    it("a bond below the minimum has no active stake from the next epoch on, until it is filled up", async function () {
      const { staking, clock } = protocol;
      await clock.goTo(3, 10);
      const penalties = await asPenalties(protocol);
      const at = await networkHelpers.time.latest();
      await expect(penalties.slash(node.nodeId, at, GWEI, 500n))
        .to.emit(staking, "StakeChanged")
        .withArgs(node.nodeId, 4n, 0n, 0n);
      const stakes = [3, 4].map((epoch) => staking.stakeAt(node.nodeId, epoch));
      expect(await Promise.all(stakes)).to.deep.equal([dtel(5_000), 0n]);
      expect(await staking.totalStakeAt(4)).to.equal(0n);
      await protocol.token.transfer(node.owner, dtel(1));
      await protocol.token.connect(node.owner).approve(staking, dtel(1));
      await asOwner().bond(node.nodeId, GWEI);
      expect(await staking.stakeAt(node.nodeId, 4)).to.equal(dtel(5_000));
    });
  });

  describe("that are not upheld", function () {
    it("go back to exactly where they came from", async function () {
      const { staking } = protocol;
      await addOwnersBond(1_500);
      await goTo(2, 10);
      await leave(dtel(1_000));
      await asOwner().requestUnbond(node.nodeId, dtel(700));
      await goTo(3, 10);
      await leave(dtel(500));
      await asOwner().requestUnbond(node.nodeId, dtel(300));
      const state = async () => [
        await staking.bondOf(node.nodeId),
        await staking.assetsOf(node.nodeId),
        ...(await exitOf()),
        ...(await bondExit()),
      ];
      const before = await state();
      const taken = await slashNode(EVERYTHING, { faultAt: startOf(2) });
      expect(sum(taken)).to.equal(inGwei(1_500 + 1_000 + 200));
      await returnSlashed(protocol, node.nodeId, taken);
      expect(await state()).to.deep.equal(before);
      expect(await staking.pendingBurn()).to.equal(0n);
      await goTo(4, 0);
      expect([...(await exitOf()), ...(await bondExit())]).to.deep.equal([
        dtel(1_000),
        dtel(500),
        dtel(700),
        dtel(300),
      ]);
    });

    it("are paid at once to exits whose time is over", async function () {
      await addOwnersBond(500);
      await goTo(3, 10);
      await leave(dtel(1_000));
      await asOwner().requestUnbond(node.nodeId, dtel(500));
      const taken = await slashNode(EVERYTHING);
      await goTo(5, 0);
      expect([...(await exitOf()), ...(await bondExit())]).to.deep.equal([dtel(950), 0n, 0n, 0n]);
      await returnSlashed(protocol, node.nodeId, taken);
      expect([...(await exitOf()), ...(await bondExit())]).to.deep.equal([dtel(1_000), 0n, dtel(500), 0n]);
    });

    it("are owed to who has left meanwhile, once, and by anyone's push", async function () {
      const { staking, token } = protocol;
      await goTo(3, 10);
      await leaveEntirely();
      const taken = await slashNode(EVERYTHING);
      await goTo(5, 0);
      await expect(staking.connect(delegator).withdraw(node.nodeId))
        .to.emit(staking, "ExitSlashed")
        .withArgs(node.nodeId, delegator.address, 3n, dtel(200));
      expect(await token.balanceOf(delegator)).to.equal(dtel(3_800));
      const restore = () => staking.restoreExit(node.nodeId, delegator, 3n);
      await expect(restore()).to.be.revertedWithCustomError(staking, "NothingToWithdraw");
      await returnSlashed(protocol, node.nodeId, taken);
      await expect(staking.restoreExit(node.nodeId, delegator, 2n)).to.be.revertedWithCustomError(
        staking,
        "NothingToWithdraw",
      );
      await expect(staking.restoreExit(node.nodeId, node.owner, 3n)).to.be.revertedWithCustomError(
        staking,
        "NothingToWithdraw",
      );
      await expect(restore())
        .to.emit(staking, "ExitRestored")
        .withArgs(node.nodeId, delegator.address, 3n, dtel(200));
      await expect(restore())
        .to.be.revertedWithCustomError(staking, "NothingToWithdraw")
        .withArgs(node.nodeId, delegator.address);
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await token.balanceOf(delegator)).to.equal(dtel(4_000));
      expect(await token.stakedUnitsOf(delegator)).to.equal(0n);
    });

    for (const firstReturned of [true, false]) {
      it(`of two that hit the same exits, the ${firstReturned ? "first" : "second"} is given back alone`, async function () {
        const { staking } = protocol;
        await goTo(3, 10);
        await leave(dtel(1_000));
        const first = await slashNode(EVERYTHING);
        await goTo(4, 10);
        const second = await slashNode(EVERYTHING, { faultAt: startOf(3) });
        expect([first.exitCurrent, second.exitPrevious]).to.deep.equal([inGwei(50), inGwei(47.5)]);
        await goTo(5, 0);
        await staking.connect(delegator).withdraw(node.nodeId);
        expect(await protocol.token.balanceOf(delegator)).to.equal(dtel(902.5));
        const [back, stays] = firstReturned ? [first, second] : [second, first];
        await burnSlashed(protocol, node.nodeId, stays);
        await returnSlashed(protocol, node.nodeId, back);
        await staking.restoreExit(node.nodeId, delegator, 3n);
        await staking.connect(delegator).withdraw(node.nodeId);
        expect(await protocol.token.balanceOf(delegator)).to.equal(
          dtel(902.5) + (firstReturned ? dtel(50) : dtel(47.5)),
        );
        await expect(staking.restoreExit(node.nodeId, delegator, 3n)).to.be.revertedWithCustomError(
          staking,
          "NothingToWithdraw",
        );
      });
    }
  });

  describe("that are upheld", function () {
    it("pay the bounty, leave the rest to be burned by anyone, once", async function () {
      const { staking, token, newAccount } = protocol;
      const reporter = await newAccount();
      await token.connect(reporter).delegate(reporter);
      const taken = await slashNode(EVERYTHING);
      const penalties = await asPenalties(protocol);
      await expect(penalties.burnSlashed(node.nodeId, taken, reporter, dtel(100)))
        .to.emit(staking, "SlashBurned")
        .withArgs(node.nodeId, reporter.address, dtel(100), dtel(900), dtel(200));
      expect(await token.balanceOf(reporter)).to.equal(dtel(100));
      expect(await token.getVotes(reporter)).to.equal(dtel(100));
      expect(await staking.totalSlashed()).to.equal(dtel(1_100));
      const supply = await token.totalSupply();
      expect(await staking.pendingBurn()).to.equal(dtel(900));
      await expect(staking.burnPending()).to.emit(staking, "SlashesFlushed").withArgs(dtel(900));
      await expect(staking.burnPending()).to.be.revertedWithCustomError(staking, "ZeroAmount");
      // What was delegators' is burned when nobody votes with it any more.
      expect(await staking.burnAwaitingSync(node.nodeId)).to.equal(dtel(200));
      await expect(staking.syncVotes(node.nodeId, delegator))
        .to.emit(staking, "BurnReleased")
        .withArgs(node.nodeId, dtel(200));
      await staking.burnPending();
      expect(await staking.burnAwaitingSync(node.nodeId)).to.equal(0n);
      expect(supply - (await token.totalSupply())).to.equal(dtel(1_100));
    });

    it("when burned never take what backs the income of others", async function () {
      const { staking, token, distributor, clock } = protocol;
      const other = await addNode(protocol);
      await clock.goTo(4, 10);
      await staking.connect(await actingAs(distributor)).creditIncome(other.nodeId, 4, feesOf(dtel(50)));
      await token.transfer(staking, dtel(50));
      await burnSlashed(protocol, node.nodeId, await slashNode(EVERYTHING));
      await staking.burnPending();
      await staking.connect(other.owner).claimOwnerIncome(other.nodeId);
      expect(await token.balanceOf(other.owner)).to.equal(dtel(50));
      // Leaving releases it as well as being synced.
      await leaveEntirely();
      await goTo(4, 0);
      await expect(staking.connect(delegator).withdraw(node.nodeId))
        .to.emit(staking, "BurnReleased")
        .withArgs(node.nodeId, dtel(200));
      await staking.burnPending();
      expect(await token.balanceOf(staking)).to.equal(dtel(1_001));
      expect(await token.votelessStake()).to.equal(dtel(1));
    });

    it("take the owner's votes of the lost bond then, not before", async function () {
      const { token } = protocol;
      await addOwnersBond(500);
      await token.connect(node.owner).delegate(node.owner);
      await goTo(2, 10);
      await asOwner().requestUnbond(node.nodeId, dtel(300));
      await goTo(3, 10);
      await asOwner().requestUnbond(node.nodeId, dtel(200));
      const taken = await slashNode(dtel(1_400), { faultAt: startOf(2) });
      expect(await token.getVotes(node.owner)).to.equal(dtel(1_500));
      await burnSlashed(protocol, node.nodeId, taken);
      expect(await token.getVotes(node.owner)).to.equal(dtel(100));
      await goTo(4, 0);
      await asOwner().withdrawBond(node.nodeId);
      expect(await token.getVotes(node.owner)).to.equal(dtel(100));
      expect(await token.stakedUnitsOf(node.owner)).to.equal(0n);
    });

    it("let everybody out to the last gwei, after any number of them", async function () {
      const { staking, token } = protocol;
      const others = [
        await addDelegator(protocol, node.nodeId, dtel("12.345678901")),
        await addDelegator(protocol, node.nodeId, GWEI),
        await addDelegator(protocol, node.nodeId, dtel("333.333333333")),
      ];
      let burned = 0n;
      for (let period = 3; period < 8; period++) {
        await goTo(period, 10);
        const taken = await slashNode(EVERYTHING);
        burned += sum(taken) * GWEI;
        await burnSlashed(protocol, node.nodeId, taken);
        if (period === 5) await leave(dtel(100), others[2]);
      }
      for (const person of [delegator, ...others]) await leaveEntirely(person);
      await goTo(12, 0);
      for (const person of [delegator, ...others]) {
        const [payable] = await exitOf(person);
        if (payable! > 0n) await staking.connect(person).withdraw(node.nodeId);
        expect(await token.stakedUnitsOf(person)).to.equal(0n);
      }
      expect(await staking.totalSlashed()).to.equal(burned);
      const rest = await staking.burnAwaitingSync(node.nodeId);
      expect(await staking.pendingBurn()).to.equal(burned - rest);
      await staking.burnPending();
      await asOwner()
        .claimOwnerIncome(node.nodeId)
        .catch(() => undefined);
      // Only what rounding left to nobody.
      const left = (await token.balanceOf(staking)) - dtel(1) - rest;
      expect(rest).to.be.at.most(10n * GWEI);
      expect(left >= 0n && left <= 10n * GWEI, `${left} left`).to.equal(true);
    });
  });

  describe("take votes that have no stake any more", function () {
    const sync = (person = delegator) => protocol.staking.syncVotes(node.nodeId, person);
    beforeEach(async function () {
      await protocol.token.connect(delegator).delegate(delegator);
    });

    it("by anyone, exactly what was lost, and nothing of who lost nothing", async function () {
      const { staking, token } = protocol;
      await expect(sync())
        .to.be.revertedWithCustomError(staking, "NothingToSync")
        .withArgs(node.nodeId, delegator.address);
      await goTo(3, 10);
      await leave(dtel(1_000));
      const taken = await slashNode(EVERYTHING);
      // Not while it may still be returned.
      await expect(sync()).to.be.revertedWithCustomError(staking, "SlashOpen").withArgs(node.nodeId, 1n);
      expect(await token.getVotes(delegator)).to.equal(dtel(4_000));
      await burnSlashed(protocol, node.nodeId, taken);
      await expect(sync())
        .to.emit(staking, "VotesSynced")
        .withArgs(node.nodeId, delegator.address, (units: bigint) => units - dtel(200) <= GWEI);
      expect(await token.getVotes(delegator)).to.be.closeTo(dtel(3_800), GWEI);
      expect(await token.stakedUnitsOf(delegator)).to.equal(await token.getVotes(delegator));
      await expect(sync()).to.be.revertedWithCustomError(staking, "NothingToSync");
      await leaveEntirely();
      await goTo(8, 0);
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await token.getVotes(delegator)).to.equal(await token.balanceOf(delegator));
      expect(await token.stakedUnitsOf(delegator)).to.equal(0n);
    });

    it("and who left while it was open gets them back with the tokens that are returned", async function () {
      const { staking, token } = protocol;
      await goTo(3, 10);
      await leaveEntirely();
      const taken = await slashNode(EVERYTHING);
      await goTo(5, 0);
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await token.getVotes(delegator)).to.equal(dtel(3_800));
      await returnSlashed(protocol, node.nodeId, taken);
      await staking.restoreExit(node.nodeId, delegator, 3n);
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await token.getVotes(delegator)).to.equal(dtel(4_000));
      expect(await token.balanceOf(delegator)).to.equal(dtel(4_000));
      expect(await token.votelessStake()).to.equal(dtel(1));
    });

    it("releasing what is to be burned of this node alone", async function () {
      const { staking } = protocol;
      const other = await addNode(protocol);
      const others = await addDelegator(protocol, other.nodeId, dtel(1_000));
      for (const { nodeId } of [node, other]) {
        await burnSlashed(protocol, nodeId, await slash(protocol, nodeId, EVERYTHING));
      }
      await staking.syncVotes(other.nodeId, others);
      expect(await staking.burnAwaitingSync(other.nodeId)).to.equal(0n);
      expect(await staking.burnAwaitingSync(node.nodeId)).to.equal(dtel(200));
      expect(await staking.pendingBurn()).to.equal(dtel(2_050));
    });

    it("releasing nothing while another slash is open: it may be returned", async function () {
      const { staking } = protocol;
      await burnSlashed(protocol, node.nodeId, await slashNode(EVERYTHING));
      const burnable = await staking.pendingBurn();
      await leaveEntirely();
      await goTo(3, 0);
      await slashNode(EVERYTHING);
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await staking.pendingBurn()).to.equal(burnable);
      expect(await staking.burnAwaitingSync(node.nodeId)).to.equal(dtel(200));
    });

    it("without being synced, the last withdrawal gives them back all the same", async function () {
      const { staking, token } = protocol;
      await burnSlashed(protocol, node.nodeId, await slashNode(EVERYTHING));
      await leaveEntirely();
      await goTo(3, 0);
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await token.getVotes(delegator)).to.equal(await token.balanceOf(delegator));
      expect(await token.balanceOf(delegator)).to.equal(dtel(3_800));
    });
  });

  it("do not hold up a claim of a node that nobody has stake on any more", async function () {
    const { staking, distributor, clock } = protocol;
    await asOwner().requestUnbond(node.nodeId, dtel(1_000));
    await slashNode(EVERYTHING);
    // Shares are worth more than a thousandth of a gwei each now: all but a few take all assets.
    const { shares } = await staking.positionOf(node.nodeId, delegator);
    await staking.connect(delegator).requestUndelegate(node.nodeId, shares - 50n);
    const pool = await staking.poolOf(node.nodeId);
    expect([pool.bond, pool.assets, pool.shares]).to.deep.equal([0n, 0n, 50n]);
    await clock.goTo(4, 10);
    await staking.connect(await actingAs(distributor)).creditIncome(node.nodeId, 3, feesOf(dtel(10)));
    const { arriving, ownerIncome } = await staking.streamOf(node.nodeId);
    expect(arriving + ownerIncome).to.equal(inGwei(10));
  });

  async function addOwnersBond(amount: number): Promise<void> {
    await protocol.token.transfer(node.owner, dtel(amount));
    await addBond(protocol, node, dtel(amount));
  }
});
