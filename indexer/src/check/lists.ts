// What the comparison reads: every entity that a view function knows something of.
import { z } from "zod";
import { AttestationStatus, ExitKind, GovernancePhase, NodeStatus, SeedStatus } from "../model";
import { auditLists, governanceLists, identityLists, penaltyLists, treasuryLists } from "./furtherLists";
import { amount, time } from "./values";

const reference = z.object({ id: z.string() }).nullable();

/** The network's own row. */
export const networkLists = {
  networks: {
    fields:
      "currentEpoch nodes tokenSupply tokenMinted tokenBurned totalStake bonded delegated " +
      "rewardsPending rewardsMinted workRewards availabilityRewards feesCollected feesBurned feesTreasury feesStakers " +
      "activeNodes jailedNodes auditRingSize slashedInEscrow slashesBurned slashesPendingBurn slashesAwaitingSync phase proposals " +
      "vestingClaimed",
    row: z.object({
      id: z.string(),
      currentEpoch: z.int(),
      nodes: z.int(),
      tokenSupply: amount,
      tokenMinted: amount,
      tokenBurned: amount,
      totalStake: amount,
      bonded: amount,
      delegated: amount,
      rewardsPending: amount,
      rewardsMinted: amount,
      workRewards: amount,
      availabilityRewards: amount,
      feesCollected: amount,
      feesBurned: amount,
      feesTreasury: amount,
      feesStakers: amount,
      activeNodes: z.int(),
      jailedNodes: z.int(),
      auditRingSize: z.int(),
      slashedInEscrow: amount,
      slashesBurned: amount,
      slashesPendingBurn: amount,
      slashesAwaitingSync: amount,
      phase: z.enum(GovernancePhase),
      proposals: z.int(),
      vestingClaimed: amount,
    }),
  },
};

