import { z } from "zod";
import type { EpochClock } from "../protocol/epochClock.js";
import { isHex } from "../protocol/hex.js";
import { httpRefusal } from "../protocol/httpRefusal.js";
import { toWire } from "../protocol/schemas.js";
import { accessGrant, grantId, sessionReceipt, voucher, voucherRequest } from "../protocol/typedData.js";
import type {
  Address,
  SignedGrant,
  SignedReceipt,
  SignedVoucher,
  TypedDataDomain,
  TypedDataSigner,
} from "../protocol/typedData.js";
import {
  ISSUED_AT_HEADER,
  MAX_VOUCHER_REQUEST_BYTES,
  SIGNATURE_HEADER,
  VOUCHER_REQUEST_MAX_AGE_SECONDS,
  bodyHash,
  voucherRequestBodySchema,
} from "../protocol/voucherExchange.js";
import type { VoucherRequestBody, VoucherResponseBody } from "../protocol/voucherExchange.js";
import { NOTHING_COUNTED, countReceipt, promise } from "./voucherMath.js";
import type { NodeTotals, VoucherLedger, VoucherStore } from "./VoucherStore.js";

/** What the chain says of a node. */
export interface NodeTerms {
  readonly operatorKey: Address;
  readonly priceWeiPerGB: bigint;
}

export interface VoucherEndpointOptions {
  readonly app: Address;
  /** Signs vouchers: one of the app's registered signers. */
  readonly signerKey: TypedDataSigner;
  /** Whether a key signed, or may have signed, grants for this app. */
  readonly isGrantSigner: (signer: Address) => boolean;
  /** `ServiceAttestations`: of grants, receipts and requests. */
  readonly attestationsDomain: TypedDataDomain;
  /** `PaymentEscrow`: of vouchers. */
  readonly escrowDomain: TypedDataDomain;
  readonly clock: EpochClock;
  /**
   * Looks a node up on the chain; undefined where there is none. It is asked before the request is known to be that
   * node's, so it should remember answers for some seconds.
   */
  readonly lookUpNode: (nodeId: bigint) => Promise<NodeTerms | undefined>;
  readonly store: VoucherStore;
  /** The app pays no node that asks for more. */
  readonly maxPriceWeiPerGB: bigint;
  /** Receipts of epochs that lie further back are not taken; 256 where left out. */
  readonly maxEpochAge?: number | undefined;
  /** Hears of what an operator of the app should look into. */
  readonly onError?: ((error: unknown) => void) | undefined;
  /** Unix time in milliseconds. */
  readonly nowMs?: (() => number) | undefined;
}

/** An HTTP request as any framework has it. */
export interface VoucherHttpRequest {
  /** The body's exact bytes. */
  readonly body: Uint8Array;
  readonly header: (name: string) => string | undefined;
}

export interface VoucherHttpResponse {
  readonly status: number;
  /** JSON: `VoucherResponseBody`, or `{error, message}` (`protocol/httpRefusal.ts`) where the status is not 200. */
  readonly body: string;
}

/** Ends a request with an answer that is not a voucher. */
class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    reason: string,
  ) {
    super(reason);
  }
}

type ShownSession = VoucherRequestBody["sessions"][number];

const DEFAULT_MAX_EPOCH_AGE = 256;
/** Grants whose signature was found good are remembered, since a node shows each many times. */
const MAX_REMEMBERED_GRANTS = 10_000;

/**
 * Where an app's backend pays its nodes: takes the receipts that a node shows, counts each once, at its highest, and
 * answers with a cumulative voucher. It believes nothing that its participants and itself have not signed.
 */
export class VoucherEndpoint {
  readonly #options: VoucherEndpointOptions;
  readonly #goodGrants = new Set<string>();

  constructor(options: VoucherEndpointOptions) {
    this.#options = options;
  }

