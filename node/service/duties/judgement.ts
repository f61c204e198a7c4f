import type { NodeAudit, PenaltyRules } from "../../chain/penaltyChain.js";

// The rules of `NodeStrikes.sol`, so that a node posts only what the contract takes.

/** Whether a node's auditors say enough about it at all: half of them, at least, revealed. */
function isJudged({ audited, auditors }: NodeAudit): boolean {
  return audited && 2 * auditors.filter(({ weight }) => weight > 0).length >= auditors.length;
}

/** Whether two thirds of the auditors that revealed, by number and by weight, scored a node below the low mark. */
export function deservesStrike(audit: NodeAudit, { lowMark }: Pick<PenaltyRules, "lowMark">): boolean {
  const revealed = audit.auditors.filter(({ weight }) => weight > 0);
  const low = revealed.filter(({ score }) => score < lowMark);
  const weigh = (auditors: NodeAudit["auditors"]): number =>
    auditors.reduce((sum, { weight }) => sum + weight, 0);
  return (
    isJudged(audit) &&
    low.length > 0 &&
    3 * weigh(low) >= 2 * weigh(revealed) &&
    3 * low.length >= 2 * revealed.length
  );
}

/** Seats of the auditors whose score all others, two or more, contradict by far and on the same side. */
export function outliers(
  audit: NodeAudit,
  { outlierDistance }: Pick<PenaltyRules, "outlierDistance">,
): number[] {
  if (!isJudged(audit)) return [];
  const revealed = audit.auditors.filter(({ weight }) => weight > 0);
  return revealed
    .filter((auditor) => {
      const others = revealed.filter((other) => other !== auditor);
      return (
        others.length >= 2 &&
        (others.every(({ score }) => score > auditor.score + outlierDistance) ||
          others.every(({ score }) => score + outlierDistance < auditor.score))
      );
    })
    .map(({ seat }) => seat);
}
