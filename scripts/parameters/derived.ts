/** What the contracts' constructors take, worked out from a network's parameters. */
import type { Probability } from "./fields.js";
import { DAY } from "./fields.js";
import type { Parameters } from "./schema.js";

const BPS = 10_000n;
const LANES = 8;
const LANE_RANGE = 2 ** 32;

/** Constructor arguments, named as the contracts' structs name them. Integers only. */
export type ConstructorParameters = ReturnType<typeof constructorParameters>;

/** What a lane's 32 bits must stay below, so that one of eight lanes picks a node with this probability. */
export function laneOddsFor({ numerator, denominator }: Probability): number {
  const missed = Number(denominator - numerator) / Number(denominator);
  return Math.min(Math.round(LANE_RANGE * (1 - missed ** (1 / LANES))), LANE_RANGE);
}

/** Burned fees above which a node must always prove: S·p / (2(1 − p)κ), in wei; 0 where p is 1. */
export function alwaysProveAboveWei(slashWei: bigint, pick: Probability, kappaBps: number): bigint {
  const missed = pick.denominator - pick.numerator;
  return missed === 0n ? 0n : (slashWei * pick.numerator * BPS) / (2n * missed * BigInt(kappaBps));
}

/** Derives the contracts' constructor parameters. */
export function constructorParameters(parameters: Parameters) {
  const { clock, staking, sampling, payment, rewards, audits, penalties, arbitration } = parameters;
  const { governance, pause, treasury } = parameters;
  const isProduction = parameters.durations === "production";
  return {
    ...clock,
    staking: {
      minBondWei: staking.minBond,
      delegationCap: staking.delegationCap,
      unbondingSeconds: staking.unbondingSeconds,
      commissionNoticeSeconds: staking.commissionNoticeSeconds,
    },
    /** Leaves that a picked node opens. */
    samples: sampling.samples,
    sampling: {
      laneOdds: laneOddsFor(sampling.pickProbability),
      alwaysProveAboveWei: alwaysProveAboveWei(
        sampling.missingProofSlash,
        sampling.pickProbability,
        rewards.kappaBps,
      ),
    },
    /** Auditors of a node. */
    auditors: audits.auditors,
    payment,
    rewards,
    pause,
    penalty: {
      missingProofSlashWei: sampling.missingProofSlash,
      /** The unit of the bounds of answer and ruling periods. */
      periodUnitSeconds: isProduction ? DAY : Math.min(arbitration.answerSeconds, arbitration.rulingSeconds),
    },
    /** What `PenaltyManager.setParameters` takes. */
    penaltyParameters: {
      reportWindowEpochs: penalties.reportWindowEpochs,
      answerSeconds: arbitration.answerSeconds,
      rulingSeconds: arbitration.rulingSeconds,
      appealSeconds: penalties.appealSeconds,
      bountyBps: penalties.bountyBps,
      poolLimitBps: penalties.poolLimitBps,
      lowMark: audits.lowMark,
      outlierDistance: audits.outlierDistance,
      strikesToJail: audits.strikes,
      strikeWindowEpochs: audits.strikeWindowEpochs,
      thirdJailBps: penalties.thirdJailBps,
      rulingSlashBps: penalties.arbitratedBps,
      challengeDeposit: arbitration.deposit,
    },
    governor: {
      votingDelaySeconds: governance.votingDelaySeconds,
      votingPeriodSeconds: governance.votingPeriodSeconds,
      lateQuorumSeconds: governance.lateQuorumSeconds,
      proposalThresholdWei: governance.proposalThreshold,
      quorumBps: governance.quorumBps,
    },
    /** Below these no vote can set the governor's durations. */
    governorBounds: isProduction
      ? { minVotingDelaySeconds: DAY, minVotingPeriodSeconds: 3 * DAY, minLateQuorumSeconds: DAY }
      : {
          minVotingDelaySeconds: governance.votingDelaySeconds,
          minVotingPeriodSeconds: governance.votingPeriodSeconds,
          minLateQuorumSeconds: governance.lateQuorumSeconds,
        },
    timelock: {
      delaySeconds: governance.timelockSeconds,
      minDelaySeconds: isProduction ? 2 * DAY : governance.timelockSeconds,
    },
    guardianSeconds: governance.guardianSeconds,
    treasury: { windowSeconds: treasury.outflowWindowSeconds, limitBps: treasury.outflowLimitBps },
    minAuctionSeconds: treasury.minAuctionSeconds,
  };
}
