import { join } from "node:path";
import { pino } from "pino";
import { BlockWatcher } from "../../chain/blockWatcher.js";
import { NodeChain } from "../../chain/nodeChain.js";
import { openDatabase } from "../../chain/sqlite.js";
import { TransactionQueue } from "../../chain/transactionQueue.js";
import { TransactionStore } from "../../chain/transactionStore.js";
import { loadConfig } from "../../config/load.js";
import { loadOperatorKey } from "../../config/operatorKey.js";
import type { NodeConfig } from "../../config/schema.js";
import { claimDuty } from "../../service/duties/claim.js";
import { EpochStore } from "../../service/epochStore.js";
import { withChain } from "../chainAccess.js";
import type { ChainAccess } from "../chainAccess.js";
import { DATABASE_FILE } from "../nodeService.js";
import { NodeNotRunning, PrivateClient } from "../privateClient.js";
import { CONFIG_OPTION, CONFIG_USAGE, UsageError, optionalText, textOption } from "./command.js";
import type { Command, CommandContext, Outcome } from "./command.js";

/** Epochs looked at, newest first; what is older than the chain remembers cannot be claimed. */
const DEFAULT_EPOCHS = 56;
const MAX_EPOCHS = 250;

interface Claimed {
  readonly epoch: number;
  readonly state: "claimed" | "was claimed" | "nothing to claim" | "not yet" | "failed";
  readonly reason?: string;
}

export const claimCommand: Command = {
  summary: "claims epochs that nobody has claimed yet; for a node that does not run",
  usage: [
    CONFIG_USAGE,
    `  --epochs <number>    how many of the last ones; ${DEFAULT_EPOCHS} unless given`,
    "",
    "A running node claims by itself: then this only says which epochs are still open. Sent with the operator key, through",
    "the same durable queue as the node's own transactions, so nothing is sent twice.",
  ].join("\n"),
  options: { ...CONFIG_OPTION, epochs: { type: "string" } },
  async run(values, context) {
    const config = await loadConfig(textOption(values, "config"), context.environment);
    const count = countOf(optionalText(values, "epochs"));
    if (await isRunning(config)) return withChain(config, (access) => openEpochs(access, config, count));
    const ask = (question: string) => context.terminal.askSecret(question);
    const wallet = await loadOperatorKey(
      config,
      context.environment,
      context.terminal.interactive ? ask : undefined,
    );
    return withChain(config, (access) => claimAll(access, { config, wallet, count, context }));
  },
};

async function claimAll(
  { deployment, provider, contracts }: ChainAccess,
  options: {
    config: NodeConfig;
    wallet: Awaited<ReturnType<typeof loadOperatorKey>>;
    count: number;
    context: CommandContext;
  },
): Promise<Outcome> {
  const { config, wallet, count, context } = options;
  const log = pino({ enabled: false });
  const database = openDatabase(join(config.dataDirectory, DATABASE_FILE));
  const watcher = new BlockWatcher(provider, {
    periodMs: config.chain.pollSeconds,
    onError: () => undefined,
  });
  try {
    await watcher.start();
    const chain = new NodeChain({ deployment, contracts, watcher, nodeId: config.nodeId });
    const queue = new TransactionQueue({
      ...{ provider, watcher, wallet, log },
      store: new TransactionStore(database),
      gasPrice: { factor: config.chain.gasPriceFactor, maxFeePerGas: config.chain.maxGasPriceGwei },
      replaceAfterBlocks: config.chain.replaceAfterBlocks,
      confirmations: config.chain.confirmations,
    });
    const onAbort = (): void => void queue.close();
    context.signal.addEventListener("abort", onAbort, { once: true });
    try {
      const duty = claimDuty({ chain, queue, log, epochs: new EpochStore(database, config.nodeId) });
      const results: Claimed[] = [];
      for (const epoch of lastEpochs(chain, count)) {
        if (context.signal.aborted) break;
        results.push(await claimOne(chain, duty, epoch));
      }
      return outcome(results);
    } finally {
      context.signal.removeEventListener("abort", onAbort);
      await queue.close();
    }
  } finally {
    watcher.stop();
    database.close();
  }
}

async function claimOne(
  chain: NodeChain,
  duty: ReturnType<typeof claimDuty>,
  epoch: number,
): Promise<Claimed> {
  try {
    if ((await chain.attestationRecord(epoch)).claimed) return { epoch, state: "was claimed" };
    if ((await duty.run(epoch)) === "later") return { epoch, state: "not yet" };
    return { epoch, state: (await chain.attestationRecord(epoch)).claimed ? "claimed" : "nothing to claim" };
  } catch (error) {
    return { epoch, state: "failed", reason: error instanceof Error ? error.message : String(error) };
  }
}

/** What is open, without sending anything. */
async function openEpochs(access: ChainAccess, config: NodeConfig, count: number): Promise<Outcome> {
  const { provider, deployment, contracts } = access;
  const watcher = new BlockWatcher(provider, {
    periodMs: config.chain.pollSeconds,
    onError: () => undefined,
  });
  try {
    await watcher.start();
    const chain = new NodeChain({ deployment, contracts, watcher, nodeId: config.nodeId });
    const open: number[] = [];
    for (const epoch of lastEpochs(chain, count)) {
      const { status, claimed } = await chain.attestationRecord(epoch);
      if (status !== "none" && !claimed) open.push(epoch);
    }
    const lines = [
      "the node is running and claims by itself",
      open.length === 0 ? "every attested epoch is claimed" : `not claimed yet: ${open.join(", ")}`,
    ];
    return { exitCode: 0, data: { running: true, open }, lines };
  } finally {
    watcher.stop();
  }
}

function outcome(results: readonly Claimed[]): Outcome {
  const failed = results.filter(({ state }) => state === "failed");
  const told = results.filter(({ state }) => state !== "was claimed" && state !== "nothing to claim");
  const claimed = results.filter(({ state }) => state === "claimed").length;
  return {
    exitCode: failed.length > 0 ? 1 : 0,
    data: { running: false, epochs: results },
    lines: [
      ...told.map(
        ({ epoch, state, reason }) => `epoch ${epoch}  ${state}${reason === undefined ? "" : `: ${reason}`}`,
      ),
      `${claimed} claimed now, ${results.length - told.length} had been or had nothing to claim`,
    ],
  };
}

/** Epochs that are over, oldest first: their windows close first. */
function lastEpochs(chain: NodeChain, count: number): number[] {
  const current = chain.clock.currentEpoch(chain.head.timestamp * 1_000);
  const first = Math.max(0, current - count);
  return Array.from({ length: current - first }, (_, index) => first + index);
}

async function isRunning(config: NodeConfig): Promise<boolean> {
  if (config.private.port === 0) return false;
  try {
    await new PrivateClient(config.private).ask("GET", "/health");
    return true;
  } catch (error) {
    if (error instanceof NodeNotRunning) return false;
    throw error;
  }
}

function countOf(text: string | undefined): number {
  if (text === undefined) return DEFAULT_EPOCHS;
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= MAX_EPOCHS) return count;
  throw new UsageError(`--epochs is a whole number up to ${MAX_EPOCHS}`);
}
