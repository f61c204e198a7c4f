import type { EpochClock } from "../protocol/epochClock.js";
import type { Address, Hex } from "../protocol/hex.js";
import { ReceiptRefused, SessionEnded } from "../protocol/refusals.js";
import type { AccessGrant, SignedReceipt, TypedDataDomain } from "../protocol/typedData.js";
import type { ServedSession } from "../signaling/admission.js";
import { UNSIGNED_FLOOR_BYTES } from "./limits.js";
import type { ServiceLimits } from "./limits.js";
import { checkReceipt, receivableEpochs } from "./receiptCheck.js";
import { EpochSealed } from "./receiptStore.js";
import type { ReceiptStore } from "./receiptStore.js";
import { SessionCount } from "./sessionCount.js";

export interface SessionContext {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  readonly clock: EpochClock;
  readonly limits: ServiceLimits;
  readonly receipts: ReceiptStore;
  /** Current price of this node. */
  readonly priceWeiPerGB: () => bigint;
  readonly now: () => number;
  /** Bytes that were never signed for; told when the epoch or the session is over. */
  readonly onLost: (app: Address, bytes: bigint) => void;
  readonly onLeave: (session: Session) => void;
}

export interface SessionStart {
  readonly grant: AccessGrant;
  readonly grantId: Hex;
  readonly grantSigner: Address;
  /** The session's highest receipt of the running epoch. */
  readonly current: SignedReceipt | undefined;
  /** Its highest receipt of the epoch before, of which a last one may still come. */
  readonly previous: SignedReceipt | undefined;
}

/** One participant being served: counts what it was sent and what it signed for, and ends where they part. */
export class Session implements ServedSession {
  readonly audit = false;
  readonly sessionKey: Address;
  readonly app: Address;
  readonly grantSigner: Address;
  readonly #grant: AccessGrant;
  readonly #grantId: Hex;
  readonly #context: SessionContext;
  readonly #aborter = new AbortController();
  #current: SessionCount;
  #previous: SessionCount | undefined;
  #counter = 0n;
  /** Since when bytes flow that are not signed for. */
  #unsignedSinceMs: number | undefined;
  #left = false;
  #lastPut: Promise<unknown> = Promise.resolve();
  #putFailed = false;

