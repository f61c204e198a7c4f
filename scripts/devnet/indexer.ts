/** Starts the database, the processor and the API: the indexer's own programs, each in a process of its own. */
import { z } from "zod";
import type { ManagedProcess } from "./process.js";
import type { ProcessGroup } from "./processGroup.js";

const LIB = "indexer/lib";
const START_MS = 60_000;
/** A block a second: this keeps the page within a quarter of a second behind. */
const HEAD_POLL_MS = 250;

const databaseReady = z.object({ ready: z.literal(true), url: z.string() });
const processorReady = z.object({ ready: z.literal(true), height: z.number() });
const apiReady = z.object({ ready: z.literal(true), url: z.url() });

/** Another Postgres may be given by `DB_URL`; then none is started. Resolves to the database's URL. */
export async function startDatabase(group: ProcessGroup, directory: string): Promise<string> {
  const given = process.env.DB_URL;
  if (given !== undefined && given !== "") return given;
  const database = group.start({
    name: "database",
    script: `${LIB}/database.js`,
    env: { DB_DIRECTORY: `${directory}/postgres` },
    logFile: `${directory}/database.log`,
    stopMs: 25_000,
  });
  return (await database.receive(databaseReady, START_MS)).url;
}

export interface IndexerOptions {
  readonly directory: string;
  readonly databaseUrl: string;
  readonly deploymentFile: string;
  readonly rpcUrl: string;
}

/** Resolves when the processor has caught up with the chain. */
export async function startProcessor(group: ProcessGroup, options: IndexerOptions): Promise<ManagedProcess> {
  const processor = group.start({
    name: "processor",
    script: `${LIB}/processor.js`,
    // A database that another devnet filled belongs to a chain that is gone.
    args: ["--reset-on-mismatch"],
    env: {
      // Not over WebSocket: Hardhat's subscriptions to new heads fall silent after five minutes.
      RPC_URLS: options.rpcUrl,
      HEAD_POLL_MS: String(HEAD_POLL_MS),
      DEPLOYMENT_FILE: options.deploymentFile,
      DB_URL: options.databaseUrl,
    },
    logFile: `${options.directory}/processor.log`,
  });
  await processor.receive(processorReady, START_MS);
  return processor;
}

export interface ApiOptions {
  readonly directory: string;
  readonly databaseUrl: string;
  readonly deploymentFile: string;
  readonly port: number;
  readonly nodeEndpoints: readonly string[];
  readonly appUrl: string;
}

/** Resolves to the address of the page, with a slash at its end; GraphQL is below it. */
export async function startApi(group: ProcessGroup, options: ApiOptions): Promise<string> {
  const api = group.start({
    name: "api",
    script: `${LIB}/api.js`,
    env: {
      DB_URL: options.databaseUrl,
      API_PORT: String(options.port),
      DEPLOYMENT_FILE: options.deploymentFile,
      NODE_ENDPOINTS: options.nodeEndpoints.join(","),
      APP_ENDPOINT: options.appUrl,
    },
    logFile: `${options.directory}/api.log`,
  });
  return (await api.receive(apiReady, START_MS)).url;
}
