import { EMPTY_ROOT } from "../../protocol/receiptTree.js";
import type { Attestation } from "../../protocol/typedData.js";
import { deadlinePassed, upkeepDelaySeconds, upkeepTurnSeconds } from "./duty.js";
import type { Duty, DutyContext } from "./duty.js";

/** Claims this node's epoch for its stakers, when proofs are no longer taken. */
export function claimDuty(context: Pick<DutyContext, "chain" | "queue" | "epochs" | "log">): Duty {
  return {
    name: "claim",
    async run(epoch) {
      const { chain, queue, log } = context;
      if (chain.head.timestamp < chain.clock.endOf(epoch + 1)) return "later";
      const record = await chain.attestationRecord(epoch);
      if (record.claimed) return "done";
      const seed = await chain.seedState(epoch);
      if (seed.state !== "drawn" || !deadlinePassed(context, seed)) return "later";
      const attestation = await claimable(context, epoch, record.status !== "none");
      if (attestation === undefined) return "done";
      await queue.send(chain.claim(attestation));
      log.info({ epoch }, "epoch claimed");
      return "done";
    },
  };
}

/**
 * Moves an epoch's fees, burned and paid out, where nobody has drawn its seed for an epoch: drawing moves them too.
 */
export function flushDuty(context: DutyContext): Duty {
  return {
    name: "flush",
    async run(epoch) {
      const { chain, queue } = context;
      const { clock } = chain;
      const { closesAt } = clock.collectionWindowOf(epoch);
      if (chain.head.timestamp < closesAt) return "later";
      const state = await chain.flushState(epoch);
      if (state !== "due") return state === "done" ? "done" : "later";
      if (chain.head.timestamp < closesAt + clock.epochSeconds) return "later";
      const dueAt = closesAt + clock.epochSeconds + (await upkeepDelaySeconds(context, epoch));
      if (chain.head.timestamp < dueAt) return "later";
      await queue.send(chain.flush(epoch));
      return "done";
    },
  };
}

/** Mints what an epoch's claims have credited, once for the whole network. */
export function mintDuty(context: DutyContext): Duty {
  return {
    name: "mint",
    async run(epoch) {
      const { chain, queue } = context;
      if (chain.head.timestamp < chain.clock.endOf(epoch + 1)) return "later";
      const seed = await chain.seedState(epoch);
      if (seed.state !== "drawn" || !deadlinePassed(context, seed)) return "later";
      // Nodes claim as soon as they can: a few turns later one mint serves them all.
      const settledAt = seed.deadlineSeconds + MINT_AFTER_TURNS * upkeepTurnSeconds(chain);
      if (chain.head.timestamp < settledAt + (await upkeepDelaySeconds(context, epoch))) return "later";
      if ((await chain.pendingMint()) === 0n) return "done";
      await queue.send(chain.mintPending(epoch));
      return "done";
    },
  };
}

const MINT_AFTER_TURNS = 3;

/** What to claim an epoch with; undefined where there is nothing that this node could claim. */
async function claimable(
  { chain, epochs, log }: Pick<DutyContext, "chain" | "epochs" | "log">,
  epoch: number,
  isAttested: boolean,
): Promise<Attestation | undefined> {
  if (isAttested) {
    const attestation = epochs.attestation(epoch);
    if (attestation === undefined) log.error({ epoch }, "the epoch's attestation is not in this node's data");
    return attestation;
  }
  if ((await chain.epochFees(epoch)) === 0n) return undefined;
  const { nodeId } = chain;
  return {
    nodeId,
    epoch,
    receiptRoot: EMPTY_ROOT,
    bytesDelivered: 0n,
    sessions: 0,
    auditCommitment: EMPTY_ROOT,
  };
}
