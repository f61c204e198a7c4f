import { expect } from "chai";
import { ethers, networkHelpers } from "../support/chain.js";
import { actingAs } from "../support/impersonate.js";
import {
  asAuthority,
  openedSlash,
  overturn,
  presentParameters,
  setPenaltyParameters,
  SLASH,
  strictProtocol,
  unprovenNode,
  unprovenService,
  veto,
} from "../support/penalties.js";
import type { Culprit } from "../support/penalties.js";
import { addDelegator, addNode, dtel } from "../support/people.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, honestService, idleService, passProofDeadline } from "../support/service.js";

const NONE = 0n;
const OPEN = 1n;
const VETOED = 2n;
const OVERTURNED = 3n;
const EXECUTED = 4n;

describe("PenaltyManager: slashes", function () {
  let protocol: Protocol;
  let culprit: Culprit;
  beforeEach(async function () {
    protocol = await strictProtocol();
    culprit = await unprovenNode(protocol);
  });

  const report = async (reporter = protocol.holder) =>
    openedSlash(await protocol.penalties.connect(reporter).reportMissingProof(culprit.service.attestation));
  const statusOf = async (id: string) => (await protocol.penalties.slashStateOf(id)).status;
  const bondOf = async () => (await protocol.staking.poolOf(culprit.node.nodeId)).bond * 10n ** 9n;

  describe("a missing proof", function () {
    it("costs a fixed part of the bond, which waits in escrow; the log tells all", async function () {
      const { penalties, attestations, clock, newAccount } = protocol;
      const reporter = await newAccount();
      const before = await bondOf();
      const transaction = await penalties.connect(reporter).reportMissingProof(culprit.service.attestation);
      await expect(transaction)
        .to.emit(attestations, "ProofMissing")
        .withArgs(culprit.node.nodeId, culprit.epoch);
      const { id, slash, appealUntil, bountyBps } = await openedSlash(transaction);
      const now = await networkHelpers.time.latest();
      expect(slash.nodeId).to.equal(culprit.node.nodeId);
      expect(slash.kind).to.equal(0n);
      expect(slash.referenceId).to.equal(culprit.epoch);
      expect(slash.reporter).to.equal(reporter.address);
      expect(slash.openedAt).to.equal(now);
      expect(slash.taken.bond).to.equal(SLASH / 10n ** 9n);
      expect(before - (await bondOf())).to.equal(SLASH);
      expect(await penalties.slashIdOf(slash)).to.equal(id);
      const state = await penalties.slashStateOf(id);
      expect(state.status).to.equal(OPEN);
      expect(state.bountyBps).to.equal(bountyBps);
      expect(state.appealUntil).to.equal(appealUntil);
      expect(appealUntil).to.equal(now + 10 * clock.epochSeconds);
      expect(bountyBps).to.equal(1_000n);
    });

    it("is no fault before the proof deadline, and is reported until the window's last second", async function () {
      const { attestations, penalties, clock } = protocol;
      const { node, app, epoch } = culprit;
      const next = await honestService(protocol, node, app, epoch + 1, 2);
      await next.attest();
      await drawSeed(protocol, epoch + 1);
      const { timestamp } = await attestations.proofDeadline(epoch + 1);
      await networkHelpers.mine(40, { interval: 1 });
      await networkHelpers.time.setNextBlockTimestamp(Number(timestamp) - 1);
      await expect(penalties.reportMissingProof(next.attestation))
        .to.be.revertedWithCustomError(attestations, "ProofDeadlineNotPassed")
        .withArgs(epoch + 1);
      await penalties.reportMissingProof(next.attestation);

      const closesAt = clock.startOf(epoch + 5);
      await networkHelpers.time.setNextBlockTimestamp(closesAt - 1);
      await report();
    });

    it("cannot be reported once the window has closed", async function () {
      const { penalties, clock } = protocol;
      const closesAt = clock.startOf(culprit.epoch + 5);
      await networkHelpers.time.setNextBlockTimestamp(closesAt);
      await expect(penalties.reportMissingProof(culprit.service.attestation))
        .to.be.revertedWithCustomError(penalties, "ReportWindowClosed")
        .withArgs(culprit.epoch, closesAt);
    });

    it("is reported once, also in another epoch's name or with other totals", async function () {
      const { penalties, attestations } = protocol;
      const { attestation } = culprit.service;
      await report();
      await expect(penalties.reportMissingProof(attestation))
        .to.be.revertedWithCustomError(attestations, "NoProofMissing")
        .withArgs(culprit.node.nodeId, culprit.epoch);
      for (const forged of [
        { ...attestation, bytesDelivered: attestation.bytesDelivered + 1n },
        { ...attestation, epoch: attestation.epoch - 1 },
        { ...attestation, nodeId: attestation.nodeId + 1n },
      ]) {
        await expect(penalties.reportMissingProof(forged)).to.be.revert(ethers);
      }
    });

    it("is nothing that a node which has proven, or delivered nothing, can be blamed for", async function () {
      const { penalties, attestations, clock } = protocol;
      const { app, epoch } = culprit;
      const honest = await addNode(protocol);
      const idle = await addNode(protocol);
      const proven = await honestService(protocol, honest, app, epoch + 1, 2);
      const empty = idleService(protocol, idle, epoch + 1);
      await clock.goTo(epoch + 2, 60);
      await proven.attest();
      await empty.attest();
      await drawSeed(protocol, epoch + 1);
      await proven.prove();
      await passProofDeadline(protocol, epoch + 1);
      for (const { attestation } of [proven, empty]) {
        await expect(penalties.reportMissingProof(attestation)).to.be.revertedWithCustomError(
          attestations,
          "NoProofMissing",
        );
      }
    });

    it("earns the epoch no work reward, even where the slash is vetoed", async function () {
      const { attestations } = protocol;
      await veto(protocol, await report());
      const { status } = await attestations.attestationOf(culprit.node.nodeId, culprit.epoch);
      expect(status).to.equal(3n);
    });
  });

  describe("the appeal", function () {
    it("can be won until the window's last second, and everything is back", async function () {
      const { penalties, staking, token } = protocol;
      const before = { bond: await bondOf(), held: await token.balanceOf(staking) };
      const open = await report();
      await networkHelpers.time.setNextBlockTimestamp(open.appealUntil - 1);
      await expect(veto(protocol, open))
        .to.emit(penalties, "SlashVetoed")
        .withArgs(open.id, culprit.node.nodeId);
      expect(await bondOf()).to.equal(before.bond);
      expect(await token.balanceOf(staking)).to.equal(before.held);
      expect(await statusOf(open.id)).to.equal(VETOED);
    });

    it("is over with the window for the guardian, but not for governance until the slash is executed", async function () {
      const { penalties } = protocol;
      const before = await bondOf();
      const open = await report();
      await networkHelpers.time.setNextBlockTimestamp(open.appealUntil);
      await expect(veto(protocol, open))
        .to.be.revertedWithCustomError(penalties, "AppealClosed")
        .withArgs(open.id, open.appealUntil);
      await expect(overturn(protocol, open))
        .to.emit(penalties, "SlashOverturned")
        .withArgs(open.id, culprit.node.nodeId);
      expect(await bondOf()).to.equal(before);
      expect(await statusOf(open.id)).to.equal(OVERTURNED);
    });

    it("ends a slash once: what was vetoed is not executed, what was executed is not given back", async function () {
      const { penalties } = protocol;
      const vetoed = await report();
      await veto(protocol, vetoed);
      const refused = async (action: Promise<unknown>, id: string, status: bigint) =>
        expect(action).to.be.revertedWithCustomError(penalties, "SlashNotOpen").withArgs(id, status);
      await networkHelpers.time.increaseTo(vetoed.appealUntil);
      await refused(penalties.execute(vetoed.slash), vetoed.id, VETOED);
      await refused(veto(protocol, vetoed), vetoed.id, VETOED);
      await refused(overturn(protocol, vetoed), vetoed.id, VETOED);

      const { node, app } = culprit;
      const service = await unprovenService(protocol, node, app, (await protocol.clock.now()) + 1);
      const executed = await openedSlash(await penalties.reportMissingProof(service.attestation));
      await networkHelpers.time.increaseTo(executed.appealUntil);
      await penalties.execute(executed.slash);
      await refused(penalties.execute(executed.slash), executed.id, EXECUTED);
      await refused(veto(protocol, executed), executed.id, EXECUTED);
      await refused(overturn(protocol, executed), executed.id, EXECUTED);
    });

    it("is for the authority only", async function () {
      const { penalties, holder, newAccount } = protocol;
      const { slash } = await report();
      for (const caller of [holder, culprit.node.owner, await newAccount()]) {
        const asCaller = penalties.connect(caller);
        const present = await presentParameters(protocol);
        for (const attempt of [
          () => asCaller.veto(slash),
          () => asCaller.overturn(slash),
          () => asCaller.pause(),
          () => asCaller.setParameters(present),
        ]) {
          await expect(attempt())
            .to.be.revertedWithCustomError(penalties, "NotAuthority")
            .withArgs(caller.address);
        }
      }
    });
  });

  describe("an upheld slash", function () {
    it("waits for the window's end, then burns, less the reporter's bounty", async function () {
      const { penalties, staking, token, newAccount } = protocol;
      const reporter = await newAccount();
      const open = await report(reporter);
      await networkHelpers.time.setNextBlockTimestamp(open.appealUntil - 1);
      await expect(penalties.execute(open.slash))
        .to.be.revertedWithCustomError(penalties, "AppealOpen")
        .withArgs(open.id, open.appealUntil);
      const supply = await token.totalSupply();
      await expect(penalties.execute(open.slash))
        .to.emit(penalties, "SlashExecuted")
        .withArgs(open.id, culprit.node.nodeId, SLASH / 10n);
      expect(await token.balanceOf(reporter)).to.equal(SLASH / 10n);
      await staking.burnPending();
      expect(supply - (await token.totalSupply())).to.equal((SLASH * 9n) / 10n);
    });

    it("is what was opened and nothing else", async function () {
      const { penalties, holder, newAccount } = protocol;
      const open = await report(await newAccount());
      await networkHelpers.time.increaseTo(open.appealUntil);
      for (const forged of [
        { ...open.slash, reporter: holder.address },
        { ...open.slash, nodeId: 99n },
        { ...open.slash, taken: { ...open.slash.taken, bond: 1n } },
        { ...open.slash, taken: { ...open.slash.taken, pool: 1n } },
      ]) {
        await expect(penalties.execute(forged))
          .to.be.revertedWithCustomError(penalties, "SlashNotOpen")
          .withArgs(await penalties.slashIdOf(forged), NONE);
      }
    });

    it("keeps the terms it was opened with", async function () {
      const { penalties, token, newAccount } = protocol;
      const reporter = await newAccount();
      const open = await report(reporter);
      await setPenaltyParameters(protocol, { bountyBps: 0, appealSeconds: 60 * 3_600 });
      await networkHelpers.time.increaseTo(open.appealUntil);
      await penalties.execute(open.slash);
      expect(await token.balanceOf(reporter)).to.equal(SLASH / 10n);
    });

    it("brings who reports himself no more than the bounty of what he loses", async function () {
      const { penalties, token } = protocol;
      const { owner } = culprit.node;
      const open = await report(owner);
      await networkHelpers.time.increaseTo(open.appealUntil);
      await penalties.execute(open.slash);
      const lost = dtel(1_000) - (await bondOf());
      const won = await token.balanceOf(owner);
      expect(lost - won).to.equal((SLASH * 9n) / 10n);
    });

    it("reaches a bond whose owner has asked for it back", async function () {
      const { penalties, staking, token } = protocol;
      const { nodeId, owner } = culprit.node;
      await staking.connect(owner).requestUnbond(nodeId, dtel(1_000));
      const open = await report();
      expect(open.slash.taken.bond).to.equal(0n);
      expect(open.slash.taken.bondExitCurrent).to.equal(SLASH / 10n ** 9n);
      await networkHelpers.time.increaseTo(open.appealUntil);
      const before = await token.balanceOf(protocol.holder);
      await penalties.execute(open.slash);
      expect((await token.balanceOf(protocol.holder)) - before).to.equal(SLASH / 10n);
      const period = await staking.currentPeriod();
      const { unbondingSeconds } = protocol.parameters.staking;
      await protocol.clock.goToPeriod(Number(period) + 2, unbondingSeconds);
      await staking.connect(owner).withdrawBond(nodeId);
      expect(await token.balanceOf(owner)).to.equal(dtel(1_000) - SLASH);
    });

    it("takes from delegators only what the bond cannot cover, and pays no bounty on it", async function () {
      const { penalties, staking, token, newAccount } = protocol;
      const { node } = culprit;
      await addDelegator(protocol, node.nodeId, dtel(5_000));
      // A fault in the period that owner and delegators leave in; the bond is nearly gone by rulings.
      const arbitration = penalties.connect(await actingAs(protocol.arbitration));
      const now = await networkHelpers.time.latest();
      const request = { nodeId: node.nodeId, kind: 2, faultAt: now, poolLimitBps: 500 };
      const reporter = await newAccount();
      const open = await openedSlash(
        await arbitration.openSlash({ ...request, referenceId: 1, reporter, amount: dtel(1_400) }),
      );
      expect(open.slash.taken.bond).to.equal(dtel(1_000) / 10n ** 9n);
      expect(open.slash.taken.pool).to.equal(dtel(250) / 10n ** 9n);
      await networkHelpers.time.increaseTo(open.appealUntil);
      await penalties.execute(open.slash);
      expect(await token.balanceOf(reporter)).to.equal(dtel(100));
      // The owner's part; that of delegators burns as their votes are synced.
      expect(await staking.pendingBurn()).to.equal(dtel(900));
    });

    it("of a node with nothing left takes nothing, and ends like any other", async function () {
      const { penalties } = protocol;
      const { node } = culprit;
      const arbitration = penalties.connect(await actingAs(protocol.arbitration));
      const now = await networkHelpers.time.latest();
      const request = { nodeId: node.nodeId, kind: 2, faultAt: now, poolLimitBps: 0 };
      const reporter = protocol.holder;
      await arbitration.openSlash({ ...request, referenceId: 1, reporter, amount: dtel(5_000) });
      const empty = await report();
      expect(empty.slash.taken.bond).to.equal(0n);
      await networkHelpers.time.increaseTo(empty.appealUntil);
      await expect(penalties.execute(empty.slash))
        .to.emit(penalties, "SlashExecuted")
        .withArgs(empty.id, node.nodeId, 0n);
    });
  });

  it("opens slashes for its two peers only", async function () {
    const { penalties, holder } = protocol;
    const request = {
      nodeId: culprit.node.nodeId,
      kind: 1,
      referenceId: 1,
      reporter: holder.address,
      faultAt: await networkHelpers.time.latest(),
      amount: dtel(1),
      poolLimitBps: 0,
    };
    await expect(penalties.openSlash(request))
      .to.be.revertedWithCustomError(penalties, "NotPeer")
      .withArgs(holder.address);
    await penalties.connect(await actingAs(protocol.strikes)).openSlash(request);
  });

  it("in a pause executes nothing, but reports, vetoes and windows go on", async function () {
    const { penalties, clock } = protocol;
    const { node, app } = culprit;
    const open = await report();
    const later = await unprovenService(protocol, node, app, (await clock.now()) + 8);
    await networkHelpers.time.increaseTo(open.appealUntil);
    await asAuthority(protocol, penalties, "pause");
    const until = await penalties.pausedUntil();
    await expect(penalties.execute(open.slash))
      .to.be.revertedWithCustomError(penalties, "Paused")
      .withArgs(until);
    await veto(protocol, await openedSlash(await penalties.reportMissingProof(later.attestation)));
    await networkHelpers.time.increaseTo(until);
    await penalties.execute(open.slash);
    expect(await statusOf(open.id)).to.equal(EXECUTED);
  });
});
