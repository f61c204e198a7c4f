import { readFile } from "node:fs/promises";
import { expect } from "chai";
import { ContractFactory } from "ethers";
import type { BaseContract } from "ethers";
import hre from "hardhat";
import { z } from "zod";
import { toContractPathNode } from "../../../node/protocol/receiptTree.js";
import { addressSchema, hexSchema, uint64Schema } from "../../../node/protocol/schemas.js";
import { ethers } from "../support/chain.js";

const openingShape = {
  root: hexSchema(32),
  total: uint64Schema,
  sessionKey: addressSchema,
  bytesDelivered: uint64Schema,
  quality: z.number(),
  path: z.array(
    z.strictObject({
      siblingHash: hexSchema(32),
      siblingBytes: uint64Schema,
      separator: addressSchema,
      siblingIsLeft: z.boolean(),
    }),
  ),
};
type Opening = z.infer<z.ZodObject<typeof openingShape>>;
const vectorsSchema = z.object({
  trees: z.array(
    z.object({
      name: z.string(),
      openings: z.array(z.strictObject({ point: uint64Schema, prefix: uint64Schema, ...openingShape })),
    }),
  ),
  forged: z.array(z.strictObject({ name: z.string(), reason: z.string(), ...openingShape })),
});

describe("ReceiptTree: the vectors that TypeScript passes too", function () {
  let vectors: z.infer<typeof vectorsSchema>;
  let harness: BaseContract;
  before(async function () {
    const file = new URL("../../vectors/receipt-tree.json", import.meta.url);
    vectors = vectorsSchema.parse(JSON.parse(await readFile(file, "utf8")));
    const { abi, bytecode } = await hre.artifacts.readArtifact("ReceiptTreeHarness");
    const [signer] = await ethers.getSigners();
    harness = await new ContractFactory(abi, bytecode, signer).deploy();
    await harness.waitForDeployment();
  });

  async function verify({
    root,
    total,
    sessionKey,
    bytesDelivered,
    quality,
    path,
  }: Opening): Promise<unknown> {
    const steps = path.map(toContractPathNode);
    const prefix: unknown = await harness
      .getFunction("verify")
      .staticCall(root, total, sessionKey, bytesDelivered, quality, steps);
    return prefix;
  }

  it("every honest opening is accepted, with its prefix", async function () {
    expect(vectors.trees.map(({ openings }) => openings.length)).to.satisfy((counts: number[]) =>
      counts.every((count) => count > 0),
    );
    for (const { name, openings } of vectors.trees) {
      for (const opening of openings) {
        expect(await verify(opening), `${name} at ${opening.point}`).to.equal(opening.prefix);
      }
    }
  });

  it("every forged opening is refused, for the same reason", async function () {
    expect(vectors.forged.length).to.be.greaterThan(15);
    for (const forged of vectors.forged) {
      const what = `${forged.name}: ${forged.reason}`;
      const attempt = expect(verify(forged), what).to.be;
      if (forged.reason === "sum_overflow") await attempt.revertedWithPanic(0x11);
      else await attempt.revertedWithCustomError(harness, expectedError(forged));
    }
  });
});

function expectedError({ reason, total, bytesDelivered, path }: Opening & { reason: string }): string {
  if (reason === "separator_broken") return "SeparatorViolated";
  if (reason !== "root_mismatch" && reason !== "total_mismatch") throw new Error(`unknown reason ${reason}`);
  // The contract compares the total first, TypeScript the root.
  const sum = path.reduce((bytes, { siblingBytes }) => bytes + siblingBytes, bytesDelivered);
  return sum === total ? "RootMismatch" : "TotalMismatch";
}
