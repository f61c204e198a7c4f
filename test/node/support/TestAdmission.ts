import { Wallet } from "ethers";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import type { EpochClock } from "../../../node/protocol/epochClock.js";
import { parseGrantDetails } from "../../../node/protocol/grantDetails.js";
import type { GrantDetails } from "../../../node/protocol/grantDetails.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { JoinRefused, ReceiptRefused } from "../../../node/protocol/refusals.js";
import type { SessionEnded } from "../../../node/protocol/refusals.js";
import {
  accessGrant,
  detailsHash,
  joinProof,
  roomHash,
  sessionReceipt,
  typedDataDomain,
} from "../../../node/protocol/typedData.js";
import type {
  AccessGrant,
  Address,
  SignedReceipt,
  TypedDataDomain,
} from "../../../node/protocol/typedData.js";
import type { Admission, JoinClaim, ServedSession } from "../../../node/signaling/admission.js";

/** One app, known by its one signer, whose grants and receipts are checked for real and kept in memory. */
export class TestAdmission implements Admission {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain = typedDataDomain(
    31_337n,
    parseAddress("0x00000000000000000000000000000000000000A7"),
  );
  readonly clock: EpochClock;
  readonly app: Address = parseAddress("0x00000000000000000000000000000000000000AA");
  readonly signer = new Wallet(`0x${"5".repeat(64)}`);
  /** All sessions ever let in, in order. */
  readonly sessions: TestSession[] = [];
  /** Highest receipt by session key and epoch. */
  readonly receipts = new Map<string, SignedReceipt>();
  /** Set: nobody is let in, with this code. */
  refusal: JoinRefused | undefined;
  accepting = true;
  /** Whose sessions are audits. */
  isAudit: (details: GrantDetails) => boolean = ({ audit }) => audit !== undefined;

  constructor({ epochSeconds = 3_600, nodeId = 7n }: { epochSeconds?: number; nodeId?: bigint } = {}) {
    this.nodeId = nodeId;
    const nowSeconds = Math.floor(Date.now() / 1_000);
    this.clock = createEpochClock({ genesisSeconds: nowSeconds - 10 * epochSeconds, epochSeconds });
  }

  async admit(claim: JoinClaim): Promise<ServedSession> {
    await Promise.resolve();
    if (this.refusal) throw this.refusal;
    const { grant, grantSignature, details, room, nonce, joinSignature } = claim;
    const refuse = (code: JoinRefused["code"]) => new JoinRefused(code, `refused: ${code}`);
    if (grant.expiresAt <= BigInt(Math.floor(Date.now() / 1_000))) throw refuse("grant_expired");
    if (grant.room !== roomHash(room)) throw refuse("grant_room_mismatch");
    if (grant.detailsHash !== detailsHash(details)) throw refuse("grant_details_mismatch");
    if (accessGrant.recover(this.domain, grant, grantSignature) !== this.signer.address) {
      throw refuse("grant_signer_unknown");
    }
    const proof = { nodeId: this.nodeId, room: grant.room, nonce };
    if (joinProof.recover(this.domain, proof, joinSignature) !== grant.sessionKey) {
      throw refuse("join_signature_invalid");
    }
    const session = new TestSession(this, grant, this.isAudit(parseGrantDetails(details)));
    this.sessions.push(session);
    return session;
  }

  isAppSigner(app: Address, signer: Address): Promise<boolean> {
    return Promise.resolve(app === this.app && signer === this.signer.address);
  }

  /** The session of a key that was let in last. */
  session(sessionKey: string): TestSession {
    const session = this.sessions.findLast((one) => one.sessionKey === sessionKey);
    if (!session) throw new Error(`${sessionKey} was never let in`);
    return session;
  }

  receipt(sessionKey: string, epoch: number): SignedReceipt | undefined {
    return this.receipts.get(`${sessionKey} ${epoch}`);
  }

  store(sessionKey: string, receipt: SignedReceipt): void {
    this.receipts.set(`${sessionKey} ${receipt.receipt.epoch}`, receipt);
  }
}

export class TestSession implements ServedSession {
  readonly sessionKey: Address;
  readonly app: Address;
  readonly grant: AccessGrant;
  readonly audit: boolean;
  readonly #admission: TestAdmission;
  readonly #aborter = new AbortController();
  /** What was metered last. */
  bytesSent = 0n;
  left = false;

  constructor(admission: TestAdmission, grant: AccessGrant, audit = false) {
    this.#admission = admission;
    this.audit = audit;
    this.grant = grant;
    this.sessionKey = grant.sessionKey;
    this.app = grant.app;
  }

  get lastReceipt(): SignedReceipt | undefined {
    return this.#admission.receipt(this.sessionKey, this.#admission.clock.currentEpoch(Date.now()));
  }

  get signal(): AbortSignal {
    return this.#aborter.signal;
  }

  meter(bytesSent: bigint): void {
    if (bytesSent < this.bytesSent) throw new Error(`metered ${bytesSent} after ${this.bytesSent}`);
    this.bytesSent = bytesSent;
  }

  async submitReceipt(signed: SignedReceipt): Promise<SignedReceipt> {
    await Promise.resolve();
    const { nodeId, domain, clock } = this.#admission;
    const { receipt, signature } = signed;
    const refuse = (code: ReceiptRefused["code"]) => new ReceiptRefused(code, `refused: ${code}`);
    if (receipt.nodeId !== nodeId) throw refuse("receipt_wrong_node");
    const epoch = clock.currentEpoch(Date.now());
    if (receipt.epoch !== epoch && receipt.epoch !== epoch - 1) throw refuse("receipt_wrong_epoch");
    if (sessionReceipt.recover(domain, receipt, signature) !== this.sessionKey)
      throw refuse("receipt_wrong_key");
    if (receipt.bytesDelivered > this.grant.maxBytesPerEpoch) throw refuse("receipt_above_grant");
    const highest = this.#admission.receipt(this.sessionKey, receipt.epoch);
    if (highest && receipt.bytesDelivered < highest.receipt.bytesDelivered) throw refuse("receipt_decreased");
    this.#admission.store(this.sessionKey, signed);
    return signed;
  }

  end(reason: SessionEnded): void {
    this.#aborter.abort(reason);
  }

  leave(): void {
    if (this.left) throw new Error("left twice");
    this.left = true;
  }
}
