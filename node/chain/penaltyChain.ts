import { Interface, toBeHex } from "ethers";
import type { ContractRunner } from "ethers";
import { z } from "zod";
import { INodeStrikes__factory } from "../../types/contracts/factories/penalties/INodeStrikes__factory.js";
import { IPenaltyManager__factory } from "../../types/contracts/factories/penalties/IPenaltyManager__factory.js";
import { IServiceAttestations__factory } from "../../types/contracts/factories/service/IServiceAttestations__factory.js";
import { parseHex } from "../protocol/hex.js";
import type { Address } from "../protocol/hex.js";
import { hexSchema } from "../protocol/schemas.js";
import type { Attestation } from "../protocol/typedData.js";
import type { Contracts } from "./contracts.js";
import type { Deployment } from "./deployment.js";
import { readInParts } from "./logRanges.js";
import type { RpcProvider } from "./rpcProvider.js";
import type { Intent } from "./transactionQueue.js";

/** The audits of a node in an epoch as the chain has them, one entry per auditor. */
export interface NodeAudit {
  /** Whether the epoch was audited and the node had a seat. */
  readonly audited: boolean;
  readonly auditors: readonly {
    readonly seat: number;
    /** 0: did not reveal. */
    readonly weight: number;
    readonly score: number;
  }[];
}

/** How a node stands with strikes. */
export interface StrikeRecord {
  readonly jailed: boolean;
  /** Strikes of earlier epochs are not taken any more. */
  readonly countsFrom: number;
  /** Whether it was struck in an epoch. */
  hasStrike(epoch: number): boolean;
}

/** What the network holds against whom. */
export interface PenaltyRules {
  /** Scores below count against the target. */
  readonly lowMark: number;
  /** A score further than this from all others counts against its auditor. */
  readonly outlierDistance: number;
  /** Faults are reported until this many epochs after their own began. */
  readonly reportWindowEpochs: number;
}

const strikes = new Interface(INodeStrikes__factory.abi);
const penalties = new Interface(IPenaltyManager__factory.abi);
const attestations = new Interface(IServiceAttestations__factory.abi);
const ATTESTED = attestations.getEvent("Attested")?.topicHash ?? "";
const attestedSchema = z.object({
  nodeId: z.bigint(),
  epoch: z.bigint().transform(Number),
  receiptRoot: hexSchema(32),
  bytesDelivered: z.bigint(),
  sessions: z.bigint().transform(Number),
  auditCommitment: hexSchema(32),
});

export interface PenaltyChainOptions {
  readonly deployment: Deployment;
  readonly contracts: Contracts;
  readonly provider: RpcProvider;
}

/** Strikes and slashes as one node sees them: what it asks, and what it may post. */
export class PenaltyChain {
  readonly #options: PenaltyChainOptions;
  readonly #strikesAddress: Address;
  readonly #penaltiesAddress: Address;
  readonly #strikes;
  readonly #penalties;
  #rules: Promise<PenaltyRules> | undefined;

  /** @returns undefined where the deployment has no penalties. */
  static of(options: PenaltyChainOptions): PenaltyChain | undefined {
    const { nodeStrikes, penaltyManager } = options.deployment.addresses;
    if (nodeStrikes === undefined || penaltyManager === undefined) return undefined;
    return new PenaltyChain(options, nodeStrikes, penaltyManager);
  }

  private constructor(options: PenaltyChainOptions, nodeStrikes: Address, penaltyManager: Address) {
    const runner: ContractRunner = options.provider;
    this.#options = options;
    this.#strikesAddress = nodeStrikes;
    this.#penaltiesAddress = penaltyManager;
    this.#strikes = INodeStrikes__factory.connect(nodeStrikes, runner);
    this.#penalties = IPenaltyManager__factory.connect(penaltyManager, runner);
  }

  /** The network's rules, as they were when first asked for in this run: what changed, the contracts judge by. */
  async rules(): Promise<PenaltyRules> {
    this.#rules ??= this.#penalties.parameters().then(({ lowMark, outlierDistance, reportWindowEpochs }) => ({
      lowMark: Number(lowMark),
      outlierDistance: Number(outlierDistance),
      reportWindowEpochs: Number(reportWindowEpochs),
    }));
    this.#rules.catch(() => (this.#rules = undefined));
    return this.#rules;
  }

  async auditOf(nodeId: bigint, epoch: number): Promise<NodeAudit> {
    const audit = await this.#options.contracts.qualityAudits.auditOf(nodeId, epoch);
    return {
      audited: audit.audited,
      auditors: audit.seats.map((seat, index) => ({
        seat: Number(seat),
        weight: Number(audit.weights[index] ?? 0n),
        score: Number(audit.scores[index] ?? 0n),
      })),
    };
  }

  async strikesOf(nodeId: bigint): Promise<StrikeRecord> {
    const record = await this.#strikes.recordOf(nodeId);
    const newest = Number(record.newestEpoch);
    return {
      jailed: record.jailed,
      countsFrom: Number(record.countsFrom),
      hasStrike: (epoch) =>
        epoch <= newest && newest - epoch < 64 && ((record.strikes >> BigInt(newest - epoch)) & 1n) === 1n,
    };
  }

  /** What nodes attested for an epoch, from the logs of some blocks, both included. */
  async attestations(epoch: number, fromBlock: number, toBlock: number): Promise<Attestation[]> {
    const { provider, deployment } = this.#options;
    const logs = await readInParts(Math.max(fromBlock, deployment.startBlock), toBlock, (from, to) =>
      provider.getLogs({
        address: deployment.addresses.serviceAttestations,
        topics: [ATTESTED, null, toBeHex(epoch, 32)],
        fromBlock: from,
        toBlock: to,
      }),
    );
    return logs.map((log) => attestedSchema.parse(attestations.parseLog(log)?.args.toObject()));
  }

  /** Whether a proof that was due did not come, and nobody has reported it. Only after the epoch's seed is drawn. */
  async isProofMissing({ nodeId, epoch, bytesDelivered }: Attestation): Promise<boolean> {
    const { serviceAttestations, paymentEscrow } = this.#options.contracts;
    if (bytesDelivered === 0n) return false;
    const { status } = await serviceAttestations.attestationOf(nodeId, epoch);
    if (status !== ATTESTED_STATUS) return false;
    const { burned } = await paymentEscrow.nodeRevenueOf(nodeId, epoch);
    return serviceAttestations.mustProve(nodeId, epoch, burned);
  }

  // ----------------------------------------------------------------- intents

  strikeTarget(nodeId: bigint, epoch: number): Intent {
    return {
      key: `strike:${nodeId}:${epoch}`,
      to: this.#strikesAddress,
      data: parseHex(strikes.encodeFunctionData("strikeTarget", [nodeId, epoch])),
    };
  }

  strikeAuditor(auditorId: bigint, targetId: bigint, epoch: number): Intent {
    return {
      key: `strike:${auditorId}:${epoch}`,
      to: this.#strikesAddress,
      data: parseHex(strikes.encodeFunctionData("strikeAuditor", [auditorId, targetId, epoch])),
    };
  }

  reportMissingProof(attestation: Attestation): Intent {
    return {
      key: `report:${attestation.nodeId}:${attestation.epoch}`,
      to: this.#penaltiesAddress,
      data: parseHex(penalties.encodeFunctionData("reportMissingProof", [attestation])),
    };
  }
}

/** `IServiceAttestations.Status.Attested`: neither proven nor faulted. */
const ATTESTED_STATUS = 1n;
