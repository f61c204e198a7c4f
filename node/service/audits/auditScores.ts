import type { AuditStore, ProbeCount } from "./auditStore.js";

/** Where the scores come from that this node commits to. */
export interface AuditScores {
  /**
   * Scores of an epoch that is over, 0 to 10,000, one for each target in their order; undefined where this node cannot
   * say how all of them served.
   */
  scoresOf(epoch: number, targets: readonly bigint[]): Promise<readonly number[] | undefined>;
}

/**
 * What a node that answered each time gets: the network's neutral score, since answering says nothing yet about the
 * quality of media.
 */
export const REACHABLE_SCORE = 8_000;

/**
 * Scores that an auditor handed in, and for other nodes what probing them has shown: the neutral score, less the part
 * of probes that they did not answer. An epoch in which not one probe of any node was answered says more about this
 * node's own network than about the others', so it gives no scores; nor does one without probes.
 */
export function storedScores(store: Pick<AuditStore, "scores" | "probeCount">): AuditScores {
  return {
    scoresOf(epoch, targets) {
      const handedIn = store.scores(epoch);
      const probed = targets.filter((target) => !handedIn.has(target));
      const counts = new Map(probed.map((target) => [target, store.probeCount(epoch, target)]));
      const found = [...counts.values()];
      if (found.some(({ probes }) => probes === 0)) return Promise.resolve(undefined);
      if (found.length > 1 && found.every(({ answered }) => answered === 0))
        return Promise.resolve(undefined);
      return Promise.resolve(
        targets.map((target) => handedIn.get(target) ?? reachabilityScore(counts.get(target))),
      );
    },
  };
}

function reachabilityScore(count: ProbeCount | undefined): number {
  if (count === undefined || count.probes === 0)
    throw new RangeError("a node that was not probed has no score");
  return Math.round((REACHABLE_SCORE * count.answered) / count.probes);
}
