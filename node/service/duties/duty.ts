import type { Logger } from "pino";
import type { NodeChain, SeedState } from "../../chain/nodeChain.js";
import type { RingChain } from "../../chain/ringChain.js";
import type { TransactionQueue } from "../../chain/transactionQueue.js";
import type { AccountStore } from "../accountStore.js";
import type { AuditPlanner } from "../audits/auditPlanner.js";
import type { AuditScores } from "../audits/auditScores.js";
import type { EpochStore } from "../epochStore.js";
import type { ReceiptStore } from "../receiptStore.js";

/** "later": nothing to do yet, or something is still to come; asked again with the next block. */
export type DutyResult = "done" | "later";

/** Something that has to happen on chain for an epoch, in any order with other duties, as often as it is asked. */
export interface Duty {
  readonly name: string;
  run(epoch: number): Promise<DutyResult>;
}

/** What duties work with. */
export interface DutyContext {
  readonly chain: NodeChain;
  readonly ring: RingChain;
  readonly queue: Pick<TransactionQueue, "send">;
  readonly receipts: ReceiptStore;
  readonly epochs: EpochStore;
  readonly accounts: AccountStore;
  /** Whom this node audits, and how they did. */
  readonly planner: Pick<AuditPlanner, "planOf">;
  readonly scores: AuditScores;
  /** How long after an epoch's end receipts are taken: the tree is built then. */
  readonly receiptGraceMs: number;
  /** This machine's clock: Unix time in milliseconds. */
  readonly now: () => number;
  readonly log: Logger;
}

/**
 * When this node does what any node may do, in seconds after it can be done first. Nodes take turns by epoch, so
 * usually one of them pays and the others find it done.
 */
export async function upkeepDelaySeconds(
  { chain }: Pick<DutyContext, "chain">,
  epoch: number,
): Promise<number> {
  const nodes = await chain.nodeCount();
  const rank = nodes === 0n ? 0n : (chain.nodeId + BigInt(epoch)) % nodes;
  return upkeepTurn(Number(rank)) * upkeepTurnSeconds(chain);
}

/** Nodes with a turn of their own. */
const SINGLE_TURNS = 8;

/**
 * The turn of a node, both from 0. The first nodes act alone. Where none of them is there, each turn is for twice as
 * many as the one before: however large the network is and however many of its nodes are dead, it is not long until
 * somebody acts, and few pay for the same.
 */
export function upkeepTurn(rank: number): number {
  return rank < SINGLE_TURNS ? rank : SINGLE_TURNS + Math.floor(Math.log2(rank - SINGLE_TURNS + 1));
}

/** Time for one node's transaction to be mined and seen by the others. */
export function upkeepTurnSeconds({
  clock,
  blockSeconds,
}: Pick<NodeChain, "clock" | "blockSeconds">): number {
  return Math.min(Math.max(2, 3 * blockSeconds), clock.epochSeconds / 12);
}

/** Whether proofs of an epoch are no longer taken and claims are. */
export function deadlinePassed(
  { chain }: { readonly chain: Pick<NodeChain, "head"> },
  seed: SeedState & { state: "drawn" },
): boolean {
  const { timestamp, number } = chain.head;
  return timestamp >= seed.deadlineSeconds && number >= seed.deadlineBlock;
}
