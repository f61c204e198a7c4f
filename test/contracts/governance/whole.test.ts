import { expect } from "chai";
import { ProtocolTimelock__factory } from "../../../types/contracts/index.js";
import type { ProtocolTimelock } from "../../../types/contracts/index.js";
import type { Account } from "../support/account.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { addDelegator, addNode, dtel } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { ADMIN, closeVote, decide, execute, openVote, propose, queue, restricted, states } from "./setup.js";
import type { Call } from "./setup.js";

const { time } = networkHelpers;
const FOR = 1;

describe("governance of the whole protocol, as it is deployed", function () {
  let protocol: Protocol;
  let timelock: ProtocolTimelock;
  let whale: Account;
  let feeSplit: Call;
  beforeEach(async function () {
    protocol = await freshProtocol();
    const { manager, governor, escrow, token } = protocol;
    const [deployer] = await ethers.getSigners();
    if (deployer === undefined) throw new Error("the chain has no accounts");
    timelock = ProtocolTimelock__factory.connect(await governor.timelock(), deployer);
    await manager.grantRole(ADMIN, timelock, 0);
    await manager.renounceRole(ADMIN, deployer);
    whale = await protocol.newAccount(dtel(30_000_000));
    await token.connect(whale).delegate(whale);
    const config = { burnBps: 2_000, treasuryBps: 300, thawEpochs: 4 };
    feeSplit = await restricted(protocol, escrow, "setPaymentConfig", [config]);
  });
  const feeSplitNow = async () => [...(await protocol.escrow.paymentConfig())];

  it("changes a parameter by votes of which some are staked with a node", async function () {
    const { governor, token, staking } = protocol;
    const node = await addNode(protocol, { bond: dtel(5_000_000) });
    await token.connect(node.owner).delegate(node.owner);
    const delegator = await addDelegator(protocol, node.nodeId, dtel(20_000_000));
    await token.connect(delegator).delegate(delegator);
    const proposal = await propose(protocol, delegator, [feeSplit]);
    await openVote(protocol, proposal);
    // Leaving in the middle of the vote changes nothing, and brings no second vote.
    const { shares } = await staking.positionOf(node.nodeId, delegator);
    await staking.connect(delegator).requestUndelegate(node.nodeId, shares);
    for (const voter of [delegator, node.owner, whale]) {
      await governor.connect(voter).castVote(proposal.id, FOR);
    }
    expect((await governor.proposalVotes(proposal.id)).forVotes).to.equal(dtel(55_000_000));
    await closeVote(protocol, proposal);
    await queue(protocol, proposal);
    await time.increase(await timelock.getMinDelay());
    await execute(protocol, proposal);
    expect(await feeSplitNow()).to.deep.equal([2_000n, 300n, 4n]);
  });

  it("refuses a vote to put a parameter outside its bounds", async function () {
    const { escrow } = protocol;
    const config = { burnBps: 3_001, treasuryBps: 300, thawEpochs: 4 };
    const call = await restricted(protocol, escrow, "setPaymentConfig", [config]);
    const proposal = await decide(protocol, whale, [call]);
    await expect(execute(protocol, proposal)).to.be.revertedWithCustomError(escrow, "InvalidPaymentConfig");
    expect(await feeSplitNow()).to.deep.equal([1_000n, 500n, 2n]);
  });

  it("keeps the appeal window above the governance cycle from both sides", async function () {
    const { governor, penalties } = protocol;
    const cycle = await governor.governanceCycleSeconds();
    const appeal = await penalties.appealSeconds();
    expect(appeal).to.be.greaterThan(cycle);

    const period = (await governor.votingPeriod()) + appeal - cycle;
    const longer: Call = {
      target: governor,
      data: governor.interface.encodeFunctionData("setVotingPeriod", [period]),
    };
    await expect(execute(protocol, await decide(protocol, whale, [longer], "a longer vote")))
      .to.be.revertedWithCustomError(governor, "AppealWindowTooShort")
      .withArgs(appeal, appeal);

    const shorter = await restricted(protocol, penalties, "setParameters", [
      { ...protocol.parameters.penaltyParameters, appealSeconds: cycle },
    ]);
    await expect(execute(protocol, await decide(protocol, whale, [shorter], "a shorter appeal")))
      .to.be.revertedWithCustomError(penalties, "AppealTooShort")
      .withArgs(cycle, cycle);
  });

  it("lets the guardian pause and cancel until its date, and governance from then on", async function () {
    const { manager, governor, staking, escrow } = protocol;
    const [guardian] = await ethers.getSigners();
    if (guardian === undefined) throw new Error("the chain has no accounts");
    const pause = staking.interface.encodeFunctionData("pause");
    await manager.connect(guardian).execute(staking, pause);
    expect(await staking.pausedUntil()).to.be.greaterThan(await time.latest());
    const proposal = await propose(protocol, whale, [feeSplit], "cancelled");
    const { targets, values, calldatas, descriptionHash } = proposal;
    await governor.connect(guardian).cancel(targets, values, calldatas, descriptionHash);
    expect(await governor.state(proposal.id)).to.equal(states.Canceled);
    // It was never more than that.
    await expect(manager.connect(guardian).execute(escrow, feeSplitData())).to.be.revertedWithCustomError(
      manager,
      "AccessManagerUnauthorizedCall",
    );

    await time.increaseTo(await manager.GUARDIAN_END());
    await expect(manager.connect(guardian).execute(escrow, pause)).to.be.revertedWithCustomError(
      manager,
      "AccessManagerUnauthorizedCall",
    );
    const call = await restricted(protocol, escrow, "pause", []);
    await execute(protocol, await decide(protocol, whale, [call], "a pause by vote"));
    expect(await escrow.pausedUntil()).to.be.greaterThan(await time.latest());
  });

  function feeSplitData(): string {
    const config = { burnBps: 500, treasuryBps: 200, thawEpochs: 2 };
    return protocol.escrow.interface.encodeFunctionData("setPaymentConfig", [config]);
  }
});
