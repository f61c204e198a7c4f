import { AbiCoder, id as keccakOfText, keccak256 } from "ethers";
import { events } from "../../abi/DTelGovernor";
import * as model from "../../model";
import type { Batch } from "../batch";
import { on, placeOf, toDate, toText, type Moment } from "../handler";
import { setParameter } from "./contracts";

/** As `GovernorCountingSimple` numbers them. */
const SUPPORT = [model.VoteSupport.AGAINST, model.VoteSupport.FOR, model.VoteSupport.ABSTAIN];
const TITLE_CHARACTERS = 200;
const NO_PREDECESSOR = `0x${"0".repeat(64)}`;

export const governorHandlers = [
  on(events.VotingDelaySet, ({ newVotingDelay }, at, batch) =>
    setParameter("governor", "votingDelaySeconds", newVotingDelay, at, batch),
  ),
  on(events.VotingPeriodSet, ({ newVotingPeriod }, at, batch) =>
    setParameter("governor", "votingPeriodSeconds", newVotingPeriod, at, batch),
  ),
  on(events.LateQuorumVoteExtensionSet, ({ newVoteExtension }, at, batch) =>
    setParameter("governor", "lateQuorumSeconds", newVoteExtension, at, batch),
  ),
  on(events.ProposalThresholdSet, ({ newProposalThreshold }, at, batch) =>
    setParameter("governor", "proposalThresholdWei", newProposalThreshold, at, batch),
  ),
  on(events.QuorumNumeratorUpdated, ({ newQuorumNumerator }, at, batch) =>
    setParameter("governor", "quorumBps", newQuorumNumerator, at, batch),
  ),

  on(events.ProposalCreated, async (event, at, batch) => {
    const description = toText(event.description);
    (await batch.network()).proposals += 1;
    await batch.addProposal(
      new model.Proposal({
        id: event.proposalId.toString(),
        proposer: await batch.account(event.proposer),
        title: titleOf(description),
        description,
        // The timelock's operation is of the words as they came, which the database may not hold.
        descriptionHash: keccakOfText(event.description),
        targets: event.targets,
        values: event.values.map(String),
        calldatas: event.calldatas,
        state: model.ProposalState.PENDING,
        voteStartAt: toDate(event.voteStart),
        voteEndAt: toDate(event.voteEnd),
        forVotes: 0n,
        againstVotes: 0n,
        abstainVotes: 0n,
        quorum: null,
        executableAt: null,
        queuedAt: null,
        executedAt: null,
        canceledAt: null,
        operation: null,
        ...placeOf(at),
      }),
    );
  }),

  on(events.VoteCast, countVote),
  on(events.VoteCastWithParams, countVote),

  on(events.ProposalExtended, async ({ proposalId, extendedDeadline }, _at, batch) => {
    (await proposalOf(proposalId, batch)).voteEndAt = toDate(extendedDeadline);
  }),

  on(events.ProposalQueued, async ({ proposalId, etaSeconds }, at, batch) => {
    const proposal = await proposalOf(proposalId, batch);
    proposal.state = model.ProposalState.QUEUED;
    proposal.queuedAt = at.timestamp;
    proposal.executableAt = toDate(etaSeconds);
    proposal.operation =
      (await batch.entities.find(model.TimelockOperation, operationOf(proposal, batch))) ?? null;
  }),

  on(events.ProposalExecuted, async ({ proposalId }, at, batch) => {
    const proposal = await proposalOf(proposalId, batch);
    proposal.state = model.ProposalState.EXECUTED;
    proposal.executedAt = at.timestamp;
  }),

  on(events.ProposalCanceled, async ({ proposalId }, at, batch) => {
    const proposal = await proposalOf(proposalId, batch);
    proposal.state = model.ProposalState.CANCELED;
    proposal.canceledAt = at.timestamp;
  }),
];

interface VoteEvent {
  readonly voter: string;
  readonly proposalId: bigint;
  readonly support: number;
  readonly weight: bigint;
  readonly reason: string;
}

async function countVote(event: VoteEvent, at: Moment, batch: Batch): Promise<void> {
  const { voter, proposalId, weight } = event;
  const proposal = await proposalOf(proposalId, batch);
  const support = SUPPORT[event.support];
  if (support === undefined) throw new Error(`${voter} voted ${event.support}, which means nothing.`);
  if (support === model.VoteSupport.FOR) proposal.forVotes += weight;
  else if (support === model.VoteSupport.AGAINST) proposal.againstVotes += weight;
  else proposal.abstainVotes += weight;
  batch.entities.add(
    new model.Vote({
      id: `${proposalId}-${voter}`,
      proposal,
      voter: await batch.account(voter),
      support,
      weight,
      reason: toText(event.reason),
      ...placeOf(at),
    }),
  );
}

function proposalOf(proposalId: bigint, batch: Batch): Promise<model.Proposal> {
  return batch.entities.get(model.Proposal, proposalId.toString());
}

/** The first line, without Markdown's mark of a heading. */
function titleOf(description: string): string {
  const [line = ""] = description.trimStart().split("\n", 1);
  return line.replace(/^#+\s*/, "").slice(0, TITLE_CHARACTERS);
}

/** The timelock's id of what a proposal does: OpenZeppelin salts it with the governor's address and the description. */
function operationOf(proposal: model.Proposal, batch: Batch): string {
  const governor = BigInt(batch.deployment.addresses.governor ?? 0) << 96n;
  const salt = governor ^ BigInt(proposal.descriptionHash);
  return keccak256(
    AbiCoder.defaultAbiCoder().encode(
      ["address[]", "uint256[]", "bytes[]", "bytes32", "bytes32"],
      [
        proposal.targets,
        proposal.values,
        proposal.calldatas,
        NO_PREDECESSOR,
        `0x${salt.toString(16).padStart(64, "0")}`,
      ],
    ),
  );
}
