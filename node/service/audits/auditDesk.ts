import { z } from "zod";
import type { BlockWatcher } from "../../chain/blockWatcher.js";
import { FULL_QUALITY } from "../../protocol/amounts.js";
import type { EpochClock } from "../../protocol/epochClock.js";
import { uint256Schema } from "../../protocol/schemas.js";
import type { EpochStore } from "../epochStore.js";
import type { AuditPlanner } from "./auditPlanner.js";
import { roundScore } from "./auditScore.js";
import type { AuditStore, StoredRound } from "./auditStore.js";

export interface AuditDeskOptions {
  readonly clock: EpochClock;
  readonly watcher: Pick<BlockWatcher, "head">;
  readonly planner: Pick<AuditPlanner, "planOf">;
  readonly epochs: Pick<EpochStore, "attestation">;
  readonly store: AuditStore;
}

/** An epoch's audits as an auditor may see them. */
export interface AuditView {
  readonly epoch: number;
  /** This node's seat; undefined where it audits nobody. */
  readonly seat: number | undefined;
  /** Ids of the nodes to audit. */
  readonly targets: readonly string[];
  /** Handed in so far, by node id: these count instead of what was measured. */
  readonly scores: Readonly<Record<string, number>>;
  /** What this node's own audits found so far, by node id. */
  readonly rounds: Readonly<Record<string, readonly (StoredRound & { readonly score: number })[]>>;
}

/** Scores that cannot be taken; the message says why. */
export class ScoresRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ScoresRefused";
  }
}

/** More nodes than anybody audits: a script may hand in the same scores to all nodes of a small network. */
const MAX_SCORES = 256;

const scoresSchema = z.strictObject({
  scores: z
    .record(z.string(), z.int().min(0).max(FULL_QUALITY))
    .refine((scores) => Object.keys(scores).length <= MAX_SCORES, `expected at most ${MAX_SCORES} scores`),
});

/** Where an auditor learns whom to audit and hands in how they did. */
export class AuditDesk {
  readonly #options: AuditDeskOptions;

  constructor(options: AuditDeskOptions) {
    this.#options = options;
  }

  /** @throws Error where the chain cannot be asked. */
  async view(epoch: number): Promise<AuditView> {
    const plan = await this.#options.planner.planOf(epoch);
    const scores = [...this.#options.store.scores(epoch)].map(
      ([nodeId, score]) => [nodeId.toString(), score] as const,
    );
    const rounds = (plan?.targets ?? []).map((target) => {
      const found = this.#options.store.rounds(epoch, target);
      return [target.toString(), found.map((round) => ({ ...round, score: roundScore(round) }))] as const;
    });
    return {
      epoch,
      rounds: Object.fromEntries(rounds),
      seat: plan?.seat,
      targets: plan?.targets.map(String) ?? [],
      scores: Object.fromEntries(scores),
    };
  }

  /**
   * Takes scores by node id, of the running epoch or the last one, until it is attested. Those of nodes that this node
   * does not audit count for nothing.
   * @throws ScoresRefused
   */
  handIn(epoch: number, body: unknown): void {
    const { clock, watcher, epochs, store } = this.#options;
    const parsed = scoresSchema.safeParse(body);
    if (!parsed.success) throw new ScoresRefused(z.prettifyError(parsed.error));
    const current = clock.currentEpoch(watcher.head.timestamp * 1_000);
    if (epoch !== current && epoch !== current - 1)
      throw new ScoresRefused(`epoch ${epoch} takes no scores, epoch ${current} is running`);
    if (epochs.attestation(epoch) !== undefined)
      throw new ScoresRefused(`epoch ${epoch} is attested: its scores are committed to`);
    const scores = new Map<bigint, number>();
    for (const [text, score] of Object.entries(parsed.data.scores)) {
      const nodeId = uint256Schema.safeParse(text);
      if (!nodeId.success) throw new ScoresRefused(`${JSON.stringify(text.slice(0, 80))} is no node id`);
      scores.set(nodeId.data, score);
    }
    store.putScores(epoch, scores);
  }
}
