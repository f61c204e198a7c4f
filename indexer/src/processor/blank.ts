// New entities with nothing counted yet.
import * as model from "../model";
import type { EpochClock } from "../shared/clock";
import type { Deployment } from "../shared/deployment";

const NO_ADDRESS = "0x0000000000000000000000000000000000000000";

export function network(id: string, deployment: Deployment, treasury: model.Account): model.Network {
  const { token, nodeRegistry, nodeStaking, paymentEscrow, serviceAttestations, rewardDistributor } =
    deployment.addresses;
  return new model.Network({
    id,
    chainId: deployment.chainId,
    genesisAt: new Date(deployment.genesisSeconds * 1_000),
    epochSeconds: deployment.epochSeconds,
    currentEpoch: 0,
    token,
    nodeRegistry,
    nodeStaking,
    paymentEscrow,
    serviceAttestations,
    rewardDistributor,
    treasury,
    nodes: 0,
    apps: 0,
    tokenHolders: 0,
    attestations: 0,
    proofs: 0,
    claims: 0,
    bytesDelivered: 0n,
    sessions: 0n,
    feesCollected: 0n,
    feesBurned: 0n,
    feesTreasury: 0n,
    feesStakers: 0n,
    feesFlushed: 0n,
    workRewards: 0n,
    availabilityRewards: 0n,
    rewardsMinted: 0n,
    rewardsPending: 0n,
    activeNodes: 0,
    jailedNodes: 0,
    auditRingSize: 0,
    audits: 0,
    proofsMissing: 0,
    slashedInEscrow: 0n,
    slashesUpheld: 0n,
    slashesReturned: 0n,
    bountiesPaid: 0n,
    slashesBurned: 0n,
    slashesPendingBurn: 0n,
    slashesAwaitingSync: 0n,
    phase: model.GovernancePhase.GUARDIAN,
    proposals: 0,
    vestingClaimed: 0n,
    bonded: 0n,
    delegated: 0n,
    totalStake: 0n,
    tokenSupply: 0n,
    tokenMinted: 0n,
    tokenBurned: 0n,
  });
}

export function protocolContract(name: string, address: string): model.ProtocolContract {
  return new model.ProtocolContract({ id: name, address, implementation: null, pausedUntil: null });
}

export function networkDay(id: string): model.NetworkDay {
  return new model.NetworkDay({
    id,
    day: new Date(`${id}T00:00:00Z`),
    bytesDelivered: 0n,
    sessions: 0n,
    attestations: 0,
    proofs: 0,
    claims: 0,
    collections: 0,
    feesCollected: 0n,
    feesBurned: 0n,
    feesTreasury: 0n,
    feesStakers: 0n,
    workRewards: 0n,
    availabilityRewards: 0n,
    rewardsMinted: 0n,
    audits: 0,
    strikes: 0,
    slashed: 0n,
    nodesRegistered: 0,
    transfers: 0,
    transferVolume: 0n,
  });
}

export function account(address: string): model.Account {
  return new model.Account({ id: address, balance: 0n, stakedUnits: 0n, delegate: null, votes: 0n });
}

export function node(
  id: string,
  registration: Pick<
    model.Node,
    "owner" | "region" | "capacityMbps" | "endpoint" | "pricePerGB" | "registeredAt"
  >,
): model.Node {
  return new model.Node({
    ...registration,
    id,
    number: Number(id),
    operator: NO_ADDRESS,
    status: model.NodeStatus.IDLE,
    statusFromEpoch: null,
    jailed: false,
    seat: null,
    seatFromEpoch: null,
    auditWeight: 0,
    proofsMissing: 0,
    auditsGiven: 0,
    auditsReceived: 0,
    lastScoredEpoch: null,
    lastAuditScore: null,
    strikes: 0,
    jailings: 0,
    slashed: 0n,
    bytesDelivered: 0n,
    sessions: 0n,
    epochsAttested: 0,
    epochsProven: 0,
    lastAttestedEpoch: null,
    feesCollected: 0n,
    feesBurned: 0n,
    feesStakers: 0n,
    workRewards: 0n,
    availabilityRewards: 0n,
  });
}

export function pool(id: string, node: model.Node | null): model.Pool {
  return new model.Pool({
    id,
    node,
    bond: 0n,
    bondFrom: null,
    assets: 0n,
    shares: 0n,
    commissionBps: 0,
    commissionRiseBps: null,
    commissionRiseFrom: null,
    openSlashes: 0,
    burnAwaitingSync: 0n,
    exitsFromPeriod: 0,
    streaming: 0n,
    arriving: 0n,
    vested: 0n,
    ownerIncome: 0n,
    incomeUpdatedAt: null,
    stake: 0n,
    ownerIncomeTotal: 0n,
    poolIncomeTotal: 0n,
    delegators: 0,
  });
}

export function epoch(number: number, clock: EpochClock): model.Epoch {
  return new model.Epoch({
    id: String(number),
    number,
    startsAt: new Date(clock.startOf(number) * 1_000),
    endsAt: new Date(clock.startOf(number + 1) * 1_000),
    seedStatus: model.SeedStatus.UNARMED,
    armedBlock: null,
    seed: null,
    drawnBlock: null,
    drawnAt: null,
    proofDeadlineAt: null,
    proofDeadlineBlock: null,
    settledBurned: null,
    settledStake: null,
    auditRingSize: null,
    revealCount: 0,
    proofsMissing: 0,
    attestationCount: 0,
    proofCount: 0,
    claimCount: 0,
    bytesDelivered: 0n,
    sessions: 0n,
    feesCollected: 0n,
    feesBurned: 0n,
    feesScored: 0n,
    feesTreasury: 0n,
    feesStakers: 0n,
    flushed: false,
    flushedAt: null,
    workRewards: 0n,
    availabilityRewards: 0n,
  });
}

export function nodeEpoch(id: string, node: model.Node | null, epoch: model.Epoch): model.NodeEpoch {
  return new model.NodeEpoch({
    id,
    node,
    epoch,
    number: epoch.number,
    status: model.AttestationStatus.NONE,
    claimed: false,
    bytesDelivered: 0n,
    sessions: 0n,
    stake: 0n,
    revealedOwnAudits: false,
    auditsRevealed: 0,
    auditScore: null,
    feesCollected: 0n,
    feesBurned: 0n,
    feesScored: 0n,
    feesTreasury: 0n,
    feesStakers: 0n,
    workReward: 0n,
    availabilityReward: 0n,
  });
}

export function app(account: model.Account, createdAt: Date): model.App {
  return new model.App({
    id: account.id,
    account,
    balance: 0n,
    reserved: 0n,
    paid: 0n,
    score: 0n,
    deposited: 0n,
    withdrawn: 0n,
    createdAt,
  });
}

export function appNodeAccount(
  id: string,
  app: model.App,
  node: model.Node | null,
  nodeNumber: bigint,
): model.AppNodeAccount {
  return new model.AppNodeAccount({
    id,
    app,
    node,
    nodeNumber,
    paid: 0n,
    score: 0n,
    reserved: 0n,
    thawing: 0n,
    releasableEpoch: null,
  });
}
