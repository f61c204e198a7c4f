import type { EpochClock } from "../protocol/epochClock.js";
import { QualityMeter, intervalScore } from "../protocol/quality.js";
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
  /** What the node has acknowledged of this epoch. */
  #acknowledgedBytes: bigint;
  #work: Promise<void> = Promise.resolve();
  #tasks = 0;

  /** @throws EpochRefused where the epoch cannot be, Error where the last receipt is not this session's own. */
  constructor(options: ReceiptKeeperOptions) {
    this.#options = options;
    this.#nowMs = options.nowMs ?? Date.now;
    this.#epoch = options.epoch;
    this.#assertPlausible(options.epoch);
    const last = options.lastReceipt && this.#ownReceipt(options.lastReceipt);
    this.#meter = new QualityMeter(last);
    this.#acknowledgedBytes = last?.bytesDelivered ?? 0n;
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
      if (epoch <= this.#epoch) return;
      await this.#count();
      try {
        await this.#sendReceipt();
      } finally {
        this.#epoch = epoch;
        this.#meter = new QualityMeter();
        this.#acknowledgedBytes = 0n;
      }
    });
  }

  async #count(): Promise<void> {
    const report = await this.#options.readStatistics();
    if (!report) return;
    const { bytes, stats } = this.#statistics.update(report);
    if (bytes > 0n) this.#meter.add(bytes, intervalScore(stats));
  }

  async #sendReceipt(): Promise<void> {
    const { nodeId, domain, sessionKey, send, onAcknowledged } = this.#options;
    const { bytesDelivered, quality } = this.#meter;
    if (bytesDelivered <= this.#acknowledgedBytes) return;
    this.#assertPlausible(this.#epoch);
    const receipt = { nodeId, epoch: this.#epoch, bytesDelivered, quality };
    const signature = await sessionReceipt.sign(sessionKey, domain, receipt);
    const highest = await send({ receipt, signature });
    const acknowledged = this.#ownReceipt(highest);
    if (!acknowledged || acknowledged.bytesDelivered < bytesDelivered) {
      throw new Error(`the node acknowledged another receipt than that for ${bytesDelivered} bytes`);
    }
    this.#acknowledgedBytes = acknowledged.bytesDelivered;
    onAcknowledged?.(highest);
  }

  /** What a receipt that the node showed says, where it is of this epoch; refuses what this session did not sign. */
  #ownReceipt(signed: SignedReceipt): SignedReceipt["receipt"] | undefined {
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
    return signed.receipt.epoch === this.#epoch ? signed.receipt : undefined;
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
