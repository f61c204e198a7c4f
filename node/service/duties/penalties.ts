import type { PenaltyChain, PenaltyRules } from "../../chain/penaltyChain.js";
import { TransactionReverted } from "../../chain/reverts.js";
import type { Intent } from "../../chain/transactionQueue.js";
import type { AuditPlanner } from "../audits/auditPlanner.js";
import { deservesStrike, outliers } from "./judgement.js";
import { deadlinePassed, upkeepTurnSeconds } from "./duty.js";
import type { Duty, DutyContext, DutyResult } from "./duty.js";

/**
 * Nodes that look at each node's epoch, one after another: the next one finds it done, or does what a dead one left.
 * So each node looks at a handful of others, however large the network is.
 */
const WATCHERS = 4;
/** Faults that old are left to others: a node that comes back has more urgent things to do. */
const NEWEST_EPOCHS = 6;

export interface PenaltyDutyContext extends Pick<DutyContext, "chain" | "queue" | "log"> {
  readonly penalties: PenaltyChain;
  readonly planner: Pick<AuditPlanner, "planOf" | "nodeIn">;
}

/**
 * Posts what follows from what the chain shows of an epoch: strikes for nodes that their auditors scored low and for
 * auditors that all others contradict, and proofs that did not come. Anyone may; nodes take turns by node and epoch.
 */
export function penaltyDuty(context: PenaltyDutyContext): Duty {
  const { chain, queue, penalties, planner, log } = context;

  // What somebody else has posted meanwhile, or what is settled, the contracts refuse before anything is sent.
  const post = async (intent: Intent, details: object): Promise<void> => {
    try {
      await queue.send(intent);
      log.info({ ...details, intent: intent.key }, "penalty posted");
    } catch (error) {
      if (!(error instanceof TransactionReverted)) throw error;
      log.debug(
        { ...details, intent: intent.key, reason: error.reason },
        "penalty refused: there is none to post",
      );
    }
  };

  const strike = async (nodeId: bigint, epoch: number, intent: Intent, reason: string): Promise<void> => {
    const record = await penalties.strikesOf(nodeId);
    if (record.jailed || epoch < record.countsFrom || record.hasStrike(epoch)) return;
    await post(intent, { epoch, target: nodeId.toString(), reason });
  };

  const judge = async (target: bigint, epoch: number, rules: PenaltyRules): Promise<void> => {
    const audit = await penalties.auditOf(target, epoch);
    if (deservesStrike(audit, rules))
      await strike(target, epoch, penalties.strikeTarget(target, epoch), "low scores");
    for (const seat of outliers(audit, rules)) {
      const auditor = await planner.nodeIn(seat, epoch);
      await strike(auditor, epoch, penalties.strikeAuditor(auditor, target, epoch), "an outlying score");
    }
  };

  /** Blocks in which an epoch was attested: those of its commit window, and more, as blocks may be slow or quick. */
  const commitBlocks = (epoch: number): { from: number; to: number } => {
    const { opensAt, closesAt } = chain.clock.commitWindowOf(epoch);
    const { number, timestamp } = chain.head;
    const blocksBack = (seconds: number, pace: number): number =>
      Math.ceil(Math.max(0, seconds) / (chain.blockSeconds * pace));
    return {
      from: Math.max(0, number - blocksBack(timestamp - opensAt, 0.5) - 20),
      to: Math.min(number, Math.max(0, number - blocksBack(timestamp - closesAt, 4) + 20)),
    };
  };

  /** Nodes that are looked at, by what is done already for an epoch; forgotten when the epoch is done with. */
  const looked = new Map<number, Set<bigint>>();

  const look = async (epoch: number, targets: readonly bigint[]): Promise<void> => {
    const rules = await penalties.rules();
    const { from, to } = commitBlocks(epoch);
    const attested = await penalties.attestations(epoch, from, to);
    for (const target of targets) {
      await judge(target, epoch, rules);
      const attestation = attested.find(({ nodeId }) => nodeId === target);
      if (attestation !== undefined && (await penalties.isProofMissing(attestation)))
        await post(penalties.reportMissingProof(attestation), { epoch, target: target.toString() });
      looked.get(epoch)?.add(target);
    }
  };

  return {
    name: "penalties",
    async run(epoch): Promise<DutyResult> {
      const { timestamp } = chain.head;
      if (timestamp < chain.clock.endOf(epoch + 1)) return "later";
      if (epoch < chain.clock.currentEpoch(timestamp * 1_000) - NEWEST_EPOCHS) {
        looked.delete(epoch);
        return "done";
      }
      const seed = await chain.seedState(epoch);
      if (seed.state !== "drawn" || !deadlinePassed(context, seed)) return "later";
      if (!looked.has(epoch)) looked.set(epoch, new Set());
      const turns = await turnsOf(context, epoch);
      const turnSeconds = 2 * upkeepTurnSeconds(chain);
      const due = [...turns]
        .filter(([target, turn]) => {
          const done = looked.get(epoch)?.has(target) ?? false;
          return !done && timestamp >= seed.deadlineSeconds + turn * turnSeconds;
        })
        .map(([target]) => target);
      if (due.length > 0) await look(epoch, due);
      if ((looked.get(epoch)?.size ?? 0) < turns.size) return "later";
      looked.delete(epoch);
      return "done";
    },
  };
}

/** The nodes that this one looks at, and when its turn comes for each: those given by number, then those it audits. */
async function turnsOf({ chain, planner }: PenaltyDutyContext, epoch: number): Promise<Map<bigint, number>> {
  const nodes = await chain.nodeCount();
  const turns = new Map<bigint, number>();
  for (let turn = 0; turn < WATCHERS; turn++) {
    // The node after this one first, another one in each epoch.
    const target = (chain.nodeId + BigInt(epoch) * BigInt(WATCHERS) + BigInt(turn)) % nodes;
    const nodeId = target + 1n;
    if (nodeId !== chain.nodeId && !turns.has(nodeId)) turns.set(nodeId, turn);
  }
  const plan = await planner.planOf(epoch);
  for (const target of plan?.targets ?? []) if (!turns.has(target)) turns.set(target, WATCHERS);
  return turns;
}
