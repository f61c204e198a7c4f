import { MAX_UINT64 } from "../../protocol/amounts.js";
import type { Address } from "../../protocol/hex.js";
import { EMPTY_ROOT, ReceiptTree } from "../../protocol/receiptTree.js";
import type { Attestation } from "../../protocol/typedData.js";
import type { StoredReceipt } from "../receiptStore.js";
import type { Duty, DutyContext } from "./duty.js";

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
      auditCommitment: EMPTY_ROOT,
    };
    epochs.seal(attestation);
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
      // Both clocks: this machine's decides on receipts, the chain's on signers and windows.
      if (now() < endMs + receiptGraceMs || chain.head.timestamp * 1_000 < endMs) return "later";
      const record = await chain.attestationRecord(epoch);
      const isOpen = chain.head.timestamp < chain.clock.commitWindowOf(epoch).closesAt;
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
