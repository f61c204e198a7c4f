import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { z } from "zod";

const address = z
  .string()
  .regex(/^0x[0-9a-fA-F]{40}$/, "is not an address")
  .transform((value) => value.toLowerCase());

const deploymentSchema = z.strictObject({
  /** EIP-155 id of the chain. */
  chainId: z.int().positive(),
  addresses: z.strictObject({
    token: address,
    nodeRegistry: address,
    nodeStaking: address,
    paymentEscrow: address,
    serviceAttestations: address,
    rewardDistributor: address,
    auditRing: address,
    accessManager: address,
    treasury: address,
    // As in the node's own copy of this schema, a network may do without these.
    serviceProofs: address.optional(),
    penaltyManager: address.optional(),
    nodeStrikes: address.optional(),
    arbitration: address.optional(),
    governor: address.optional(),
    timelock: address.optional(),
    buybackAuction: address.optional(),
    tokenVesting: address.optional(),
    peaqIdentity: address.optional(),
  }),
  /** Unix time at which epoch 0 begins. */
  genesisSeconds: z.int().positive(),
  epochSeconds: z.int().positive(),
  /** Blocks that the chain is expected to produce in one epoch. */
  epochBlocks: z.int().positive(),
  /** Auditors of each node in an epoch, built into the contracts. */
  auditors: z.int().min(3).max(7),
  /** A block not later than the first of the contracts. */
  startBlock: z.int().nonnegative(),
});

/** Where the contracts of a network are and how its clock runs; addresses are lower case. */
export type Deployment = z.infer<typeof deploymentSchema>;

/**
 * Reads and checks a deployment file.
 * @throws Error that names the file and every field that is wrong.
 */
export function readDeployment(path: string): Deployment {
  let content: unknown;
  try {
    content = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new Error(`The deployment file ${path} cannot be read: ${reason}`, { cause: error });
  }
  return parseDeployment(content, path);
}

/** Checks a deployment that came as JSON; `source` names it in errors. */
export function parseDeployment(content: unknown, source: string): Deployment {
  const result = deploymentSchema.safeParse(content);
  if (!result.success) {
    throw new Error(`The deployment in ${source} is not valid:\n${z.prettifyError(result.error)}`);
  }
  return result.data;
}

/** The same for the same contracts on the same kind of chain; which chain it is, its blocks' hashes say. */
export function deploymentHash(deployment: Deployment): string {
  return createHash("sha256").update(JSON.stringify(deployment)).digest("hex");
}
