/** Follows what the nodes do on chain, epoch by epoch, from the contracts' logs. */
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonRpcProvider, Log } from "ethers";
import { z } from "zod";
import { connectContracts } from "./contracts.js";
import type { Contracts } from "./contracts.js";
import type { Deployment } from "../../node/chain/deployment.js";

const POLL_MS = 500;
const MAX_FAILURES = 5;

const epochNumber = z.bigint().transform(Number);
const seedDrawn = z.object({ epoch: epochNumber });
const attested = z.object({
  nodeId: z.bigint(),
  epoch: epochNumber,
  receiptRoot: z.string(),
  bytesDelivered: z.bigint(),
  sessions: z.bigint(),
});
const serviceProven = z.object({ nodeId: z.bigint(), epoch: epochNumber });
const voucherCollected = z.object({
  epoch: epochNumber,
  amount: z.bigint(),
  burned: z.bigint(),
  treasury: z.bigint(),
});
const epochFlushed = z.object({ epoch: epochNumber, burned: z.bigint(), treasury: z.bigint() });
const rewardsMinted = z.object({ amount: z.bigint() });
const claimed = z.object({
  nodeId: z.bigint(),
  epoch: epochNumber,
  work: z.bigint(),
  availability: z.bigint(),
  fees: z.bigint(),
});

export type AttestedTotals = Omit<z.output<typeof attested>, "nodeId" | "epoch">;
/** In wei. */
export type ClaimedAmounts = Omit<z.output<typeof claimed>, "nodeId" | "epoch">;

/** What happened for one epoch so far; by node id. */
export class EpochRecord {
  readonly attested = new Map<bigint, AttestedTotals>();
  readonly proven = new Set<bigint>();
  readonly claimed = new Map<bigint, ClaimedAmounts>();
  seedDrawn = false;
  /** Fees that count for the epoch, in wei. */
  collected = 0n;
  /** Whether they were burned and paid out. */
  flushed = false;

  constructor(readonly epoch: number) {}

  /** Rewards credited for the epoch, in wei. */
  get credited(): bigint {
    return [...this.claimed.values()].reduce((sum, { work, availability }) => sum + work + availability, 0n);
  }
}

/** Sums over everything so far, in wei. */
export interface FeeTotals {
  collected: bigint;
  burned: bigint;
  treasury: bigint;
  flushedBurned: bigint;
  flushedTreasury: bigint;
  minted: bigint;
}

export class EpochWatch {
  readonly #deployment: Deployment;
  readonly #provider: JsonRpcProvider;
  readonly #contracts: Contracts;
  readonly #epochs = new Map<number, EpochRecord>();
  #nextBlock: number;
  readonly fees: FeeTotals = {
    collected: 0n,
    burned: 0n,
    treasury: 0n,
    flushedBurned: 0n,
    flushedTreasury: 0n,
    minted: 0n,
  };

  constructor(deployment: Deployment, provider: JsonRpcProvider) {
    this.#deployment = deployment;
    this.#provider = provider;
    this.#contracts = connectContracts(deployment, provider);
    this.#nextBlock = deployment.startBlock;
  }

  epoch(number: number): EpochRecord {
    const known = this.#epochs.get(number);
    if (known !== undefined) return known;
    const created = new EpochRecord(number);
    this.#epochs.set(number, created);
    return created;
  }

  get epochs(): Iterable<EpochRecord> {
    return this.#epochs.values();
  }

  /** The epoch of a moment. @param nowMs Unix time in milliseconds. */
  epochAt(nowMs: number): number {
    return Math.floor((nowMs / 1_000 - this.#deployment.genesisSeconds) / this.#deployment.epochSeconds);
  }

  /** When an epoch begins: Unix time in milliseconds. */
  startOfMs(epoch: number): number {
    return (this.#deployment.genesisSeconds + epoch * this.#deployment.epochSeconds) * 1_000;
  }

  /** Reads the logs up to the newest block. Returns its number. */
  async update(): Promise<number> {
    const newest = await this.#provider.getBlockNumber();
    if (newest < this.#nextBlock) return newest;
    const { serviceAttestations, paymentEscrow, rewardDistributor } = this.#deployment.addresses;
    const logs = await this.#provider.getLogs({
      address: [serviceAttestations, paymentEscrow, rewardDistributor],
      fromBlock: this.#nextBlock,
      toBlock: newest,
    });
    for (const log of logs) this.#apply(log);
    this.#nextBlock = newest + 1;
    return newest;
  }

  /**
   * Goes on reading until a condition holds.
   * @throws what the signal was aborted with.
   */
  async until(condition: () => boolean, signal: AbortSignal): Promise<void> {
    let failures = 0;
    for (;;) {
      signal.throwIfAborted();
      try {
        await this.update();
        failures = 0;
      } catch (error) {
        // The chain shares its machine with everything else: one late answer is no reason to give up.
        failures += 1;
        if (failures === MAX_FAILURES) throw error;
      }
      if (condition()) return;
      await sleep(POLL_MS, undefined, { signal }).catch(() => signal.throwIfAborted());
    }
  }

  #apply(log: Log): void {
    const { addresses } = this.#deployment;
    if (log.address === addresses.serviceAttestations) this.#applyAttestations(log);
    else if (log.address === addresses.paymentEscrow) this.#applyEscrow(log);
    else this.#applyDistributor(log);
  }

  #applyAttestations(log: Log): void {
    const event = this.#contracts.serviceAttestations.interface.parseLog(log);
    if (event?.name === "SeedDrawn") {
      this.epoch(seedDrawn.parse(event.args.toObject()).epoch).seedDrawn = true;
    }
    if (event?.name === "Attested") {
      const { nodeId, epoch, ...totals } = attested.parse(event.args.toObject());
      this.epoch(epoch).attested.set(nodeId, totals);
    }
    if (event?.name === "ServiceProven") {
      const { nodeId, epoch } = serviceProven.parse(event.args.toObject());
      this.epoch(epoch).proven.add(nodeId);
    }
  }

  #applyEscrow(log: Log): void {
    const event = this.#contracts.paymentEscrow.interface.parseLog(log);
    if (event?.name === "VoucherCollected") {
      const { epoch, amount, burned, treasury } = voucherCollected.parse(event.args.toObject());
      this.epoch(epoch).collected += amount;
      this.fees.collected += amount;
      this.fees.burned += burned;
      this.fees.treasury += treasury;
    }
    if (event?.name === "EpochFlushed") {
      const { epoch, burned, treasury } = epochFlushed.parse(event.args.toObject());
      this.epoch(epoch).flushed = true;
      this.fees.flushedBurned += burned;
      this.fees.flushedTreasury += treasury;
    }
  }

  #applyDistributor(log: Log): void {
    const event = this.#contracts.rewardDistributor.interface.parseLog(log);
    if (event?.name === "RewardsMinted") {
      this.fees.minted += rewardsMinted.parse(event.args.toObject()).amount;
    }
    if (event?.name === "Claimed") {
      const { nodeId, epoch, ...amounts } = claimed.parse(event.args.toObject());
      this.epoch(epoch).claimed.set(nodeId, amounts);
    }
  }
}
