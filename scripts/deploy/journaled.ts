/** A deployment that can be killed at any moment and goes on when it is started again. */
import { setTimeout as sleep } from "node:timers/promises";
import { join } from "node:path";
import { deploy, DeploymentResultType } from "@nomicfoundation/ignition-core";
import type { ExecutionEventListener } from "@nomicfoundation/ignition-core";
import type { Wallet } from "ethers";
import type { RpcProvider } from "../../node/chain/rpcProvider.js";
import { artifactResolver } from "../ignition/deployProtocol.js";
import { explain } from "../ignition/explain.js";
import { withGasRoom } from "../ignition/gasRoom.js";
import type { IgnitionPlan } from "../ignition/plan.js";
import type { DeployedContracts } from "../ignition/steps.js";
import { repairJournal } from "./journal.js";
import type { NetworkConfig } from "./networks.js";
import { SentTransactions } from "./sentTransactions.js";
import { broadcast, SigningProvider } from "./signingProvider.js";

const SENT_FILE = "sent.jsonl";
/** How long a transaction waits before a higher price is offered. */
const BUMP_AFTER_MS = 3 * 60_000;
const WAIT_MS = 2_000;
const MAX_WAITS = 150;

export interface JournaledOptions {
  readonly directory: string;
  readonly network: NetworkConfig;
  readonly rpc: RpcProvider;
  readonly wallet: Wallet;
  readonly say: (text: string) => void;
}

/**
 * Ignition over a journal that was made whole first.
 * @returns What runs it; it throws an Error naming each step that failed and why.
 */
export async function journaledIgnition(
  options: JournaledOptions,
): Promise<(plan: IgnitionPlan) => Promise<DeployedContracts>> {
  const { directory, network, rpc, wallet, say } = options;
  const sent = new SentTransactions(join(directory, SENT_FILE));
  const provider = new SigningProvider({
    rpc,
    wallet,
    chainId: network.chainId,
    gasPrice: network.gasPrice,
    sent,
  });
  for (const { hash, nonce, raw } of repairJournal(directory, sent)) {
    say(`transaction ${nonce} was not recorded when the last run ended: ${hash}`);
    if ((await rpc.getTransaction(hash)) === null) await broadcast(rpc, raw);
  }
  return async (plan) => {
    for (let waits = 0; ; waits++) {
      try {
        const result = await deploy({
          config: {
            requiredConfirmations: network.confirmations,
            blockPollingInterval: network.pollMs,
            retryInterval: network.pollMs,
            maxRetries: 1_000,
            timeBeforeBumpingFees: BUMP_AFTER_MS,
            maxFeeBumps: 5,
          },
          provider: withGasRoom(provider),
          artifactResolver,
          deploymentDir: directory,
          ...plan,
          accounts: [wallet.address],
          defaultSender: wallet.address,
          executionEventListener: progressListener(say),
        });
        if (result.type !== DeploymentResultType.SUCCESSFUL_DEPLOYMENT) throw new Error(explain(result));
        return result.contracts;
      } catch (error) {
        if (!isWaiting(error) || waits === MAX_WAITS) throw error;
        if (waits === 0) say("the last transactions are not confirmed yet: waiting");
        await sleep(WAIT_MS);
      }
    }
  };
}

/** Codes with which Ignition asks for patience: transactions of the last run are not confirmed yet. */
const WAITING = new Set<unknown>([10_402, 10_403]);

function isWaiting(error: unknown): boolean {
  return error instanceof Error && "number" in error && WAITING.has(error.number);
}

/** Says which steps are done; of all events that Ignition tells. */
function progressListener(say: (text: string) => void): ExecutionEventListener {
  const steps: Partial<ExecutionEventListener> = {
    deploymentExecutionStateComplete: async ({ futureId }) => say(`deployed ${futureId}`),
    callExecutionStateComplete: async ({ futureId }) => say(`done     ${futureId}`),
  };
  const silent = async () => undefined;
  return new Proxy(steps, {
    get: (known, event) => (Reflect.get(known, event) as unknown) ?? silent,
  }) as ExecutionEventListener;
}
