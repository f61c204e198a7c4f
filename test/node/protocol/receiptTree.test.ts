import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { toBeHex } from "ethers";
import { z } from "zod";
import { vectorFiles } from "../../../scripts/vectors.js";
import { MAX_UINT64 } from "../../../node/protocol/amounts.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import {
  EMPTY_ROOT,
  ReceiptTree,
  ReceiptTreeError,
  hashLeaf,
  verifyOpening,
} from "../../../node/protocol/receiptTree.js";
import type { ReceiptLeaf } from "../../../node/protocol/receiptTree.js";
import { addressSchema, hexSchema, uint64Schema } from "../../../node/protocol/schemas.js";
import { randomFrom } from "../support/random.js";

const pathSchema = z.array(
  z.strictObject({
    siblingHash: hexSchema(32),
    siblingBytes: uint64Schema,
    separator: addressSchema,
    siblingIsLeft: z.boolean(),
  }),
);
const openingShape = {
  root: hexSchema(32),
  total: uint64Schema,
  sessionKey: addressSchema,
  bytesDelivered: uint64Schema,
  quality: z.number(),
  path: pathSchema,
};
const vectorsSchema = z.strictObject({
  about: z.string(),
  trees: z.array(
    z.strictObject({
      name: z.string(),
      sessions: z.number(),
      root: hexSchema(32),
      total: uint64Schema,
      leaves: z.array(z.tuple([addressSchema, uint64Schema, z.number()])),
      openings: z.array(z.strictObject({ point: uint64Schema, prefix: uint64Schema, ...openingShape })),
    }),
  ),
  forged: z.array(z.strictObject({ name: z.string(), reason: z.string(), ...openingShape })),
});

const readVector = (name: string) => readFile(new URL(`../../vectors/${name}`, import.meta.url), "utf8");

/** The fault of the `ReceiptTreeError` that an action throws; "none" where it throws nothing. */
function faultOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof ReceiptTreeError) return error.fault;
    throw error;
  }
  return "none";
}

