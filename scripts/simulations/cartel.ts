/**
 * How often a cartel of auditors strikes and jails an honest node, for any spread of weights: a strike asks two thirds
 * of the revealed weight and two thirds of the auditors who revealed. Prints a table; `--weight-only` leaves out the
 * second condition, to show what it is for.
 *
 *     node --import tsx scripts/simulations/cartel.ts [--weight-only]
 */
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

/** What decides on strikes and jail; weights in minimum bonds. */
export interface CartelCase {
  readonly auditors: number;
  readonly strikes: number;
  readonly windowEpochs: number;
  /** The cartel's part of all weight. */
  readonly weightShare: number;
  /** Weight of a hostile node where an honest one weighs 1. */
  readonly weight: number;
  readonly byHeads: boolean;
}

/** P(at least `least` of `count` independent events of probability p). */
function atLeast(least: number, count: number, p: number): number {
  let total = 0;
  let ways = 1;
  for (let hits = 0; hits <= count; hits++) {
    if (hits >= least) total += ways * p ** hits * (1 - p) ** (count - hits);
    ways = (ways * (count - hits)) / (hits + 1);
  }
  return total;
}

/** The cartel's part of all seats. */
export function seatShare({ weightShare, weight }: CartelCase): number {
  const hostile = weightShare / weight;
  return hostile / (hostile + 1 - weightShare);
}

/** Probability that a cartel can strike an honest node in an epoch: enough hostile ones among its auditors. */
export function strikeProbability(cartel: CartelCase): number {
  const { auditors, weight, byHeads } = cartel;
  let needed = 0;
  const isEnough = (hostile: number) => {
    const honest = auditors - hostile;
    const byWeight = 3 * hostile * weight >= 2 * (hostile * weight + honest);
    return byWeight && (!byHeads || 3 * hostile >= 2 * auditors);
  };
  while (!isEnough(needed)) needed++;
  return atLeast(needed, auditors, seatShare(cartel));
}

/** Probability that an honest node has strikes enough for jail in a window. */
export function jailProbability(cartel: CartelCase): number {
  return atLeast(cartel.strikes, cartel.windowEpochs, strikeProbability(cartel));
}

const MAINNET = { auditors: 7, strikes: 6, windowEpochs: 28 } as const;

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const { values } = parseArgs({ options: { "weight-only": { type: "boolean", default: false } } });
  console.log("weight of a hostile node | seats of the cartel | strike per epoch | jail per window");
  for (const weightShare of [0.2, 0.3, 0.33]) {
    console.log(`cartel with ${weightShare * 100} % of the weight:`);
    for (const weight of [1, 1.5, 2, 2.7, 4, 5, 7, 10]) {
      const cartel = { ...MAINNET, weightShare, weight, byHeads: !values["weight-only"] };
      const percent = (part: number) => `${(100 * part).toPrecision(3)} %`.padStart(12);
      console.log(
        `${weight.toString().padStart(6)} ${percent(seatShare(cartel))} ${percent(strikeProbability(cartel))} ${percent(jailProbability(cartel))}`,
      );
    }
  }
}
