import { request as httpRequest } from "node:http";
import { request as httpsRequest } from "node:https";
import type { Wallet } from "ethers";
import { httpRefusalSchema } from "../../protocol/httpRefusal.js";
import { toWire } from "../../protocol/schemas.js";
import { nodeRequest } from "../../protocol/typedData.js";
import type { TypedDataDomain } from "../../protocol/typedData.js";
import { REACH_HEADERS, REACH_PATH, reachAnswerSchema, reachBodyHash } from "./reachExchange.js";
import type { ReachAnswer, ReachRequest } from "./reachExchange.js";

export interface ReachQuestion extends ReachRequest {
  /** The asked node's WebSocket URL, from the registry. */
  readonly endpoint: string;
  /** Over which the node asks, and so is asked back. */
  readonly family: 4 | 6;
}

export interface ReachClientOptions {
  /** The operator key. */
  readonly wallet: Wallet;
  readonly domain: TypedDataDomain;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

const MAX_ANSWER_BYTES = 16 * 1024;

/**
 * Asks another node to test this one's media ports.
 * @throws Error saying why it did not.
 */
export async function askWhetherReachable(
  { endpoint, family, ...question }: ReachQuestion,
  { wallet, domain, timeoutMs, signal }: ReachClientOptions,
): Promise<ReachAnswer> {
  const body = Buffer.from(JSON.stringify(toWire(question)), "utf8");
  const issuedAt = Math.floor(Date.now() / 1_000);
  const { fromNodeId, toNodeId } = question;
  const signature = await nodeRequest.sign(wallet, domain, {
    ...{ fromNodeId, toNodeId, bodyHash: reachBodyHash(body), issuedAt: BigInt(issuedAt) },
  });
  const { status, text } = await post(reachUrl(endpoint), {
    body,
    family,
    headers: { [REACH_HEADERS.issuedAt]: String(issuedAt), [REACH_HEADERS.signature]: signature },
    signal: AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]),
  });
  const json = parseJson(text);
  if (status === 200) return reachAnswerSchema.parse(json);
  throw new Error(
    httpRefusalSchema.safeParse(json).data?.message.slice(0, 300) ?? `it answers HTTP ${status}`,
  );
}

/** On the port on which participants connect by WebSocket. */
function reachUrl(endpoint: string): URL {
  const url = new URL(endpoint);
  url.protocol = url.protocol === "wss:" ? "https:" : "http:";
  url.pathname = REACH_PATH;
  url.search = "";
  return url;
}

interface Post {
  readonly body: Buffer;
  readonly family: 4 | 6;
  readonly headers: Record<string, string>;
  readonly signal: AbortSignal;
}

/** By hand and not by `fetch`, which cannot be told whether to use IPv4 or IPv6. */
function post(url: URL, { body, family, headers, signal }: Post): Promise<{ status: number; text: string }> {
  const send = url.protocol === "https:" ? httpsRequest : httpRequest;
  return new Promise((resolve, reject) => {
    const request = send(
      url,
      {
        ...{ method: "POST", family, signal, agent: false },
        headers: { ...headers, "content-type": "application/json", "content-length": body.length },
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => {
          text += chunk;
          if (text.length > MAX_ANSWER_BYTES) request.destroy(new Error("the answer is too long"));
        });
        response.on("end", () => resolve({ status: response.statusCode ?? 0, text }));
        response.on("error", reject);
      },
    );
    request.on("error", reject);
    request.end(body);
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
