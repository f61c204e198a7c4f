/** What was decided when a deployment began. Written before its first transaction, and never changed. */
import { existsSync } from "node:fs";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { z } from "zod";
import { addressSchema, hexSchema } from "../../node/protocol/schemas.js";

const FILE = "decisions.json";

const recordSchema = z.strictObject({
  network: z.string(),
  chainId: z.int().positive(),
  /** Hash of the chain's first block: a local chain that was started anew is another chain. */
  chainGenesis: hexSchema(32),
  /** Logs of interest begin here. */
  startBlock: z.int().nonnegative(),
  deployer: addressSchema,
  guardian: addressSchema,
  guardianEndSeconds: z.int().positive(),
  genesisSeconds: z.int().positive(),
  /** The list of allocations as it was, and whom it means by names. */
  allocations: z.unknown(),
  beneficiaries: z.record(z.string(), addressSchema),
  /** Whether what vests at once was paid at deployment. */
  claimAtOnce: z.boolean(),
  arbiters: z.strictObject({ members: z.array(addressSchema), untilSeconds: z.int().positive() }).optional(),
  /** The parameters file as it was. */
  parameters: z.unknown(),
});

export type DeploymentRecord = z.output<typeof recordSchema>;

/**
 * Reads what was decided.
 * @returns undefined where nothing was begun.
 * @throws Error where the record is damaged.
 */
export async function readRecord(directory: string): Promise<DeploymentRecord | undefined> {
  const path = join(directory, FILE);
  if (!existsSync(path)) return undefined;
  const parsed = recordSchema.safeParse(JSON.parse(await readFile(path, "utf8")));
  if (!parsed.success) throw new Error(`${path} is damaged:\n${z.prettifyError(parsed.error)}`);
  return parsed.data;
}

export async function writeRecord(directory: string, record: DeploymentRecord): Promise<void> {
  await writeDurably(join(directory, FILE), `${JSON.stringify(record, undefined, 2)}\n`);
}

/** All of it is on disk when this resolves, or nothing. */
export async function writeDurably(path: string, text: string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const unfinished = `${path}.unfinished`;
  const file = await open(unfinished, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(unfinished, path);
}
