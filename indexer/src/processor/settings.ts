import { z } from "zod";
import { flag, port, readEnvironment } from "../shared/environment";

const rpcUrls = z
  .string()
  .transform((list) => list.split(",").map((url) => url.trim()))
  .pipe(z.array(z.url({ protocol: /^(https?|wss?)$/ })).nonempty())
  .refine(
    (urls) => urls.length === 1 || urls.every((url) => url.startsWith("http")),
    "several endpoints must all be http(s): fail-over polls for heads",
  );

const settingsSchema = z.object({
  /** Chain endpoints, separated by commas; the first that works is used. A single one may be ws(s). */
  RPC_URLS: rpcUrls,
  /** File that says where the contracts are. */
  DEPLOYMENT_FILE: z.string(),
  /** postgres:// URL of the database. */
  DB_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Blocks after which a block is taken as final; a fork that goes deeper stops the processor. */
  FINALITY_CONFIRMATIONS: z.coerce.number().int().min(1).max(10_000).default(20),
  /** How often an http endpoint is asked for a new head. */
  HEAD_POLL_MS: z.coerce.number().int().min(20).max(60_000).default(1_000),
  /** Blocks in a batch while catching up. Keep their logs below the endpoint's limit (10,000 on many). */
  COLD_BATCH_BLOCKS: z.coerce.number().int().min(1).max(1_000).default(100),
  /** Throw the indexed data away and start over where it belongs to another chain or deployment. For devnets. */
  RESET_ON_MISMATCH: flag.default(false),
  /** Port of Prometheus metrics; a free one by default. */
  METRICS_PORT: port.default(0),
});

export interface ProcessorSettings {
  readonly rpcUrls: readonly string[];
  readonly deploymentFile: string;
  readonly databaseUrl: string;
  readonly finalityConfirmations: number;
  readonly headPollMs: number;
  readonly coldBatchBlocks: number;
  readonly resetOnMismatch: boolean;
  readonly metricsPort: number;
}

/** Reads the processor's settings; `--reset-on-mismatch` says the same as RESET_ON_MISMATCH=1. */
export function readSettings(args: readonly string[]): ProcessorSettings {
  const unknown = args.filter((arg) => arg !== "--reset-on-mismatch");
  if (unknown.length > 0) {
    throw new Error(`Unknown argument ${unknown.join(" ")}: the only one is --reset-on-mismatch.`);
  }
  const environment = readEnvironment(settingsSchema, "processor");
  return {
    rpcUrls: environment.RPC_URLS,
    deploymentFile: environment.DEPLOYMENT_FILE,
    databaseUrl: environment.DB_URL,
    finalityConfirmations: environment.FINALITY_CONFIRMATIONS,
    headPollMs: environment.HEAD_POLL_MS,
    coldBatchBlocks: environment.COLD_BATCH_BLOCKS,
    resetOnMismatch: environment.RESET_ON_MISMATCH || args.length > 0,
    metricsPort: environment.METRICS_PORT,
  };
}
