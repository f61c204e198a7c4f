import type { RpcClient } from "@subsquid/rpc-client";
import { Client } from "pg";
import { z } from "zod";
import { openEntities } from "../database/entities";
import { deploymentHash, type Deployment } from "../shared/deployment";

/** What the database was filled from; one row, made before the first block. */
interface Identity {
  readonly deployment: string;
  readonly startBlockHash: string;
}

/** The database holds what this chain and this deployment did not produce. */
export class ForeignDatabase extends Error {}

const identityRow = z.object({ deployment: z.string(), start_block_hash: z.string() });
const headRow = z.object({ height: z.int(), hash: z.string() });
const blockSchema = z.object({ hash: z.string() }).nullable();

/** Hash of a block on the chain; undefined where the chain has no such block. */
export async function blockHash(rpc: RpcClient, height: number): Promise<string | undefined> {
  const block: unknown = await rpc.call("eth_getBlockByNumber", [`0x${height.toString(16)}`, false]);
  return blockSchema.parse(block)?.hash;
}

/**
 * Makes sure that a database belongs to a chain and a deployment; claims an empty one for them.
 * @throws ForeignDatabase that says in plain words what does not fit.
 * @throws Error where the endpoint is of another chain than the deployment.
 */
export async function checkIdentity(
  databaseUrl: string,
  rpc: RpcClient,
  deployment: Deployment,
): Promise<void> {
  const chainId = Number(await rpc.call<string>("eth_chainId"));
  if (chainId !== deployment.chainId) {
    throw new Error(
      `The chain endpoint is of chain ${chainId}, the deployment file of chain ${deployment.chainId}. Correct RPC_URLS or DEPLOYMENT_FILE.`,
    );
  }
  const startBlockHash = await blockHash(rpc, deployment.startBlock);
  if (startBlockHash === undefined) {
    throw new Error(
      `The chain has no block ${deployment.startBlock} yet, in which the deployment begins. Is this the chain that the contracts were deployed to?`,
    );
  }
  await withClient(databaseUrl, async (client) => {
    const expected = { deployment: deploymentHash(deployment), startBlockHash };
    const known = await readIdentity(client);
    const final = await readFinalHead(client);
    if (known === undefined) {
      if (final !== undefined) {
        throw new ForeignDatabase("The database holds indexed blocks, but not of which network they are.");
      }
      await client.query("INSERT INTO indexer.identity (deployment, start_block_hash) VALUES ($1, $2)", [
        expected.deployment,
        expected.startBlockHash,
      ]);
      return;
    }
    if (known.deployment !== expected.deployment) {
      throw new ForeignDatabase("The database was filled from another deployment of the contracts.");
    }
    if (known.startBlockHash !== expected.startBlockHash) {
      throw new ForeignDatabase(
        `The database was filled from another chain: block ${deployment.startBlock} there was ${known.startBlockHash}, here it is ${expected.startBlockHash}.`,
      );
    }
    if (final !== undefined) await checkFinalHead(rpc, final);
  });
}

/** @throws ForeignDatabase where a block that was taken as final is not on the chain. */
export async function checkFinalHead(rpc: RpcClient, final: z.infer<typeof headRow>): Promise<void> {
  const onChain = await blockHash(rpc, final.height);
  if (onChain === final.hash) return;
  throw new ForeignDatabase(
    `The chain went back deeper than the finality setting: block ${final.height} was indexed as final with hash ${final.hash}, ` +
      (onChain === undefined
        ? "but the chain does not reach it any more."
        : `but is ${onChain} on the chain now.`),
  );
}

/** The newest block that was indexed as final; undefined where there is none. */
export async function readFinalHead(client: Client): Promise<z.infer<typeof headRow> | undefined> {
  if (!(await tableExists(client, "squid_processor.status"))) return undefined;
  const { rows } = await client.query("SELECT height, hash FROM squid_processor.status WHERE height >= 0");
  return rows.length === 0 ? undefined : headRow.parse(rows[0]);
}

/** Removes all that was indexed, and nothing else that the database may hold. */
export async function eraseIndexedData(databaseUrl: string): Promise<void> {
  const source = await openEntities(databaseUrl);
  try {
    const tables = source.entityMetadatas.map(({ tableName }) => source.driver.escape(tableName));
    await source.query(`DROP TABLE IF EXISTS ${[...tables, "migrations"].join(", ")} CASCADE`);
    await source.query("DROP SCHEMA IF EXISTS squid_processor CASCADE");
    await source.query("DROP SCHEMA IF EXISTS indexer CASCADE");
  } finally {
    await source.destroy();
  }
}

/** Runs something with a connection of its own. */
export async function withClient<T>(databaseUrl: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: databaseUrl });
  // Without a listener, a connection that breaks while idle would end the process; queries report it anyway.
  client.on("error", () => undefined);
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}

async function readIdentity(client: Client): Promise<Identity | undefined> {
  await client.query("CREATE SCHEMA IF NOT EXISTS indexer");
  await client.query(
    "CREATE TABLE IF NOT EXISTS indexer.identity (deployment text NOT NULL, start_block_hash text NOT NULL)",
  );
  const { rows } = await client.query("SELECT deployment, start_block_hash FROM indexer.identity");
  if (rows.length === 0) return undefined;
  const row = identityRow.parse(rows[0]);
  return { deployment: row.deployment, startBlockHash: row.start_block_hash };
}

async function tableExists(client: Client, name: string): Promise<boolean> {
  const { rows } = await client.query("SELECT to_regclass($1) IS NOT NULL AS exists", [name]);
  return z.object({ exists: z.boolean() }).parse(rows[0]).exists;
}
