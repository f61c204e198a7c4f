/** What this browser received and signed for. */
import type { SignedReceipt } from "../../../node/protocol/typedData.js";
import { el, facts, table } from "./dom.js";
import { bytes, clockTime, count, percent, shortAddress } from "./format.js";
import { empty } from "./views.js";

interface Acknowledged {
  readonly epoch: number;
  readonly bytesDelivered: bigint;
  readonly quality: number;
  readonly at: Date;
}

/** The receipts of one session, by epoch. */
export class ReceiptBook {
  readonly #byEpoch = new Map<number, Acknowledged>();
  #count = 0;

  get count(): number {
    return this.#count;
  }

  add({ receipt }: SignedReceipt): void {
    this.#count += 1;
    const { epoch, bytesDelivered, quality } = receipt;
    this.#byEpoch.set(epoch, { epoch, bytesDelivered, quality, at: new Date() });
  }

  of(epoch: number): Acknowledged | undefined {
    return this.#byEpoch.get(epoch);
  }

  /** Newest first. */
  get epochs(): readonly Acknowledged[] {
    return [...this.#byEpoch.values()].sort((a, b) => b.epoch - a.epoch);
  }
}

export interface ReceiptsNow {
  readonly book: ReceiptBook;
  readonly received: { readonly epoch: number; readonly bytesDelivered: bigint; readonly quality: number };
  readonly sessionKey: string;
  readonly nodeId: bigint;
}

export function receiptFacts({ book, received, sessionKey, nodeId }: ReceiptsNow): Node[] {
  const acknowledged = book.of(received.epoch);
  return facts([
    ["Epoch", count(received.epoch)],
    ["Received", el("strong", { id: "bytes-received" }, bytes(received.bytesDelivered))],
    ["Quality", percent(received.quality)],
    [
      "Signed for",
      el(
        "span",
        { id: "bytes-acknowledged", "data-bytes": String(acknowledged?.bytesDelivered ?? 0n) },
        acknowledged === undefined ? "nothing yet" : bytes(acknowledged.bytesDelivered),
      ),
    ],
    ["Receipts the node took", el("span", { id: "receipt-count" }, count(book.count))],
    ["Node", count(nodeId)],
    ["Your key for this call", el("code", { title: sessionKey }, shortAddress(sessionKey))],
  ]);
}

export function receiptTable(book: ReceiptBook): Node {
  if (book.epochs.length === 0) return empty("The first receipt is signed after three seconds of media.");
  return table(
    "Receipts by epoch",
    [
      { title: "Epoch", cell: (receipt) => count(receipt.epoch) },
      { title: "Signed for", number: true, cell: (receipt) => bytes(receipt.bytesDelivered) },
      { title: "Quality", number: true, cell: (receipt) => percent(receipt.quality) },
      { title: "At", number: true, cell: (receipt) => clockTime(receipt.at) },
    ],
    book.epochs.slice(0, 6),
  );
}
