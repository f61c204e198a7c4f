import { TransactionReverted } from "../../chain/reverts.js";
import { deadlinePassed } from "./duty.js";
import type { Duty, DutyContext } from "./duty.js";

/** What the contracts will never take, however often it is sent. */
const FINAL_REFUSALS = new Set([
  "AttestationMismatch",
  "CommitmentMismatch",
  "InvalidScores",
  "NoSeat",
  "EpochExpired",
]);

/**
 * Reveals the scores that this node committed to when it attested, from the end of the commit window until proofs are
 * no longer taken. Scores that the contracts refuse for good are put aside, for somebody to look into.
 */
export function revealDuty(context: DutyContext): Duty {
  const { chain, ring, queue, epochs, log } = context;

  const send = async (epoch: number): Promise<void> => {
    const attestation = epochs.attestation(epoch);
    const reveal = epochs.reveal(epoch);
    if (attestation === undefined || reveal === undefined) return;
    try {
      await queue.send(ring.reveal(attestation, reveal.packedScores, reveal.salt));
      log.info({ epoch }, "audits revealed");
    } catch (error) {
      if (!(error instanceof TransactionReverted) || !FINAL_REFUSALS.has(error.reason)) throw error;
      log.error(
        { err: error, epoch },
        "the contracts refuse this node's audits: no availability for the epoch",
      );
      epochs.quarantineReveal(epoch, error.message);
    }
  };

  return {
    name: "reveal",
    async run(epoch) {
      if (chain.head.timestamp < chain.clock.commitWindowOf(epoch).closesAt) return "later";
      const reveal = epochs.reveal(epoch);
      if (reveal === undefined || reveal.refused !== undefined) return "done";
      const record = await chain.attestationRecord(epoch);
      if (record.status === "none" || (await ring.hasRevealed(epoch))) return "done";
      const seed = await chain.seedState(epoch);
      if (seed.state === "drawn" && deadlinePassed(context, seed)) {
        log.error({ epoch }, "the audits were not revealed in time: no availability for the epoch");
        return "done";
      }
      await send(epoch);
      return "done";
    },
  };
}
