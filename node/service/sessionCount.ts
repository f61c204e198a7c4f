import type { SignedReceipt } from "../protocol/typedData.js";
import type { ServiceLimits } from "./limits.js";

/** What one session was sent and has signed for, in one epoch on one connection. */
export class SessionCount {
  readonly epoch: number;
  /** The connection's counter as the epoch began. */
  readonly #sentBefore: bigint;
  readonly #signedBefore: bigint;
  #sent = 0n;
  #highest: SignedReceipt | undefined;

  /**
   * @param sentBefore The connection's counter as the epoch began on it.
   * @param highest The session's highest receipt of the epoch, of an earlier connection.
   */
  constructor(epoch: number, sentBefore: bigint, highest: SignedReceipt | undefined) {
    this.epoch = epoch;
    this.#sentBefore = sentBefore;
    this.#highest = highest;
    this.#signedBefore = highest?.receipt.bytesDelivered ?? 0n;
  }

  /** The highest receipt that was accepted. */
  get highest(): SignedReceipt | undefined {
    return this.#highest;
  }

  /** The connection's counter stands at this now; it never falls. */
  sentUpTo(counter: bigint): void {
    const sent = counter - this.#sentBefore;
    if (sent > this.#sent) this.#sent = sent;
  }

  accept(receipt: SignedReceipt): void {
    this.#highest = receipt;
  }

  /** Bytes sent that are not signed for, less what the tolerance allows to be missing. */
  unsigned({ countTolerancePercent }: Pick<ServiceLimits, "countTolerancePercent">): bigint {
    const signed = (this.#highest?.receipt.bytesDelivered ?? 0n) - this.#signedBefore;
    const expected = (this.#sent * BigInt(100 - countTolerancePercent)) / 100n;
    return expected > signed ? expected - signed : 0n;
  }

  /**
   * Most that a receipt of this epoch may count: what was signed before, what was sent since, and what may have been
   * on the way as the connection or the epoch began.
   */
  mostBytes({ countTolerancePercent, maxUnsignedBytes }: ServiceLimits): bigint {
    return this.#signedBefore + (this.#sent * BigInt(100 + countTolerancePercent)) / 100n + maxUnsignedBytes;
  }
}
