import type { EpochClock } from "../../protocol/epochClock.js";
import type { Address } from "../../protocol/hex.js";
import { JoinRefused, SessionEnded } from "../../protocol/refusals.js";
import type { JoinClaim } from "../../signaling/admission.js";
import type { CheckedJoin } from "../joinCheck.js";
import type { AuditPlanner } from "./auditPlanner.js";
import { AuditSession } from "./auditSession.js";
import type { AuditBudget } from "./auditSession.js";

/** One that publishes and one that receives. */
export const AUDIT_SESSIONS = 2;
/**
 * What one auditor is sent for nothing in an epoch. Three rounds of six seconds at half a megabit per second are 1.2 MB:
 * this leaves room for repetitions, and with K auditors is less than a minute of one participant's video.
 */
export const AUDIT_BYTES = 8_000_000n;
/** Time of one auditor's sessions in an epoch, added up: 3 rounds × 2 sessions × 20 s, where joining is slow. */
export const AUDIT_MILLISECONDS = 120_000;
/** How long an operator key that the chain named is believed. */
const OPERATOR_MAX_AGE_MS = 30_000;

export interface AuditAdmissionOptions {
  readonly clock: EpochClock;
  readonly planner: Pick<AuditPlanner, "auditorsOf">;
  /** A node's operator key; rejects where the chain cannot be asked. */
  readonly operatorOf: (nodeId: bigint) => Promise<Address>;
  readonly now?: () => number;
}

/** Lets the nodes in that are to audit this one in the running epoch: for nothing, and with little. */
export class AuditAdmission {
  readonly #options: AuditAdmissionOptions;
  readonly #now: () => number;
  readonly #sessions = new Map<Address, AuditSession>();
  readonly #budgets = new Map<bigint, AuditBudget>();
  readonly #operators = new Map<bigint, { answer: Promise<Address>; askedAtMs: number }>();
  #epoch = -1;

  constructor(options: AuditAdmissionOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
  }

  get sessionCount(): number {
    return this.#sessions.size;
  }

  /**
   * @param claim Checked as any join is; `checked` holds who signed its grant.
   * @throws JoinRefused with `audit_not_due`, `grant_signer_unknown` or `grant_limit_reached` (too many sessions, bytes or seconds); Error where the chain
   * cannot be asked.
   */
  async admit({ grant }: JoinClaim, { details, grantSigner }: CheckedJoin): Promise<AuditSession> {
    const { audit } = details;
    const epoch = this.#turnEpoch();
    if (audit === undefined) throw new JoinRefused("grant_details_invalid", "the grant is for no audit");
    const { auditorId } = audit;
    if (audit.epoch !== epoch)
      throw new JoinRefused("audit_not_due", `the audit is of epoch ${audit.epoch}, now is epoch ${epoch}`);
    // First what is known without asking for each stranger who tries.
    const auditors = await this.#options.planner.auditorsOf(epoch);
    if (!auditors.includes(auditorId))
      throw new JoinRefused("audit_not_due", `node ${auditorId} does not audit this node in epoch ${epoch}`);
    const operator = await this.#operatorOf(auditorId);
    if (grantSigner !== operator || grant.app !== operator) {
      throw new JoinRefused(
        "grant_signer_unknown",
        `the grant of an audit is signed by and for the operator key of node ${auditorId}, ${operator}`,
      );
    }
    // From here on nothing waits.
    if (this.#turnEpoch() !== epoch) throw new JoinRefused("audit_not_due", `epoch ${epoch} is over`);
    this.#sessions.get(grant.sessionKey)?.leave();
    const budget = this.#budgets.get(auditorId) ?? { bytes: 0n, milliseconds: 0 };
    this.#budgets.set(auditorId, budget);
    if (this.#of(auditorId).length >= AUDIT_SESSIONS)
      throw new JoinRefused(
        "grant_limit_reached",
        `node ${auditorId} audits with ${AUDIT_SESSIONS} sessions already`,
      );
    if (this.#usedUp(auditorId, budget))
      throw new JoinRefused("grant_limit_reached", "what an auditor gets for nothing in an epoch is used up");
    const session = new AuditSession({
      ...{ sessionKey: grant.sessionKey, app: grant.app, auditorId, epoch, budget, now: this.#now },
      onLeave: (left) => {
        if (this.#sessions.get(left.sessionKey) === left) this.#sessions.delete(left.sessionKey);
      },
    });
    this.#sessions.set(grant.sessionKey, session);
    return session;
  }

  /** Ends what exceeds its budget or outlives its epoch. To be called every second or so. */
  check(): void {
    const epoch = this.#turnEpoch();
    for (const session of this.#sessions.values()) {
      const budget = this.#budgets.get(session.auditorId);
      if (session.epoch !== epoch)
        session.end(new SessionEnded("grant_expired", "the audited epoch is over"));
      else if (budget !== undefined && this.#usedUp(session.auditorId, budget)) {
        session.end(new SessionEnded("grant_limit_reached", "the free part of this audit is used up"));
      }
    }
  }

  /** Tells all sessions to end. */
  endAll(reason: SessionEnded): void {
    for (const session of this.#sessions.values()) session.end(reason);
  }

  /** Lets go of all sessions. */
  close(): void {
    for (const session of [...this.#sessions.values()]) session.leave();
  }

  #of(auditorId: bigint): AuditSession[] {
    // What is left of the last epoch is ending, and takes nobody's place in this one.
    return [...this.#sessions.values()].filter(
      (session) => session.auditorId === auditorId && session.epoch === this.#epoch,
    );
  }

  #usedUp(auditorId: bigint, budget: AuditBudget): boolean {
    const running = this.#of(auditorId).reduce((sum, { milliseconds }) => sum + milliseconds, 0);
    return budget.bytes >= AUDIT_BYTES || budget.milliseconds + running >= AUDIT_MILLISECONDS;
  }

  async #operatorOf(nodeId: bigint): Promise<Address> {
    const known = this.#operators.get(nodeId);
    if (known !== undefined && this.#now() - known.askedAtMs < OPERATOR_MAX_AGE_MS) return known.answer;
    const answer = this.#options.operatorOf(nodeId);
    this.#operators.set(nodeId, { answer, askedAtMs: this.#now() });
    answer.catch(() => this.#operators.delete(nodeId));
    return answer;
  }

  #turnEpoch(): number {
    const epoch = this.#options.clock.currentEpoch(this.#now());
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#budgets.clear();
    }
    return epoch;
  }
}
