import { expect } from "chai";
import type { HardhatEthersSigner } from "@nomicfoundation/hardhat-ethers/types";
import { WEI_PER_GWEI } from "../../../node/protocol/amounts.js";
import { actingAs } from "../support/impersonate.js";
import { addBond, addDelegator, addNode, delegateMore, dtel, ROUNDING_RESERVE } from "../support/people.js";
import type { Node } from "../support/people.js";
import { feesOf } from "../support/staking.js";
import type { Account } from "../support/account.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, idleService, passProofDeadline } from "../support/service.js";

const GWEI = WEI_PER_GWEI;

describe("NodeStaking: income", function () {
  let protocol: Protocol;
  let distributor: HardhatEthersSigner;
  let node: Node;
  /** Half of the node's stake. */
  let delegator: Account;
  beforeEach(async function () {
    protocol = await freshProtocol();
    distributor = await actingAs(protocol.distributor);
    node = await addNode(protocol);
    delegator = await addDelegator(protocol, node.nodeId, dtel(1_000));
    await protocol.clock.goTo(5, 10);
  });

  const credit = (amount: bigint, epoch = 2) =>
    protocol.staking.connect(distributor).creditIncome(node.nodeId, epoch, feesOf(amount));
  const assets = () => protocol.staking.assetsOf(node.nodeId);
  const ownerIncome = () => protocol.staking.ownerIncomeOf(node.nodeId);
  /** What the delegators have at a moment, without a transaction that could change it. */
  const assetsAt = async (epoch: number, offset = 0): Promise<bigint> => {
    await protocol.clock.goTo(epoch, offset);
    return assets();
  };

  it("is credited by the distributor only", async function () {
    const { staking, holder } = protocol;
    await expect(staking.creditIncome(node.nodeId, 2, feesOf(dtel(1))))
      .to.be.revertedWithCustomError(staking, "NotPeer")
      .withArgs(holder.address);
  });

  it("is divided between bond and pool, less the commission", async function () {
    const { staking } = protocol;
    const other = await addNode(protocol, { bond: dtel(1_000), commissionBps: 2_000 });
    await addDelegator(protocol, other.nodeId, dtel(3_000));
    await protocol.clock.goTo(6, 10);
    await expect(staking.connect(distributor).creditIncome(other.nodeId, 6, feesOf(dtel(100))))
      .to.emit(staking, "IncomeCredited")
      .withArgs(other.nodeId, dtel(40), dtel(60));
  });

  it("without delegators is all the owner's", async function () {
    const { staking } = protocol;
    const alone = await addNode(protocol, { bond: dtel(1_000) });
    await expect(staking.connect(distributor).creditIncome(alone.nodeId, 5, feesOf(dtel(100))))
      .to.emit(staking, "IncomeCredited")
      .withArgs(alone.nodeId, dtel(100), 0n);
  });

  describe("streams", function () {
    it("evenly over the epoch after the one in which it arrived", async function () {
      await credit(dtel(200));
      expect(await assetsAt(5, 3_599)).to.equal(dtel(1_000));
      expect(await assetsAt(6, 0)).to.equal(dtel(1_000));
      expect(await assetsAt(6, 900)).to.equal(dtel(1_025));
      expect(await assetsAt(6, 1_800)).to.equal(dtel(1_050));
      expect(await assetsAt(7, 0)).to.equal(dtel(1_100));
      expect(await assetsAt(20, 0)).to.equal(dtel(1_100));
    });

    it("so that joining just before a claim, or just after, wins nothing of it", async function () {
      const { staking } = protocol;
      await protocol.clock.goTo(5, 3_000);
      const late = await addDelegator(protocol, node.nodeId, dtel(9_000));
      await credit(dtel(200));
      // Leaving before it streams, nothing was won.
      expect(await staking.delegationOf(node.nodeId, late)).to.be.at.most(dtel(9_000));
      // Who joins while it streams has a part of what streams from then on only.
      const joining = await addNode(protocol);
      await addDelegator(protocol, joining.nodeId, dtel(1_000));
      await protocol.clock.goTo(6, 10);
      await staking.connect(distributor).creditIncome(joining.nodeId, 6, feesOf(dtel(200)));
      await protocol.clock.goTo(7, 1_790);
      const half = await addDelegator(protocol, joining.nodeId, dtel(1_050));
      await protocol.clock.goTo(8);
      expect(await staking.delegationOf(joining.nodeId, half)).to.be.closeTo(dtel(1_075), dtel("0.1"));
    });

    it("and pushes of dust neither stop nor reset it", async function () {
      await credit(dtel(200));
      for (let offset = 100; offset < 3_600; offset += 500) {
        await protocol.clock.nextBlockAt(6, offset);
        await credit(2n * GWEI);
        expect(await assets()).to.be.closeTo(dtel(1_000) + (dtel(100) * BigInt(offset)) / 3_600n, 20n * GWEI);
      }
      // Eight pushes of a gwei for the pool arrived in epoch 6 and are out by the end of 7.
      const dust = 7n * GWEI;
      expect(await assetsAt(7, 0)).to.equal(dtel(1_100));
      expect(await assetsAt(8, 0)).to.equal(dtel(1_100) + dust);
    });

    it("whole where nobody touches it for long, and of several epochs at once", async function () {
      await credit(dtel(200));
      await protocol.clock.goTo(6, 1_800);
      await credit(dtel(400));
      expect(await assets()).to.be.closeTo(dtel(1_050), dtel("0.1"));
      expect(await assetsAt(7, 0)).to.equal(dtel(1_100));
      expect(await assetsAt(7, 1_800)).to.equal(dtel(1_200));
      await protocol.clock.goTo(9, 10);
      await credit(dtel(2));
      expect(await assets()).to.equal(dtel(1_300));
      expect(await assetsAt(11)).to.equal(dtel(1_301));
    });

    it("joins the pool's assets when somebody joins or leaves, no earlier and no twice", async function () {
      const { staking } = protocol;
      await credit(dtel(200));
      await protocol.clock.goTo(7, 10);
      await credit(dtel(2));
      expect((await staking.poolOf(node.nodeId)).assets).to.equal(dtel(1_000) / GWEI);
      await expect(delegateMore(protocol, node.nodeId, delegator, dtel(10)))
        .to.emit(staking, "IncomeVested")
        .withArgs(node.nodeId, dtel(100), 0n);
      expect((await staking.poolOf(node.nodeId)).assets).to.equal(dtel(1_110) / GWEI);
      expect((await staking.streamOf(node.nodeId)).vested).to.equal(0n);
      expect(await assetsAt(9)).to.equal(dtel(1_111));
    });
  });

  describe("is divided as bond and pool stood in the epoch that earned it", function () {
    it("so an owner cannot take the delegators' by bonding before a claim", async function () {
      await protocol.token.transfer(node.owner, dtel(99_000));
      await addBond(protocol, node, dtel(99_000));
      await credit(dtel(200), 4);
      expect(await ownerIncome()).to.equal(dtel(100));
    });

    it("nor anybody the owner's by delegating before a claim", async function () {
      const { staking } = protocol;
      const alone = await addNode(protocol, { bond: dtel(1_000) });
      await protocol.clock.goTo(9, 10);
      await addDelegator(protocol, alone.nodeId, dtel(10_000));
      await staking.connect(distributor).creditIncome(alone.nodeId, 9, feesOf(dtel(200)));
      expect(await staking.ownerIncomeOf(alone.nodeId)).to.equal(dtel(200));
    });

    it("nor a delegator the owner's last income after the owner has left", async function () {
      const { staking } = protocol;
      await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000));
      await protocol.clock.goTo(7, 10);
      await credit(dtel(200), 5);
      expect(await ownerIncome()).to.equal(dtel(100));
    });

    it("and as they stand now where the node had no stake then", async function () {
      const { staking } = protocol;
      await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000));
      await protocol.clock.goTo(8, 10);
      await credit(dtel(200), 7);
      expect(await ownerIncome()).to.equal(0n);
      expect(await assetsAt(10)).to.equal(dtel(1_200));
    });
  });

  describe("of an owner", function () {
    it("is claimed by it, and only once", async function () {
      const { staking, token } = protocol;
      await credit(dtel(200));
      await token.transfer(staking, dtel(200));
      await expect(staking.connect(node.owner).claimOwnerIncome(node.nodeId))
        .to.emit(staking, "OwnerIncomeClaimed")
        .withArgs(node.nodeId, node.owner.address, dtel(100));
      expect(await token.balanceOf(node.owner)).to.equal(dtel(100));
      await expect(staking.connect(node.owner).claimOwnerIncome(node.nodeId))
        .to.be.revertedWithCustomError(staking, "NothingToWithdraw")
        .withArgs(node.nodeId, node.owner.address);
    });

    it("that was credited and not minted yet is minted before it is paid, not taken from others' stake", async function () {
      const { staking, token } = protocol;
      await protocol.registry.connect(node.owner).activate(node.nodeId);
      await protocol.clock.goTo(8, 10);
      const service = idleService(protocol, node, 7);
      await service.attest();
      await drawSeed(protocol, 7);
      await passProofDeadline(protocol, 7);
      await service.claim();
      const pending = await protocol.distributor.pendingMint();
      const income = await ownerIncome();
      expect([pending > 0n, income > 0n]).to.deep.equal([true, true]);
      await expect(staking.connect(node.owner).claimOwnerIncome(node.nodeId))
        .to.emit(protocol.distributor, "RewardsMinted")
        .withArgs(pending);
      expect(await token.balanceOf(staking)).to.equal(dtel(2_000) + pending - income + ROUNDING_RESERVE);
      expect(await token.balanceOf(node.owner)).to.equal(income);
    });

    it("stake itself is paid without a mint, to the last gwei", async function () {
      const { staking, token } = protocol;
      await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000));
      const { shares } = await staking.positionOf(node.nodeId, delegator);
      await staking.connect(delegator).requestUndelegate(node.nodeId, shares);
      await protocol.clock.goTo(40);
      await staking.connect(node.owner).withdrawBond(node.nodeId);
      await staking.connect(delegator).withdraw(node.nodeId);
      expect(await token.balanceOf(staking)).to.equal(ROUNDING_RESERVE);
    });

    it("is what the last delegator leaves behind: rounding and income on its way", async function () {
      const { staking } = protocol;
      await credit(dtel(200));
      const { shares } = await staking.positionOf(node.nodeId, delegator);
      const before = await ownerIncome();
      await staking.connect(delegator).requestUndelegate(node.nodeId, shares);
      expect((await ownerIncome()) - before).to.be.closeTo(dtel(100), GWEI);
      expect(await assetsAt(9)).to.equal(0n);
      const joined = await addDelegator(protocol, node.nodeId, dtel(10));
      expect(await staking.delegationOf(node.nodeId, joined)).to.be.closeTo(dtel(10), GWEI);
    });
  });

  it("views say what a transaction would find", async function () {
    const { staking } = protocol;
    await credit(dtel("123.456789123"));
    await protocol.clock.goTo(6, 1_234);
    const { shares } = await staking.positionOf(node.nodeId, delegator);
    expect(await staking.delegationOf(node.nodeId, delegator)).to.equal(
      await staking.connect(delegator).requestUndelegate.staticCall(node.nodeId, shares),
    );
  });
});
