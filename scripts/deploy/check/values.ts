/** Every parameter by its getter, against the parameters file; the supply and its votes. */
import { getAddress, id } from "ethers";
import {
  Arbitration__factory,
  BuybackAuction__factory,
  DTelGovernor__factory,
  DTelToken__factory,
  EpochClock__factory,
  PaymentEscrow__factory,
  PenaltyManager__factory,
  ProtocolTimelock__factory,
  INodeStaking__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
  ServiceProofs__factory,
  TimedPause__factory,
  TokenVesting__factory,
  Treasury__factory,
} from "../../../types/contracts/index.js";
import { ALLOCATED_WEI } from "../../governance/allocations.js";
import { constructorParameters } from "../../parameters/schema.js";
import type { CheckContext } from "./context.js";
import { logsOf } from "./logs.js";

const SECTION = "parameters";

/** `InertVotes.ADDRESS`: who it delegates to does not count for the quorum. */
export const INERT_VOTES = getAddress(`0x${id("dtelecom.inert-votes").slice(-40)}`);

export async function checkParameters(context: CheckContext): Promise<void> {
  const { report, rpc, parameters, deployment, record } = context;
  const { addresses } = deployment;
  const derived = constructorParameters(parameters);
  const reads = (what: string, expected: unknown, actual: Promise<unknown>) =>
    report.reads(SECTION, what, expected, actual);

  for (const name of [
    "nodeStaking",
    "auditRing",
    "serviceAttestations",
    "paymentEscrow",
    "rewardDistributor",
    "penaltyManager",
    "nodeStrikes",
    "arbitration",
  ] as const) {
    const clock = EpochClock__factory.connect(addresses[name], rpc);
    await reads(`${name}, genesis`, record.genesisSeconds, clock.GENESIS());
    await reads(`${name}, epoch seconds`, derived.epochSeconds, clock.EPOCH_SECONDS());
    await reads(`${name}, epoch blocks`, derived.epochBlocks, clock.EPOCH_BLOCKS());
  }
  for (const name of ["nodeStaking", "paymentEscrow", "rewardDistributor", "penaltyManager"] as const) {
    const pause = TimedPause__factory.connect(addresses[name], rpc);
    await reads(`${name}, pause`, derived.pause.pauseSeconds, pause.PAUSE_SECONDS());
    await reads(`${name}, rest`, derived.pause.restSeconds, pause.REST_SECONDS());
  }

  const staking = INodeStaking__factory.connect(addresses.nodeStaking, rpc);
  await reads("minimum bond", derived.staking.minBondWei, staking.minBond());
  await reads("delegation cap", derived.staking.delegationCap, staking.delegationCap());
  // The notice of commissions has no getter: it is among the arguments and the immutables.
  await reads("unbonding period", derived.staking.unbondingSeconds, staking.unbondingSeconds());
  const attestations = ServiceAttestations__factory.connect(addresses.serviceAttestations, rpc);
  await reads("lane odds", derived.sampling.laneOdds, attestations.LANE_ODDS());
  await reads("always prove above", derived.sampling.alwaysProveAboveWei, attestations.ALWAYS_PROVE_ABOVE());
  await reads("auditors", derived.auditors, attestations.auditorCount());
  await reads(
    "samples",
    derived.samples,
    ServiceProofs__factory.connect(addresses.serviceProofs, rpc).SAMPLES(),
  );

  const escrow = PaymentEscrow__factory.connect(addresses.paymentEscrow, rpc);
  await reads("payment", derived.payment, named(escrow.paymentConfig()));
  const distributor = RewardDistributor__factory.connect(addresses.rewardDistributor, rpc);
  const { kappaBps, workShareBps, neutralScore } = derived.rewards;
  await reads("rates of rewards", { kappaBps, workShareBps }, named(distributor.ratesOf(0)));
  await reads("neutral score", neutralScore, distributor.NEUTRAL_SCORE());

  const penalties = PenaltyManager__factory.connect(addresses.penaltyManager, rpc);
  await reads("penalties", derived.penaltyParameters, named(penalties.parameters()));
  await reads("missing proof slash", derived.penalty.missingProofSlashWei, penalties.missingProofSlashWei());
  await reads("unit of periods", derived.penalty.periodUnitSeconds, penalties.PERIOD_UNIT_SECONDS());
  const { arbiters } = record;
  if (arbiters !== undefined) {
    const arbitration = Arbitration__factory.connect(addresses.arbitration, rpc);
    const panel = await arbitration.panelOf(await arbitration.currentPanelId());
    report.same(SECTION, "arbiters", arbiters.members, [...panel.members]);
  }

  const governor = DTelGovernor__factory.connect(addresses.governor, rpc);
  await reads("voting delay", derived.governor.votingDelaySeconds, governor.votingDelay());
  await reads("voting period", derived.governor.votingPeriodSeconds, governor.votingPeriod());
  await reads("late quorum", derived.governor.lateQuorumSeconds, governor.lateQuorumVoteExtension());
  await reads("proposal threshold", derived.governor.proposalThresholdWei, governor.proposalThreshold());
  await reads("quorum", derived.governor.quorumBps, governor["quorumNumerator()"]());
  const timelock = ProtocolTimelock__factory.connect(addresses.timelock, rpc);
  await reads("timelock's delay", derived.timelock.delaySeconds, timelock.getMinDelay());
  await reads("timelock's least delay", derived.timelock.minDelaySeconds, timelock.MIN_DELAY_SECONDS());
  const treasury = Treasury__factory.connect(addresses.treasury, rpc);
  await reads("outflow window", derived.treasury.windowSeconds, treasury.WINDOW_SECONDS());
  await reads("outflow limit", derived.treasury.limitBps, treasury.outflowLimitOf(addresses.token));
  const auction = BuybackAuction__factory.connect(addresses.buybackAuction, rpc);
  await reads("shortest auction", derived.minAuctionSeconds, auction.MIN_DURATION_SECONDS());
}

