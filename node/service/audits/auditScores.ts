import { auditScore } from "./auditScore.js";
import type { AuditStore, StoredRound } from "./auditStore.js";

/** Where the scores come from that this node commits to. */
export interface AuditScores {
  /**
   * Scores of an epoch that is over, 0 to 10,000, one for each target in their order; undefined where this node cannot
   * say how all of them served.
   */
  scoresOf(epoch: number, targets: readonly bigint[]): Promise<readonly number[] | undefined>;
}

/**
 * What this node's audits have found, or an operator's own auditor handed in, which counts instead. A round in which
 * not one of several targets served says more about this node's own network than about the others', so it counts for
 * nobody. Where a target is left without rounds there are no scores at all: nothing is made up.
 */
export function storedScores(store: Pick<AuditStore, "scores" | "rounds">): AuditScores {
  return {
    scoresOf(epoch, targets) {
      const handedIn = store.scores(epoch);
      const audited = targets.filter((target) => !handedIn.has(target));
      const found = new Map(audited.map((target) => [target, store.rounds(epoch, target)]));
      const lost = ownOutages([...found.values()].flat());
      const scores: number[] = [];
      for (const target of targets) {
        const rounds = found.get(target)?.filter(({ round }) => !lost.has(round)) ?? [];
        const score = handedIn.get(target) ?? (rounds.length > 0 ? auditScore(rounds) : undefined);
        if (score === undefined) return Promise.resolve(undefined);
        scores.push(score);
      }
      return Promise.resolve(scores);
    },
  };
}

/** Rounds in which several targets were tried and not one served. */
function ownOutages(rounds: readonly StoredRound[]): Set<number> {
  const numbers = new Set(rounds.map(({ round }) => round));
  return new Set(
    [...numbers].filter((number) => {
      const tried = rounds.filter(({ round }) => round === number);
      return tried.length > 1 && tried.every(({ fault }) => fault !== undefined);
    }),
  );
}
