import { expect } from "chai";
import { encodeBytes32String, parseEther, ZeroAddress } from "ethers";
import type { BaseContract } from "ethers";
import {
  InertImplementation__factory,
  ProtocolProxy__factory,
  Treasury__factory,
} from "../../../types/contracts/index.js";
import type { Account } from "../support/account.js";
import { fundedAccount } from "../support/account.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { dtel } from "../support/people.js";
import {
  addVoter,
  asAdmin,
  DAY,
  decide,
  deployedGovernance,
  deployHarness,
  execute,
  INERT,
  LIMIT_BPS,
  NATIVE,
  propose,
  restricted,
  sovereignGovernance,
  WINDOW_SECONDS,
} from "./setup.js";
import type { Governance } from "./setup.js";

const { time } = networkHelpers;
const HELD = dtel(1_000_000);
/** Half of the limit: what may leave at once. */
const BURST = HELD / 20n;
const PURPOSE = encodeBytes32String("grants committee");
/** peaq's native coin as an ERC-20. */
const NATIVE_AS_ERC20 = "0x0000000000000000000000000000000000000809";

describe("Treasury", function () {
  let governance: Governance;
  let recipient: Account;
  let dtelAddress: string;
  beforeEach(async function () {
    governance = await deployedGovernance();
    recipient = await fundedAccount("recipient");
    dtelAddress = await governance.token.getAddress();
    await governance.token.transfer(governance.treasury, HELD);
  });

  const admin = (name: string, ...values: unknown[]) =>
    asAdmin(governance, governance.treasury, name, values);
  const pay = (amount: bigint, asset = dtelAddress) => admin("pay", asset, recipient.address, amount);
  const available = (asset = dtelAddress) => governance.treasury.availableOutflow(asset);
  const received = () => governance.token.balanceOf(recipient);
  const openStream = async (amount: bigint, start: number, cliffSeconds: number, durationSeconds: number) => {
    await admin("openStream", dtelAddress, recipient.address, amount, start, cliffSeconds, durationSeconds);
    return governance.treasury.streamCount();
  };

  describe("outflow limit", function () {
    it("lets half of itself go at once and the other half in the course of the window", async function () {
      const { treasury } = governance;
      expect(await available()).to.equal(BURST);
      await expect(pay(BURST + 1n))
        .to.be.revertedWithCustomError(treasury, "OutflowLimitExceeded")
        .withArgs(dtelAddress, BURST + 1n, BURST);
      await pay(BURST);
      expect(await available()).to.equal(0n);
      await time.increase(WINDOW_SECONDS / 2);
      // Half of the bucket has run out; what it holds is a twentieth of what is there and of what left lately.
      const filled = BURST / 2n;
      expect(await available()).to.equal((HELD - BURST + filled) / 20n - filled);
      await time.increase(WINDOW_SECONDS);
      expect(await available()).to.equal((HELD - BURST) / 20n);
    });

    it("holds against somebody who takes all that can be had for a year, window by window", async function () {
      const taken: [moment: number, amount: bigint][] = [];
      for (let step = 0; step < 48; step++) {
        const most = await available();
        if (most > 0n) {
          await pay(most);
          taken.push([await time.latest(), most]);
        }
        await time.increase(step % 7 === 0 ? 20 * DAY : WINDOW_SECONDS / 10);
      }
      for (const [end] of taken) {
        const inWindow = taken.filter(([moment]) => moment <= end && moment > end - WINDOW_SECONDS);
        const sum = inWindow.reduce((total, [, amount]) => total + amount, 0n);
        expect(sum).to.be.at.most((HELD * LIMIT_BPS) / 10_000n);
      }
      expect(await received()).to.be.greaterThan(HELD / 5n);
    });

    it("covers every way out: payments, burns, grants, budgets", async function () {
      const { treasury, token } = governance;
      const now = await time.latest();
      const supply = await token.totalSupply();
      await admin("burn", BURST / 4n);
      expect(await token.totalSupply()).to.equal(supply - BURST / 4n);
      await openStream(BURST / 4n, now, 0, 1_000);
      await admin("setBudget", PURPOSE, recipient.address, dtelAddress, HELD, DAY);
      await treasury.connect(recipient).spend(PURPOSE, recipient, BURST / 4n);
      await pay(BURST / 4n);
      const left = await available();
      expect(left).to.be.lessThan(dtel(1));
      const more = left + dtel(1);
      for (const attempt of [
        pay(more),
        admin("burn", more),
        admin("openStream", dtelAddress, recipient.address, more, now, 0, 1_000),
        treasury.connect(recipient).spend(PURPOSE, recipient, more),
      ]) {
        await expect(attempt).to.be.revertedWithCustomError(treasury, "OutflowLimitExceeded");
      }
    });

    it("rises after a window, falls at once, and keeps its bounds", async function () {
      const { treasury } = governance;
      const set = (bps: bigint) => admin("setOutflowLimit", dtelAddress, bps);
      for (const bps of [99n, 2_501n]) {
        await expect(set(bps))
          .to.be.revertedWithCustomError(treasury, "LimitOutOfBounds")
          .withArgs(bps, 100n, 2_500n);
      }
      await set(2_500n);
      const setAt = await time.latest();
      expect([...(await treasury.pendingLimitOf(dtelAddress))]).to.deep.equal([
        2_500n,
        BigInt(setAt + WINDOW_SECONDS),
      ]);
      await time.increaseTo(setAt + WINDOW_SECONDS - 1);
      expect(await available()).to.equal(BURST);
      await time.increaseTo(setAt + WINDOW_SECONDS);
      expect(await treasury.outflowLimitOf(dtelAddress)).to.equal(2_500n);
      expect(await available()).to.equal(HELD / 8n);
      await set(100n);
      expect(await available()).to.equal(HELD / 200n);
      // A rise that was to come is void when the limit is lowered meanwhile.
      await set(2_000n);
      await set(100n);
      await time.increase(2 * WINDOW_SECONDS);
      expect(await treasury.outflowLimitOf(dtelAddress)).to.equal(100n);
      expect([...(await treasury.pendingLimitOf(dtelAddress))]).to.deep.equal([0n, 0n]);
    });

    it("of one asset knows nothing of another's", async function () {
      const { treasury, deployer } = governance;
      await deployer.sendTransaction({ to: treasury, value: parseEther("100") });
      await pay(BURST);
      await admin("setOutflowLimit", dtelAddress, 100n);
      expect(await available(NATIVE)).to.equal(parseEther("5"));
      expect(await treasury.outflowLimitOf(NATIVE)).to.equal(LIMIT_BPS);
      await expect(() => pay(parseEther("5"), NATIVE)).to.changeEtherBalance(
        ethers,
        recipient,
        parseEther("5"),
      );
      await expect(pay(parseEther("1"), NATIVE)).to.be.revertedWithCustomError(
        treasury,
        "OutflowLimitExceeded",
      );
    });

    it("is not raised by money that comes and goes", async function () {
      const { token, treasury } = governance;
      await token.transfer(treasury, HELD);
      await pay(2n * BURST);
      // What was given to raise the limit is not given back by it.
      expect(await received()).to.be.lessThan(HELD);
      expect(await available()).to.equal(0n);
    });
  });

  describe("a hostile proposal at low turnout", function () {
    it("gets a twentieth and no more, however it asks, before the others can answer", async function () {
      governance = await sovereignGovernance();
      const { treasury, token, holder } = governance;
      dtelAddress = await token.getAddress();
      await token.transfer(treasury, HELD);
      // The rest of the supply is inert or asleep: the quorum is 4 % of it, and the attacker has that.
      await token.connect(holder).delegate(INERT);
      const attacker = await addVoter(governance, "attacker", dtel(2_000_000));
      const thief = Treasury__factory.connect(await treasury.getAddress());
      const loot = async (calls: [name: string, values: unknown[]][], description: string) =>
        execute(
          governance,
          await decide(
            governance,
            attacker,
            await Promise.all(calls.map(([name, values]) => restricted(governance, thief, name, values))),
            description,
          ),
        );
      const all = ["pay", [dtelAddress, attacker.address, HELD]] as [string, unknown[]];
      const most = ["pay", [dtelAddress, attacker.address, BURST]] as [string, unknown[]];
      for (const [calls, description] of [
        [[all], "all at once"],
        [[most, most], "twice"],
        [
          [
            ["setOutflowLimit", [dtelAddress, 2_500n]],
            ["pay", [dtelAddress, attacker.address, HELD / 8n]],
          ],
          "more",
        ],
      ] as [[string, unknown[]][], string][]) {
        await expect(loot(calls, description), description).to.be.revertedWithCustomError(
          treasury,
          "OutflowLimitExceeded",
        );
      }
      // Another implementation would know no limit.
      const other = await new InertImplementation__factory(governance.deployer).deploy(governance.manager);
      await expect(
        loot([["upgradeToAndCall", [await other.getAddress(), "0x"]]], "upgrade"),
      ).to.be.revertedWithCustomError(treasury, "UpgradeNotReady");
      await expect(
        loot(
          [
            ["announceUpgrade", [await other.getAddress()]],
            ["upgradeToAndCall", [await other.getAddress(), "0x"]],
          ],
          "announced upgrade",
        ),
      ).to.be.revertedWithCustomError(treasury, "UpgradeNotReady");
      const before = await token.balanceOf(attacker);
      await loot([most], "what can be had");
      expect((await token.balanceOf(attacker)) - before).to.equal(BURST);
      expect(await token.balanceOf(treasury)).to.equal(HELD - BURST);
    });

    it("is answered before a raised limit or an upgrade takes effect", async function () {
      governance = await sovereignGovernance();
      const { treasury, token, holder, deployer, manager } = governance;
      dtelAddress = await token.getAddress();
      await token.transfer(treasury, HELD);
      const attacker = await addVoter(governance, "attacker", dtel(30_000_000));
      const other = await new InertImplementation__factory(deployer).deploy(manager);
      const attack = await decide(
        governance,
        attacker,
        [
          await restricted(governance, treasury, "setOutflowLimit", [dtelAddress, 2_500n]),
          await restricted(governance, treasury, "announceUpgrade", [await other.getAddress()]),
        ],
        "an attack",
      );
      await execute(governance, attack);
      // The others wake up: a whole cycle fits before either holds.
      await token.connect(holder).delegate(holder);
      await networkHelpers.mine();
      const answer = await decide(
        governance,
        // The holder is an account of the tests like any other.
        holder,
        [
          await restricted(governance, treasury, "setOutflowLimit", [dtelAddress, 500n]),
          await restricted(governance, treasury, "announceUpgrade", [ZeroAddress]),
        ],
        "the answer",
      );
      await execute(governance, answer);
      await time.increase(2 * WINDOW_SECONDS);
      expect(await treasury.outflowLimitOf(dtelAddress)).to.equal(500n);
      expect([...(await treasury.announcedUpgrade())]).to.deep.equal([ZeroAddress, 0n, 0n]);
      const upgrade = await restricted(governance, treasury, "upgradeToAndCall", [
        await other.getAddress(),
        "0x",
      ]);
      await expect(
        execute(governance, await decide(governance, attacker, [upgrade], "the upgrade")),
      ).to.be.revertedWithCustomError(treasury, "UpgradeNotReady");
    });

    it("has no say through the treasury's own tokens", async function () {
      const { treasury, token } = governance;
      expect((await token.delegates(treasury)).toLowerCase()).to.equal(INERT);
      expect(await token.getVotes(INERT)).to.equal(HELD);
      await treasury.connect(recipient).delegateVotes();
      expect((await token.delegates(treasury)).toLowerCase()).to.equal(INERT);
      await expect(propose(governance, recipient, [])).to.be.revertedWithCustomError(
        governance.governor,
        "GovernorInsufficientProposerVotes",
      );
    });
  });

  describe("grants", function () {
    const amount = dtel(36_000);

    it("flow evenly after the cliff, pushed by anyone, to the recipient", async function () {
      const { treasury, holder } = governance;
      const start = (await time.latest()) + 100;
      const streamId = await openStream(amount, start, 1_000, 3_600);
      expect(await treasury.reservedAssets(dtelAddress)).to.equal(amount);
      const push = () => treasury.connect(holder).push(streamId);
      await time.setNextBlockTimestamp(start + 1_000);
      await expect(push()).to.be.revertedWithCustomError(treasury, "NothingToPush").withArgs(streamId);
      await time.setNextBlockTimestamp(start + 1_001);
      await expect(push())
        .to.emit(treasury, "StreamPaid")
        .withArgs(streamId, recipient.address, dtelAddress, dtel(10));
      await time.setNextBlockTimestamp(start + 4_600);
      await push();
      expect(await received()).to.equal(amount);
      expect(await treasury.reservedAssets(dtelAddress)).to.equal(0n);
      await expect(push()).to.be.revertedWithCustomError(treasury, "NothingToPush");
      await expect(admin("cancelStream", streamId)).to.be.revertedWithCustomError(
        treasury,
        "NothingToCancel",
      );
      await expect(treasury.push(99)).to.be.revertedWithCustomError(treasury, "NothingToPush").withArgs(99);
    });

    it("are set aside: nothing else can be paid of them, and they are paid whatever the limit", async function () {
      const { treasury } = governance;
      const start = await time.latest();
      const streamId = await openStream(BURST, start, 0, WINDOW_SECONDS);
      expect(await treasury.freeAssets(dtelAddress)).to.equal(HELD - BURST);
      // The bucket is full and the limit low: the grant was let go when it was opened.
      await admin("setOutflowLimit", dtelAddress, 100n);
      await time.increase(WINDOW_SECONDS);
      await treasury.push(streamId);
      expect(await received()).to.equal(BURST);
      expect(await treasury.freeAssets(dtelAddress)).to.equal(HELD - BURST);
    });

    it("when cancelled keep what has vested for the recipient and free the rest", async function () {
      const { treasury } = governance;
      const start = (await time.latest()) + 10;
      const streamId = await openStream(amount, start, 0, 3_600);
      await time.setNextBlockTimestamp(start + 600);
      await treasury.push(streamId);
      await time.setNextBlockTimestamp(start + 1_800);
      await expect(admin("cancelStream", streamId))
        .to.emit(treasury, "StreamCancelled")
        .withArgs(streamId, amount / 2n, amount / 2n);
      expect(await treasury.reservedAssets(dtelAddress)).to.equal(dtel(12_000));
      await time.increase(DAY);
      expect(await treasury.pushableOf(streamId)).to.equal(dtel(12_000));
      await treasury.push(streamId);
      expect(await received()).to.equal(amount / 2n);
      expect(await treasury.reservedAssets(dtelAddress)).to.equal(0n);
      await expect(admin("cancelStream", streamId)).to.be.revertedWithCustomError(
        treasury,
        "NothingToCancel",
      );
      await expect(treasury.push(streamId)).to.be.revertedWithCustomError(treasury, "NothingToPush");
    });

    it("cancelled before anything vested cost nothing", async function () {
      const { treasury } = governance;
      const streamId = await openStream(amount, (await time.latest()) + 1_000, 1_000, 0);
      await admin("cancelStream", streamId);
      expect(await treasury.freeAssets(dtelAddress)).to.equal(HELD);
      await time.increase(DAY);
      await expect(treasury.push(streamId)).to.be.revertedWithCustomError(treasury, "NothingToPush");
    });

    it("have recipients and times that make sense", async function () {
      const { treasury } = governance;
      const years = 20 * 365 * DAY;
      for (const [to, start, cliff, duration] of [
        [ZeroAddress, 1, 0, 0],
        [recipient.address, 0, 0, 0],
        [recipient.address, 2 ** 40, 0, 0],
        [recipient.address, 1, years + 1, 0],
        [recipient.address, 1, 0, years + 1],
      ] as const) {
        await expect(
          admin("openStream", dtelAddress, to, 1n, start, cliff, duration),
        ).to.be.revertedWithCustomError(treasury, "InvalidStream");
      }
      await admin("openStream", dtelAddress, recipient.address, 1n, 2 ** 40 - 1, years, years);
    });

    it("to a contract that refuses its money hold up nobody else", async function () {
      const { treasury, deployer } = governance;
      await deployer.sendTransaction({ to: treasury, value: parseEther("100") });
      const refuser = await deployHarness("ReceiverHarness");
      await refuser.getFunction("refuse")(true);
      const now = await time.latest();
      await admin("openStream", NATIVE, await refuser.getAddress(), parseEther("1"), now, 0, 0);
      await admin("openStream", NATIVE, recipient.address, parseEther("1"), now, 0, 0);
      await expect(treasury.push(1)).to.be.revertedWithCustomError(refuser, "Refused");
      await expect(() => treasury.push(2)).to.changeEtherBalance(ethers, recipient, parseEther("1"));
    });
  });

  describe("budgets", function () {
    let spender: Account;
    beforeEach(async function () {
      spender = await fundedAccount("spender");
      await admin("setBudget", PURPOSE, spender.address, dtelAddress, dtel(1_000), DAY);
    });
    const spend = (amount: bigint, by = spender) =>
      governance.treasury.connect(by).spend(PURPOSE, recipient, amount);

    it("are spent by their spender, period by period, and nothing is carried over", async function () {
      const { treasury } = governance;
      const start = await time.latest();
      await expect(spend(dtel(600)))
        .to.emit(treasury, "BudgetSpent")
        .withArgs(PURPOSE, recipient.address, dtelAddress, dtel(600));
      await expect(spend(dtel(401)))
        .to.be.revertedWithCustomError(treasury, "BudgetExceeded")
        .withArgs(PURPOSE, dtel(401), dtel(400));
      await time.setNextBlockTimestamp(start + DAY - 1);
      await spend(dtel(400));
      await time.setNextBlockTimestamp(start + DAY);
      await spend(dtel(1_000));
      await time.increase(5 * DAY);
      expect(await treasury.budgetLeft(PURPOSE)).to.equal(dtel(1_000));
      expect(await received()).to.equal(dtel(2_000));
    });

    it("are nobody else's, and end when governance says so", async function () {
      const { treasury } = governance;
      await expect(spend(1n, recipient))
        .to.be.revertedWithCustomError(treasury, "NotSpender")
        .withArgs(PURPOSE, recipient.address);
      await admin("setBudget", PURPOSE, spender.address, dtelAddress, 0n, DAY);
      await expect(spend(1n)).to.be.revertedWithCustomError(treasury, "BudgetExceeded");
      await expect(
        treasury.connect(spender).spend(encodeBytes32String("another"), recipient, 1n),
      ).to.be.revertedWithCustomError(treasury, "NotSpender");
      expect(await treasury.budgetLeft(encodeBytes32String("another"))).to.equal(0n);
    });

    it("have periods from a minute to a year, and amounts that exist", async function () {
      const { treasury } = governance;
      const set = (period: number, allowance = 1n, asset = dtelAddress) =>
        admin("setBudget", PURPOSE, spender.address, asset, allowance, period);
      for (const period of [59, 365 * DAY + 1]) {
        await expect(set(period))
          .to.be.revertedWithCustomError(treasury, "InvalidBudget")
          .withArgs(PURPOSE, period);
      }
      for (const period of [60, 365 * DAY]) await set(period);
      await expect(set(DAY, 1n << 128n)).to.be.revertedWithCustomError(treasury, "InvalidAmount");
      await expect(set(DAY, 1n, NATIVE_AS_ERC20)).to.be.revertedWithCustomError(treasury, "InvalidAsset");
      const { periodSeconds, allowance } = await treasury.budgetOf(PURPOSE);
      expect([periodSeconds, allowance]).to.deep.equal([BigInt(365 * DAY), 1n]);
    });
  });

  describe("assets", function () {
    it("are what there is: nothing, too much, and the native coin's second face are refused", async function () {
      const { treasury } = governance;
      await expect(pay(0n)).to.be.revertedWithCustomError(treasury, "InvalidAmount").withArgs(0n);
      await expect(pay(1n << 128n)).to.be.revertedWithCustomError(treasury, "InvalidAmount");
      await expect(pay(HELD + 1n))
        .to.be.revertedWithCustomError(treasury, "InsufficientAssets")
        .withArgs(dtelAddress, HELD + 1n, HELD);
      await expect(pay(1n, NATIVE_AS_ERC20))
        .to.be.revertedWithCustomError(treasury, "InvalidAsset")
        .withArgs(NATIVE_AS_ERC20);
      await expect(admin("setOutflowLimit", NATIVE_AS_ERC20, 500n)).to.be.revertedWithCustomError(
        treasury,
        "InvalidAsset",
      );
    });

    it("in the native coin arrive with an event, and a receiver cannot be paid twice in one payment", async function () {
      const { treasury, deployer, manager } = governance;
      await expect(deployer.sendTransaction({ to: treasury, value: parseEther("100") }))
        .to.emit(treasury, "Received")
        .withArgs(deployer.address, parseEther("100"));
      const receiver = await deployHarness("ReceiverHarness");
      await admin("openStream", NATIVE, await receiver.getAddress(), parseEther("1"), 1, 0, 0);
      await receiver.getFunction("callBack")(treasury, treasury.interface.encodeFunctionData("push", [1]));
      await treasury.push(1);
      expect(await receiver.getFunction("hookSucceeded")()).to.equal(false);
      expect(await ethers.provider.getBalance(receiver)).to.equal(parseEther("1"));
      // Nor does the payment of one thing leave room for another in between.
      await admin("setBudget", PURPOSE, await receiver.getAddress(), NATIVE, parseEther("10"), DAY);
      const spend = treasury.interface.encodeFunctionData("spend", [
        PURPOSE,
        await receiver.getAddress(),
        parseEther("1"),
      ]);
      await receiver.getFunction("callBack")(treasury, spend);
      await receiver.getFunction("act")(treasury, spend);
      expect(await receiver.getFunction("hookSucceeded")()).to.equal(false);
      expect(await receiver.getFunction("payments")()).to.equal(2n);
      expect(await manager.getAddress()).to.equal(await treasury.authority());
    });
  });

  describe("authority", function () {
    it("is the only one who decides", async function () {
      const { treasury, deployer } = governance;
      const calls: [string, unknown[]][] = [
        ["pay", [dtelAddress, deployer.address, 1n]],
        ["burn", [1n]],
        ["sell", [NATIVE, 1n, 1n, 1n, DAY]],
        ["openStream", [dtelAddress, deployer.address, 1n, 1, 0, 0]],
        ["cancelStream", [1]],
        ["setBudget", [PURPOSE, deployer.address, dtelAddress, 1n, DAY]],
        ["setOutflowLimit", [dtelAddress, 500n]],
        ["announceUpgrade", [deployer.address]],
      ];
      for (const [name, values] of calls) {
        const data = (treasury as BaseContract).interface.encodeFunctionData(name, values);
        await expect(deployer.sendTransaction({ to: treasury, data }), name)
          .to.be.revertedWithCustomError(treasury, "NotAuthority")
          .withArgs(deployer.address);
      }
    });

    it("upgrades only to what was announced, in the window after the window", async function () {
      const { treasury, manager, deployer, token, auction } = governance;
      const config = { windowSeconds: WINDOW_SECONDS, limitBps: 500n };
      const next = await new Treasury__factory(deployer).deploy(manager, { token, auction }, config);
      const upgrade = () => admin("upgradeToAndCall", nextAddress, "0x");
      const nextAddress = await next.getAddress();
      const streamId = await openStream(dtel(100), await time.latest(), 0, 1_000);
      await pay(BURST / 2n);
      await expect(upgrade()).to.be.revertedWithCustomError(treasury, "UpgradeNotReady");
      await admin("announceUpgrade", nextAddress);
      const announcedAt = await time.latest();
      const [earliest, latest] = [announcedAt + WINDOW_SECONDS, announcedAt + 2 * WINDOW_SECONDS];
      expect([...(await treasury.announcedUpgrade())]).to.deep.equal([
        nextAddress,
        BigInt(earliest),
        BigInt(latest),
      ]);
      await time.setNextBlockTimestamp(earliest - 1);
      await expect(upgrade())
        .to.be.revertedWithCustomError(treasury, "UpgradeNotReady")
        .withArgs(nextAddress, earliest, latest);
      const snapshot = await networkHelpers.takeSnapshot();
      await time.setNextBlockTimestamp(latest + 1);
      await expect(upgrade()).to.be.revertedWithCustomError(treasury, "UpgradeNotReady");
      await snapshot.restore();
      await expect(
        admin("upgradeToAndCall", await treasury.getAddress(), "0x"),
      ).to.be.revertedWithCustomError(treasury, "UpgradeNotReady");
      await time.setNextBlockTimestamp(earliest);
      await expect(treasury.upgradeToAndCall(nextAddress, "0x")).to.be.revertedWithCustomError(
        treasury,
        "NotAuthority",
      );
      await time.setNextBlockTimestamp(latest);
      await upgrade();
      // What the old one knew the new one knows, and the announcement is used up.
      expect((await treasury.streamOf(streamId)).amount).to.equal(dtel(100));
      expect(await treasury.reservedAssets(dtelAddress)).to.equal(dtel(100));
      expect(await treasury.outflowLimitOf(dtelAddress)).to.equal(LIMIT_BPS);
      expect(await treasury.outflowLimitOf(NATIVE)).to.equal(500n);
      await expect(upgrade()).to.be.revertedWithCustomError(treasury, "UpgradeNotReady");
    });

    it("deploys it within bounds", async function () {
      const { manager, token, auction, treasury, deployer } = governance;
      const factory = new Treasury__factory(deployer);
      const peers = { token, auction };
      for (const [windowSeconds, limitBps, valid] of [
        [60, 100, true],
        [90 * DAY, 2_500, true],
        [59, 1_000, false],
        [90 * DAY + 1, 1_000, false],
        [DAY, 99, false],
        [DAY, 2_501, false],
      ] as const) {
        const deployment = factory.deploy(manager, peers, { windowSeconds, limitBps });
        if (valid) await deployment;
        else await expect(deployment).to.be.revertedWithCustomError(treasury, "InvalidTreasuryConfig");
      }
      const config = { windowSeconds: DAY, limitBps: 1_000 };
      for (const zero of ["token", "auction"] as const) {
        await expect(
          factory.deploy(manager, { ...peers, [zero]: ZeroAddress }, config),
        ).to.be.revertedWithCustomError(treasury, "ZeroAddress");
      }
      await expect(factory.deploy(ZeroAddress, peers, config)).to.be.revertedWithCustomError(
        treasury,
        "ZeroAddress",
      );
      expect(ProtocolProxy__factory.bytecode).to.not.equal("0x");
    });
  });
});
