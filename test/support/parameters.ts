/** The parameters that tests deploy the contracts with. */
import type { ParametersInput } from "../../scripts/parameters/schema.js";

/** Long epochs, so that a test's transactions, a second each, never run through a window by accident. */
export const TEST_PARAMETERS = {
  durations: "test",
  clock: { epochSeconds: 3_600, epochBlocks: 40 },
  staking: {
    minBond: "1000",
    delegationCap: 10,
    unbondingSeconds: 8 * 3_600,
    commissionNoticeSeconds: 17 * 3_600,
  },
  sampling: { samples: 4, pickProbability: "1/2", missingProofSlash: "100" },
  payment: { burnBps: 1_000, treasuryBps: 500, thawEpochs: 2 },
  rewards: { kappaBps: 9_000, workShareBps: 4_000, neutralScore: 8_000 },
  audits: { auditors: 3, lowMark: 5_000, outlierDistance: 4_000, strikes: 3, strikeWindowEpochs: 8 },
  penalties: {
    reportWindowEpochs: 5,
    appealSeconds: 10 * 3_600,
    thirdJailBps: 100,
    arbitratedBps: 3_000,
    poolLimitBps: 500,
    bountyBps: 1_000,
  },
  arbitration: { answerSeconds: 3_600, rulingSeconds: 3_600, deposit: 100 },
  governance: {
    votingDelaySeconds: 600,
    votingPeriodSeconds: 7_200,
    lateQuorumSeconds: 1_800,
    timelockSeconds: 600,
    quorumBps: 400,
    proposalThreshold: "1000",
    guardianSeconds: 365 * 86_400,
  },
  pause: { pauseSeconds: 3_600, restSeconds: 7_200 },
  treasury: { outflowWindowSeconds: 36_000, outflowLimitBps: 1_000, minAuctionSeconds: 600 },
} satisfies ParametersInput;
