/** The end of an unattended run: everything compared with everything, and the figures for the last line. */
import { formatEther } from "ethers";
import { z } from "zod";
import { compareWithChain } from "../../indexer/lib/check/index.js";
import { checkEpochs, checkMoney } from "./checks.js";
import type { Network } from "./network.js";
import { readOperatorTransactions } from "./operatorTransactions.js";
import type { Progress } from "./progress.js";
import type { StoredEpoch } from "./storedReceipts.js";
import type { Parameters } from "../parameters/schema.js";

const SHOWN_MISMATCHES = 20;

/** Amounts in DTEL; bytes and counts of the settled epochs, money of the whole run. */
export interface Summary {
  readonly epochsSettled: number;
  readonly nodes: number;
  /** Participants that were served, by their session keys. */
  readonly sessions: number;
  /** The highest receipt of each session and epoch: what was attested. */
  readonly receipts: number;
  readonly bytesDelivered: number;
  readonly attestations: number;
  readonly proofs: number;
  readonly feesCollected: number;
  readonly feesBurned: number;
  readonly rewardsMinted: number;
  /** What the nodes' operators sent in the whole run, by the contracts' function. */
  readonly operatorTransactions: Readonly<Record<string, number>>;
  /** Of these: refused by the contracts when they were mined, so paid for in vain. */
  readonly revertedTransactions: number;
  /** Of these: upkeep of an epoch that another transaction had done already. */
  readonly redundantUpkeepTransactions: number;
  /**
   * Duties that failed or that the contracts refused before anything was sent, by their names: nodes that wanted to do
   * the same at the same time, above all.
   */
  readonly dutyFailures: Readonly<Record<string, number>>;
  readonly indexerMatchesChain: boolean;
}

export interface Conclusion {
  readonly summary: Summary;
  /** What is wrong, in words; empty when all is well. */
  readonly faults: readonly string[];
}

/** Ends service, lets the index catch up, and compares receipts, contracts, tokens and GraphQL. */
export async function concludeRun(
  network: Network,
  parameters: Parameters,
  epochs: readonly number[],
  progress: Progress,
): Promise<Conclusion> {
  const { watch, deployment, nodes } = network;
  const dutyFailures = await sumOfDutyFailures(nodes);
  await progress.step(
    "stopping",
    async () => {
      await network.stopParticipants();
      await network.stopNodes();
    },
    () => "participants have left, nodes have stopped",
  );
  const block = await watch.update();
  const stored = nodes.flatMap((node) => node.storedEpochs(epochs));
  const faults = [
    ...checkEpochs(
      watch,
      nodes.map(({ nodeId }) => nodeId),
      epochs,
      stored,
    ),
    ...(await checkMoney(watch, deployment, network.provider, parameters)),
    ...network.ledger.missingFrom(stored),
  ];

  const transactions = await readOperatorTransactions(
    network.provider,
    new Map(nodes.map(({ operator, nodeId }) => [operator, nodeId])),
    { from: deployment.startBlock, to: block },
  );
  faults.push(...transactions.reverted.map((line) => `a transaction was mined and reverted: ${line}`));
  faults.push(...transactions.redundant.map((line) => `upkeep was paid for twice: ${line}`));

  const graphqlFaults = await compareGraphql(network, epochs, stored, block, progress);
  faults.push(...graphqlFaults);

  const bytesDelivered = stored.reduce((sum, epoch) => sum + epoch.bytesDelivered, 0n);
  const records = epochs.map((epoch) => watch.epoch(epoch));
  return {
    faults,
    summary: {
      epochsSettled: records.filter(({ claimed }) => claimed.size === nodes.length).length,
      nodes: nodes.length,
      sessions: new Set(stored.flatMap(({ receipts }) => receipts.map(({ sessionKey }) => sessionKey))).size,
      receipts: stored.reduce((sum, epoch) => sum + epoch.sessions, 0),
      bytesDelivered: Number(bytesDelivered),
      attestations: records.reduce((sum, { attested }) => sum + attested.size, 0),
      proofs: records.reduce((sum, { proven }) => sum + proven.size, 0),
      feesCollected: Number(formatEther(watch.fees.collected)),
      feesBurned: Number(formatEther(watch.fees.burned)),
      rewardsMinted: Number(formatEther(watch.fees.minted)),
      operatorTransactions: transactions.byFunction,
      revertedTransactions: transactions.reverted.length,
      redundantUpkeepTransactions: transactions.redundant.length,
      dutyFailures,
      indexerMatchesChain: graphqlFaults.length === 0,
    },
  };
}

async function sumOfDutyFailures(nodes: Network["nodes"]): Promise<Record<string, number>> {
  const sums: Record<string, number> = {};
  const running = nodes.filter((node) => node.running);
  for (const failures of await Promise.all(running.map((node) => node.dutyFailures()))) {
    for (const [duty, count] of Object.entries(failures)) sums[duty] = (sums[duty] ?? 0) + count;
  }
  return sums;
}

/** What GraphQL says against the contracts' views at one block, and against the nodes' receipts; in words. */
async function compareGraphql(
  { graphqlUrl, rpcUrl, deployment }: Network,
  epochs: readonly number[],
  stored: readonly StoredEpoch[],
  block: number,
  progress: Progress,
): Promise<string[]> {
  try {
    const { mismatches } = await progress.step(
      "comparing",
      () => compareWithChain({ graphqlUrl, rpcUrl, deployment, block }),
      ({ compared, mismatches, height }) =>
        `${compared} values of GraphQL with the contracts at block ${height}: ${mismatches.length} differ`,
    );
    return [
      ...mismatches
        .slice(0, SHOWN_MISMATCHES)
        .map(({ what, graphql, chain }) => `${what} is ${graphql} in GraphQL and ${chain} on chain`),
      ...(await compareIndexedBytes(graphqlUrl, epochs, stored)),
    ];
  } catch (error) {
    return [`GraphQL could not be compared: ${error instanceof Error ? error.message : String(error)}`];
  }
}

const indexedSchema = z.object({
  data: z.object({ epochs: z.array(z.object({ number: z.int(), bytesDelivered: z.coerce.bigint() })) }),
});

/** Σ receipts in the nodes' stores against what GraphQL says was delivered, epoch by epoch. */
async function compareIndexedBytes(
  graphqlUrl: string,
  epochs: readonly number[],
  stored: readonly StoredEpoch[],
): Promise<string[]> {
  const response = await fetch(graphqlUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({
      query: `query ($epochs: [Int!]) { epochs(where: { number_in: $epochs }, limit: 1000) { number bytesDelivered } }`,
      variables: { epochs },
    }),
    signal: AbortSignal.timeout(30_000),
  });
  const { data } = indexedSchema.parse(await response.json());
  return epochs.flatMap((epoch) => {
    const receipts = stored
      .filter((one) => one.epoch === epoch)
      .reduce((sum, { bytesDelivered }) => sum + bytesDelivered, 0n);
    const indexed = data.epochs.find(({ number }) => number === epoch)?.bytesDelivered;
    return indexed === receipts
      ? []
      : [`epoch ${epoch}: receipts sum up to ${receipts} bytes, GraphQL says ${indexed ?? "nothing"}`];
  });
}
