import type { Address } from "../../protocol/hex.js";
import { ReceiptRefused } from "../../protocol/refusals.js";
import type { SessionEnded } from "../../protocol/refusals.js";
import type { SignedReceipt } from "../../protocol/typedData.js";
import type { ServedSession } from "../../signaling/admission.js";

/** What an auditor has used up of what a node gives it for nothing in one epoch. */
export interface AuditBudget {
  bytes: bigint;
  /** Time of all its sessions that are over, added up. */
  milliseconds: number;
}

export interface AuditSessionOptions {
  readonly sessionKey: Address;
  readonly app: Address;
  readonly auditorId: bigint;
  readonly epoch: number;
  /** Shared by the auditor's sessions of the epoch. */
  readonly budget: AuditBudget;
  readonly now: () => number;
  readonly onLeave: (session: AuditSession) => void;
}

/** One of an auditor's sessions: signs no receipts, is billed to nobody, and only counts against the auditor's budget. */
export class AuditSession implements ServedSession {
  readonly audit = true;
  readonly lastReceipt = undefined;
  readonly sessionKey: Address;
  readonly app: Address;
  readonly auditorId: bigint;
  readonly epoch: number;
  readonly #budget: AuditBudget;
  readonly #now: () => number;
  readonly #onLeave: (session: AuditSession) => void;
  readonly #beganMs: number;
  readonly #aborter = new AbortController();
  #counter = 0n;
  #left = false;

  constructor({ sessionKey, app, auditorId, epoch, budget, now, onLeave }: AuditSessionOptions) {
    this.sessionKey = sessionKey;
    this.app = app;
    this.auditorId = auditorId;
    this.epoch = epoch;
    this.#budget = budget;
    this.#now = now;
    this.#onLeave = onLeave;
    this.#beganMs = now();
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  /** For how long the session is there. */
  get milliseconds(): number {
    return Math.max(0, this.#now() - this.#beganMs);
  }

  meter(bytesSent: bigint): void {
    if (this.#left || bytesSent <= this.#counter) return;
    this.#budget.bytes += bytesSent - this.#counter;
    this.#counter = bytesSent;
  }

  submitReceipt(): Promise<SignedReceipt> {
    return Promise.reject(new ReceiptRefused("session_closed", "an audit is free: it signs no receipts"));
  }

  end(reason: SessionEnded): void {
    if (!this.#aborter.signal.aborted) this.#aborter.abort(reason);
  }

  leave(): void {
    if (this.#left) return;
    this.#left = true;
    this.#budget.milliseconds += this.milliseconds;
    this.#onLeave(this);
  }
}
