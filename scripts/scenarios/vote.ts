/** A proposal, from its first vote to its execution by the timelock. */
import { id } from "ethers";
import type { Wallet } from "ethers";
import { AMOUNTS } from "../devnet/economy.js";
import { connectAll } from "./contracts.js";
import { ScriptNode } from "./scriptNode.js";
import { dtel, sent } from "./stage.js";
import type { Stage } from "./stage.js";
import type { Story } from "./story.js";

/** `GovernorCountingSimple.VoteType`. */
const FOR = 1;
/** `IGovernor.ProposalState`. */
const SUCCEEDED = 4n;
const EXECUTED = 7n;
/** Each voter alone stays below the quorum, both together are above it. */
const EACH = dtel(1_800_000);

export interface Voters {
  /** Holds its tokens. */
  readonly holder: Wallet;
  /** Has staked all of them on a node. */
  readonly staker: Wallet;
  readonly node: ScriptNode;
}

/** Two voters with the same number of votes, one of them through stake only. */
export async function createVoters(stage: Stage, story: Story): Promise<Voters> {
  const { nodeStaking } = stage.deployment.addresses;
  const node = await ScriptNode.create(stage);
  // The pool takes no more than a multiple of the bond.
  const bond = EACH / BigInt(stage.parameters.staking.delegationCap);
  const owner = connectAll(stage.deployment, node.owner);
  const [holder, staker] = [await stage.person(EACH), await stage.person(EACH)];
  await stage.give(node.owner.address, bond);
  await sent(owner.token.approve(nodeStaking, bond));
  await sent(owner.nodeStaking.bond(node.nodeId, bond));
  const staked = connectAll(stage.deployment, staker);
  await sent(staked.token.approve(nodeStaking, EACH));
  await sent(staked.nodeStaking.delegate(node.nodeId, EACH, 0n));
  for (const voter of [holder, staker]) {
    await sent(connectAll(stage.deployment, voter).token.delegate(voter.address));
  }
  const { token } = stage.contracts;
  story.expect("what the staker holds", await token.balanceOf(staker.address), 0n);
  for (const voter of [holder, staker]) {
    story.expect(`votes of ${voter.address}`, await token.getVotes(voter.address), EACH);
  }
  story.expect("the node's bond", await stage.contracts.nodeStaking.bondOf(node.nodeId), AMOUNTS.bond + bond);
  return { holder, staker, node };
}

export interface Decision {
  readonly proposalId: bigint;
  readonly quorumWei: bigint;
  readonly forVotesWei: bigint;
}

/**
 * Has the timelock call a contract of the protocol, through the access manager, as voters want it.
 * @param data What the contract is called with.
 */
export async function decide(
  stage: Stage,
  story: Story,
  { holder, staker }: Voters,
  call: { target: string; data: string; description: string },
): Promise<Decision> {
  const { accessManager } = stage.deployment.addresses;
  const { governor } = stage.contracts;
  const { governance } = stage.parameters;
  const [holds, stakes] = [connectAll(stage.deployment, holder), connectAll(stage.deployment, staker)];
  const execution = holds.manager.interface.encodeFunctionData("execute", [call.target, call.data]);
  const proposal = [[accessManager], [0n], [execution]] as const;
  const calls = { targets: [...proposal[0]], values: [...proposal[1]], data: [...proposal[2]] };
  const descriptionHash = id(call.description);

  await story.refused("a change past the governor", "AccessManagerUnauthorizedCall", () =>
    holds.manager.execute(call.target, call.data),
  );
  // Votes count as of the second before.
  await stage.pass(2);
  await sent(holds.governor.propose(calls.targets, calls.values, calls.data, call.description));
  const proposalId = await governor.hashProposal(calls.targets, calls.values, calls.data, descriptionHash);
  story.say(`proposed: ${call.description}`);
  await stage.pass(governance.votingDelaySeconds + 1);
  await sent(holds.governor.castVoteWithReason(proposalId, FOR, "I hold"));
  await sent(stakes.governor.castVoteWithReason(proposalId, FOR, "I stake"));
  await story.refused("a second vote", "GovernorAlreadyCastVote", () =>
    stakes.governor.castVote(proposalId, FOR),
  );

  const quorumWei = await governor.quorum(await governor.proposalSnapshot(proposalId));
  const { forVotes } = await governor.proposalVotes(proposalId);
  story.expect("votes for it", forVotes, 2n * EACH);
  if (quorumWei <= EACH || quorumWei > 2n * EACH) {
    story.fault(`one vote alone, or not even both, reach the quorum of ${quorumWei}`);
  }
  await stage.goTo(Number(await governor.proposalDeadline(proposalId)) + 1);
  story.expect("the proposal's state", await governor.state(proposalId), SUCCEEDED);
  await sent(holds.governor.queue(calls.targets, calls.values, calls.data, descriptionHash));
  await story.refused("execution before the timelock's delay", "TimelockUnexpectedOperationState", () =>
    holds.governor.execute(calls.targets, calls.values, calls.data, descriptionHash),
  );
  await stage.pass(governance.timelockSeconds + 1);
  await sent(holds.governor.execute(calls.targets, calls.values, calls.data, descriptionHash));
  story.expect("the proposal's state", await governor.state(proposalId), EXECUTED);
  story.say("voted for by stake and by tokens, queued, executed by the timelock");

  story.expect(
    "the proposal in GraphQL",
    await stage.ask(
      `proposalById(id: "${proposalId}") { state forVotes againstVotes quorum proposer { id } votes(orderBy: reason_ASC, limit: 10) { reason support weight voter { id } } operation { status } }`,
    ),
    {
      state: "EXECUTED",
      forVotes,
      againstVotes: 0n,
      quorum: quorumWei,
      proposer: { id: holder.address },
      votes: [
        { reason: "I hold", support: "FOR", weight: EACH, voter: { id: holder.address } },
        { reason: "I stake", support: "FOR", weight: EACH, voter: { id: staker.address } },
      ],
      operation: { status: "EXECUTED" },
    },
  );
  return { proposalId, quorumWei, forVotesWei: forVotes };
}