  /** Handles one POST. Never rejects. */
  async handle(request: VoucherHttpRequest): Promise<VoucherHttpResponse> {
    try {
      const body = this.#parse(request.body);
      const terms = await this.#authenticate(body, request);
      return respond(200, await this.#answer(body, terms));
    } catch (error) {
      if (error instanceof Refusal) {
        return respond(error.status, httpRefusal(error.code, error.message));
      }
      this.#options.onError?.(error);
      const message = "the app's voucher endpoint failed; ask again later";
      return respond(500, httpRefusal("internal_error", message));
    }
  }

  #parse(bytes: Uint8Array): VoucherRequestBody {
    if (bytes.length > MAX_VOUCHER_REQUEST_BYTES) {
      throw new Refusal(413, "request_too_large", `at most ${MAX_VOUCHER_REQUEST_BYTES} bytes are taken`);
    }
    let json: unknown;
    try {
      json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
    } catch {
      throw new Refusal(400, "request_malformed", "the body is not JSON in UTF-8");
    }
    const parsed = voucherRequestBodySchema.safeParse(json);
    if (parsed.success) return parsed.data;
    throw new Refusal(400, "request_malformed", z.prettifyError(parsed.error));
  }

  async #authenticate(body: VoucherRequestBody, request: VoucherHttpRequest): Promise<NodeTerms> {
    const { app, attestationsDomain, lookUpNode, maxPriceWeiPerGB } = this.#options;
    if (body.app !== app) throw new Refusal(404, "app_unknown", `this endpoint pays for ${app} only`);
    const issuedAt = request.header(ISSUED_AT_HEADER) ?? "";
    const signature = request.header(SIGNATURE_HEADER);
    if (!/^[0-9]{1,12}$/.test(issuedAt) || !(isHex(signature, 65) || isHex(signature, 64))) {
      throw new Refusal(
        401,
        "request_unsigned",
        `headers ${ISSUED_AT_HEADER} and ${SIGNATURE_HEADER} are needed`,
      );
    }
    const ageSeconds = Math.abs(this.#nowMs() / 1_000 - Number(issuedAt));
    if (ageSeconds > VOUCHER_REQUEST_MAX_AGE_SECONDS) {
      throw new Refusal(401, "request_stale", `signed ${Math.round(ageSeconds)} s off this endpoint's clock`);
    }
    const message = {
      nodeId: body.nodeId,
      app,
      bodyHash: bodyHash(request.body),
      issuedAt: BigInt(issuedAt),
    };
    const signer = recovered(() => voucherRequest.recover(attestationsDomain, message, signature));
    if (!signer) throw new Refusal(401, "request_signature_invalid", "the signature recovers to no key");
    const terms = await lookUpNode(body.nodeId);
    if (!terms) throw new Refusal(404, "node_unknown", `there is no node ${body.nodeId}`);
    if (signer !== terms.operatorKey) {
      throw new Refusal(
        401,
        "request_signature_invalid",
        `${signer} is not node ${body.nodeId}'s operator key`,
      );
    }
    if (terms.priceWeiPerGB > maxPriceWeiPerGB) {
      throw new Refusal(
        402,
        "price_too_high",
        `node ${body.nodeId} asks ${terms.priceWeiPerGB} wei per GB, this app pays at most ${maxPriceWeiPerGB}`,
      );
    }
    return terms;
  }

  async #answer(body: VoucherRequestBody, terms: NodeTerms): Promise<VoucherResponseBody> {
    const refused: VoucherResponseBody["refused"] = [];
    const accepted: ShownSession[] = [];
    const epoch = this.#options.clock.currentEpoch(this.#nowMs());
    for (const shown of body.sessions) {
      const reason = this.#fault(body.nodeId, epoch, shown);
      if (reason === undefined) accepted.push(shown);
      else refused.push(refusal(shown, reason));
    }
    const { store, maxEpochAge = DEFAULT_MAX_EPOCH_AGE } = this.#options;
    const totals = await store.atomically(async (ledger) => {
      await ledger.prune(epoch - maxEpochAge);
      for (const shown of accepted) {
        if (!(await count(ledger, shown, terms.priceWeiPerGB))) {
          refused.push(
            refusal(shown, `the grant's ${shown.grant.grant.maxBytesPerEpoch} bytes in an epoch are used up`),
          );
        }
      }
      const totals = promise(await ledger.totals(body.nodeId));
      await ledger.putTotals(body.nodeId, totals);
      return totals;
    });
    return { voucher: await this.#sign(body.nodeId, totals), refused };
  }

