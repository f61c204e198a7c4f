// Lists of what is compared besides stake and service; `lists.ts` joins them.
import { z } from "zod";
import {
  CaseStatus,
  OperationStatus,
  ProposalState,
  SlashKind,
  SlashStatus,
  StrikeReason,
  VoteSupport,
} from "../model";
import { amount, entity, time } from "./values";

/** @param firstEpoch The oldest epoch that the contracts are sure to remember. */
export function auditLists(firstEpoch: number) {
  return {
    auditSeats: {
      fields: "node { id } seat weight fromEpoch untilEpoch",
      row: z.object({
        id: z.string(),
        node: entity,
        seat: z.int(),
        weight: z.int(),
        fromEpoch: z.int(),
        untilEpoch: z.int().nullable(),
      }),
    },
    auditRingChanges: {
      fields: "fromEpoch size",
      where: `fromEpoch_gte: ${firstEpoch}`,
      row: z.object({ id: z.string(), fromEpoch: z.int(), size: z.int() }),
    },
    audits: {
      fields: "auditor { id } target { id } epochNumber position score weight",
      where: `epochNumber_gte: ${firstEpoch}`,
      row: z.object({
        id: z.string(),
        auditor: entity,
        target: entity,
        epochNumber: z.int(),
        position: z.int(),
        score: z.int(),
        weight: z.int(),
      }),
    },
  };
}

export const penaltyLists = {
  slashes: {
    fields:
      "node { id } kind referenceId reporter { id } status openedAt appealUntil amount fromBond fromBondExitPrevious " +
      "fromBondExitCurrent fromPool fromExitPrevious fromExitCurrent lossPrevious lossCurrent period bountyBps",
    row: z.object({
      id: z.string(),
      node: entity,
      kind: z.enum(SlashKind),
      referenceId: amount,
      reporter: entity,
      status: z.enum(SlashStatus),
      openedAt: time,
      appealUntil: time,
      amount,
      fromBond: amount,
      fromBondExitPrevious: amount,
      fromBondExitCurrent: amount,
      fromPool: amount,
      fromExitPrevious: amount,
      fromExitCurrent: amount,
      lossPrevious: amount,
      lossCurrent: amount,
      period: z.int(),
      bountyBps: z.int(),
    }),
  },
  strikes: {
    fields: "node { id } epochNumber reason counts",
    row: z.object({
      id: z.string(),
      node: entity,
      epochNumber: z.int(),
      reason: z.enum(StrikeReason),
      counts: z.boolean(),
    }),
  },
  jailings: {
    fields: "node { id } count jailedAt releasedAt countsFromEpoch",
    row: z.object({
      id: z.string(),
      node: entity,
      count: z.int(),
      jailedAt: time,
      releasedAt: time.nullable(),
      countsFromEpoch: z.int().nullable(),
    }),
  },
  arbiterPanels: {
    fields: "members endsAt",
    row: z.object({ id: z.string(), members: z.array(z.string()), endsAt: time }),
  },
  arbitrationCases: {
    fields:
      "node { id } challenger { id } panel { id } status faultAt deposit slashAmount poolLimitBps answerUntil rulingUntil " +
      "answeredAt uphold dismiss",
    row: z.object({
      id: z.string(),
      node: entity,
      challenger: entity,
      panel: entity,
      status: z.enum(CaseStatus),
      faultAt: time,
      deposit: amount,
      slashAmount: amount,
      poolLimitBps: z.int(),
      answerUntil: time,
      rulingUntil: time,
      answeredAt: time.nullable(),
      uphold: z.int(),
      dismiss: z.int(),
    }),
  },
};

export const governanceLists = {
  protocolContracts: {
    fields: "address implementation pausedUntil",
    row: z.object({
      id: z.string(),
      address: z.string(),
      implementation: z.string().nullable(),
      pausedUntil: time.nullable(),
    }),
  },
  parameters: { fields: "value", row: z.object({ id: z.string(), value: amount }) },
  rewardRates: {
    fields: "fromEpoch kappaBps workShareBps",
    row: z.object({ id: z.string(), fromEpoch: z.int(), kappaBps: z.int(), workShareBps: z.int() }),
  },
  proposals: {
    fields:
      "proposer { id } state voteStartAt voteEndAt forVotes againstVotes abstainVotes quorum executableAt operation { id }",
    row: z.object({
      id: z.string(),
      proposer: entity,
      state: z.enum(ProposalState),
      voteStartAt: time,
      voteEndAt: time,
      forVotes: amount,
      againstVotes: amount,
      abstainVotes: amount,
      quorum: amount.nullable(),
      executableAt: time.nullable(),
      operation: entity.nullable(),
    }),
  },
  votes: {
    fields: "proposal { id } voter { id } support weight",
    row: z.object({
      id: z.string(),
      proposal: entity,
      voter: entity,
      support: z.enum(VoteSupport),
      weight: amount,
    }),
  },
  timelockOperations: {
    fields: "status readyAt",
    row: z.object({ id: z.string(), status: z.enum(OperationStatus), readyAt: time }),
  },
  roleMembers: {
    fields: "role account { id } since executionDelaySeconds revoked",
    row: z.object({
      id: z.string(),
      role: amount,
      account: entity,
      since: time,
      executionDelaySeconds: z.int(),
      revoked: z.boolean(),
    }),
  },
  functionRoles: {
    fields: "target selector role",
    row: z.object({ id: z.string(), target: z.string(), selector: z.string(), role: amount }),
  },
  vestingAllocations: {
    fields: "claimed revoked vestedAtRevocation",
    row: z.object({
      id: z.string(),
      claimed: amount,
      revoked: z.boolean(),
      vestedAtRevocation: amount.nullable(),
    }),
  },
};

export const treasuryLists = {
  treasuryStreams: {
    fields: "recipient { id } asset amount paid startAt cliffEndsAt endsAt canceledAt",
    row: z.object({
      id: z.string(),
      recipient: entity,
      asset: z.string(),
      amount,
      paid: amount,
      startAt: time,
      cliffEndsAt: time,
      endsAt: time,
      canceledAt: time.nullable(),
    }),
  },
  treasuryBudgets: {
    fields: "spender { id } asset allowance periodSeconds startAt spentPeriod spent",
    row: z.object({
      id: z.string(),
      spender: entity,
      asset: z.string(),
      allowance: amount,
      periodSeconds: z.int(),
      startAt: time,
      spentPeriod: z.int(),
      spent: amount,
    }),
  },
  outflowLimits: {
    fields: "limitBps effectiveAt previousBps",
    row: z.object({
      id: z.string(),
      limitBps: z.int(),
      effectiveAt: time,
      previousBps: z.int().nullable(),
    }),
  },
  auctionLots: {
    fields: "asset remaining startPrice floorPrice startAt endsAt",
    row: z.object({
      id: z.string(),
      asset: z.string(),
      remaining: amount,
      startPrice: amount,
      floorPrice: amount,
      startAt: time,
      endsAt: time,
    }),
  },
};

export const identityLists = {
  nodeIdentities: {
    fields:
      "machine { id } didHash proposedMachine { id } attributeMachine { id } attributeSalt attributePayer { id }",
    row: z.object({
      id: z.string(),
      machine: entity.nullable(),
      didHash: z.string().nullable(),
      proposedMachine: entity.nullable(),
      attributeMachine: entity.nullable(),
      attributeSalt: amount.nullable(),
      attributePayer: entity.nullable(),
    }),
  },
  identityAccounts: {
    fields: "consentsUsed credit",
    row: z.object({ id: z.string(), consentsUsed: z.int(), credit: amount }),
  },
};
