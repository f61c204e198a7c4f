import { expect } from "chai";
import type { BaseContract } from "ethers";
import { WEI_PER_GWEI as GWEI } from "../../../node/protocol/amounts.js";
import { networkHelpers } from "../support/chain.js";
import { addApp, addDelegator, addNode, collect, dtel } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import type { Account } from "../support/account.js";
import { asAuthority } from "../support/penalties.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, honestService, passProofDeadline } from "../support/service.js";
import { burnSlashed, returnSlashed, slash } from "../support/staking.js";

const EPOCH = 3;
/** Of the tests' parameters. */
const PAUSE_SECONDS = 3_600;
const REST_SECONDS = 7_200;

describe("pauses", function () {
  let protocol: Protocol;
  beforeEach(async function () {
    protocol = await freshProtocol();
  });

  const pausable = () => [protocol.staking, protocol.escrow, protocol.distributor];
  const pause = (contract: BaseContract) => asAuthority(protocol, contract, "pause");
  const unpause = (contract: BaseContract) => asAuthority(protocol, contract, "unpause");
  /** Pauses staking, escrow and distributor in the next block. */
  async function pauseAll(): Promise<void> {
    for (const contract of pausable()) await pause(contract);
  }

  it("are the authority's, end by themselves, and are followed by a rest", async function () {
    for (const contract of pausable()) {
      await expect(contract.pause()).to.be.revertedWithCustomError(contract, "NotAuthority");
      await expect(contract.unpause()).to.be.revertedWithCustomError(contract, "NotAuthority");
      expect(await contract.pausedUntil()).to.equal(0n);
      const now = await networkHelpers.time.latest();
      await networkHelpers.time.setNextBlockTimestamp(now + 10);
      const until = now + 10 + PAUSE_SECONDS;
      await expect(pause(contract)).to.emit(contract, "PausedUntil").withArgs(until);
      expect(await contract.pausedUntil()).to.equal(until);
      await expect(pause(contract))
        .to.be.revertedWithCustomError(contract, "PauseResting")
        .withArgs(until + REST_SECONDS);
      await networkHelpers.time.setNextBlockTimestamp(until + REST_SECONDS - 1);
      await expect(pause(contract)).to.be.revertedWithCustomError(contract, "PauseResting");
      await networkHelpers.time.setNextBlockTimestamp(until + REST_SECONDS);
      await pause(contract);
    }
  });

  it("can be ended early: then the rest counts from there", async function () {
    const { staking } = protocol;
    await pause(staking);
    const now = await networkHelpers.time.latest();
    await networkHelpers.time.setNextBlockTimestamp(now + 100);
    await expect(unpause(staking))
      .to.emit(staking, "PausedUntil")
      .withArgs(now + 100);
    await addNode(protocol);
    // What has ended is not ended again: that would put off the next one.
    await expect(unpause(staking)).not.to.emit(staking, "PausedUntil");
    expect(await staking.pausedUntil()).to.equal(now + 100);
    await networkHelpers.time.setNextBlockTimestamp(now + 100 + REST_SECONDS - 1);
    await expect(pause(staking)).to.be.revertedWithCustomError(staking, "PauseResting");
    await networkHelpers.time.setNextBlockTimestamp(now + 100 + REST_SECONDS);
    await pause(staking);
  });

  it("stop what brings new money or claims in, to their last second", async function () {
    const { staking, escrow, distributor, token, clock } = protocol;
    const node = await addNode(protocol);
    const app = await addApp(protocol);
    const service = await honestService(protocol, node, app, EPOCH);
    await clock.goTo(EPOCH + 1, 10);
    await service.attest();
    await drawSeed(protocol, EPOCH);
    await passProofDeadline(protocol, EPOCH);
    await token.transfer(node.owner, dtel(10));
    for (const who of [node.owner, app.account, protocol.holder]) {
      await token.connect(who).approve(staking, dtel(10));
      await token.connect(who).approve(escrow, dtel(10));
    }
    await pauseAll();
    const until = await staking.pausedUntil();
    const attempts: [BaseContract, () => Promise<unknown>][] = [
      [staking, () => staking.connect(node.owner).bond(node.nodeId, GWEI)],
      [staking, () => staking.connect(node.owner).delegate(node.nodeId, GWEI, 0n)],
      [escrow, () => escrow.deposit(app.account, GWEI)],
      [escrow, () => token["transferAndCall(address,uint256)"](escrow, GWEI)],
      [escrow, () => escrow.connect(app.account).reserve(node.nodeId, GWEI)],
      [distributor, () => distributor.claim(service.attestation)],
      [distributor, () => distributor.claimBatch([service.attestation])],
    ];
    for (const [contract, attempt] of attempts) {
      await expect(attempt()).to.be.revertedWithCustomError(contract, "Paused");
    }
    await networkHelpers.time.setNextBlockTimestamp(until - 1n);
    await expect(attempts[0]![1]()).to.be.revertedWithCustomError(staking, "Paused").withArgs(until);
    await networkHelpers.time.setNextBlockTimestamp(until);
    await attempts[0]![1]();
    await networkHelpers.time.increase(10);
    for (const [, attempt] of attempts.slice(1, 6)) await attempt();
  });

  describe("never stop", function () {
    let node: Node;
    let app: App;
    let delegator: Account;
    beforeEach(async function () {
      node = await addNode(protocol, { active: true });
      app = await addApp(protocol);
      delegator = await addDelegator(protocol, node.nodeId, dtel(1_000));
    });

    it("attesting, drawing, proving and reporting service, nor collecting for it", async function () {
      const { clock, escrow, registry, staking } = protocol;
      const service = await honestService(protocol, node, app, EPOCH);
      await clock.goTo(EPOCH + 1, 10);
      await pauseAll();
      await service.attest();
      await collect(protocol, app, node.nodeId, dtel(10));
      await drawSeed(protocol, EPOCH);
      await service.prove();
      await registry.connect(node.operator).drain(node.nodeId);
      await registry.connect(node.operator).activate(node.nodeId);
      expect((await networkHelpers.time.latest()) < Number(await staking.pausedUntil())).to.equal(true);
      expect((await escrow.epochRevenueOf(EPOCH)).flushed).to.equal(true);
    });

    it("leaving: undelegating, unbonding, withdrawing stake and balance", async function () {
      const { staking, escrow, clock } = protocol;
      const { shares } = await staking.positionOf(node.nodeId, delegator);
      await escrow.connect(app.account).reserve(node.nodeId, dtel(10));
      await escrow.connect(app.account).requestRelease(node.nodeId, dtel(10));
      await staking.connect(delegator).requestUndelegate(node.nodeId, shares / 2n);
      await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000));
      await clock.goTo(30, 10);
      await pauseAll();
      await staking.connect(delegator).requestUndelegate(node.nodeId, shares / 2n);
      await staking.connect(delegator).withdraw(node.nodeId);
      await staking.connect(node.owner).withdrawBond(node.nodeId);
      await escrow.connect(app.account).release(node.nodeId);
      await escrow.connect(app.account).withdraw(app.account, dtel(1));
      await escrow.connect(app.account).addSigner(delegator);
      await escrow.connect(app.account).revokeSigner(delegator);
      expect((await networkHelpers.time.latest()) < Number(await staking.pausedUntil())).to.equal(true);
    });

    it("slashes and what follows from them", async function () {
      const { staking } = protocol;
      await pauseAll();
      await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000));
      await burnSlashed(protocol, node.nodeId, await slash(protocol, node.nodeId, dtel(2_000)));
      await returnSlashed(protocol, node.nodeId, await slash(protocol, node.nodeId, dtel(1)));
      await staking.syncVotes(node.nodeId, delegator);
      await staking.burnPending();
      expect((await networkHelpers.time.latest()) < Number(await staking.pausedUntil())).to.equal(true);
    });
  });
});
