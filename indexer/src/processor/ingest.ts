import { Block } from "@subsquid/evm-processor/lib/mapping/entities";
import { createLogger } from "@subsquid/logger";
import type { RpcClient } from "@subsquid/rpc-client";
import type { Store } from "@subsquid/typeorm-store";
import { PrometheusServer, Runner } from "@subsquid/util-internal-processor-tools";
import { setTimeout as sleep } from "node:timers/promises";
import { aborted } from "../shared/abort";
import type { Deployment } from "../shared/deployment";
import { checkFinalHead, ForeignDatabase, readFinalHead, withClient } from "./identity";
import { IndexerDatabase } from "./indexerDatabase";
import { Mapping } from "./mapping";
import type { ProcessorSettings } from "./settings";
import { BlockSource } from "./source";

/** How often the chain is asked whether it still has the newest final block. */
const FINAL_CHECK_MS = 2_000;
/** Several times in a row: behind one endpoint there may be servers that lag. */
const FINAL_CHECK_FAILURES = 3;

/** What a run needs to know besides its settings. */
export interface IngestOptions {
  readonly settings: ProcessorSettings;
  readonly deployment: Deployment;
  readonly rpc: RpcClient;
  /** Called once, when the newest block of the chain is in the database. */
  readonly onCaughtUp: (height: number) => void;
  readonly signal: AbortSignal;
}

/**
 * Reads blocks into the database until `signal` aborts.
 * @throws ForeignDatabase when the chain turns out to go back deeper than the finality setting.
 */
export async function ingest({
  settings,
  deployment,
  rpc,
  onCaughtUp,
  signal,
}: IngestOptions): Promise<void> {
  const mapping = new Mapping(deployment);
  const database = new IndexerDatabase(settings.databaseUrl);
  const log = createLogger("sqd:processor");
  const metrics = new Metrics();
  metrics.setPort(settings.metricsPort);
  let isCaughtUp = false;
  database.onHead = async ({ height }) => {
    if (isCaughtUp || height < Number(await rpc.call<string>("eth_blockNumber"))) return;
    isCaughtUp = true;
    onCaughtUp(height);
  };
  const runner = new Runner({
    database,
    requests: [
      {
        range: { from: deployment.startBlock },
        request: {
          logs: mapping.requests(),
          fields: {
            block: { timestamp: true },
            log: { address: true, topics: true, data: true, transactionHash: true },
          },
        },
      },
    ],
    hotDataSource: new BlockSource({
      rpc,
      finalityConfirmation: settings.finalityConfirmations,
      headPollInterval: settings.headPollMs,
      coldBatchBlocks: settings.coldBatchBlocks,
      log: log.child("rpc"),
    }),
    process: (store: Store, batch) => mapping.apply(batch.blocks.map(asEvmBlock), store),
    log,
    prometheus: metrics,
  });

  const finished = new AbortController();
  const running = runner.run();
  const watching = watchFinalHead(settings.databaseUrl, rpc, finished.signal);
  try {
    await Promise.race([running, watching, aborted(signal)]);
  } finally {
    finished.abort();
    // The library's loops have no way to be stopped: without chain and database they end by themselves.
    running.catch(() => undefined);
    watching.catch(() => undefined);
    rpc.close();
    await database.disconnect();
    await metrics.close();
  }
}

/** Resolves never; throws ForeignDatabase when the chain has lost the newest final block. */
async function watchFinalHead(databaseUrl: string, rpc: RpcClient, signal: AbortSignal): Promise<void> {
  await withClient(databaseUrl, async (client) => {
    for (let failures = 0; ;) {
      await sleep(FINAL_CHECK_MS, undefined, { signal });
      const final = await readFinalHead(client);
      if (final === undefined) continue;
      try {
        await checkFinalHead(rpc, final);
        failures = 0;
      } catch (error) {
        if (!(error instanceof ForeignDatabase) || ++failures >= FINAL_CHECK_FAILURES) throw error;
      }
    }
  });
}

/** The runner hands on what the source made, but only knows that it is some chain's. */
function asEvmBlock(block: { readonly header: { readonly height: number } }): Block {
  if (!(block instanceof Block))
    throw new Error(`Block ${block.header.height} did not come from the block source.`);
  return block;
}

/** The library's metrics, on a port that can be given back. */
class Metrics extends PrometheusServer {
  private listening: { close(): Promise<void> } | undefined;

  override async serve(): ReturnType<PrometheusServer["serve"]> {
    const listening = await super.serve();
    this.listening = listening;
    return listening;
  }

  async close(): Promise<void> {
    await this.listening?.close();
  }
}
