import { GovernancePhase, OperationStatus, ProposalState } from "../model";
import { sum, type CompareContext } from "./contracts";
import type { IndexedRows } from "./lists";

const STATES = Object.values(ProposalState);
const GUARDIAN_ROLE = 1n;
const COUNCIL_ROLE = 2n;
const PAUSE_SELECTOR = "0x8456cb59";

/** Proposals, votes, the timelock, roles and allocations. */
export async function compareGovernance(context: CompareContext): Promise<void> {
  const { rows, findings, contracts } = context;
  const { manager, vesting } = contracts;
  await Promise.all([
    ...rows.proposals.map((proposal) => compareProposal(context, proposal)),
    ...rows.votes.map(async ({ id, proposal, voter }) => {
      const voted = await contracts.governor?.hasVoted(BigInt(proposal.id), voter.id);
      findings.compare(`vote ${id}`, { voted: true }, { voted });
    }),
    ...rows.timelockOperations.map((operation) => compareOperation(context, operation)),
    ...rows.roleMembers.map(async (member) => {
      const access = await manager.getAccess(member.role, member.account.id);
      findings.compare(
        `role member ${member.id}`,
        member.revoked
          ? { since: 0, delay: 0 }
          : { since: member.since, delay: member.executionDelaySeconds },
        { since: access.since, delay: access.currentDelay },
      );
    }),
    ...rows.functionRoles.map((row) => compareFunctionRole(context, row)),
    ...rows.vestingAllocations.map(async ({ id, claimed, revoked, vestedAtRevocation }) => {
      const progress = await vesting?.progressOf(id);
      findings.compare(
        `allocation ${id}`,
        { claimed, revoked, capped: vestedAtRevocation ?? 0n },
        { claimed: progress?.claimedWei, revoked: progress?.revoked, capped: progress?.cappedWei },
      );
    }),
  ]);
  const network = rows.networks[0];
  findings.compare(
    "governance",
    { proposals: network?.proposals, vestingClaimed: network?.vestingClaimed },
    {
      proposals: rows.proposals.length,
      vestingClaimed: sum(rows.vestingAllocations, ({ claimed }) => claimed),
    },
  );
}

async function compareProposal(
  { findings, contracts: { governor }, rows }: CompareContext,
  proposal: IndexedRows["proposals"][number],
): Promise<void> {
  if (governor === undefined) return;
  const id = BigInt(proposal.id);
  const [state, proposer, snapshot, deadline, eta, votes] = await Promise.all([
    governor.state(id),
    governor.proposalProposer(id),
    governor.proposalSnapshot(id),
    governor.proposalDeadline(id),
    governor.proposalEta(id),
    governor.proposalVotes(id),
  ]);
  const cast = rows.votes.filter((vote) => vote.proposal.id === proposal.id);
  findings.compare(
    `proposal ${proposal.id}`,
    {
      state: proposal.state,
      proposer: proposal.proposer.id,
      voteStartAt: proposal.voteStartAt,
      voteEndAt: proposal.voteEndAt,
      executableAt: proposal.executableAt ?? 0,
      forVotes: proposal.forVotes,
      againstVotes: proposal.againstVotes,
      abstainVotes: proposal.abstainVotes,
      votesCast: sum(cast, ({ weight }) => weight),
      quorum: proposal.quorum,
      hasOperation: proposal.operation !== null,
    },
    {
      state: STATES[state],
      proposer,
      voteStartAt: snapshot,
      voteEndAt: deadline,
      executableAt: eta,
      forVotes: votes.forVotes,
      againstVotes: votes.againstVotes,
      abstainVotes: votes.abstainVotes,
      votesCast: votes.forVotes + votes.againstVotes + votes.abstainVotes,
      quorum: proposal.quorum === null ? null : await governor.quorum(snapshot),
      hasOperation: eta !== 0n,
    },
  );
}

async function compareOperation(
  { findings, contracts: { timelock } }: CompareContext,
  { id, status, readyAt }: IndexedRows["timelockOperations"][number],
): Promise<void> {
  const expected = {
    [OperationStatus.SCHEDULED]: readyAt,
    // How OpenZeppelin marks what is done, and what is gone.
    [OperationStatus.EXECUTED]: 1,
    [OperationStatus.CANCELED]: 0,
  };
  findings.compare(
    `operation ${id}`,
    { timestamp: expected[status] },
    { timestamp: await timelock?.getTimestamp(id) },
  );
}

/** What is left to the guardian falls to the council or the administrator with a date or a phase. */
async function compareFunctionRole(
  { findings, contracts: { manager }, rows, nowSeconds }: CompareContext,
  { id, target, selector, role }: IndexedRows["functionRoles"][number],
): Promise<void> {
  const phase = rows.networks[0]?.phase;
  const guardianEnd = await manager.GUARDIAN_END();
  let expected = role;
  if (role === GUARDIAN_ROLE && (phase !== GovernancePhase.GUARDIAN || BigInt(nowSeconds) >= guardianEnd))
    expected = phase === GovernancePhase.COUNCIL && selector !== PAUSE_SELECTOR ? COUNCIL_ROLE : 0n;
  const onChain = await manager.getTargetFunctionRole(target, selector);
  findings.compare(`function role ${id}`, { role: expected }, { role: onChain });
}