export async function checkSupply({ report, rpc, record, deployment, tree }: CheckContext): Promise<void> {
  const section = "supply";
  const {
    token: tokenAddress,
    tokenVesting,
    treasury,
    rewardDistributor,
    nodeStaking,
  } = deployment.addresses;
  const token = DTelToken__factory.connect(tokenAddress, rpc);
  const vesting = TokenVesting__factory.connect(tokenVesting, rpc);
  await report.reads(section, "who mints", rewardDistributor, token.DISTRIBUTOR());
  await report.reads(section, "who stakes", nodeStaking, token.STAKING());
  await report.reads(section, "emission begins", record.genesisSeconds, token.EMISSION_START());
  await report.reads(section, "root of the allocations", tree.root, vesting.ROOT());
  let left = ALLOCATED_WEI;
  for (const log of await logsOf(rpc, tokenVesting, record.startBlock)) {
    const event = vesting.interface.parseLog({ topics: [...log.topics], data: log.data });
    if (event?.name === "Claimed") left -= event.args.amount;
    if (event?.name === "Revoked") left -= event.args.returned;
  }
  // What somebody sends there by mistake does no harm.
  const held = await token.balanceOf(tokenVesting);
  report.same(
    section,
    "allocations not paid yet, held by the vesting contract",
    left,
    held < left ? held : left,
  );
  await report.reads(section, "votes of the vesting contract", INERT_VOTES, token.delegates(tokenVesting));
  await report.reads(section, "votes of the treasury", INERT_VOTES, token.delegates(treasury));
}

/** A struct of ethers as an object of its members. */
async function named(result: Promise<unknown>): Promise<unknown> {
  const value = await result;
  return value !== null &&
    typeof value === "object" &&
    "toObject" in value &&
    typeof value.toObject === "function"
    ? (value.toObject as () => unknown).call(value)
    : value;
}