describe("receipt tree", function () {
  this.timeout(20_000);

  describe("shared vectors", function () {
    let vectors: z.infer<typeof vectorsSchema>;
    before(async function () {
      vectors = vectorsSchema.parse(JSON.parse(await readVector("receipt-tree.json")));
    });

    it("are what scripts/vectors.ts makes", async function () {
      for (const [name, content] of Object.entries(await vectorFiles())) {
        expect(await readVector(name), name).to.equal(content);
      }
    });

    it("cover trees of 1, 2, 3, 7 and 1,000 sessions, each opened at several points", function () {
      expect(vectors.trees.map((tree) => tree.sessions)).to.deep.equal([1, 2, 3, 7, 1_000]);
      for (const tree of vectors.trees) {
        const built = new ReceiptTree(
          tree.leaves.map(([sessionKey, bytesDelivered, quality]) => ({
            sessionKey,
            bytesDelivered,
            quality,
          })),
        );
        expect(built.root, tree.name).to.equal(tree.root);
        expect(built.total, tree.name).to.equal(tree.total);
        for (const { point, prefix, root, total, path, ...leaf } of tree.openings) {
          expect(built.open(point), `${tree.name} at ${point}`).to.deep.equal({ leaf, prefix, path });
          expect(verifyOpening(root, total, leaf, path), `${tree.name} at ${point}`).to.equal(prefix);
          expect(point >= prefix && point < prefix + leaf.bytesDelivered).to.equal(true);
        }
      }
    });

    it("forged openings are refused, each for its reason", function () {
      expect(vectors.forged.length).to.be.greaterThan(15);
      for (const { name, reason, root, total, path, ...leaf } of vectors.forged) {
        expect(
          faultOf(() => verifyOpening(root, total, leaf, path)),
          name,
        ).to.equal(reason);
      }
    });
  });

  it("is empty without sessions, and leaves out sessions without bytes", function () {
    const idle = { sessionKey: parseAddress(toBeHex(7, 20)), bytesDelivered: 0n, quality: 0 };
    for (const tree of [new ReceiptTree([]), new ReceiptTree([idle])]) {
      expect([tree.root, tree.total, tree.sessions]).to.deep.equal([EMPTY_ROOT, 0n, 0]);
      expect(faultOf(() => tree.open(0n))).to.equal("point_out_of_range");
    }
  });

  it("with one session is that session's leaf", function () {
    const leaf = { sessionKey: parseAddress(toBeHex(7, 20)), bytesDelivered: 5n, quality: 10_000 };
    const tree = new ReceiptTree([leaf]);
    expect(tree.root).to.equal(hashLeaf(leaf));
    expect(tree.open(4n)).to.deep.equal({ leaf, prefix: 0n, path: [] });
    expect(faultOf(() => tree.open(5n))).to.equal("point_out_of_range");
    expect(faultOf(() => tree.open(-1n))).to.equal("point_out_of_range");
  });

  it("refuses a key twice, sums beyond 64 bits and impossible leaves", function () {
    const leaf = { sessionKey: parseAddress(toBeHex(7, 20)), bytesDelivered: MAX_UINT64, quality: 10_000 };
    const other = { ...leaf, sessionKey: parseAddress(toBeHex(8, 20)), bytesDelivered: 1n };
    expect(faultOf(() => new ReceiptTree([leaf, { ...leaf, bytesDelivered: 1n }]))).to.equal("duplicate_key");
    expect(faultOf(() => new ReceiptTree([leaf, other]))).to.equal("sum_overflow");
    expect(faultOf(() => new ReceiptTree([{ ...leaf, quality: 10_001 }]))).to.equal("invalid_leaf");
    expect(faultOf(() => new ReceiptTree([{ ...leaf, bytesDelivered: -1n }]))).to.equal("invalid_leaf");
    expect(faultOf(() => new ReceiptTree([{ ...leaf, bytesDelivered: MAX_UINT64 + 1n }]))).to.equal(
      "invalid_leaf",
    );
    expect(new ReceiptTree([leaf]).total).to.equal(MAX_UINT64);
  });

  it("opens and verifies every leaf of random trees, in any order of input, and no leaf with a changed path", function () {
    const random = randomFrom(20_260);
    for (let round = 0; round < 25; round++) {
      const leaves: ReceiptLeaf[] = Array.from({ length: 1 + random.below(40) }, () => ({
        sessionKey: random.address(),
        bytesDelivered: BigInt(1 + random.below(1_000_000)),
        quality: random.below(10_001),
      }));
      const tree = new ReceiptTree(leaves);
      expect(new ReceiptTree([...leaves].reverse()).root).to.equal(tree.root);
      expect(tree.sessions).to.equal(leaves.length);
      let prefix = 0n;
      for (const leaf of tree.leaves) {
        const opening = tree.open(prefix);
        expect(opening.leaf).to.equal(leaf);
        expect(tree.open(prefix + leaf.bytesDelivered - 1n).leaf).to.equal(leaf);
        expect(verifyOpening(tree.root, tree.total, leaf, opening.path)).to.equal(prefix);
        const index = random.below(opening.path.length);
        const node = opening.path[index];
        if (node !== undefined) {
          const forged = opening.path.with(
            index,
            random.pick([
              { ...node, siblingBytes: node.siblingBytes + 1n },
              { ...node, siblingIsLeft: !node.siblingIsLeft },
              { ...node, separator: random.address() },
              { ...node, siblingHash: random.hex(32) },
            ]),
          );
          expect(faultOf(() => verifyOpening(tree.root, tree.total, leaf, forged))).to.not.equal("none");
        }
        prefix += leaf.bytesDelivered;
      }
      expect(prefix).to.equal(tree.total);
    }
  });
});
