import type { EpochClock } from "../protocol/epochClock.js";
import { QualityMeter, intervalScore } from "../protocol/quality.js";
import { ReceiptRefused } from "../protocol/refusals.js";
import { sessionReceipt } from "../protocol/typedData.js";
import type { SignedReceipt, TypedDataDomain } from "../protocol/typedData.js";
import { ReceiveStatistics } from "./receiveStatistics.js";
import type { SessionKey } from "./sessionKey.js";

export interface ReceiptKeeperOptions {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  readonly clock: EpochClock;
  readonly sessionKey: SessionKey;
  /** As the node announced it when the session was let in. */
  readonly epoch: number;
  /** The highest receipt that the node holds of this session in the epoch. */
  readonly lastReceipt?: SignedReceipt | undefined;
  /** Statistics of the transport that receives; undefined while there is none. */
  readonly readStatistics: () => Promise<RTCStatsReport | undefined>;
  /** Payload bytes of all messages that came over data channels so far. */
  readonly dataBytesReceived?: (() => bigint) | undefined;
  /** Hands a receipt to the node; resolves to the highest that the node holds now. */
  readonly send: (receipt: SignedReceipt) => Promise<SignedReceipt>;
  /** Hears of each receipt that the node acknowledged. */
  readonly onAcknowledged?: ((highest: SignedReceipt) => void) | undefined;
  /** Hears of what went wrong with one receipt; the next one makes up for it, since receipts are cumulative. */
  readonly onError?: ((error: Error) => void) | undefined;
  /** The participant's own clock, Unix time in milliseconds. */
  readonly nowMs?: (() => number) | undefined;
}

/** The node says that an epoch runs which cannot be the one that runs. */
export class EpochRefused extends Error {
  override readonly name = "EpochRefused";
}

/**
 * Counts what this participant received and signs for it: cumulative receipts, one per epoch and node, that only grow.
 * Work is done strictly one piece after another, so that no byte is counted twice or for two epochs.
 */
export class ReceiptKeeper {
  readonly #options: ReceiptKeeperOptions;
  readonly #nowMs: () => number;
  readonly #statistics = new ReceiveStatistics();
  #epoch: number;
  #meter: QualityMeter;
  #dataBytes = 0n;
  /** What the node has acknowledged of this epoch. */
  #acknowledgedBytes: bigint;
  /** The last receipt of the epoch before, while the node has not acknowledged it. */
  #owed: SignedReceipt | undefined;
  #work: Promise<void> = Promise.resolve();
  #tasks = 0;

  /** @throws EpochRefused where the epoch cannot be, Error where the last receipt is not this session's own. */
  constructor(options: ReceiptKeeperOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#epoch = options.epoch;
    this.#assertPlausible(options.epoch);
    const last = options.lastReceipt && this.#ownReceipt(options.lastReceipt);
    const ofThisEpoch = last?.epoch === options.epoch ? last : undefined;
    this.#meter = new QualityMeter(ofThisEpoch);
    this.#acknowledgedBytes = ofThisEpoch?.bytesDelivered ?? 0n;
  }

  get epoch(): number {
    return this.#epoch;
  }

  /** Bytes counted in this epoch so far. */
  get bytesDelivered(): bigint {
    return this.#meter.bytesDelivered;
  }

  /** Byte-weighted mean of this epoch's interval scores so far, 0 to 10,000. */
  get quality(): number {
    return this.#meter.quality;
  }

  /** Whether nothing is under way, as it is while a node is slow to acknowledge. */
  get idle(): boolean {
    return this.#tasks === 0;
  }

  /** Counts what arrived, without signing; to be called before a track goes, whose statistics go with it. */
  sample(): Promise<void> {
    return this.#inTurn(() => this.#count());
  }

