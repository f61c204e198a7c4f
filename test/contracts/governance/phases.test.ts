import { expect } from "chai";
import { getAddress, id } from "ethers";
import { ProtocolAccessManager__factory } from "../../../types/contracts/index.js";
import type { Account } from "../support/account.js";
import { fundedAccount } from "../support/account.js";
import { networkHelpers } from "../support/chain.js";
import { actingAs } from "../support/impersonate.js";
import { dtel } from "../support/people.js";
import {
  addVoter,
  ADMIN,
  asAdmin,
  closeVote,
  COUNCIL,
  DAY,
  decide,
  deployedGovernance,
  execute,
  GUARDIAN,
  openVote,
  propose,
  queue,
  restricted,
  sovereignGovernance,
  states,
} from "./setup.js";
import type { Call, Governance, Proposal } from "./setup.js";
import { ITimedPause__factory, IPenaltyManager__factory } from "../../../types/contracts/index.js";

const { time } = networkHelpers;
const PAUSE = ITimedPause__factory.createInterface().getFunction("pause").selector;
const VETO = IPenaltyManager__factory.createInterface().getFunction("veto").selector;
/** Some contract of the protocol that can be paused; the manager only knows its address. */
const TARGET = getAddress(`0x${"c0".repeat(20)}`);

describe("ProtocolAccessManager: guardian, council, phases", function () {
  let governance: Governance;
  let council: Account;

  const may = async (account: { address: string }, selector: string, target = TARGET) =>
    (await governance.manager.canCall(account.address, target, selector)).immediate;

  describe("powers", function () {
    beforeEach(async function () {
      governance = await deployedGovernance();
      council = await fundedAccount("council");
      const { manager } = governance;
      await manager.setTargetFunctionRole(TARGET, [PAUSE, VETO], GUARDIAN);
      await manager.grantRole(COUNCIL, council, 0);
    });

    /** [guardian, council, administrator] for pausing and for a veto. */
    const powers = async () => {
      const { guardian, deployer } = governance;
      const of = async (selector: string) =>
        Promise.all([guardian, council, deployer].map((who) => may(who, selector)));
      return { pause: await of(PAUSE), veto: await of(VETO) };
    };

    it("are the guardian's at first, the council's for a veto then, the administrator's in the end", async function () {
      const { manager } = governance;
      expect(await powers()).to.deep.equal({ pause: [true, false, false], veto: [true, false, false] });
      await expect(manager.advancePhase()).to.emit(manager, "PhaseAdvanced").withArgs(1n);
      expect(await powers()).to.deep.equal({ pause: [false, false, true], veto: [false, true, false] });
      await expect(manager.advancePhase()).to.emit(manager, "PhaseAdvanced").withArgs(2n);
      expect(await powers()).to.deep.equal({ pause: [false, false, true], veto: [false, false, true] });
    });

    it("of the guardian end on their date, to the second, whatever anybody does", async function () {
      const { manager, guardian, guardianEnd } = governance;
      await time.increaseTo(guardianEnd - 1);
      expect(await may(guardian, VETO)).to.equal(true);
      expect((await manager.hasRole(GUARDIAN, guardian)).isMember).to.equal(true);
      await time.increaseTo(guardianEnd);
      expect(await powers()).to.deep.equal({ pause: [false, false, true], veto: [false, false, true] });
      expect((await manager.hasRole(GUARDIAN, guardian)).isMember).to.equal(false);
      const data = ITimedPause__factory.createInterface().encodeFunctionData("pause");
      await expect(manager.connect(guardian).execute(TARGET, data)).to.be.revertedWithCustomError(
        manager,
        "AccessManagerUnauthorizedCall",
      );
      await expect(manager.grantRole(GUARDIAN, council, 0))
        .to.be.revertedWithCustomError(manager, "RoleUnavailable")
        .withArgs(GUARDIAN);
      // Time gives the council nothing: that is for governance to decide.
      expect((await manager.hasRole(COUNCIL, council)).isMember).to.equal(false);
      await manager.advancePhase();
      expect(await powers()).to.deep.equal({ pause: [false, false, true], veto: [false, true, false] });
    });

    it("never come back: phases go one way, and no role is granted after its phase", async function () {
      const { manager, holder } = governance;
      await manager.advancePhase();
      await expect(manager.grantRole(GUARDIAN, holder, 0)).to.be.revertedWithCustomError(
        manager,
        "RoleUnavailable",
      );
      await manager.grantRole(COUNCIL, holder, 0);
      await manager.advancePhase();
      await expect(manager.grantRole(COUNCIL, holder, 0)).to.be.revertedWithCustomError(
        manager,
        "RoleUnavailable",
      );
      await expect(manager.advancePhase()).to.be.revertedWithCustomError(manager, "LastPhase");
      expect((await manager.hasRole(COUNCIL, holder)).isMember).to.equal(false);
    });

    it("cannot be made up anew under other names", async function () {
      const { manager, holder, guardian } = governance;
      for (const role of [3n, 1n << 40n]) {
        await expect(manager.grantRole(role, holder, 0))
          .to.be.revertedWithCustomError(manager, "RoleUnavailable")
          .withArgs(role);
        await expect(manager.setTargetFunctionRole(TARGET, [PAUSE], role)).to.be.revertedWithCustomError(
          manager,
          "NotGuardable",
        );
      }
      // Everybody's role is one of them.
      await expect(
        manager.setTargetFunctionRole(TARGET, [PAUSE], await manager.PUBLIC_ROLE()),
      ).to.be.revertedWithCustomError(manager, "NotGuardable");
      for (const signature of [
        "upgradeToAndCall(address,bytes)",
        "burnSlashed(uint256)",
        "pay(address,address,uint256)",
      ]) {
        await expect(manager.setTargetFunctionRole(TARGET, [id(signature).slice(0, 10)], GUARDIAN))
          .to.be.revertedWithCustomError(manager, "NotGuardable")
          .withArgs(TARGET, id(signature).slice(0, 10), GUARDIAN);
      }
      for (const change of [
        manager.setRoleAdmin(GUARDIAN, GUARDIAN),
        manager.setRoleGuardian(GUARDIAN, COUNCIL),
        manager.setRoleAdmin(7n, GUARDIAN),
        manager.setGrantDelay(COUNCIL, 1),
      ]) {
        await expect(change).to.be.revertedWithCustomError(manager, "RolesAreFixed");
      }
      await expect(manager.connect(guardian).grantRole(GUARDIAN, holder, 0)).to.be.revertedWithCustomError(
        manager,
        "AccessManagerUnauthorizedAccount",
      );
    });

    it("can be taken back, function by function and member by member", async function () {
      const { manager, guardian, deployer } = governance;
      await manager.setTargetFunctionRole(TARGET, [PAUSE], ADMIN);
      expect([await may(guardian, PAUSE), await may(deployer, PAUSE)]).to.deep.equal([false, true]);
      await manager.revokeRole(GUARDIAN, guardian);
      expect(await may(guardian, VETO)).to.equal(false);
    });

    it("advance by the administrator alone", async function () {
      const { manager, guardian, holder } = governance;
      for (const who of [guardian, holder, council]) {
        await expect(manager.connect(who).advancePhase()).to.be.revertedWithCustomError(
          manager,
          "AccessManagerUnauthorizedAccount",
        );
      }
      await expect(
        manager.setTargetFunctionRole(
          manager,
          [manager.interface.getFunction("advancePhase").selector],
          GUARDIAN,
        ),
      ).to.be.revertedWithCustomError(manager, "NotGuardable");
    });

    it("of a deployment end within 24 months, and not in the past", async function () {
      const { manager, deployer } = governance;
      const factory = new ProtocolAccessManager__factory(deployer);
      const next = (await time.latest()) + 100;
      const latest = next + 731 * DAY;
      for (const [end, valid] of [
        [next, false],
        [next + 1, true],
        [latest, true],
        [latest + 1, false],
      ] as const) {
        const snapshot = await networkHelpers.takeSnapshot();
        await time.setNextBlockTimestamp(next);
        const deployment = factory.deploy(deployer, end);
        if (valid) await deployment;
        else {
          await expect(deployment)
            .to.be.revertedWithCustomError(manager, "InvalidGuardianEnd")
            .withArgs(end, latest);
        }
        await snapshot.restore();
      }
    });

    it("of the administrator stay where they are once the first one has renounced", async function () {
      const { manager, deployer, holder, timelock } = governance;
      await expect(manager.revokeRole(ADMIN, timelock))
        .to.be.revertedWithCustomError(manager, "AdministratorIsFixed")
        .withArgs(await timelock.getAddress());
      await manager.grantRole(ADMIN, timelock, 0);
      expect(await manager.FIRST_ADMIN()).to.equal(deployer.address);
      await manager.renounceRole(ADMIN, deployer);
      const acting = manager.connect(await actingAs(timelock));
      await expect(acting.grantRole(ADMIN, holder, 0))
        .to.be.revertedWithCustomError(manager, "AdministratorIsFixed")
        .withArgs(holder.address);
      for (const end of [acting.revokeRole(ADMIN, timelock), acting.renounceRole(ADMIN, timelock)]) {
        await expect(end).to.be.revertedWithCustomError(manager, "AdministratorIsFixed");
      }
      await acting.advancePhase();
    });

    it("of the administrator cannot be locked away from a contract: what is closed can be opened", async function () {
      const { manager, deployer } = governance;
      await expect(manager.setTargetAdminDelay(TARGET, 1))
        .to.be.revertedWithCustomError(manager, "AdminDelaysAreFixed")
        .withArgs(TARGET);
      await manager.advancePhase();
      await manager.setTargetClosed(TARGET, true);
      expect(await may(deployer, PAUSE)).to.equal(false);
      await manager.setTargetClosed(TARGET, false);
      expect(await may(deployer, PAUSE)).to.equal(true);
    });

    it("of the guardian do not reach the treasury", async function () {
      const { manager, guardian, treasury, token, holder } = governance;
      const pay = treasury.interface.encodeFunctionData("pay", [
        await token.getAddress(),
        holder.address,
        1n,
      ]);
      await expect(manager.connect(guardian).execute(treasury, pay)).to.be.revertedWithCustomError(
        manager,
        "AccessManagerUnauthorizedCall",
      );
      await expect(treasury.connect(guardian).pay(token, holder, 1n)).to.be.revertedWithCustomError(
        treasury,
        "NotAuthority",
      );
      await asAdmin(governance, treasury, "setOutflowLimit", [await token.getAddress(), 500n]);
    });
  });

  describe("cancelling a proposal", function () {
    let whale: Account;
    let calls: Call[];
    beforeEach(async function () {
      governance = await sovereignGovernance();
      whale = await addVoter(governance, "whale", dtel(30_000_000));
      council = await fundedAccount("council");
      const { treasury, token } = governance;
      calls = [await restricted(governance, treasury, "setOutflowLimit", [await token.getAddress(), 500n])];
    });
    const cancelBy = (who: Account, { targets, values, calldatas, descriptionHash }: Proposal) =>
      governance.governor.connect(who).cancel(targets, values, calldatas, descriptionHash);
    const onManager = (name: "advancePhase" | "grantRole" | "revokeRole", ...values: unknown[]): Call => ({
      target: governance.manager,
      data: governance.manager.interface.encodeFunctionData(
        name as "grantRole",
        values as [bigint, string, bigint],
      ),
    });

    it("is the guardian's in every state until it is executed", async function () {
      const { governor, guardian } = governance;
      const pending = await propose(governance, whale, calls, "pending");
      await cancelBy(guardian, pending);
      const active = await propose(governance, whale, calls, "active");
      await openVote(governance, active);
      await cancelBy(guardian, active);
      const queued = await decide(governance, whale, calls, "queued");
      await cancelBy(guardian, queued);
      for (const { id: proposalId } of [pending, active, queued]) {
        expect(await governor.state(proposalId)).to.equal(states.Canceled);
      }
      await expect(execute(governance, queued)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
      const done = await decide(governance, whale, calls, "done");
      await execute(governance, done);
      await expect(cancelBy(guardian, done)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
    });

    it("is no longer the guardian's after its date", async function () {
      const { governor, guardian, guardianEnd } = governance;
      await time.increaseTo(guardianEnd);
      const proposal = await propose(governance, whale, calls);
      await expect(cancelBy(guardian, proposal))
        .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
        .withArgs(proposal.id, guardian.address);
    });

    it("is never the guardian's when the proposal takes the guardian's or the council's power", async function () {
      const { governor, guardian } = governance;
      for (const [ends, description] of [
        [[onManager("advancePhase")], "phase"],
        [[onManager("revokeRole", GUARDIAN, guardian.address)], "guardian"],
        [
          [
            onManager("revokeRole", COUNCIL, council.address),
            onManager("revokeRole", GUARDIAN, guardian.address),
          ],
          "both",
        ],
      ] as const) {
        const proposal = await propose(governance, whale, ends, description);
        await expect(cancelBy(guardian, proposal), description).to.be.revertedWithCustomError(
          governor,
          "GovernorUnableToCancel",
        );
      }
    });

    it("stays the guardian's when such a proposal does anything else as well", async function () {
      const { governor, guardian, timelock, holder } = governance;
      const end = onManager("advancePhase");
      for (const [mixed, description] of [
        [[end, ...calls], "and a payment"],
        [[end, onManager("grantRole", ADMIN, holder.address, 0n)], "and another administrator"],
        [[onManager("revokeRole", ADMIN, await timelock.getAddress())], "the timelock's own role"],
        [[{ ...end, target: governor }], "the same bytes elsewhere"],
        [
          [{ ...end, data: onManager("revokeRole", GUARDIAN, guardian.address).data.slice(0, 10) }],
          "cut off",
        ],
      ] as const) {
        const proposal = await propose(governance, whale, mixed, description);
        await cancelBy(guardian, proposal);
        expect(await governor.state(proposal.id), description).to.equal(states.Canceled);
      }
    });

    it("goes to the council with its phase, by a vote, and to the timelock in the end", async function () {
      const { governor, manager, guardian } = governance;
      const phase = await decide(
        governance,
        whale,
        [onManager("grantRole", COUNCIL, council.address, 0n), onManager("advancePhase")],
        "a council",
      );
      await execute(governance, phase);
      expect(await manager.phase()).to.equal(1n);
      const proposal = await propose(governance, whale, calls, "of the second phase");
      await expect(cancelBy(guardian, proposal)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnableToCancel",
      );
      await cancelBy(council, proposal);
      const last = await propose(governance, whale, [onManager("advancePhase")], "voters alone");
      await expect(cancelBy(council, last)).to.be.revertedWithCustomError(governor, "GovernorUnableToCancel");
      await openVote(governance, last);
      await governor.connect(whale).castVote(last.id, 1);
      await closeVote(governance, last);
      await queue(governance, last);
      await time.increase(2 * DAY);
      await execute(governance, last);
      const free = await propose(governance, whale, calls, "of the last phase");
      for (const who of [guardian, council]) {
        await expect(cancelBy(who, free)).to.be.revertedWithCustomError(governor, "GovernorUnableToCancel");
      }
    });
  });
});
