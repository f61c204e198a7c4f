import { randomBytes } from "node:crypto";
import { MAX_UINT64 } from "../../protocol/amounts.js";
import { auditCommitment, packScores } from "../../protocol/audits.js";
import { toHex } from "../../protocol/hex.js";
import type { Address } from "../../protocol/hex.js";
import { EMPTY_ROOT, ReceiptTree } from "../../protocol/receiptTree.js";
import type { Attestation } from "../../protocol/typedData.js";
import type { AuditReveal } from "../epochStore.js";
import type { StoredReceipt } from "../receiptStore.js";
import type { Duty, DutyContext } from "./duty.js";

/** Of a node that has no audits to reveal. */
const NO_COMMITMENT = EMPTY_ROOT;
/** Audits that cannot be put together are waited for until this part of the commit window is left. */
const LAST_CALL_PART = 1 / 3;

/**
 * Fixes what is attested for an epoch that is over, once and durably: after a crash the very same tree is attested
 * and proven. What could not be proven on chain is left out of the tree, so that it does not spoil the rest: receipts
 * under grants of signers that were revoked before the epoch began, and sums beyond 64 bits.
 * @throws Error where the chain cannot be asked.
 */
export async function sealEpoch(context: DutyContext, epoch: number): Promise<Attestation> {
  const { receipts, epochs, chain } = context;
  const sealed = epochs.attestation(epoch);
  if (sealed !== undefined) return sealed;
  const reveal = await auditsToCommit(context, epoch);
  const verdicts = new Map<string, boolean>();
  for (;;) {
    // Nothing is awaited between reading the receipts and fixing the tree: no receipt can slip in between.
    receipts.flush();
    const counted = receipts.countedReceipts(epoch);
    const unknown = counted.find((receipt) => !verdicts.has(signerOf(receipt)));
    if (unknown !== undefined) {
      const { app, grantSigner } = unknown;
      verdicts.set(signerOf(unknown), await chain.isGrantSigner(app, grantSigner, epoch));
      continue;
    }
    const refused = counted.filter((receipt) => verdicts.get(signerOf(receipt)) !== true);
    for (const { sessionKey } of refused)
      leaveOut(context, epoch, sessionKey, "the grant's signer was revoked");
    const provable = withinUint64(
      context,
      epoch,
      counted.filter((receipt) => !refused.includes(receipt)),
    );
    const tree = new ReceiptTree(provable);
    const attestation = {
      nodeId: chain.nodeId,
      epoch,
      receiptRoot: tree.root,
      bytesDelivered: tree.total,
      sessions: tree.sessions,
      auditCommitment:
        reveal === undefined
          ? NO_COMMITMENT
          : auditCommitment(chain.nodeId, epoch, reveal.packedScores, reveal.salt),
    };
    epochs.seal(attestation, reveal);
    return attestation;
  }
}

/** Seals an epoch when its last receipts have come, and attests it in the first half of the next one. */
export function attestDuty(context: DutyContext): Duty {
  return {
    name: "attest",
    async run(epoch) {
      const { chain, queue, receiptGraceMs, now, log } = context;
      const endMs = chain.clock.endOf(epoch) * 1_000;
      const { opensAt, closesAt } = chain.clock.commitWindowOf(epoch);
      // Both clocks: this machine's decides on receipts, the chain's on signers and windows. One that is late by
      // minutes must not cost the epoch.
      const isLastCall = chain.head.timestamp >= closesAt - (closesAt - opensAt) * LAST_CALL_PART;
      if (chain.head.timestamp * 1_000 < endMs) return "later";
      if (now() < endMs + receiptGraceMs && !isLastCall) return "later";
      const record = await chain.attestationRecord(epoch);
      const isOpen = chain.head.timestamp < closesAt;
      if (record.status === "none" && !isOpen) {
        log.error({ epoch }, "the epoch was not attested in its window: no reward for it");
        return "done";
      }
      const attestation = await sealEpoch(context, epoch);
      if (record.status !== "none") {
        if (record.attestationHash !== (await chain.attestationHash(attestation))) {
          log.error({ epoch }, "the chain has another attestation of this epoch than this node's data");
        }
        return "done";
      }
      const { bytesDelivered, sessions } = attestation;
      await queue.send(chain.attest(attestation));
      log.info({ epoch, sessions, bytesDelivered: bytesDelivered.toString() }, "epoch attested");
      return "done";
    },
  };
}

/**
 * The scores that this node gives those it audited, with a salt that nobody can guess; undefined where it audits nobody
 * or has nothing to say.
 * @throws Error where the chain cannot be asked, unless the commit window is about to close: the attestation is worth
 * more than the audits.
 */
async function auditsToCommit(context: DutyContext, epoch: number): Promise<AuditReveal | undefined> {
  const { chain, planner, scores, log } = context;
  try {
    const plan = await planner.planOf(epoch);
    if (plan === undefined) return undefined;
    const given = await scores.scoresOf(epoch, plan.targets);
    if (given !== undefined) return { packedScores: packScores(given), salt: toHex(randomBytes(32)) };
    log.error({ epoch }, "no scores for the nodes that were to be audited: no availability for the epoch");
  } catch (error) {
    const { opensAt, closesAt } = chain.clock.commitWindowOf(epoch);
    if (chain.head.timestamp < closesAt - (closesAt - opensAt) * LAST_CALL_PART) throw error;
    log.error({ err: error, epoch }, "attesting without audits: no availability for the epoch");
  }
  return undefined;
}

function signerOf({ app, grantSigner }: StoredReceipt): string {
  return `${app}:${grantSigner}`;
}

function withinUint64(context: DutyContext, epoch: number, receipts: StoredReceipt[]): StoredReceipt[] {
  const byBytes = receipts.toSorted((a, b) => (a.bytesDelivered < b.bytesDelivered ? -1 : 1));
  let total = byBytes.reduce((sum, { bytesDelivered }) => sum + bytesDelivered, 0n);
  while (total > MAX_UINT64) {
    const largest = byBytes.pop();
    if (largest === undefined) break;
    total -= largest.bytesDelivered;
    leaveOut(context, epoch, largest.sessionKey, "the epoch's sum would exceed 64 bits");
  }
  return byBytes;
}

function leaveOut({ receipts, log }: DutyContext, epoch: number, sessionKey: Address, reason: string): void {
  log.warn({ epoch, sessionKey, reason }, "receipt left out of the attestation");
  receipts.quarantine(epoch, sessionKey, reason);
}
