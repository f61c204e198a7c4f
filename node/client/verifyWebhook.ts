import { Contract } from "ethers";
import type { ContractRunner } from "ethers";
import { z } from "zod";
import { isHex, parseAddress } from "../protocol/hex.js";
import { InvalidSignature, webhookProof } from "../protocol/typedData.js";
import type { Address, Hex, TypedDataDomain } from "../protocol/typedData.js";
import { bodyHash } from "../protocol/voucherExchange.js";
import { WEBHOOK_HEADERS, webhookEventSchema } from "../protocol/webhook.js";
import type { WebhookEvent } from "../protocol/webhook.js";

/** HTTP headers: Node's `request.headers`, or those of a fetch `Request`. */
export type WebhookHeaders = Headers | Readonly<Record<string, string | string[] | undefined>>;

/** Which key signs for a node now; undefined where there is no such node. */
export type OperatorOf = (nodeId: bigint) => Promise<Address | undefined>;

export interface VerifyWebhookOptions {
  /** Whose webhooks are expected. */
  readonly app: Address;
  /** `ServiceAttestations` of the network. */
  readonly domain: TypedDataDomain;
  /** Asks the registry; `operatorsOnChain` does. */
  readonly operatorOf: OperatorOf;
  /** How far the time of signing may be from this machine's clock; five minutes where left out. */
  readonly maxAgeMs?: number | undefined;
  /** Unix time in milliseconds. */
  readonly nowMs?: number | undefined;
}

export type WebhookRefusalCode =
  "body_too_large" | "unsigned" | "malformed" | "wrong_app" | "stale" | "node_unknown" | "signature_invalid";

/** A request that is no webhook of a node, or not for this app; `code` for programs, `message` for the log. */
export class WebhookRefused extends Error {
  override readonly name = "WebhookRefused";

  constructor(
    readonly code: WebhookRefusalCode,
    message: string,
  ) {
    super(message);
  }
}

const DEFAULT_MAX_AGE_MS = 300_000;
const MAX_BODY_BYTES = 64 * 1024;

/**
 * Checks that a webhook comes from a node, and which: its operator key has signed the body for this app, lately. Whether
 * the app's rooms are on that node is for the app to know: any node can say that something happened on itself. Events may
 * come more than once; their `id` tells.
 * @param body The bytes exactly as they came, before anything parses them.
 * @throws WebhookRefused: answer 4xx, and the node will not send this again as it is. What `operatorOf` throws: answer
 * 5xx, and it will.
 */
export async function verifyWebhook(
  headers: WebhookHeaders,
  body: Uint8Array | string,
  options: VerifyWebhookOptions,
): Promise<WebhookEvent> {
  const { domain, operatorOf, maxAgeMs = DEFAULT_MAX_AGE_MS, nowMs = Date.now() } = options;
  const app = parseAddress(options.app);
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  if (bytes.length > MAX_BODY_BYTES) {
    throw new WebhookRefused("body_too_large", `a body of ${bytes.length} bytes: at most ${MAX_BODY_BYTES}`);
  }
  const { signature, issuedAt } = proofIn(headers);
  const ageMs = Math.abs(nowMs - Number(issuedAt) * 1_000);
  if (ageMs > maxAgeMs) {
    throw new WebhookRefused("stale", `signed ${Math.round(ageMs / 1_000)} s off this machine's clock`);
  }
  const event = parseEvent(bytes);
  if (event.app !== app) throw new WebhookRefused("wrong_app", `the event is of app ${event.app}`);
  const signer = signerOf(
    domain,
    { nodeId: event.nodeId, app, bodyHash: bodyHash(bytes), issuedAt },
    signature,
  );
  const operator = await operatorOf(event.nodeId);
  if (operator === undefined) throw new WebhookRefused("node_unknown", `there is no node ${event.nodeId}`);
  if (parseAddress(operator) !== signer) {
    const message = `signed by ${signer}, the operator of node ${event.nodeId} is ${operator}`;
    throw new WebhookRefused("signature_invalid", message);
  }
  return event;
}

/** Reads operator keys from the chain, each again after a minute at the latest. */
export function operatorsOnChain(
  runner: ContractRunner,
  serviceAttestations: Address,
  cacheMs = 60_000,
): OperatorOf {
  const contract = new Contract(
    serviceAttestations,
    ["function operatorOf(uint256 nodeId) view returns (address)"],
    runner,
  );
  const known = new Map<bigint, { readonly readAtMs: number; readonly operator: Address | undefined }>();
  return async (nodeId) => {
    const cached = known.get(nodeId);
    if (cached && Date.now() - cached.readAtMs < cacheMs) return cached.operator;
    const read = parseAddress(String(await contract.getFunction("operatorOf").staticCall(nodeId)));
    const operator = BigInt(read) === 0n ? undefined : read;
    // Strangers can name any number of nodes.
    if (known.size >= MAX_KNOWN_OPERATORS) known.clear();
    known.set(nodeId, { readAtMs: Date.now(), operator });
    return operator;
  };
}

const MAX_KNOWN_OPERATORS = 10_000;

function proofIn(headers: WebhookHeaders): { signature: Hex; issuedAt: bigint } {
  const issuedAt = header(headers, WEBHOOK_HEADERS.issuedAt) ?? "";
  const signature = header(headers, WEBHOOK_HEADERS.signature);
  if (!/^[0-9]{1,12}$/.test(issuedAt) || !(isHex(signature, 65) || isHex(signature, 64))) {
    const { signature: signatureHeader, issuedAt: issuedAtHeader } = WEBHOOK_HEADERS;
    throw new WebhookRefused("unsigned", `headers ${signatureHeader} and ${issuedAtHeader} are needed`);
  }
  return { signature, issuedAt: BigInt(issuedAt) };
}

function header(headers: WebhookHeaders, name: string): string | undefined {
  if (headers instanceof Headers) return headers.get(name) ?? undefined;
  const value = headers[name];
  return typeof value === "string" ? value : undefined;
}

function parseEvent(bytes: Uint8Array): WebhookEvent {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(bytes));
  } catch {
    throw new WebhookRefused("malformed", "the body is not JSON in UTF-8");
  }
  const parsed = webhookEventSchema.safeParse(json);
  if (parsed.success) return parsed.data;
  throw new WebhookRefused("malformed", z.prettifyError(parsed.error).slice(0, 1_024));
}

function signerOf(
  domain: TypedDataDomain,
  proof: Parameters<typeof webhookProof.recover>[1],
  signature: Hex,
): Address {
  try {
    return webhookProof.recover(domain, proof, signature);
  } catch (error) {
    if (!(error instanceof InvalidSignature)) throw error;
    throw new WebhookRefused("signature_invalid", error.message);
  }
}
