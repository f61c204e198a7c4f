import { Agent as HttpAgent, request as httpRequest } from "node:http";
import type { IncomingMessage, RequestOptions } from "node:http";
import { Agent as HttpsAgent, request as httpsRequest } from "node:https";
import { isIPv6 } from "node:net";
import type { LookupFunction } from "node:net";
import { lookup } from "node:dns/promises";
import type { Wallet } from "ethers";
import type { Address, Hex } from "../../protocol/hex.js";
import { webhookProof } from "../../protocol/typedData.js";
import type { TypedDataDomain } from "../../protocol/typedData.js";
import { unlessAborted } from "../../protocol/unlessAborted.js";
import { bodyHash } from "../../protocol/voucherExchange.js";
import { WEBHOOK_HEADERS } from "../../protocol/webhook.js";
import { PublicUrlPolicy } from "../publicUrl.js";

/** More of an answer than this is not read: its status is all that counts. */
const MAX_ANSWER_BYTES = 16 * 1024;

export interface WebhookSenderOptions {
  readonly nodeId: bigint;
  /** The operator key. */
  readonly wallet: Wallet;
  /** The domain of grants and receipts. */
  readonly domain: TypedDataDomain;
  /** For one request, from the look-up of the name to the end of the answer. */
  readonly timeoutMs: number;
  /** Takes http and private addresses too: for a devnet. */
  readonly allowPrivate: boolean;
  /** The addresses of a host; by the system's resolver unless given. */
  readonly resolve?: (host: string) => Promise<string[]>;
}

/** The endpoint answered, but not with a status that says it has the event. Its other rooms may do better. */
export class WebhookRejected extends Error {
  constructor(readonly status: number) {
    super(`HTTP ${status}`);
    this.name = "WebhookRejected";
  }
}

/**
 * Posts single events, signed. A redirect is not followed: it could lead anywhere. A connection goes to the addresses
 * that were checked, whatever the name says a moment later.
 */
export class WebhookSender {
  readonly #options: WebhookSenderOptions;
  readonly #http = new HttpAgent({ keepAlive: true, maxFreeSockets: 32, timeout: 30_000 });
  readonly #https = new HttpsAgent({ keepAlive: true, maxFreeSockets: 32, timeout: 30_000 });

  constructor(options: WebhookSenderOptions) {
    this.#options = options;
  }

  /** Why events are never sent to a URL, as far as it shows in the URL itself. */
  fault(url: string): string | undefined {
    const { allowPrivate } = this.#options;
    return new PublicUrlPolicy({ protocols: ["https:"], allowPrivate }).fault(url);
  }

  /**
   * Sends an event once; resolves when the endpoint has answered that it has it (HTTP 2xx).
   * @throws WebhookRejected for another status. Error where there was no answer in time, or the URL is not allowed.
   */
  async send(url: string, app: Address, body: string, signal: AbortSignal): Promise<void> {
    const late = AbortSignal.timeout(this.#options.timeoutMs);
    const ended = AbortSignal.any([late, signal]);
    const addresses = await unlessAborted(this.#allowedAddresses(url), ended);
    const bytes = new TextEncoder().encode(body);
    const headers = { ...(await this.#proof(app, bytes)), "content-type": "application/json" };
    const status = await this.#post(url, { headers, addresses, signal: ended }, bytes);
    if (status < 200 || status > 299) throw new WebhookRejected(status);
  }

  /** Closes idle connections. */
  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  /** Where the URL leads now: checked addresses. */
  async #allowedAddresses(url: string): Promise<readonly string[]> {
    const { allowPrivate, resolve = addressesOf } = this.#options;
    let addresses: readonly string[] = [];
    const noted = async (host: string): Promise<string[]> => {
      const found = await resolve(host);
      addresses = found;
      return found;
    };
    const policy = new PublicUrlPolicy({ protocols: ["https:"], allowPrivate, resolve: noted });
    const fault = await policy.faultResolved(url);
    if (fault !== undefined) throw new Error(`the URL is not allowed: ${fault}`);
    return addresses;
  }

  async #proof(app: Address, bytes: Uint8Array): Promise<Record<string, string>> {
    const { nodeId, wallet, domain } = this.#options;
    const issuedAt = BigInt(Math.floor(Date.now() / 1_000));
    const proof = { nodeId, app, bodyHash: bodyHash(bytes), issuedAt };
    const signature: Hex = await webhookProof.sign(wallet, domain, proof);
    return { [WEBHOOK_HEADERS.signature]: signature, [WEBHOOK_HEADERS.issuedAt]: issuedAt.toString() };
  }

  #post(
    url: string,
    what: { headers: Record<string, string>; addresses: readonly string[]; signal: AbortSignal },
    bytes: Uint8Array,
  ): Promise<number> {
    const { headers, addresses, signal } = what;
    const secure = new URL(url).protocol === "https:";
    const options: RequestOptions = {
      method: "POST",
      headers: { ...headers, "content-length": bytes.byteLength },
      agent: secure ? this.#https : this.#http,
      signal,
      ...(addresses.length === 0 ? {} : { lookup: pinnedTo(addresses) }),
    };
    return new Promise((resolve, reject) => {
      const request = (secure ? httpsRequest : httpRequest)(url, options);
      const failed = (error: Error): void =>
        reject(signal.aborted && signal.reason instanceof Error ? signal.reason : error);
      request.on("error", failed);
      request.on("response", (response) => readToEnd(response, resolve, failed));
      request.end(bytes);
    });
  }
}

/** Reads what is short enough, so that the connection can be used again, and reports the status. */
function readToEnd(
  response: IncomingMessage,
  done: (status: number) => void,
  failed: (error: Error) => void,
): void {
  let bytes = 0;
  response.on("data", (chunk: Buffer) => {
    bytes += chunk.byteLength;
    if (bytes <= MAX_ANSWER_BYTES) return;
    done(response.statusCode ?? 0);
    response.destroy();
  });
  response.on("end", () => done(response.statusCode ?? 0));
  response.on("error", failed);
}

function pinnedTo(addresses: readonly string[]): LookupFunction {
  const all = addresses.map((address) => ({ address, family: isIPv6(address) ? 6 : 4 }));
  return (_, options, callback) => {
    const [first] = all;
    if (options.all === true || first === undefined) callback(null, all);
    else callback(null, first.address, first.family);
  };
}

async function addressesOf(host: string): Promise<string[]> {
  return (await lookup(host, { all: true })).map(({ address }) => address);
}