  /** Counts, signs and sends, unless there is nothing new. Errors go to `onError`. */
  submit(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#count();
      await this.#sendReceipt();
    });
  }

  /**
   * The node announced an epoch: signs a last receipt for the old one and counts from zero.
   * @throws EpochRefused where it is lower than the last one or more than one away from the participant's own clock.
   */
  advance(epoch: number): Promise<void> {
    if (epoch < this.#epoch) {
      throw new EpochRefused(`the node announced epoch ${epoch} after epoch ${this.#epoch}`);
    }
    this.#assertPlausible(epoch);
    return this.#inTurn(async () => {
      await this.#turn(epoch);
      await this.#settle();
    });
  }

  /**
   * To be called now and then while the node cannot be reached: counts what goes on arriving, each byte for the epoch
   * that runs by the participant's own clock. What is signed for is sent with the next receipt.
   */
  bridge(): Promise<void> {
    return this.#inTurn(async () => {
      await this.#turn(this.#options.clock.currentEpoch(this.#nowMs()));
      await this.#count();
    });
  }

  /**
   * The node can be reached again, and goes on with the session: sends what it has not got yet.
   * @throws EpochRefused where its epoch cannot be, Error where the receipt is not this session's own.
   */
  resume(epoch: number, lastReceipt: SignedReceipt | undefined): Promise<void> {
    this.#assertPlausible(epoch);
    const last = lastReceipt && this.#ownReceipt(lastReceipt);
    return this.#inTurn(async () => {
      // Where this clock is ahead of the node's, the announcement of the epoch is still to come.
      await this.#turn(epoch);
      if (last?.epoch === this.#epoch && last.bytesDelivered > this.#acknowledgedBytes) {
        this.#acknowledgedBytes = last.bytesDelivered;
      }
      await this.#count();
      await this.#sendReceipt();
    });
  }

  async #turn(epoch: number): Promise<void> {
    if (epoch <= this.#epoch) return;
    await this.#count();
    const { bytesDelivered } = this.#meter;
    try {
      if (bytesDelivered > this.#acknowledgedBytes) this.#owed = await this.#sign();
    } finally {
      this.#epoch = epoch;
      this.#meter = new QualityMeter();
      this.#acknowledgedBytes = 0n;
    }
  }

  async #count(): Promise<void> {
    const report = await this.#options.readStatistics();
    const { bytes, stats } = this.#statistics.update(report);
    const dataBytes = this.#options.dataBytesReceived?.() ?? 0n;
    const arrived = bytes + dataBytes - this.#dataBytes;
    this.#dataBytes = dataBytes;
    if (arrived > 0n) this.#meter.add(arrived, intervalScore(stats));
  }

  async #sendReceipt(): Promise<void> {
    await this.#settle();
    const { bytesDelivered } = this.#meter;
    if (bytesDelivered <= this.#acknowledgedBytes) return;
    this.#acknowledgedBytes = await this.#handIn(await this.#sign());
  }

  /** Hands in the last receipt of the epoch before. One that the node refuses is given up, a lost one is sent again. */
  async #settle(): Promise<void> {
    const owed = this.#owed;
    if (!owed) return;
    try {
      await this.#handIn(owed);
      this.#owed = undefined;
    } catch (error) {
      if (error instanceof ReceiptRefused) this.#owed = undefined;
      throw error;
    }
  }

  async #sign(): Promise<SignedReceipt> {
    const { nodeId, domain, sessionKey } = this.#options;
    this.#assertPlausible(this.#epoch);
    const { bytesDelivered, quality } = this.#meter;
    const receipt = { nodeId, epoch: this.#epoch, bytesDelivered, quality };
    return { receipt, signature: await sessionReceipt.sign(sessionKey, domain, receipt) };
  }

  /** Resolves to the bytes that the node acknowledged. */
  async #handIn(signed: SignedReceipt): Promise<bigint> {
    const { epoch, bytesDelivered } = signed.receipt;
    const highest = await this.#options.send(signed);
    const acknowledged = this.#ownReceipt(highest);
    if (acknowledged.epoch !== epoch || acknowledged.bytesDelivered < bytesDelivered) {
      throw new Error(`the node acknowledged another receipt than that for ${bytesDelivered} bytes`);
    }
    this.#options.onAcknowledged?.(highest);
    return acknowledged.bytesDelivered;
  }

  /** What a receipt that the node showed says; refuses what this session did not sign, and what it cannot have signed. */
  #ownReceipt(signed: SignedReceipt): SignedReceipt["receipt"] {
    const { nodeId, domain, sessionKey } = this.#options;
    const signer = sessionReceipt.recover(domain, signed.receipt, signed.signature);
    if (signer.toLowerCase() !== sessionKey.address.toLowerCase() || signed.receipt.nodeId !== nodeId) {
      throw new Error("the node showed a receipt that this session key did not sign for it");
    }
    if (signed.receipt.epoch > this.#epoch) {
      throw new EpochRefused(
        `the node announced epoch ${this.#epoch} and holds a receipt of epoch ${signed.receipt.epoch}`,
      );
    }
    return signed.receipt;
  }

  #assertPlausible(epoch: number): void {
    const own = this.#options.clock.currentEpoch(this.#nowMs());
    if (Math.abs(epoch - own) > 1) {
      throw new EpochRefused(`the node says that epoch ${epoch} runs, this machine's clock says ${own}`);
    }
  }

  #inTurn(task: () => Promise<void>): Promise<void> {
    this.#tasks += 1;
    this.#work = this.#work
      .then(task)
      .catch((error: unknown) => {
        this.#options.onError?.(error instanceof Error ? error : new Error(String(error)));
      })
      .finally(() => (this.#tasks -= 1));
    return this.#work;
  }
}
