/** What participants heard from nodes: the highest receipt that each acknowledged. None of them may ever be lost. */
import { z } from "zod";
import { addressSchema, epochSchema, uint256Schema, uint64Schema } from "../../node/protocol/schemas.js";
import type { StoredEpoch } from "./storedReceipts.js";

/** Sent by a participants' process for each acknowledged receipt; numbers as decimal text. */
export const acknowledgedMessage = z.object({
  acknowledged: z.object({
    sessionKey: addressSchema,
    nodeId: uint256Schema,
    epoch: epochSchema,
    bytesDelivered: uint64Schema,
    quality: z.int(),
  }),
});
export type Acknowledged = z.infer<typeof acknowledgedMessage>["acknowledged"];

export class AcknowledgedLedger {
  readonly #highest = new Map<string, Acknowledged>();
  #count = 0;

  /** Receipts acknowledged so far, lower ones included. */
  get count(): number {
    return this.#count;
  }

  add(receipt: Acknowledged): void {
    this.#count += 1;
    const key = `${receipt.nodeId}/${receipt.epoch}/${receipt.sessionKey}`;
    const known = this.#highest.get(key);
    if (known === undefined || known.bytesDelivered < receipt.bytesDelivered) this.#highest.set(key, receipt);
  }

  /** The highest acknowledged receipts of a node's epoch. */
  of(nodeId: bigint, epoch: number): Acknowledged[] {
    return [...this.#highest.values()].filter((one) => one.nodeId === nodeId && one.epoch === epoch);
  }

  /** Acknowledged receipts that a node's store does not hold, or only a lower one of; in words. */
  missingFrom(stored: readonly StoredEpoch[]): string[] {
    return stored.flatMap(({ nodeId, epoch, receipts }) => {
      const bytes = new Map(receipts.map((receipt) => [receipt.sessionKey, receipt.bytesDelivered]));
      return this.of(nodeId, epoch)
        .filter(({ sessionKey, bytesDelivered }) => (bytes.get(sessionKey) ?? 0n) < bytesDelivered)
        .map(
          ({ sessionKey, bytesDelivered }) =>
            `node ${nodeId} acknowledged ${bytesDelivered} bytes to ${sessionKey} in epoch ${epoch} ` +
            `and holds a receipt for ${bytes.get(sessionKey) ?? 0n}`,
        );
    });
  }
}
