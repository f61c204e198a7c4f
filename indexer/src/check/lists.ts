// What the comparison reads: every entity that a view function knows something of.
import { z } from "zod";
import { AttestationStatus, ExitKind, SeedStatus } from "../model";

const amount = z.string().transform((digits) => BigInt(digits));
const time = z.string().transform((iso) => Date.parse(iso) / 1_000);
const reference = z.object({ id: z.string() }).nullable();

/** The network's own row. */
export const networkLists = {
  networks: {
    fields:
      "currentEpoch nodes tokenSupply tokenMinted tokenBurned totalStake bonded delegated " +
      "rewardsPending rewardsMinted workRewards availabilityRewards feesCollected feesBurned feesTreasury feesStakers",
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
    }),
  },
};

/** All that is compared; what the contracts forget after a lap of their rings only from `firstEpoch` on. */
export function comparedLists(firstEpoch: number) {
  return {
    ...networkLists,
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
      fields: "owner { id } operator region pricePerGB",
      row: z.object({
        id: z.string(),
        owner: z.object({ id: z.string() }),
        operator: z.string(),
        region: z.int(),
        pricePerGB: amount,
      }),
    },
    pools: {
      fields:
        "bond bondFrom assets shares commissionBps generation openSlashes streaming arriving vested ownerIncome " +
        "incomeUpdatedAt stake",
      row: z.object({
        id: z.string(),
        bond: amount,
        bondFrom: z.int().nullable(),
        assets: amount,
        shares: amount,
        commissionBps: z.int(),
        generation: z.int(),
        openSlashes: z.int(),
        streaming: amount,
        arriving: amount,
        vested: amount,
        ownerIncome: amount,
        incomeUpdatedAt: time.nullable(),
        stake: amount,
      }),
    },
    delegations: {
      fields: "node { id } delegator { id } shares votingUnits generation exiting",
      row: z.object({
        id: z.string(),
        node: z.object({ id: z.string() }),
        delegator: z.object({ id: z.string() }),
        shares: amount,
        votingUnits: amount,
        generation: z.int(),
        exiting: amount,
      }),
    },
    exitRequests: {
      fields: "kind node { id } account { id } period amount paid",
      row: z.object({
        id: z.string(),
        kind: z.enum(ExitKind),
        node: z.object({ id: z.string() }),
        account: z.object({ id: z.string() }),
        period: z.int(),
        amount,
        paid: amount,
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
        "number seedStatus armedBlock seed drawnBlock drawnAt proofDeadlineAt proofDeadlineBlock settledBurned settledStake " +
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
        feesBurned: amount,
        feesTreasury: amount,
        feesStakers: amount,
        flushed: z.boolean(),
      }),
    },
    nodeEpochs: {
      fields: "number status claimed stake feesBurned feesScored feesStakers",
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
