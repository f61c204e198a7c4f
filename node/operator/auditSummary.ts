import type { NodeChain } from "../chain/nodeChain.js";
import type { RingChain } from "../chain/ringChain.js";
import type { AuditPlanner } from "../service/audits/auditPlanner.js";
import type { AuditScores } from "../service/audits/auditScores.js";
import { AgedCache } from "./agedCache.js";

/** Audits that this node made and those made of it, the newest that are known. */
export interface AuditsSeen {
  /** Scores by node id, 0 to 10,000. */
  readonly given: Readonly<Record<string, number>>;
  /** What this node's own auditors revealed. */
  readonly received:
    { readonly epoch: number; readonly median: number; readonly auditors: number } | undefined;
}

export interface AuditSummaryOptions {
  readonly chain: Pick<NodeChain, "clock" | "head">;
  readonly ring: Pick<RingChain, "scoreReceived">;
  readonly planner: Pick<AuditPlanner, "planOf">;
  readonly scores: AuditScores;
}

const MAX_AGE_MS = 15_000;
/** Reveals come in the epoch after the audits, and are final one later. */
const EPOCHS_LOOKED_BACK = 4;
const NONE: AuditsSeen = { given: {}, received: undefined };

export class AuditSummary {
  readonly #options: AuditSummaryOptions;
  readonly #cache: AgedCache<AuditsSeen>;

  constructor(options: AuditSummaryOptions) {
    this.#options = options;
    this.#cache = new AgedCache(MAX_AGE_MS, () => this.#read());
  }

  /** At most some seconds old; what is not known is left out. */
  async read(): Promise<AuditsSeen> {
    return (await this.#cache.get()) ?? NONE;
  }

  async #read(): Promise<AuditsSeen> {
    const { chain } = this.#options;
    const current = chain.clock.currentEpoch(chain.head.timestamp * 1_000);
    return { given: await this.#given(current - 1), received: await this.#received(current - 1) };
  }

  async #given(epoch: number): Promise<AuditsSeen["given"]> {
    const { planner, scores } = this.#options;
    const plan = await planner.planOf(epoch);
    if (plan === undefined) return {};
    const given = (await scores.scoresOf(epoch, plan.targets)) ?? [];
    return Object.fromEntries(given.map((score, index) => [String(plan.targets[index]), score]));
  }

  async #received(newest: number): Promise<AuditsSeen["received"]> {
    for (let epoch = newest; epoch >= Math.max(0, newest - EPOCHS_LOOKED_BACK); epoch -= 1) {
      const score = await this.#options.ring.scoreReceived(epoch);
      if (score !== undefined) return { epoch, ...score };
    }
    return undefined;
  }
}
