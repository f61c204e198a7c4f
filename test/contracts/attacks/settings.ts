/** Parameters that the attacks are tried with: the usual ones, both ends of the bounds, and random ones between. */
import { randomFrom } from "../../node/support/random.js";
import { protocolFixture } from "../support/protocol.js";
import type { ParametersOverride } from "../support/protocol.js";
import type { Setting } from "./outcome.js";

const setting = (name: string, override: ParametersOverride): Setting => {
  const [numerator, denominator] = (override.sampling?.pickProbability ?? "1/2").split("/").map(Number);
  return { name, fixture: protocolFixture(override), pick: numerator! / denominator! };
};

/** All that is in an attacker's favour. */
const GENEROUS: ParametersOverride = {
  staking: { minBond: "1000", delegationCap: 20 },
  sampling: { samples: 4, pickProbability: "1/32", missingProofSlash: "10" },
  payment: { burnBps: 500, treasuryBps: 200, thawEpochs: 2 },
  rewards: { kappaBps: 9_500, workShareBps: 8_000, neutralScore: 9_000 },
  audits: { auditors: 3, lowMark: 0, outlierDistance: 10_000, strikes: 64, strikeWindowEpochs: 64 },
  penalties: { bountyBps: 2_000, poolLimitBps: 0, thirdJailBps: 0, arbitratedBps: 0 },
};

/** All that is against them. */
const STRICT: ParametersOverride = {
  staking: { minBond: "1000", delegationCap: 5 },
  sampling: { samples: 16, pickProbability: "1/1", missingProofSlash: "250" },
  payment: { burnBps: 3_000, treasuryBps: 1_500, thawEpochs: 8 },
  rewards: { kappaBps: 5_000, workShareBps: 2_000, neutralScore: 0 },
  audits: { auditors: 5, lowMark: 7_000, outlierDistance: 2_000, strikes: 3, strikeWindowEpochs: 3 },
  penalties: { bountyBps: 0, poolLimitBps: 500, thirdJailBps: 500, arbitratedBps: 5_000 },
};

/** Anything within bounds. */
function randomSetting(seed: number): Setting {
  const random = randomFrom(seed);
  const between = (least: number, most: number) => least + random.below(most - least + 1);
  return setting(`random ${seed}`, {
    staking: { minBond: "1000", delegationCap: between(5, 20) },
    sampling: {
      samples: between(4, 16),
      pickProbability: `1/${between(1, 32)}`,
      missingProofSlash: between(1, 250).toString(),
    },
    payment: { burnBps: between(500, 3_000), treasuryBps: between(200, 1_500), thawEpochs: between(2, 8) },
    rewards: {
      kappaBps: between(5_000, 9_500),
      workShareBps: between(2_000, 8_000),
      neutralScore: between(0, 9_000),
    },
    audits: {
      auditors: random.pick([3, 5]),
      lowMark: between(0, 7_000),
      outlierDistance: between(2_000, 10_000),
      strikes: between(3, 6),
      strikeWindowEpochs: between(6, 28),
    },
    penalties: {
      bountyBps: between(0, 2_000),
      poolLimitBps: between(0, 500),
      thirdJailBps: between(0, 500),
      arbitratedBps: between(0, 5_000),
    },
  });
}

/** More on demand: see README.md. */
const { ATTACK_SEEDS } = process.env;
const RANDOM_SEEDS = (ATTACK_SEEDS ?? "1").split(",").map(Number);

export const SETTINGS: readonly Setting[] = [
  setting("usual", {}),
  setting("generous", GENEROUS),
  ...(ATTACK_SEEDS === undefined ? [] : [setting("strict", STRICT)]),
  ...RANDOM_SEEDS.map(randomSetting),
];
