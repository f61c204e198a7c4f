import type { Logger } from "pino";
import type { AppAccount } from "../chain/nodeChain.js";
import { feeWei } from "../protocol/amounts.js";
import type { EpochClock } from "../protocol/epochClock.js";
import type { Address } from "../protocol/hex.js";
import { JoinRefused, SessionEnded } from "../protocol/refusals.js";
import type { SessionEndCode } from "../protocol/refusals.js";
import type { SignedReceipt, TypedDataDomain } from "../protocol/typedData.js";
import type { Admission, JoinClaim, ServedSession } from "../signaling/admission.js";
import type { AccountStore, AppBill } from "./accountStore.js";
import type { AppAccounts } from "./appAccounts.js";
import type { AuditAdmission } from "./audits/auditAdmission.js";
import { exposureOf } from "./exposure.js";
import type { Exposure } from "./exposure.js";
import { checkJoin } from "./joinCheck.js";
import type { CheckedJoin } from "./joinCheck.js";
import type { ServiceLimits } from "./limits.js";
import { receivableEpochs } from "./receiptCheck.js";
import { signedReceiptOf } from "./receiptStore.js";
import type { ReceiptStore } from "./receiptStore.js";
import { Session } from "./session.js";
import type { SessionContext } from "./session.js";
import type { SignerCache } from "./signerCache.js";

export interface SessionServiceOptions {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  readonly clock: EpochClock;
  readonly limits: ServiceLimits;
  readonly receipts: ReceiptStore;
  readonly accounts: AccountStore;
  readonly appAccounts: AppAccounts;
  readonly signers: SignerCache;
  /** Where an app's vouchers may be asked for. Throws JoinRefused where a grant names a place that is not allowed. */
  readonly checkVoucherUrl: (url: string) => void;
  readonly priceWeiPerGB: () => bigint;
  /** Whether participants are let in; always unless given. Who is served is served on. */
  readonly takesJoins?: () => boolean;
  /** Lets auditors in, apart from all who pay; nobody audits without it. */
  readonly audits?: AuditAdmission;
  readonly log: Logger;
  readonly now?: () => number;
}

const TICK_MS = 1_000;

