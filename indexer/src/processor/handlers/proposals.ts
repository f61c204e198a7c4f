// What becomes of proposals as time passes: the part of `Governor.state` that no event tells.
import { dataSlice, id as keccakOfText } from "ethers";
import * as model from "../../model";
import type { Batch } from "../batch";

/** Whom contracts let vote that must not: `InertVotes.ADDRESS`. Its votes are no part of what the quorum is a share of. */
const INERT_VOTES = dataSlice(keccakOfText("dtelecom.inert-votes"), 12);
/** `DTelGovernor.QUEUE_SECONDS` and `ProtocolTimelock.GRACE_SECONDS`. */
const QUEUE_MS = 30 * 86_400_000;
const GRACE_MS = 30 * 86_400_000;
const BPS = 10_000n;

/** Brings proposals up to the time of a block, before anything of that block has happened. */
export async function advanceProposals(batch: Batch, timestampMs: number): Promise<void> {
  for (const proposal of await batch.liveProposals()) {
    if (proposal.state === model.ProposalState.PENDING && proposal.voteStartAt.getTime() < timestampMs) {
      proposal.state = model.ProposalState.ACTIVE;
      // Nothing has happened since the moment that votes are counted as of.
      proposal.quorum = await quorumNow(batch);
    }
    if (proposal.state === model.ProposalState.ACTIVE && proposal.voteEndAt.getTime() < timestampMs)
      proposal.state = isPassed(proposal) ? model.ProposalState.SUCCEEDED : model.ProposalState.DEFEATED;
    if (
      proposal.state === model.ProposalState.SUCCEEDED &&
      proposal.voteEndAt.getTime() + QUEUE_MS < timestampMs
    )
      proposal.state = model.ProposalState.EXPIRED;
    // What the timelock has let lapse, the governor calls canceled.
    if (
      proposal.state === model.ProposalState.QUEUED &&
      proposal.executableAt != null &&
      proposal.executableAt.getTime() + GRACE_MS < timestampMs
    )
      proposal.state = model.ProposalState.CANCELED;
  }
}

function isPassed({ forVotes, againstVotes, abstainVotes, quorum }: model.Proposal): boolean {
  return forVotes + abstainVotes >= (quorum ?? 0n) && forVotes > againstVotes;
}

async function quorumNow(batch: Batch): Promise<bigint> {
  const { tokenSupply } = await batch.network();
  const inert = await batch.entities.find(model.Account, INERT_VOTES);
  const quorumBps = await batch.entities.get(model.Parameter, "governor.quorumBps");
  return ((tokenSupply - (inert?.votes ?? 0n)) * quorumBps.value) / BPS;
}
