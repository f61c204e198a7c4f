/** What parameters must be to each other, and on a network of production also by themselves; in plain words. */
import { formatEther } from "ethers";
import { DAY } from "./fields.js";
import type { Parameters } from "./schema.js";

/** What is wrong, and with which parameter. */
export interface Contradiction {
  readonly path: string;
  readonly message: string;
}

/** From a proposal to its execution at the latest, in seconds. */
export function governanceCycleSeconds({ governance }: Parameters): number {
  const { votingDelaySeconds, votingPeriodSeconds, lateQuorumSeconds, timelockSeconds } = governance;
  return votingDelaySeconds + votingPeriodSeconds + lateQuorumSeconds + timelockSeconds;
}

/** Everything that two parameters say against each other. The contracts assert the same. */
export function contradictions(parameters: Parameters): Contradiction[] {
  const { clock, staking, sampling, audits, penalties, arbitration, pause, durations } = parameters;
  const found: Contradiction[] = [];
  const must = (holds: boolean, path: string, message: string) => {
    if (!holds) found.push({ path, message });
  };

  const faultToRuling =
    penalties.reportWindowEpochs * clock.epochSeconds + arbitration.answerSeconds + arbitration.rulingSeconds;
  must(
    staking.unbondingSeconds > faultToRuling,
    "staking.unbondingSeconds",
    `stake would be gone before its fault is ruled on: must exceed report window + answer + ruling, ${faultToRuling} s`,
  );
  must(
    staking.commissionNoticeSeconds > 2 * staking.unbondingSeconds,
    "staking.commissionNoticeSeconds",
    `a delegator could not leave before a rise: must exceed two unbonding periods, ${2 * staking.unbondingSeconds} s`,
  );
  const cycle = governanceCycleSeconds(parameters);
  must(
    penalties.appealSeconds > cycle,
    "penalties.appealSeconds",
    `a slash would burn before a vote could stop it: must exceed a governance cycle, ${cycle} s`,
  );
  must(
    sampling.missingProofSlash * 4n <= staking.minBond,
    "sampling.missingProofSlash",
    `must fit into every bond: at most a quarter of the minimum bond, ${formatEther(staking.minBond / 4n)} DTEL`,
  );
  must(
    audits.strikes <= audits.strikeWindowEpochs,
    "audits.strikes",
    `nobody could ever be jailed: at most as many strikes as epochs in the window, ${audits.strikeWindowEpochs}`,
  );
  must(
    pause.restSeconds >= pause.pauseSeconds,
    "pause.restSeconds",
    `pauses could follow on each other: at least as long as the pause, ${pause.pauseSeconds} s`,
  );
  if (durations === "production") found.push(...tooShort(parameters));
  return found;
}

/** What is too short, or too long, to be relied on. */
function tooShort({ staking, arbitration, governance, pause, treasury }: Parameters): Contradiction[] {
  const bounds: readonly (readonly [path: string, seconds: number, minDays: number, maxDays: number])[] = [
    ["staking.unbondingSeconds", staking.unbondingSeconds, 7, 30],
    ["arbitration.answerSeconds", arbitration.answerSeconds, 1, 7],
    ["arbitration.rulingSeconds", arbitration.rulingSeconds, 1, 7],
    ["governance.votingDelaySeconds", governance.votingDelaySeconds, 1, 30],
    ["governance.votingPeriodSeconds", governance.votingPeriodSeconds, 3, 60],
    ["governance.lateQuorumSeconds", governance.lateQuorumSeconds, 1, 30],
    ["governance.timelockSeconds", governance.timelockSeconds, 2, 30],
    ["pause.restSeconds", pause.restSeconds, 14, 365],
    ["treasury.outflowWindowSeconds", treasury.outflowWindowSeconds, 30, 90],
    ["treasury.minAuctionSeconds", treasury.minAuctionSeconds, 1, 30],
  ];
  return bounds
    .filter(([, value, minDays, maxDays]) => value < minDays * DAY || value > maxDays * DAY)
    .map(([path, value, minDays, maxDays]) => ({
      path,
      message: `expected ${minDays} to ${maxDays} days in production, got ${(value / DAY).toFixed(2)}`,
    }));
}
