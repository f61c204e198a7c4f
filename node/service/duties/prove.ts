import type { ProofOpening } from "../../chain/nodeChain.js";
import { ReceiptTree, verifyOpening } from "../../protocol/receiptTree.js";
import type { Attestation } from "../../protocol/typedData.js";
import { signedReceiptOf } from "../receiptStore.js";
import type { StoredReceipt } from "../receiptStore.js";
import { deadlinePassed } from "./duty.js";
import type { Duty, DutyContext } from "./duty.js";

/**
 * Opens an attested tree at sample points, from the receipts that are stored.
 * @throws Error where the receipts are not those that were attested.
 */
export function openSamples(
  attestation: Attestation,
  receipts: readonly StoredReceipt[],
  points: readonly bigint[],
): ProofOpening[] {
  const { nodeId, epoch, receiptRoot, bytesDelivered } = attestation;
  const tree = new ReceiptTree(receipts);
  if (tree.root !== receiptRoot || tree.total !== bytesDelivered) {
    throw new Error(
      `the receipts of epoch ${epoch} are not those that were attested: ${tree.root}, not ${receiptRoot}`,
    );
  }
  return points.map((point) => {
    const { leaf, path } = tree.open(point);
    verifyOpening(receiptRoot, bytesDelivered, leaf, path);
    return { receipt: signedReceiptOf(leaf, nodeId), grant: leaf.grant, path };
  });
}

/** Proves an attested epoch where the seed or the fees demand it. */
export function proveDuty(context: DutyContext): Duty {
  return {
    name: "prove",
    async run(epoch) {
      const { chain, queue, epochs, receipts, log } = context;
      if (chain.head.timestamp < chain.clock.commitWindowOf(epoch).closesAt) return "later";
      const record = await chain.attestationRecord(epoch);
      const attestation = epochs.attestation(epoch);
      // An epoch without bytes has no leaf that could be opened.
      if (record.status !== "attested" || attestation === undefined || attestation.bytesDelivered === 0n)
        return "done";
      const seed = await chain.seedState(epoch);
      if (seed.state !== "drawn") return "later";
      if (!(await chain.mustProve(epoch))) return "done";
      if (deadlinePassed(context, seed)) {
        log.error({ epoch }, "the epoch had to be proven and was not: no work reward, and a slash");
        return "done";
      }
      const points = await chain.samplePoints(epoch, attestation.bytesDelivered);
      await queue.send(
        chain.prove(attestation, openSamples(attestation, receipts.countedReceipts(epoch), points)),
      );
      log.info({ epoch, samples: points.length }, "epoch proven");
      return "done";
    },
  };
}