/** Decides who is served, and ends service that is not signed or paid for. */
export class SessionService implements Admission {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  readonly clock: EpochClock;
  readonly #options: SessionServiceOptions;
  readonly #now: () => number;
  readonly #sessions = new Map<Address, Session>();
  readonly #context: SessionContext;
  #epoch: number;
  #draining = false;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: SessionServiceOptions) {
    const { nodeId, domain, clock, limits, receipts, priceWeiPerGB, now = Date.now } = options;
    this.nodeId = nodeId;
    this.domain = domain;
    this.clock = clock;
    this.#options = options;
    this.#now = now;
    this.#epoch = clock.currentEpoch(now());
    this.#context = {
      ...{ nodeId, domain, clock, limits, receipts, priceWeiPerGB, now },
      onLost: (app, bytes) => {
        if (bytes > 0n) options.accounts.addLost(app, feeWei(bytes, priceWeiPerGB()));
      },
      onLeave: (session) => {
        if (this.#sessions.get(session.sessionKey) === session) this.#sessions.delete(session.sessionKey);
      },
    };
  }

  /** Whether a participant who pays would be let in now. */
  get accepting(): boolean {
    const { takesJoins, limits } = this.#options;
    return !this.#draining && takesJoins?.() !== false && this.#sessions.size < limits.maxSessions;
  }

  /** Sessions that are served now, without audits. */
  get sessionCount(): number {
    return this.#sessions.size;
  }

  /** Bytes sent that nobody has signed for yet, of all sessions that run. */
  get unsignedBytes(): bigint {
    return [...this.#sessions.values()].reduce((sum, session) => sum + session.unsignedBytes, 0n);
  }

  /** Watches sessions and apps, once a second, until `close`. */
  start(): void {
    this.#timer ??= setInterval(() => this.tick(), TICK_MS);
  }

  /** Takes no more joins and tells those who are served. Their last receipts are still taken. */
  drain(): void {
    this.#draining = true;
    const reason = new SessionEnded("node_draining", "this node is shutting down; join another one");
    for (const session of this.#sessions.values()) session.end(reason);
    this.#options.audits?.endAll(reason);
  }

  /** Ends everything; the store must still be open. */
  close(): void {
    this.drain();
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const session of [...this.#sessions.values()]) session.leave();
    this.#options.audits?.close();
    this.#options.receipts.flush();
  }

  async admit(claim: JoinClaim): Promise<ServedSession> {
    this.#refuseWhereClosed();
    const context = { nodeId: this.nodeId, domain: this.domain, clock: this.clock, nowMs: this.#now() };
    const checked = checkJoin(claim, context);
    // An audit takes no place of who pays, and a full node is not found wanting for being full.
    if (checked.details.audit !== undefined) return this.#admitAuditor(claim, checked);
    this.#refuseWhereFull(claim.grant.sessionKey);
    const { voucherUrl } = checked.details;
    if (voucherUrl === undefined)
      throw new JoinRefused("grant_details_invalid", "the grant's details name no voucherUrl");
    this.#options.checkVoucherUrl(voucherUrl);
    await this.#checkSigner(claim, checked);
    const account = await this.#ask(() => this.#options.appAccounts.get(claim.grant.app));
    // From here on nothing waits, so two joins at once cannot both take the last place.
    this.#refuseWhereFull(claim.grant.sessionKey);
    this.#checkPayment(claim, voucherUrl, account);
    return this.#serve(claim, checked);
  }

  async isAppSigner(app: Address, signer: Address): Promise<boolean> {
    const epoch = this.clock.currentEpoch(this.#now());
    return this.#ask(() => this.#options.signers.isSigner(app, signer, epoch));
  }

  /** What the node risks with an app now; undefined for one that it has not served in this run. */
  exposureOf(bill: AppBill): Exposure | undefined {
    const account = this.#options.appAccounts.latest(bill.app);
    if (account === undefined) return undefined;
    const unsigned = [...this.#sessions.values()]
      .filter((session) => session.app === bill.app)
      .reduce((sum, session) => sum + session.unsignedBytes, 0n);
    return exposureOf(bill, account, feeWei(unsigned, this.#options.priceWeiPerGB()), this.#options.limits);
  }

  /** Looks after sessions and apps; called once a second after `start`. */
  tick(): void {
    const epoch = this.clock.currentEpoch(this.#now());
    if (epoch !== this.#epoch) {
      this.#epoch = epoch;
      this.#options.signers.prune(epoch - 1);
      for (const session of this.#sessions.values()) void this.#recheckSigner(session, epoch);
    }
    for (const session of this.#sessions.values()) session.check();
    this.#options.audits?.check();
    for (const app of new Set([...this.#sessions.values()].map((session) => session.app)))
      this.#checkApp(app);
  }

  async #admitAuditor(claim: JoinClaim, checked: CheckedJoin): Promise<ServedSession> {
    const { audits } = this.#options;
    if (audits === undefined) throw new JoinRefused("audit_not_due", "this node is not audited");
    const session = await this.#ask(() => audits.admit(claim, checked));
    if (!this.#draining) return session;
    session.leave();
    throw new JoinRefused("node_draining", "this node is shutting down; join another one");
  }

  #refuseWhereClosed(): void {
    if (this.#draining)
      throw new JoinRefused("node_draining", "this node is shutting down; join another one");
    if (this.#options.takesJoins?.() === false)
      throw new JoinRefused("node_draining", "this node is in maintenance; join another one");
  }

  #refuseWhereFull(sessionKey: Address): void {
    this.#refuseWhereClosed();
    if (this.#sessions.size >= this.#options.limits.maxSessions && !this.#sessions.has(sessionKey)) {
      throw new JoinRefused(
        "node_full",
        `this node serves ${this.#sessions.size} sessions, as many as it can`,
      );
    }
  }

  async #checkSigner({ grant }: JoinClaim, { grantSigner }: CheckedJoin): Promise<void> {
    const epoch = this.clock.currentEpoch(this.#now());
    const known = await this.#ask(() => this.#options.signers.isSigner(grant.app, grantSigner, epoch));
    if (!known) {
      throw new JoinRefused(
        "grant_signer_unknown",
        `${grantSigner} is no signer of app ${grant.app} in epoch ${epoch}`,
      );
    }
  }

  #checkPayment({ grant }: JoinClaim, voucherUrl: string, account: AppAccount): void {
    const { accounts } = this.#options;
    accounts.open(grant.app, voucherUrl, account.paid);
    const bill = accounts.get(grant.app);
    const exposure = bill === undefined ? undefined : this.exposureOf(bill);
    if (exposure !== undefined && exposure.unbilled >= exposure.limit) {
      throw new JoinRefused("app_unpaid", unpaid(grant.app, exposure));
    }
  }

  #serve({ grant, grantSignature }: JoinClaim, { grantSigner }: CheckedJoin): Session {
    const { receipts, limits } = this.#options;
    // What an earlier connection has handed in counts, on disk or not.
    receipts.flush();
    const epochs = receivableEpochs(this.clock, this.#now(), limits.receiptGraceMs);
    const [current, previous] = epochs.map((epoch) => this.#lastReceipt(epoch, grant.app, grant.sessionKey));
    if ((current?.receipt.bytesDelivered ?? 0n) >= grant.maxBytesPerEpoch) {
      throw new JoinRefused(
        "grant_limit_reached",
        "the bytes that the grant allows in this epoch are used up",
      );
    }
    const replaced = this.#sessions.get(grant.sessionKey);
    replaced?.end(new SessionEnded("session_replaced", "the same session key joined again"));
    replaced?.leave();
    const grantId = receipts.putGrant({ grant, signature: grantSignature }, grantSigner);
    const session = new Session(this.#context, { grant, grantId, grantSigner, current, previous });
    this.#sessions.set(grant.sessionKey, session);
    return session;
  }

  #lastReceipt(epoch: number, app: Address, sessionKey: Address): SignedReceipt | undefined {
    const stored = this.#options.receipts.get(epoch, sessionKey);
    if (stored === undefined) return undefined;
    if (stored.app !== app) {
      throw new JoinRefused(
        "grant_app_conflict",
        `session key ${sessionKey} was served for app ${stored.app} in epoch ${epoch}; use a fresh key for each app`,
      );
    }
    return signedReceiptOf(stored, this.nodeId);
  }

  async #recheckSigner(session: Session, epoch: number): Promise<void> {
    try {
      if (await this.#options.signers.isSigner(session.app, session.grantSigner, epoch)) return;
      session.end(
        new SessionEnded(
          "grant_signer_revoked",
          `the key that signed the grant is no signer in epoch ${epoch}`,
        ),
      );
    } catch (error) {
      // Receipts of revoked signers are sorted out for good when the epoch is attested.
      this.#options.log.warn({ err: error, app: session.app }, "the grant's signer could not be checked");
    }
  }

  #checkApp(app: Address): void {
    const { accounts, appAccounts, log } = this.#options;
    appAccounts
      .get(app)
      .catch((error: unknown) => log.warn({ err: error, app }, "the app's account could not be read"));
    const bill = accounts.get(app);
    const exposure = bill === undefined ? undefined : this.exposureOf(bill);
    if (exposure === undefined || exposure.unbilled <= exposure.limit) return;
    const running = [...this.#sessions.values()].filter(
      (session) => session.app === app && !session.signal.aborted,
    );
    if (running.length === 0) return;
    log.warn(
      { app, unbilled: exposure.unbilled.toString(), limit: exposure.limit.toString() },
      "app does not pay",
    );
    endAll(running, "app_unpaid", unpaid(app, exposure));
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      if (error instanceof JoinRefused) throw error;
      this.#options.log.warn({ err: error }, "the chain could not be asked about a join");
      throw new JoinRefused(
        "chain_unavailable",
        "this node cannot reach the chain now; try again or join another one",
      );
    }
  }
}

function endAll(sessions: readonly Session[], code: SessionEndCode, message: string): void {
  for (const session of sessions) session.end(new SessionEnded(code, message));
}

function unpaid(app: Address, { unbilled, limit }: Exposure): string {
  return `app ${app} got service for ${unbilled} wei without a voucher, this node's limit for it is ${limit} wei`;
}