/** All that is compared; what the contracts forget after a lap of their rings only from `firstEpoch` on. */
export function comparedLists(firstEpoch: number) {
  return {
    ...networkLists,
    ...auditLists(firstEpoch),
    ...penaltyLists,
    ...governanceLists,
    ...treasuryLists,
    ...identityLists,
    accounts: {
      fields: "balance stakedUnits votes delegate { id }",
      row: z.object({
        id: z.string(),
        balance: amount,
        stakedUnits: amount,
        votes: amount,
        delegate: reference,
      }),
    },
    nodes: {
      fields:
        "owner { id } operator region capacityMbps status pricePerGB jailed jailings seat auditWeight slashed",
      row: z.object({
        id: z.string(),
        owner: z.object({ id: z.string() }),
        operator: z.string(),
        region: z.int(),
        capacityMbps: z.int(),
        status: z.enum(NodeStatus),
        pricePerGB: amount,
        jailed: z.boolean(),
        jailings: z.int(),
        seat: z.int().nullable(),
        auditWeight: z.int(),
        slashed: amount,
      }),
    },
    pools: {
      fields:
        "bond bondFrom assets shares commissionBps commissionRiseBps commissionRiseFrom openSlashes burnAwaitingSync " +
        "exitsFromPeriod " +
        "streaming arriving vested ownerIncome incomeUpdatedAt stake",
      row: z.object({
        id: z.string(),
        bond: amount,
        bondFrom: z.int().nullable(),
        assets: amount,
        shares: amount,
        commissionBps: z.int(),
        commissionRiseBps: z.int().nullable(),
        commissionRiseFrom: z.int().nullable(),
        openSlashes: z.int(),
        burnAwaitingSync: amount,
        exitsFromPeriod: z.int(),
        streaming: amount,
        arriving: amount,
        vested: amount,
        ownerIncome: amount,
        incomeUpdatedAt: time.nullable(),
        stake: amount,
      }),
    },
    delegations: {
      fields: "node { id } delegator { id } shares votingUnits exiting",
      row: z.object({
        id: z.string(),
        node: z.object({ id: z.string() }),
        delegator: z.object({ id: z.string() }),
        shares: amount,
        votingUnits: amount,
        exiting: amount,
      }),
    },
    exitRequests: {
      fields: "kind node { id } account { id } period amount paid lost restored",
      row: z.object({
        id: z.string(),
        kind: z.enum(ExitKind),
        node: z.object({ id: z.string() }),
        account: z.object({ id: z.string() }),
        period: z.int(),
        amount,
        paid: amount,
        lost: amount,
        restored: amount,
      }),
    },
    exitBuckets: {
      fields: "node { id } period amount slashed loss",
      row: z.object({
        id: z.string(),
        node: z.object({ id: z.string() }),
        period: z.int(),
        amount,
        slashed: amount,
        loss: amount,
      }),
    },
    stakeCheckpoints: {
      fields: "node { id } fromEpoch stake bond",
      where: `fromEpoch_gte: ${firstEpoch}`,
      row: z.object({
        id: z.string(),
        node: z.object({ id: z.string() }),
        fromEpoch: z.int(),
        stake: amount,
        bond: amount,
      }),
    },
    networkStakeCheckpoints: {
      fields: "fromEpoch totalStake",
      where: `fromEpoch_gte: ${firstEpoch}`,
      row: z.object({ id: z.string(), fromEpoch: z.int(), totalStake: amount }),
    },
    epochs: {
      fields:
        "number seedStatus armedBlock seed drawnBlock drawnAt proofDeadlineAt proofDeadlineBlock settledBurned settledStake auditRingSize " +
        "feesBurned feesTreasury feesStakers flushed",
      where: `number_gte: ${firstEpoch}`,
      row: z.object({
        id: z.string(),
        number: z.int(),
        seedStatus: z.enum(SeedStatus),
        armedBlock: z.int().nullable(),
        seed: z.string().nullable(),
        drawnBlock: z.int().nullable(),
        drawnAt: time.nullable(),
        proofDeadlineAt: time.nullable(),
        proofDeadlineBlock: z.int().nullable(),
        settledBurned: amount.nullable(),
        settledStake: amount.nullable(),
        auditRingSize: z.int().nullable(),
        feesBurned: amount,
        feesTreasury: amount,
        feesStakers: amount,
        flushed: z.boolean(),
      }),
    },
    nodeEpochs: {
      fields:
        "number status claimed stake feesBurned feesScored feesStakers revealedOwnAudits auditsRevealed auditScore",
      where: `number_gte: ${firstEpoch}`,
      row: z.object({
        id: z.string(),
        number: z.int(),
        status: z.enum(AttestationStatus),
        claimed: z.boolean(),
        stake: amount,
        feesBurned: amount,
        feesScored: amount,
        feesStakers: amount,
        revealedOwnAudits: z.boolean(),
        auditsRevealed: z.int(),
        auditScore: z.int().nullable(),
      }),
    },
    attestations: {
      fields: "attestationHash",
      where: `epochNumber_gte: ${firstEpoch}`,
      row: z.object({ id: z.string(), attestationHash: z.string() }),
    },
    apps: { fields: "balance", row: z.object({ id: z.string(), balance: amount }) },
    appNodeAccounts: {
      fields: "app { id } nodeNumber paid score reserved thawing releasableEpoch",
      row: z.object({
        id: z.string(),
        app: z.object({ id: z.string() }),
        nodeNumber: amount,
        paid: amount,
        score: amount,
        reserved: amount,
        thawing: amount,
        releasableEpoch: z.int().nullable(),
      }),
    },
    appSigners: {
      fields: "app { id } signer firstEpoch lastEpoch",
      row: z.object({
        id: z.string(),
        app: z.object({ id: z.string() }),
        signer: z.string(),
        firstEpoch: z.int(),
        lastEpoch: z.int().nullable(),
      }),
    },
  };
}

type Compared = ReturnType<typeof comparedLists>;
/** All that was read, by the names of the queries. */
export type IndexedRows = { readonly [Name in keyof Compared]: readonly z.infer<Compared[Name]["row"]>[] };
