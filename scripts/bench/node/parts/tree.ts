import { createHash } from "node:crypto";
import { parseAddress } from "../../../../node/protocol/hex.js";
import { ReceiptTree, verifyOpening } from "../../../../node/protocol/receiptTree.js";
import type { ReceiptLeaf } from "../../../../node/protocol/receiptTree.js";
import { useNativeCrypto } from "../../../../node/service/nativeCrypto.js";
import type { Part } from "../part.js";
import { median } from "../support/statistics.js";

const FULL = { sessions: 100_000, rounds: 5 };
const QUICK = { sessions: 1_000, rounds: 1 };

/** The tree that a node attests for an epoch, and one of the openings that it proves it with. */
export const tree: Part = {
  name: "tree",
  summary: "the receipt tree of 100,000 sessions and one opening",
  async run({ quick, report }) {
    // As the node itself does at its start.
    await useNativeCrypto();
    const { sessions, rounds } = quick ? QUICK : FULL;
    const leaves = Array.from({ length: sessions }, (_, index) => leaf(index));
    const times: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const startedMs = performance.now();
      const built = new ReceiptTree(leaves);
      const opening = built.open(built.total / 2n);
      times.push(performance.now() - startedMs);
      // Throws where it does not hold.
      verifyOpening(built.root, built.total, opening.leaf, opening.path);
    }
    const wanted = quick ? undefined : "at most 2";
    report.figure(
      `${sessions.toLocaleString("en")} sessions built and one opened`,
      median(times) / 1_000,
      "s",
      wanted,
    );
  },
};

function leaf(index: number): ReceiptLeaf {
  const digest = createHash("sha256").update(String(index)).digest("hex");
  return {
    sessionKey: parseAddress(`0x${digest.slice(0, 40)}`),
    bytesDelivered: 1_000_000n + BigInt(index),
    quality: index % 10_001,
  };
}