  constructor(context: SessionContext, { grant, grantId, grantSigner, current, previous }: SessionStart) {
    this.#context = context;
    this.#grant = grant;
    this.#grantId = grantId;
    this.sessionKey = grant.sessionKey;
    this.app = grant.app;
    this.grantSigner = grantSigner;
    const epoch = context.clock.currentEpoch(context.now());
    this.#current = new SessionCount(epoch, 0n, current);
    if (epoch > 0) this.#previous = new SessionCount(epoch - 1, 0n, previous);
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  get lastReceipt(): SignedReceipt | undefined {
    this.#turnEpoch();
    return this.#current.highest;
  }

  /** Bytes sent that are not signed for, in all open epochs. */
  get unsignedBytes(): bigint {
    const { limits } = this.#context;
    return this.#current.unsigned(limits) + (this.#previous?.unsigned(limits) ?? 0n);
  }

  meter(bytesSent: bigint): void {
    if (this.#left) return;
    this.#turnEpoch();
    if (bytesSent > this.#counter) this.#counter = bytesSent;
    this.#current.sentUpTo(this.#counter);
    this.check();
  }

  async submitReceipt(signed: SignedReceipt): Promise<SignedReceipt> {
    const { receipts, now, clock, limits } = this.#context;
    if (this.#left) throw new ReceiptRefused("session_closed", "the session has left");
    this.#turnEpoch();
    const { epoch, bytesDelivered } = signed.receipt;
    const count = this.#countOf(epoch);
    if (count === undefined || !receivableEpochs(clock, now(), limits.receiptGraceMs).includes(epoch)) {
      throw new ReceiptRefused(
        "receipt_wrong_epoch",
        `the receipt is for epoch ${epoch}, this node takes receipts for epoch ${this.#current.epoch}`,
      );
    }
    const highest = count.highest?.receipt;
    const { nodeId, domain } = this.#context;
    checkReceipt(signed, {
      nodeId,
      domain,
      clock,
      grant: this.#grant,
      highest,
      mostBytes: count.mostBytes(limits),
    });
    // One that the disk did not take is stored when it comes again.
    const isNew = count.highest === undefined || bytesDelivered > count.highest.receipt.bytesDelivered;
    if (isNew || this.#putFailed) {
      count.accept(signed);
      this.#unsignedSinceMs = undefined;
      this.#lastPut = receipts.put({
        sessionKey: this.sessionKey,
        grantId: this.#grantId,
        app: this.app,
        receipt: signed,
        priceWeiPerGB: this.#context.priceWeiPerGB(),
      });
    }
    const acknowledged = count.highest ?? signed;
    try {
      await this.#lastPut;
      this.#putFailed = false;
    } catch (error) {
      this.#putFailed = true;
      if (error instanceof EpochSealed) throw new ReceiptRefused("receipt_wrong_epoch", error.message);
      throw error;
    }
    this.#endAtGrantLimit();
    return acknowledged;
  }

  leave(): void {
    if (this.#left) return;
    this.#turnEpoch();
    this.#left = true;
    this.#context.onLost(this.app, this.unsignedBytes);
    this.#context.onLeave(this);
  }

  /** Stops serving; the reason goes to the participant. A last receipt is still welcome until it leaves. */
  end(reason: SessionEnded): void {
    if (!this.#aborter.signal.aborted) this.#aborter.abort(reason);
  }

  /** Ends the session where its receipts fail to come or fall behind. To be called every second or so. */
  check(): void {
    if (this.#left || this.#aborter.signal.aborted) return;
    this.#turnEpoch();
    const { limits, now } = this.#context;
    const unsigned = this.unsignedBytes;
    if (unsigned > limits.maxUnsignedBytes) {
      this.end(new SessionEnded("receipts_behind", `${unsigned} bytes were delivered without a receipt`));
    }
    if (unsigned <= UNSIGNED_FLOOR_BYTES) this.#unsignedSinceMs = undefined;
    else this.#unsignedSinceMs ??= now();
    const waitedMs = now() - (this.#unsignedSinceMs ?? now());
    if (waitedMs > limits.receiptTimeoutMs) {
      this.end(
        new SessionEnded(
          "receipts_stopped",
          `no receipt came for ${Math.round(waitedMs / 1_000)} s of service`,
        ),
      );
    }
  }

  #endAtGrantLimit(): void {
    const signed = this.#current.highest?.receipt.bytesDelivered ?? 0n;
    if (signed < this.#grant.maxBytesPerEpoch) return;
    this.end(
      new SessionEnded(
        "grant_limit_reached",
        `the grant allows ${this.#grant.maxBytesPerEpoch} bytes in an epoch`,
      ),
    );
  }

  #countOf(epoch: number): SessionCount | undefined {
    if (epoch === this.#current.epoch) return this.#current;
    return epoch === this.#previous?.epoch ? this.#previous : undefined;
  }

  #turnEpoch(): void {
    const { clock, now, limits } = this.#context;
    const nowMs = now();
    const epoch = clock.currentEpoch(nowMs);
    if (epoch > this.#current.epoch) {
      this.#forgetPrevious();
      this.#previous = this.#current;
      this.#current = new SessionCount(epoch, this.#counter, undefined);
      if (this.#grant.expiresAt <= BigInt(clock.startOf(epoch))) {
        this.end(new SessionEnded("grant_expired", `the grant expired before epoch ${epoch} began`));
      }
    }
    const open = receivableEpochs(clock, nowMs, limits.receiptGraceMs);
    if (this.#previous !== undefined && !open.includes(this.#previous.epoch)) this.#forgetPrevious();
  }

  #forgetPrevious(): void {
    if (this.#previous === undefined) return;
    const lost = this.#previous.unsigned(this.#context.limits);
    this.#previous = undefined;
    if (lost > 0n) this.#context.onLost(this.app, lost);
  }
}
