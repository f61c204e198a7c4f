import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { DTelGovernor__factory, ProtocolTimelock__factory } from "../../../types/contracts/index.js";
import type { Account } from "../support/account.js";
import { fundedAccount } from "../support/account.js";
import { networkHelpers } from "../support/chain.js";
import { dtel } from "../support/people.js";
import {
  addVoter,
  APPEAL_SECONDS,
  BOUNDS,
  closeVote,
  DAY,
  decide,
  describeProposal,
  execute,
  INERT,
  openVote,
  propose,
  queue,
  restricted,
  SETTINGS,
  sovereignGovernance,
  states,
  TIMELOCK_SECONDS,
} from "./setup.js";
import type { Call, Governance, Proposal } from "./setup.js";

const { time } = networkHelpers;
const FOR = 1;
const AGAINST = 0;
const ABSTAIN = 2;

describe("DTelGovernor", function () {
  let governance: Governance;
  let proposer: Account;
  /** Something harmless to decide on. */
  let calls: Call[];
  beforeEach(async function () {
    governance = await sovereignGovernance();
    proposer = await addVoter(governance, "proposer", dtel(1_000_000));
    calls = [await restricted(governance, governance.treasury, "setOutflowLimit", [ZeroAddress, 500n])];
  });

  const stateOf = ({ id }: Proposal) => governance.governor.state(id);
  const vote = (voter: Account, { id }: Proposal, support: number) =>
    governance.governor.connect(voter).castVote(id, support);
  /** What `NodeStaking` does when an account stakes, and when it leaves. */
  async function stake(account: Account, amountWei: bigint): Promise<void> {
    const { token, staking } = governance;
    await token.connect(account).approve(staking, amountWei);
    await token.connect(staking).stakeFrom(account, amountWei);
  }
  const unstake = (account: Account, amountWei: bigint) =>
    governance.token.connect(governance.staking).unstakeTo(account, amountWei, amountWei);
  /** A governor's own setter, as a proposal calls it. */
  const setter = (
    name:
      | "setVotingDelay"
      | "setVotingPeriod"
      | "setLateQuorumVoteExtension"
      | "setProposalThreshold"
      | "updateQuorumNumerator"
      | "updateTimelock",
    value: bigint | string,
  ): Call => ({
    target: governance.governor,
    data: governance.governor.interface.encodeFunctionData(name as "setVotingDelay", [value]),
  });

  describe("votes", function () {
    it("of balances and of stake decide together, and the timelock executes", async function () {
      const { treasury, governor } = governance;
      const staker = await addVoter(governance, "staker", dtel(30_000_000));
      await stake(staker, dtel(30_000_000));
      const proposal = await propose(governance, proposer, calls);
      expect(await stateOf(proposal)).to.equal(states.Pending);
      await openVote(governance, proposal);
      await vote(staker, proposal, FOR);
      await vote(proposer, proposal, FOR);
      expect((await governor.proposalVotes(proposal.id)).forVotes).to.equal(dtel(31_000_000));
      await closeVote(governance, proposal);
      expect(await stateOf(proposal)).to.equal(states.Succeeded);
      await queue(governance, proposal);
      await expect(execute(governance, proposal)).to.be.revertedWithCustomError(
        governance.timelock,
        "TimelockUnexpectedOperationState",
      );
      await time.increase(TIMELOCK_SECONDS);
      await execute(governance, proposal);
      expect(await treasury.outflowLimitOf(ZeroAddress)).to.equal(500n);
      expect(await stateOf(proposal)).to.equal(states.Executed);
    });

    it("are counted once: staked, unstaked and passed on after the snapshot, they stay where they were", async function () {
      const { token, governor } = governance;
      const voter = await addVoter(governance, "voter", dtel(100));
      const friend = await addVoter(governance, "friend", dtel(1));
      await stake(voter, dtel(60));
      const proposal = await propose(governance, proposer, calls);
      await openVote(governance, proposal);
      await vote(voter, proposal, FOR);
      // The same tokens once more, by every way they can take.
      await unstake(voter, dtel(60));
      await token.connect(voter).transfer(friend, dtel(100));
      await vote(friend, proposal, AGAINST);
      await stake(friend, dtel(101));
      await token.connect(friend).delegate(voter);
      await expect(vote(voter, proposal, FOR)).to.be.revertedWithCustomError(
        governor,
        "GovernorAlreadyCastVote",
      );
      const { forVotes, againstVotes } = await governor.proposalVotes(proposal.id);
      expect([forVotes, againstVotes]).to.deep.equal([dtel(100), dtel(1)]);
    });

    it("bought after the snapshot do not count", async function () {
      const { governor } = governance;
      const proposal = await propose(governance, proposer, calls);
      await openVote(governance, proposal);
      const late = await addVoter(governance, "late", dtel(100_000_000));
      await vote(late, proposal, FOR);
      expect((await governor.proposalVotes(proposal.id)).forVotes).to.equal(0n);
      await closeVote(governance, proposal);
      expect(await stateOf(proposal)).to.equal(states.Defeated);
    });

    it("of slashed stake are gone", async function () {
      const { token, governor, staking } = governance;
      const voter = await addVoter(governance, "voter", dtel(100));
      await stake(voter, dtel(100));
      // What a slash does to the voter: units go, no token comes.
      await token.connect(staking).unstakeTo(voter, 0n, dtel(40));
      const proposal = await propose(governance, proposer, calls);
      await openVote(governance, proposal);
      await vote(voter, proposal, FOR);
      expect((await governor.proposalVotes(proposal.id)).forVotes).to.equal(dtel(60));
    });
  });

  describe("quorum", function () {
    it("is a share of what can vote: what lies in vesting and treasury is not counted", async function () {
      const { token, governor, holder } = governance;
      const quorumNow = async () => governor.quorum((await time.latest()) - 1);
      await networkHelpers.mine();
      const supply = await token.totalSupply();
      expect(await quorumNow()).to.equal((supply * 4n) / 100n);
      // Nine tenths of the supply lie where nobody can vote with them.
      await token.connect(holder).delegate(INERT);
      await token.transfer(governance.treasury, dtel(200_000_000));
      await networkHelpers.mine();
      expect(await governor.votableSupply((await time.latest()) - 1)).to.equal(
        supply - dtel(599_000_000) + dtel(1),
      );
      expect(await quorumNow()).to.equal((dtel(1_000_001) * 4n) / 100n);
    });

    it("is not out of reach while most of the supply vests", async function () {
      const { token, holder } = governance;
      await token.connect(holder).delegate(INERT);
      // 0.2 % of the supply, but all that can vote.
      const proposal = await propose(governance, proposer, calls);
      await openVote(governance, proposal);
      await vote(proposer, proposal, FOR);
      await closeVote(governance, proposal);
      expect(await stateOf(proposal)).to.equal(states.Succeeded);
    });

    it("counts votes for and abstaining, those at the snapshot, and is missed by one wei", async function () {
      const { governor, token } = governance;
      const share = (await token.totalSupply()) / 25n - dtel(1_000_000);
      const enough = await addVoter(governance, "enough", share);
      const short = await addVoter(governance, "short", share - 1n);
      const first = await propose(governance, proposer, calls, "first");
      const second = await propose(governance, proposer, calls, "second");
      await openVote(governance, second);
      expect(await governor.quorum(await governor.proposalSnapshot(first.id))).to.equal(
        share + dtel(1_000_000),
      );
      await vote(enough, first, ABSTAIN);
      await vote(short, second, ABSTAIN);
      for (const proposal of [first, second]) await vote(proposer, proposal, FOR);
      await closeVote(governance, second);
      expect([await stateOf(first), await stateOf(second)]).to.deep.equal([
        states.Succeeded,
        states.Defeated,
      ]);
    });

    it("at the last moment leaves time to answer", async function () {
      const { governor } = governance;
      const whale = await addVoter(governance, "whale", dtel(30_000_000));
      const answer = await addVoter(governance, "answer", dtel(40_000_000));
      const proposal = await propose(governance, proposer, calls);
      const deadline = await governor.proposalDeadline(proposal.id);
      await time.setNextBlockTimestamp(deadline);
      await expect(vote(whale, proposal, FOR))
        .to.emit(governor, "ProposalExtended")
        .withArgs(proposal.id, deadline + BigInt(SETTINGS.lateQuorumSeconds));
      await time.increaseTo(deadline + BigInt(SETTINGS.lateQuorumSeconds) - 1n);
      await vote(answer, proposal, AGAINST);
      await closeVote(governance, proposal);
      expect(await stateOf(proposal)).to.equal(states.Defeated);
    });
  });

  describe("proposals", function () {
    it("need the threshold, a moment before", async function () {
      const { governor, token } = governance;
      const small = await addVoter(governance, "small", SETTINGS.proposalThresholdWei - 1n);
      await expect(propose(governance, small, calls))
        .to.be.revertedWithCustomError(governor, "GovernorInsufficientProposerVotes")
        .withArgs(small.address, SETTINGS.proposalThresholdWei - 1n, SETTINGS.proposalThresholdWei);
      await token.transfer(small, 1n);
      await networkHelpers.mine();
      await propose(governance, small, calls);
    });

    it("are five at a time for one proposer, and again when one is over", async function () {
      const { governor } = governance;
      const proposals: Proposal[] = [];
      for (let i = 0; i < 5; i++) proposals.push(await propose(governance, proposer, calls, `spam ${i}`));
      await expect(propose(governance, proposer, calls, "one more"))
        .to.be.revertedWithCustomError(governor, "TooManyProposals")
        .withArgs(proposer.address, 5n);
      const other = await addVoter(governance, "other", dtel(500_000));
      await propose(governance, other, calls, "of another");
      const [first, second] = proposals;
      if (first === undefined || second === undefined) throw new Error("unreachable");
      // Cancelling a later one does not help before the oldest is over.
      await governor
        .connect(proposer)
        .cancel(second.targets, second.values, second.calldatas, second.descriptionHash);
      await expect(propose(governance, proposer, calls, "one more")).to.be.revertedWithCustomError(
        governor,
        "TooManyProposals",
      );
      await closeVote(governance, first);
      await propose(governance, proposer, calls, "one more");
    });

    it("cannot be multiplied by passing the same votes round: anyone cancels those that lost their votes", async function () {
      const { governor, token, holder } = governance;
      const spammer = await addVoter(governance, "spammer", dtel(500_000));
      const second = await fundedAccount("second");
      await token.connect(second).delegate(second);
      const proposal = await propose(governance, spammer, calls, "spam");
      const { targets, values, calldatas, descriptionHash } = proposal;
      const cancel = () => governor.connect(holder).cancel(targets, values, calldatas, descriptionHash);
      await expect(cancel())
        .to.be.revertedWithCustomError(governor, "GovernorUnableToCancel")
        .withArgs(proposal.id, holder.address);
      await token.connect(spammer).transfer(second, dtel(500_000));
      await networkHelpers.mine();
      await propose(governance, second, calls, "spam again");
      await cancel();
      expect(await stateOf(proposal)).to.equal(states.Canceled);
    });

    it("are safe from strangers when the vote is over, whatever the proposer has left", async function () {
      const { governor, token, holder } = governance;
      const whale = await addVoter(governance, "whale", dtel(30_000_000));
      const proposal = await propose(governance, proposer, calls);
      await openVote(governance, proposal);
      await vote(whale, proposal, FOR);
      await closeVote(governance, proposal);
      await token.connect(proposer).transfer(whale, dtel(1_000_000));
      await networkHelpers.mine();
      const { targets, values, calldatas, descriptionHash } = proposal;
      await expect(
        governor.connect(holder).cancel(targets, values, calldatas, descriptionHash),
      ).to.be.revertedWithCustomError(governor, "GovernorUnableToCancel");
    });

    it("are cancelled by their proposer before the vote, not in it", async function () {
      const { governor } = governance;
      const [early, late] = [
        await propose(governance, proposer, calls, "early"),
        await propose(governance, proposer, calls, "late"),
      ];
      const cancel = ({ targets, values, calldatas, descriptionHash }: Proposal) =>
        governor.connect(proposer).cancel(targets, values, calldatas, descriptionHash);
      await cancel(early);
      await openVote(governance, late);
      await expect(cancel(late)).to.be.revertedWithCustomError(governor, "GovernorUnableToCancel");
      await expect(propose(governance, proposer, calls, "early")).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
    });

    it("that passed lapse when nobody queues them, and when nobody executes them", async function () {
      const { governor, timelock } = governance;
      const whale = await addVoter(governance, "whale", dtel(30_000_000));
      const [forgotten, queued] = [
        await propose(governance, whale, calls, "forgotten"),
        await propose(governance, whale, calls, "queued"),
      ];
      await openVote(governance, queued);
      for (const proposal of [forgotten, queued]) await vote(whale, proposal, FOR);
      await closeVote(governance, queued);
      await queue(governance, queued);
      const limit = (await governor.proposalDeadline(forgotten.id)) + (await governor.QUEUE_SECONDS());
      await time.increaseTo(limit);
      expect(await stateOf(forgotten)).to.equal(states.Succeeded);
      await time.increaseTo(limit + 1n);
      expect(await stateOf(forgotten)).to.equal(states.Expired);
      await expect(queue(governance, forgotten)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
      const lapse = (await governor.proposalEta(queued.id)) + (await timelock.GRACE_SECONDS());
      await time.increaseTo(lapse);
      expect(await stateOf(queued)).to.equal(states.Queued);
      await time.increaseTo(lapse + 1n);
      expect(await stateOf(queued)).to.equal(states.Canceled);
      await expect(execute(governance, queued)).to.be.revertedWithCustomError(
        governor,
        "GovernorUnexpectedProposalState",
      );
      // Nor past the governor, on the timelock itself, where anyone may execute.
      const salt = `0x${(BigInt(queued.descriptionHash) ^ (BigInt(await governor.getAddress()) << 96n))
        .toString(16)
        .padStart(64, "0")}`;
      await expect(
        timelock.executeBatch(queued.targets, queued.values, queued.calldatas, `0x${"0".repeat(64)}`, salt),
      ).to.be.revertedWithCustomError(timelock, "TimelockUnexpectedOperationState");
    });
  });

  describe("settings", function () {
    let whale: Account;
    beforeEach(async function () {
      // Alone above the highest quorum there can be.
      whale = await addVoter(governance, "whale", dtel(70_000_000));
    });
    /** Decides on a call and says how its execution goes. */
    async function outcome(call: Call, description: string) {
      const proposal = await decide(governance, whale, [call], description);
      return execute(governance, proposal);
    }

    it("are changed by a vote up to their bounds", async function () {
      const { governor, penalties, token } = governance;
      await penalties.getFunction("set")(100 * DAY);
      const max = (await token.totalSupply()) / 200n;
      for (const [name, read, value] of [
        ["setVotingDelay", () => governor.votingDelay(), BigInt(14 * DAY)],
        ["setVotingDelay", () => governor.votingDelay(), BigInt(DAY)],
        ["setVotingPeriod", () => governor.votingPeriod(), BigInt(30 * DAY)],
        ["setVotingPeriod", () => governor.votingPeriod(), BigInt(3 * DAY)],
        ["setLateQuorumVoteExtension", () => governor.lateQuorumVoteExtension(), BigInt(3 * DAY)],
        ["setLateQuorumVoteExtension", () => governor.lateQuorumVoteExtension(), BigInt(DAY)],
        ["setProposalThreshold", () => governor.proposalThreshold(), max],
        ["setProposalThreshold", () => governor.proposalThreshold(), dtel(1_000)],
        ["updateQuorumNumerator", () => governor["quorumNumerator()"](), 1_000n],
        ["updateQuorumNumerator", () => governor["quorumNumerator()"](), 200n],
      ] as const) {
        await outcome(setter(name, value), `${name} ${value}`);
        expect(await read(), name).to.equal(value);
      }
    });

    it("never beyond their bounds", async function () {
      const { governor, penalties, token } = governance;
      await penalties.getFunction("set")(100 * DAY);
      const max = (await token.totalSupply()) / 200n;
      for (const [name, value, error] of [
        ["setVotingDelay", BigInt(14 * DAY + 1), "TimeOutOfBounds"],
        ["setVotingDelay", BigInt(DAY - 1), "TimeOutOfBounds"],
        ["setVotingPeriod", BigInt(30 * DAY + 1), "TimeOutOfBounds"],
        ["setVotingPeriod", BigInt(3 * DAY - 1), "TimeOutOfBounds"],
        ["setLateQuorumVoteExtension", BigInt(5 * DAY + 1), "TimeOutOfBounds"],
        ["setLateQuorumVoteExtension", BigInt(DAY - 1), "TimeOutOfBounds"],
        ["setProposalThreshold", max + 1n, "ThresholdOutOfBounds"],
        ["setProposalThreshold", dtel(1_000) - 1n, "ThresholdOutOfBounds"],
        ["updateQuorumNumerator", 1_001n, "QuorumOutOfBounds"],
        ["updateQuorumNumerator", 199n, "QuorumOutOfBounds"],
        ["updateTimelock", await token.getAddress(), "TimelockIsFixed"],
      ] as const) {
        await expect(outcome(setter(name, value), `${name} ${value}`), name).to.be.revertedWithCustomError(
          governor,
          error,
        );
      }
    });

    it("keep the vote at least as long as its extension", async function () {
      const { governor, penalties } = governance;
      await penalties.getFunction("set")(100 * DAY);
      await outcome(setter("setLateQuorumVoteExtension", BigInt(4 * DAY)), "longer");
      await expect(outcome(setter("setVotingPeriod", BigInt(4 * DAY - 1)), "shorter"))
        .to.be.revertedWithCustomError(governor, "TimeOutOfBounds")
        .withArgs(4 * DAY - 1, 4 * DAY, 30 * DAY);
    });

    it("keep the appeal window longer than a governance cycle, by a second", async function () {
      const { governor, timelock } = governance;
      // 1 + 5 + 2 + 2 days, and 12 days of appeal.
      expect(await governor.governanceCycleSeconds()).to.equal(10 * DAY);
      const delay = (value: number): Call => ({
        target: timelock,
        data: timelock.interface.encodeFunctionData("updateDelay", [value]),
      });
      for (const [call, description] of [
        [setter("setVotingDelay", BigInt(3 * DAY)), "delay"],
        [setter("setVotingPeriod", BigInt(7 * DAY)), "period"],
        [setter("setLateQuorumVoteExtension", BigInt(4 * DAY)), "late"],
        [delay(4 * DAY), "timelock"],
      ] as const) {
        await expect(outcome(call, description), description)
          .to.be.revertedWithCustomError(governor, "AppealWindowTooShort")
          .withArgs(12 * DAY, 12 * DAY);
      }
      await outcome(setter("setVotingDelay", BigInt(3 * DAY - 1)), "just");
      expect(await governor.governanceCycleSeconds()).to.equal(12 * DAY - 1);
    });

    it("are nobody's but the vote's", async function () {
      const { governor, timelock, deployer } = governance;
      for (const [name, value] of [
        ["setVotingDelay", BigInt(DAY)],
        ["setVotingPeriod", BigInt(5 * DAY)],
        ["setLateQuorumVoteExtension", BigInt(DAY)],
        ["setProposalThreshold", dtel(1_000)],
        ["updateQuorumNumerator", 300n],
      ] as const) {
        const { data } = setter(name, value);
        await expect(deployer.sendTransaction({ to: governor, data }), name).to.be.revertedWithCustomError(
          governor,
          "GovernorOnlyExecutor",
        );
      }
      await expect(timelock.updateDelay(3 * DAY)).to.be.revertedWithCustomError(
        timelock,
        "TimelockUnauthorizedCaller",
      );
    });

    it("of a deployment are checked as later ones are", async function () {
      const { token, timelock, manager, penalties, deployer, governor } = governance;
      const factory = new DTelGovernor__factory(deployer);
      const peers = { token, timelock, manager, penalties };
      for (const [settings, error] of [
        [{ votingDelaySeconds: DAY - 1 }, "TimeOutOfBounds"],
        [{ votingPeriodSeconds: 3 * DAY - 1 }, "TimeOutOfBounds"],
        [{ lateQuorumSeconds: DAY - 1 }, "TimeOutOfBounds"],
        [{ votingDelaySeconds: 14 * DAY + 1 }, "TimeOutOfBounds"],
        [{ votingPeriodSeconds: 30 * DAY + 1 }, "TimeOutOfBounds"],
        [{ proposalThresholdWei: dtel(3_000_000) + 1n }, "ThresholdOutOfBounds"],
        [{ proposalThresholdWei: dtel(1_000) - 1n }, "ThresholdOutOfBounds"],
        [{ quorumBps: 199 }, "QuorumOutOfBounds"],
        [{ quorumBps: 1_001 }, "QuorumOutOfBounds"],
        [{ lateQuorumSeconds: 5 * DAY + 1 }, "GovernorPreventLateQuorumVoteExtensionTooLarge"],
      ] as const) {
        await expect(
          factory.deploy(peers, { ...SETTINGS, ...settings }, BOUNDS),
          JSON.stringify(Object.keys(settings)),
        ).to.be.revertedWithCustomError(governor, error);
      }
      for (const peer of ["manager", "penalties", "timelock"] as const) {
        await expect(
          factory.deploy({ ...peers, [peer]: ZeroAddress }, SETTINGS, BOUNDS),
        ).to.be.revertedWithCustomError(governor, "ZeroPeer");
      }
      // The bounds of a devnet: each deployment has its own, and keeps them.
      await factory.deploy(
        peers,
        { ...SETTINGS, votingDelaySeconds: 10, votingPeriodSeconds: 120, lateQuorumSeconds: 30 },
        { minVotingDelaySeconds: 10, minVotingPeriodSeconds: 120, minLateQuorumSeconds: 30 },
      );
    });
  });

  describe("timelock", function () {
    it("has its bounds from the beginning", async function () {
      const { deployer, penalties, timelock } = governance;
      const factory = new ProtocolTimelock__factory(deployer);
      await factory.deploy(30 * DAY, 2 * DAY, deployer, penalties);
      for (const delay of [2 * DAY - 1, 30 * DAY + 1]) {
        await expect(factory.deploy(delay, 2 * DAY, deployer, penalties))
          .to.be.revertedWithCustomError(timelock, "InvalidDelay")
          .withArgs(delay, 2 * DAY, 30 * DAY);
      }
      for (const [admin, window] of [
        [ZeroAddress, penalties],
        [deployer, ZeroAddress],
      ] as const) {
        await expect(factory.deploy(2 * DAY, 2 * DAY, admin, window)).to.be.revertedWithCustomError(
          timelock,
          "ZeroPeer",
        );
      }
    });

    it("keeps its bounds against a vote", async function () {
      const { timelock, penalties } = governance;
      await penalties.getFunction("set")(100 * DAY);
      const whale = await addVoter(governance, "whale", dtel(30_000_000));
      const change = async (value: number) => {
        const data = timelock.interface.encodeFunctionData("updateDelay", [value]);
        const proposal = await decide(governance, whale, [{ target: timelock, data }], `delay ${value}`);
        return execute(governance, proposal);
      };
      for (const value of [2 * DAY - 1, 30 * DAY + 1]) {
        await expect(change(value)).to.be.revertedWithCustomError(timelock, "InvalidDelay");
      }
      await change(3 * DAY);
      expect(await timelock.getMinDelay()).to.equal(3 * DAY);
    });

    it("is administered by nobody after the governor was set, and schedules for the governor alone", async function () {
      const { timelock, governor, deployer, holder } = governance;
      const admin = await timelock.DEFAULT_ADMIN_ROLE();
      expect(await timelock.hasRole(admin, deployer)).to.equal(false);
      expect(await timelock.hasRole(admin, timelock)).to.equal(true);
      expect(await timelock.governor()).to.equal(await governor.getAddress());
      await expect(timelock.setGovernor(holder)).to.be.revertedWithCustomError(
        timelock,
        "AccessControlUnauthorizedAccount",
      );
      await expect(
        timelock.schedule(ZeroAddress, 0n, "0x", `0x${"0".repeat(64)}`, `0x${"0".repeat(64)}`, 10 * DAY),
      ).to.be.revertedWithCustomError(timelock, "AccessControlUnauthorizedAccount");
    });

    const onTimelock = (
      name: "announceGovernor" | "grantRole" | "revokeRole" | "renounceRole" | "setGovernor",
      ...values: unknown[]
    ): Call => ({
      target: governance.timelock,
      data: governance.timelock.interface.encodeFunctionData(name as "grantRole", values as [string, string]),
    });
    async function anotherGovernor() {
      const { token, timelock, manager, penalties, deployer } = governance;
      return new DTelGovernor__factory(deployer).deploy(
        { token, timelock, manager, penalties },
        SETTINGS,
        BOUNDS,
      );
    }

    it("gets another governor by a vote, after twice the appeal window, and the old one has no say then", async function () {
      const { timelock, governor } = governance;
      const whale = await addVoter(governance, "whale", dtel(30_000_000));
      const next = await anotherGovernor();
      const nextAddress = await next.getAddress();
      await execute(
        governance,
        await decide(governance, whale, [onTimelock("announceGovernor", nextAddress)], "another governor"),
      );
      const earliest = (await time.latest()) + 2 * APPEAL_SECONDS;
      const latest = earliest + 30 * DAY;
      expect([...(await timelock.announcedGovernor())]).to.deep.equal([
        nextAddress,
        BigInt(earliest),
        BigInt(latest),
      ]);
      const notReady = async (moment: number) => {
        const snapshot = await networkHelpers.takeSnapshot();
        await time.setNextBlockTimestamp(moment);
        await expect(timelock.acceptGovernor())
          .to.be.revertedWithCustomError(timelock, "GovernorNotReady")
          .withArgs(nextAddress, earliest, latest);
        await snapshot.restore();
      };
      await notReady(earliest - 1);
      await notReady(latest + 1);
      await time.setNextBlockTimestamp(earliest);
      await expect(timelock.acceptGovernor())
        .to.emit(timelock, "GovernorChanged")
        .withArgs(await governor.getAddress(), nextAddress);
      await expect(timelock.acceptGovernor()).to.be.revertedWithCustomError(timelock, "GovernorNotReady");
      await expect(decide(governance, whale, calls, "once more")).to.be.revertedWithCustomError(
        timelock,
        "AccessControlUnauthorizedAccount",
      );
      const renewed = { ...governance, governor: next };
      await execute(renewed, await decide(renewed, whale, calls, "by the new one"));
      expect(await governance.treasury.outflowLimitOf(ZeroAddress)).to.equal(500n);
    });

    it("is not taken over by one hostile vote: the others take the announcement back", async function () {
      const { timelock, governor, token, holder } = governance;
      const attacker = await addVoter(governance, "attacker", dtel(30_000_000));
      const announce = onTimelock("announceGovernor", attacker.address);
      await execute(governance, await decide(governance, attacker, [announce], "mine"));
      await token.connect(holder).delegate(holder);
      await networkHelpers.mine();
      const takeBack = onTimelock("announceGovernor", ZeroAddress);
      await execute(governance, await decide(governance, holder, [takeBack], "not yours"));
      await time.increase(30 * DAY);
      await expect(timelock.acceptGovernor())
        .to.be.revertedWithCustomError(timelock, "GovernorNotReady")
        .withArgs(ZeroAddress, 0n, 0n);
      expect(await timelock.governor()).to.equal(await governor.getAddress());
    });

    it("changes no role by any vote, nor by the governor itself", async function () {
      const { timelock, governor } = governance;
      const attacker = await addVoter(governance, "attacker", dtel(30_000_000));
      const proposerRole = await timelock.PROPOSER_ROLE();
      const governorAddress = await governor.getAddress();
      const renounce = onTimelock("renounceRole", proposerRole, governorAddress).data;
      const relay: Call = {
        target: governor,
        data: governor.interface.encodeFunctionData("relay", [await timelock.getAddress(), 0n, renounce]),
      };
      for (const [call, error] of [
        [onTimelock("grantRole", proposerRole, attacker.address), "RolesAreFixed"],
        [onTimelock("revokeRole", proposerRole, governorAddress), "RolesAreFixed"],
        [relay, "RolesAreFixed"],
        [onTimelock("setGovernor", attacker.address), "GovernorIsSet"],
      ] as const) {
        const proposal = await decide(governance, attacker, [call], `${error} ${call.data}`);
        await expect(execute(governance, proposal)).to.be.revertedWithCustomError(timelock, error);
      }
      for (const who of [attacker, governance.holder]) {
        await expect(timelock.connect(who).announceGovernor(who)).to.be.revertedWithCustomError(
          timelock,
          "TimelockUnauthorizedCaller",
        );
      }
    });
  });

  it("replays nothing: a proposal is executed once, and not as another", async function () {
    const { governor } = governance;
    const whale = await addVoter(governance, "whale", dtel(30_000_000));
    const proposal = await decide(governance, whale, calls);
    const other = await describeProposal(governance, calls, "never proposed");
    await expect(execute(governance, other)).to.be.revertedWithCustomError(
      governor,
      "GovernorNonexistentProposal",
    );
    await execute(governance, proposal);
    await expect(execute(governance, proposal)).to.be.revertedWithCustomError(
      governor,
      "GovernorUnexpectedProposalState",
    );
  });
});
