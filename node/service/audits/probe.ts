import { WebSocket } from "ws";
import {
  MAX_SERVER_MESSAGE_LENGTH,
  SIGNALING_SUBPROTOCOL,
  messageSchema,
  serverNotifications,
} from "../../protocol/signaling.js";
import type { TypedDataDomain } from "../../protocol/typedData.js";
import { PublicUrlPolicy } from "../publicUrl.js";

export interface ProbeOptions extends Omit<ProbeExpectation, "nodeId"> {
  /** Goes to private addresses too: for a devnet. */
  readonly allowPrivate: boolean;
}

/** Makes the function that tries an endpoint, which may be any stranger's: never one in this node's own network. */
export function createProbe(
  options: ProbeOptions,
): (endpoint: string, nodeId: bigint) => Promise<string | undefined> {
  const { allowPrivate, ...expected } = options;
  const urls = new PublicUrlPolicy({ protocols: ["ws:", "wss:"], allowPrivate });
  return async (endpoint, nodeId) => {
    try {
      const fault = await urls.faultResolved(endpoint);
      if (fault !== undefined) return fault;
    } catch (error) {
      return messageOf(error);
    }
    return probeNode(endpoint, { ...expected, nodeId });
  };
}

export interface ProbeExpectation {
  readonly nodeId: bigint;
  /** Of the deployment that the node must belong to. */
  readonly domain: TypedDataDomain;
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/**
 * Connects to a node's public endpoint like a participant, up to the point at which it would join: the node must take
 * the WebSocket and welcome us as the node that it is registered as.
 * @returns Why it did not; undefined where it did.
 */
export async function probeNode(endpoint: string, expected: ProbeExpectation): Promise<string | undefined> {
  const { timeoutMs, signal } = expected;
  let socket: WebSocket;
  try {
    socket = new WebSocket(endpoint, SIGNALING_SUBPROTOCOL, {
      followRedirects: false,
      handshakeTimeout: timeoutMs,
      maxPayload: MAX_SERVER_MESSAGE_LENGTH,
      perMessageDeflate: false,
    });
  } catch (error) {
    return messageOf(error);
  }
  const limit = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
  try {
    return await new Promise<string | undefined>((resolve) => {
      limit.addEventListener("abort", () => resolve(`no welcome within ${timeoutMs} ms`), { once: true });
      socket.on("error", (error) => resolve(messageOf(error)));
      socket.on("close", (code) => resolve(`closed with ${code} before a welcome`));
      socket.once("message", (data, isBinary) => {
        resolve(isBinary ? "it speaks another protocol" : welcomeFault(textOf(data), expected));
      });
    });
  } finally {
    socket.terminate();
  }
}

function welcomeFault(text: string, { nodeId, domain }: ProbeExpectation): string | undefined {
  const message = messageSchema.safeParse(parseJson(text)).data;
  if (message === undefined || !("notification" in message) || message.method !== "welcome")
    return "it speaks another protocol";
  const welcome = serverNotifications.welcome.safeParse(message.data).data;
  if (welcome === undefined) return "its welcome is malformed";
  if (welcome.nodeId !== nodeId) return `it says that it is node ${welcome.nodeId}`;
  const { chainId, verifyingContract } = welcome.domain;
  if (chainId !== domain.chainId || verifyingContract !== domain.verifyingContract)
    return "it belongs to another deployment";
  return undefined;
}

function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.from(data instanceof ArrayBuffer ? new Uint8Array(data) : data).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
