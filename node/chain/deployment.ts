import { readFile } from "node:fs/promises";
import { z } from "zod";
import { addressSchema } from "../protocol/schemas.js";

export const deploymentSchema = z.strictObject({
  chainId: z.int().positive(),
  addresses: z.strictObject({
    token: addressSchema,
    nodeRegistry: addressSchema,
    nodeStaking: addressSchema,
    paymentEscrow: addressSchema,
    serviceAttestations: addressSchema,
    rewardDistributor: addressSchema,
    auditRing: addressSchema,
    accessManager: addressSchema,
    treasury: addressSchema,
    // What a node does not call.
    serviceProofs: addressSchema.optional(),
    penaltyManager: addressSchema.optional(),
    nodeStrikes: addressSchema.optional(),
    arbitration: addressSchema.optional(),
    governor: addressSchema.optional(),
    timelock: addressSchema.optional(),
    buybackAuction: addressSchema.optional(),
    tokenVesting: addressSchema.optional(),
    peaqIdentity: addressSchema.optional(),
  }),
  /** Unix time at which epoch 0 begins. */
  genesisSeconds: z.int().positive(),
  epochSeconds: z.int().min(30),
  /** Blocks that the chain is expected to produce in one epoch. */
  epochBlocks: z.int().positive(),
  /** Auditors of a node in an epoch, and nodes that each audits. */
  auditors: z.int().positive(),
  /** Block from which on logs are of interest. */
  startBlock: z.int().nonnegative(),
});

/** Where one deployment of the protocol is, and its time base. Written by the deployment script. */
export type Deployment = z.infer<typeof deploymentSchema>;

/**
 * Reads a deployment file.
 * @throws Error naming the file and every member that is missing, unknown or invalid.
 */
export async function loadDeployment(path: string): Promise<Deployment> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (cause) {
    throw new Error(`the deployment file ${path} cannot be read: ${messageOf(cause)}`, { cause });
  }
  const parsed = deploymentSchema.safeParse(json);
  if (!parsed.success) {
    throw new Error(`the deployment file ${path} is invalid:\n${z.prettifyError(parsed.error)}`);
  }
  return parsed.data;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