  /** What is wrong with a session that a node shows; undefined where nothing is. */
  #fault(
    nodeId: bigint,
    currentEpoch: number,
    { grant: signedGrant, receipt: signed }: ShownSession,
  ): string | undefined {
    const { app, attestationsDomain, clock, maxEpochAge = DEFAULT_MAX_EPOCH_AGE } = this.#options;
    const { grant } = signedGrant;
    const { receipt, signature } = signed;
    if (grant.app !== app) return `the grant is of another app, ${grant.app}`;
    if (receipt.nodeId !== nodeId) return `the receipt is for node ${receipt.nodeId}`;
    // One ahead, as the participants' own clocks may be.
    if (receipt.epoch > currentEpoch + 1) return `epoch ${receipt.epoch} has not come`;
    if (receipt.epoch < currentEpoch - maxEpochAge) return `epoch ${receipt.epoch} is too long ago`;
    if (grant.expiresAt <= BigInt(clock.startOf(receipt.epoch)))
      return "the grant had expired as the epoch began";
    if (!this.#isOwnGrant(signedGrant)) return "the grant was not signed by a signer of this app";
    const signer = recovered(() => sessionReceipt.recover(attestationsDomain, receipt, signature));
    if (signer !== grant.sessionKey) return "the receipt was not signed by the grant's session key";
    return undefined;
  }

  #isOwnGrant({ grant, signature }: SignedGrant): boolean {
    const { attestationsDomain, isGrantSigner } = this.#options;
    const known = `${grantId(grant)} ${signature}`;
    if (this.#goodGrants.has(known)) return true;
    const signer = recovered(() => accessGrant.recover(attestationsDomain, grant, signature));
    if (!signer || !isGrantSigner(signer)) return false;
    const [oldest] = this.#goodGrants;
    if (oldest !== undefined && this.#goodGrants.size >= MAX_REMEMBERED_GRANTS)
      this.#goodGrants.delete(oldest);
    this.#goodGrants.add(known);
    return true;
  }

  async #sign(nodeId: bigint, totals: NodeTotals): Promise<SignedVoucher | undefined> {
    const { app, signerKey, escrowDomain } = this.#options;
    const { promisedAmountWei: cumulativeAmount, promisedScoreWei: cumulativeScore } = totals;
    if (cumulativeAmount === 0n) return undefined;
    const promised = { app, nodeId, cumulativeAmount, cumulativeScore };
    return { voucher: promised, signature: await voucher.sign(signerKey, escrowDomain, promised) };
  }

  #nowMs(): number {
    return this.#options.nowMs?.() ?? Date.now();
  }
}

/** Counts one session's receipt; false where the grant's limit left some of its bytes out. */
async function count(ledger: VoucherLedger, shown: ShownSession, priceWeiPerGB: bigint): Promise<boolean> {
  const { sessionKey, maxBytesPerEpoch } = shown.grant.grant;
  const { nodeId, epoch } = shown.receipt.receipt;
  const before = (await ledger.account(nodeId, epoch, sessionKey)) ?? NOTHING_COUNTED;
  const bytesLeft = maxBytesPerEpoch - (await ledger.bytesPaid(epoch, sessionKey));
  const after = countReceipt(before, shown.receipt.receipt, priceWeiPerGB, bytesLeft > 0n ? bytesLeft : 0n);
  if (after !== before) {
    await ledger.putAccount({ nodeId, epoch, sessionKey, ...after });
    const totals = await ledger.totals(nodeId);
    await ledger.putTotals(nodeId, {
      ...totals,
      amountWei: totals.amountWei + after.amountWei - before.amountWei,
      scoreWei: totals.scoreWei + after.scoreWei - before.scoreWei,
    });
  }
  return after.bytesPaid === after.bytesDelivered;
}

function refusal(
  { grant, receipt }: { grant: SignedGrant; receipt: SignedReceipt },
  reason: string,
): VoucherResponseBody["refused"][number] {
  return { sessionKey: grant.grant.sessionKey, epoch: receipt.receipt.epoch, reason };
}

function recovered(recover: () => Address): Address | undefined {
  try {
    return recover();
  } catch {
    return undefined;
  }
}

function respond(status: number, body: unknown): VoucherHttpResponse {
  return { status, body: JSON.stringify(toWire(body)) };
}
