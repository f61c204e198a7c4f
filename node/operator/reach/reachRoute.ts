import { isIPv6 } from "node:net";
import type { Logger } from "pino";
import { isHex } from "../../protocol/hex.js";
import type { Address } from "../../protocol/hex.js";
import { InvalidSignature, nodeRequest } from "../../protocol/typedData.js";
import type { TypedDataDomain } from "../../protocol/typedData.js";
import { PublicUrlPolicy } from "../../service/publicUrl.js";
import { refusal } from "../../signaling/publicRoutes.js";
import type { PublicAnswer, PublicRequest, PublicRoute } from "../../signaling/publicRoutes.js";
import {
  MAX_REACH_BODY_BYTES,
  REACH_HEADERS,
  REACH_PATH,
  REACH_REQUEST_MAX_AGE_SECONDS,
  STUN_TIMEOUT_MS,
  reachBodyHash,
  reachRequestSchema,
} from "./reachExchange.js";
import type { ReachAnswer, ReachRequest } from "./reachExchange.js";
import { plainAddress } from "./stunMessage.js";
import { probeByStun } from "./stunProbe.js";

export interface ReachRouteOptions {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  /** A node's operator key; undefined where there is no such node. Rejects where the chain cannot be asked. */
  readonly operatorOf: (nodeId: bigint) => Promise<Address | undefined>;
  /** Serves nodes at private addresses too: for a devnet. */
  readonly allowPrivate: boolean;
  readonly log: Logger;
  readonly nowMs?: () => number;
}

/** A node is served again after this. */
const PAUSE_MS = 5_000;
const RETRY_AFTER_SECONDS = PAUSE_MS / 1_000;
/** Served at a time, so that this node sends little whoever asks. */
const MAX_AT_ONCE = 4;
/** Nodes whose last request is remembered. */
const MAX_REMEMBERED = 1_000;

/**
 * Lets other operators test from outside whether their media ports are open. It cannot be used against others: only
 * registered nodes are served, seldom, and nothing is sent to any address but the one that the request came from.
 */
export function reachRoute(options: ReachRouteOptions): PublicRoute {
  const { log, allowPrivate, nowMs = Date.now } = options;
  const policy = new PublicUrlPolicy({ protocols: ["http:"], allowPrivate });
  const lastServedMs = new Map<bigint, number>();
  let running = 0;

  const serve = async (request: PublicRequest): Promise<PublicAnswer> => {
    const address = plainAddress(request.remoteAddress);
    const host = isIPv6(address) ? `[${address}]` : address;
    if (policy.fault(`http://${host}/`) !== undefined)
      return refusal(403, "address_private", `${address} is no public address`);
    const body = reachRequestSchema.safeParse(parseJson(request.body));
    if (!body.success) return refusal(400, "request_malformed", "the body is no reach request");
    const fault = await faultOf(request, body.data, options);
    if (fault !== undefined) return fault;
    const { fromNodeId, targets } = body.data;
    const now = nowMs();
    if (now - (lastServedMs.get(fromNodeId) ?? -Infinity) < PAUSE_MS || running >= MAX_AT_ONCE)
      return refusal(429, "rate_limited", `try again in ${RETRY_AFTER_SECONDS} s`, {
        "retry-after": String(RETRY_AFTER_SECONDS),
      });
    lastServedMs.delete(fromNodeId);
    lastServedMs.set(fromNodeId, now);
    if (lastServedMs.size > MAX_REMEMBERED) lastServedMs.delete(lastServedMs.keys().next().value ?? 0n);
    running += 1;
    try {
      const answer = await reach(address, targets, request.signal);
      log.info(
        { fromNodeId: fromNodeId.toString(), address },
        "another node asked whether it can be reached",
      );
      return { status: 200, body: answer };
    } finally {
      running -= 1;
    }
  };
  return { method: "POST", path: REACH_PATH, maxBodyBytes: MAX_REACH_BODY_BYTES, handle: serve };
}

async function reach(
  address: string,
  targets: ReachRequest["targets"],
  signal: AbortSignal,
): Promise<ReachAnswer> {
  const results = await Promise.all(
    targets.map(async ({ protocol, port, usernameFragment, password }) => {
      const credentials = { usernameFragment, password };
      const result = await probeByStun({ protocol, address, port, credentials }, STUN_TIMEOUT_MS, signal);
      return result.reached
        ? { protocol, port, reached: true, roundTripMs: result.roundTripMs }
        : { protocol, port, reached: false, error: result.error.slice(0, 300) };
    }),
  );
  return { address, results };
}

/** Why a request is not served: not for this node, stale, or not signed by the node that it names. */
async function faultOf(
  { body, headers }: PublicRequest,
  { fromNodeId, toNodeId }: ReachRequest,
  { nodeId, domain, operatorOf, nowMs = Date.now }: ReachRouteOptions,
): Promise<PublicAnswer | undefined> {
  if (toNodeId !== nodeId) return refusal(400, "wrong_node", `this is node ${nodeId}, not ${toNodeId}`);
  const issuedAt = Number(headers[REACH_HEADERS.issuedAt]);
  const ageSeconds = Math.abs(nowMs() / 1_000 - issuedAt);
  if (!Number.isSafeInteger(issuedAt) || ageSeconds > REACH_REQUEST_MAX_AGE_SECONDS)
    return refusal(401, "request_stale", "the request is not of this minute; check the clock");
  const signature = headers[REACH_HEADERS.signature];
  if (typeof signature !== "string" || !isHex(signature))
    return refusal(401, "request_unsigned", "the request is not signed");
  let signer: Address;
  try {
    const signed = { fromNodeId, toNodeId, bodyHash: reachBodyHash(body), issuedAt: BigInt(issuedAt) };
    signer = nodeRequest.recover(domain, signed, signature);
  } catch (error) {
    if (error instanceof InvalidSignature) return refusal(401, "request_signature_invalid", error.message);
    throw error;
  }
  if ((await operatorOf(fromNodeId)) === signer) return undefined;
  const message = `${signer} is not the operator key of node ${fromNodeId}`;
  return refusal(403, "request_signature_invalid", message);
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
