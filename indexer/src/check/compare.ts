import { RpcClient } from "@subsquid/rpc-client";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import type { Deployment } from "../shared/deployment";
import { contractsAt } from "./contracts";
import { Findings, type Mismatch } from "./findings";
import { readHead, readLists, type IndexedHead } from "./graphqlClient";
import { comparedLists, networkLists } from "./lists";
import { compareAccounts } from "./accounts";
import { compareApps } from "./apps";
import { compareAudits } from "./audits";
import { compareEpochs } from "./epochs";
import { compareGovernance } from "./governance";
import { compareIdentities } from "./identities";
import { compareNetwork } from "./network";
import { comparePenalties } from "./penalties";
import { compareProtocol } from "./protocol";
import { compareStaking } from "./staking";
import { compareTreasury } from "./treasury";

export interface CompareOptions {
  /** The API's GraphQL endpoint. */
  readonly graphqlUrl: string;
  /** A chain endpoint that still has the state of the newest blocks. */
  readonly rpcUrl: string;
  readonly deployment: Deployment;
  /** Waits until the index has this block at least. */
  readonly block?: number;
  readonly signal?: AbortSignal;
}

export interface Comparison {
  /** The block at which both were read. */
  readonly height: number;
  readonly hash: string;
  /** Values that were compared. */
  readonly compared: number;
  readonly mismatches: readonly Mismatch[];
}

/** Epochs that the contracts' rings remember, the running one included. */
const RING_EPOCHS = 256;
const WAIT_MS = 60_000;
const MAX_REORGS = 5;
const CONCURRENT_CALLS = 20;

const blockSchema = z.object({ hash: z.string(), timestamp: z.string() });

/**
 * Compares what GraphQL says with the contracts' view functions, value by value, at one and the same block.
 * @throws Error where the API or the chain cannot be read, or the index does not reach `block` in a minute.
 */
export async function compareWithChain(options: CompareOptions): Promise<Comparison> {
  const { graphqlUrl, rpcUrl, deployment, signal } = options;
  const rpc = new RpcClient({ url: rpcUrl, capacity: CONCURRENT_CALLS, retryAttempts: 2, log: null });
  try {
    if (options.block !== undefined) await waitForBlock(graphqlUrl, options.block, signal);
    const { rows: first } = await readLists(graphqlUrl, networkLists, signal);
    const firstEpoch = Math.max(0, (first.networks[0]?.currentEpoch ?? 0) - RING_EPOCHS + 2);
    for (let attempt = 1; attempt <= MAX_REORGS; attempt += 1) {
      const { head, rows } = await readLists(graphqlUrl, comparedLists(firstEpoch), signal);
      const block = await readBlock(rpc, head);
      if (block === undefined) continue;
      const findings = new Findings();
      const contracts = contractsAt(rpc, head.height, deployment);
      const context = { findings, contracts, rows, deployment, nowSeconds: Number(block.timestamp) };
      await Promise.all([
        compareNetwork(context),
        compareAccounts(context),
        compareStaking(context),
        compareEpochs(context),
        compareApps(context),
        compareAudits(context),
        comparePenalties(context),
        compareProtocol(context),
        compareGovernance(context),
        compareTreasury(context),
        compareIdentities(context),
      ]);
      // Calls name a block by number: what they answered is of this block only if it is still there.
      if ((await readBlock(rpc, head)) === undefined) continue;
      return { ...head, compared: findings.compared, mismatches: findings.mismatches };
    }
    throw new Error(`The indexed head was not on the chain in ${MAX_REORGS} attempts.`);
  } finally {
    rpc.close();
  }
}

/** The block of a head; undefined, after a moment, where the chain has another one at its height. */
async function readBlock(
  rpc: RpcClient,
  head: IndexedHead,
): Promise<z.infer<typeof blockSchema> | undefined> {
  const answer: unknown = await rpc.call("eth_getBlockByNumber", [`0x${head.height.toString(16)}`, false]);
  const block = blockSchema.nullable().parse(answer);
  if (block?.hash === head.hash) return block;
  await sleep(500);
  return undefined;
}

async function waitForBlock(url: string, block: number, signal: AbortSignal | undefined): Promise<void> {
  for (const deadline = Date.now() + WAIT_MS; ;) {
    const head = await readHead(url, signal);
    if (head !== undefined && head.height >= block) return;
    if (Date.now() > deadline) {
      throw new Error(
        `The index is at block ${head?.height ?? "none"} and did not reach block ${block} in a minute.`,
      );
    }
    await sleep(100, undefined, { signal });
  }
}
