import { Interface } from "ethers";
import type { Log } from "ethers";
import { z } from "zod";
import { IAuditRing__factory } from "../../types/contracts/factories/service/IAuditRing__factory.js";
import { IQualityAudits__factory } from "../../types/contracts/factories/service/IQualityAudits__factory.js";
import { INodeRegistry__factory } from "../../types/contracts/factories/staking/INodeRegistry__factory.js";
import { parseHex } from "../protocol/hex.js";
import type { Address, Hex } from "../protocol/hex.js";
import type { Attestation } from "../protocol/typedData.js";
import type { Contracts } from "./contracts.js";
import type { Deployment } from "./deployment.js";
import { revertOf } from "./reverts.js";
import type { TransactionReverted } from "./reverts.js";
import type { RpcProvider } from "./rpcProvider.js";
import type { Intent } from "./transactionQueue.js";

/** A place in the audit ring. */
export interface RingSeat {
  readonly seat: number;
  /** Thousandths of the minimum bond, at most 10,000. */
  readonly weight: number;
}

/** What the logs say about nodes and seats, in their order. */
export type DirectoryEvent =
  | { readonly kind: "endpoint"; readonly nodeId: bigint; readonly endpoint: string }
  /** Holds from an epoch on; weight 0: the node has no seat. */
  | {
      readonly kind: "seat";
      readonly nodeId: bigint;
      readonly fromEpoch: number;
      readonly seat: RingSeat;
    };

export interface RingChainOptions {
  readonly deployment: Deployment;
  readonly contracts: Contracts;
  readonly provider: Pick<RpcProvider, "getLogs">;
  readonly nodeId: bigint;
  readonly operator: Address;
}

const registry = new Interface(INodeRegistry__factory.abi);
const audits = new Interface(IQualityAudits__factory.abi);
const ring = new Interface(IAuditRing__factory.abi);
const idSchema = z.bigint();
const numberSchema = z.bigint().transform(Number);
const endpointSchema = z.object({ nodeId: idSchema, endpoint: z.string() });
const seatSchema = z.object({
  nodeId: idSchema,
  fromEpoch: numberSchema,
  seat: numberSchema,
  weight: numberSchema,
});
const TOPICS = [
  registry.getEvent("NodeRegistered"),
  registry.getEvent("EndpointChanged"),
  audits.getEvent("SeatChanged"),
].flatMap((event) => event?.topicHash ?? []);

/** The audit ring as one node sees it: what it asks, and the intents it may have. */
export class RingChain {
  readonly nodeId: bigint;
  /** Block from which on logs are of interest. */
  readonly startBlock: number;
  readonly #operator: Address;
  readonly #contracts: Contracts;
  readonly #provider: Pick<RpcProvider, "getLogs">;
  readonly #addresses: Deployment["addresses"];

  constructor({ deployment, contracts, provider, nodeId, operator }: RingChainOptions) {
    this.nodeId = nodeId;
    this.startBlock = deployment.startBlock;
    this.#operator = operator;
    this.#contracts = contracts;
    this.#provider = provider;
    this.#addresses = deployment.addresses;
  }

  /** A node's seat in an epoch; undefined where it has none. */
  async seatOf(nodeId: bigint, epoch: number): Promise<RingSeat | undefined> {
    return seatFrom(await this.#contracts.qualityAudits.seatOf(nodeId, epoch));
  }

  /** This node's seat after all changes so far, those that do not count yet included. */
  async latestSeat(): Promise<RingSeat | undefined> {
    return seatFrom(await this.#contracts.qualityAudits.latestSeatOf(this.nodeId));
  }

  async ringSize(epoch: number): Promise<number> {
    return Number(await this.#contracts.qualityAudits.ringSizeAt(epoch));
  }

  /** How far around the ring auditors stand from whom they audit; empty where the epoch is not audited. */
  async auditOffsets(epoch: number): Promise<number[]> {
    return (await this.#contracts.qualityAudits.auditOffsets(epoch)).map(Number);
  }

  /** Whether this node's audits of an epoch are revealed. */
  async hasRevealed(epoch: number): Promise<boolean> {
    return (await this.#contracts.qualityAudits.auditOf(this.nodeId, epoch)).didOwn;
  }

  /** What this node's auditors revealed of it so far; undefined where the epoch was not audited or nobody has. */
  async scoreReceived(epoch: number): Promise<{ median: number; auditors: number } | undefined> {
    const { audited, revealed, median } = await this.#contracts.qualityAudits.auditOf(this.nodeId, epoch);
    return audited && revealed > 0n ? { median: Number(median), auditors: Number(revealed) } : undefined;
  }

  /** What this node's bond weighs now; 0 where it is below the minimum. */
  async weightNow(): Promise<number> {
    return Number(await this.#contracts.auditRing.weightOf(this.nodeId));
  }

  /** Why the node could not take a seat now; undefined where it could. */
  async activationFault(): Promise<TransactionReverted | undefined> {
    try {
      await this.#contracts.nodeRegistry.activate.staticCall(this.nodeId, { from: this.#operator });
      return undefined;
    } catch (error) {
      const revert = revertOf("activate", error);
      if (revert === undefined) throw error;
      return revert;
    }
  }

  /** What happened from one block to another, both included. */
  async directoryEvents(fromBlock: number, toBlock: number): Promise<DirectoryEvent[]> {
    const logs = await this.#provider.getLogs({
      address: [this.#addresses.nodeRegistry, this.#addresses.serviceAttestations],
      topics: [TOPICS],
      fromBlock,
      toBlock,
    });
    return logs.map(directoryEvent);
  }

  // ----------------------------------------------------------------- intents

  reveal(attestation: Attestation, packedScores: bigint, salt: Hex): Intent {
    return {
      key: `reveal:${attestation.epoch}`,
      to: this.#addresses.serviceAttestations,
      data: parseHex(audits.encodeFunctionData("reveal", [attestation, packedScores, salt])),
    };
  }

  /** Takes a seat. `name` tells one time from another. */
  activate(name: string): Intent {
    return this.#registry(`activate:${name}`, "activate");
  }

  /** Leaves the ring. `name` tells one time from another. */
  drain(name: string): Intent {
    return this.#registry(`drain:${name}`, "drain");
  }

  /** Makes the seat weigh what the bond gives now. */
  refresh(epoch: number): Intent {
    return {
      key: `refresh:${epoch}`,
      to: this.#addresses.auditRing,
      data: parseHex(ring.encodeFunctionData("refresh", [this.nodeId])),
    };
  }

  #registry(key: string, method: "activate" | "drain"): Intent {
    const data = parseHex(registry.encodeFunctionData(method, [this.nodeId]));
    return { key, to: this.#addresses.nodeRegistry, data };
  }
}

function seatFrom(stored: { seated: boolean; seat: bigint; weight: bigint }): RingSeat | undefined {
  return stored.seated ? { seat: Number(stored.seat), weight: Number(stored.weight) } : undefined;
}

function directoryEvent(log: Log): DirectoryEvent {
  const registered = registry.parseLog(log);
  if (registered !== null) {
    return { kind: "endpoint", ...endpointSchema.parse(registered.args.toObject()) };
  }
  const changed = audits.parseLog(log);
  if (changed === null)
    throw new Error(`the log ${log.index} of block ${log.blockNumber} is none that was asked for`);
  const { nodeId, fromEpoch, seat, weight } = seatSchema.parse(changed.args.toObject());
  return { kind: "seat", nodeId, fromEpoch, seat: { seat, weight } };
}
