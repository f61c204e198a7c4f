/** Reads what a stopped node's own store holds, and computes from it what the node should have attested. */
import { openDatabase } from "../../node/chain/sqlite.js";
import { ReceiptTree } from "../../node/protocol/receiptTree.js";
import { ReceiptStore } from "../../node/service/receiptStore.js";
import type { StoredReceipt } from "../../node/service/receiptStore.js";

/** A node's receipts of one epoch. */
export interface StoredEpoch {
  readonly nodeId: bigint;
  readonly epoch: number;
  readonly receipts: readonly StoredReceipt[];
  readonly receiptRoot: string;
  readonly bytesDelivered: bigint;
  readonly sessions: number;
  /** Receipts that the node itself left out of the tree, as reasons. */
  readonly quarantined: readonly string[];
}

/**
 * @param databasePath Of a node that does not run: it does not share its file.
 * @throws Error where the file cannot be opened.
 */
export function readStoredEpochs(
  databasePath: string,
  nodeId: bigint,
  epochs: readonly number[],
): StoredEpoch[] {
  const database = openDatabase(databasePath);
  try {
    const store = new ReceiptStore(database);
    return epochs.map((epoch) => {
      const receipts = store.countedReceipts(epoch);
      const tree = new ReceiptTree(receipts);
      return {
        nodeId,
        epoch,
        receipts,
        receiptRoot: tree.root,
        bytesDelivered: tree.total,
        sessions: tree.sessions,
        quarantined: store.quarantined(epoch).map(({ sessionKey, reason }) => `${sessionKey}: ${reason}`),
      };
    });
  } finally {
    database.close();
  }
}
