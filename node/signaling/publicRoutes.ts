import type { IncomingHttpHeaders } from "node:http";
import type { WebSocket } from "ws";
import { httpRefusal } from "../protocol/httpRefusal.js";

// What others may serve on the public port beside signaling.

export interface PublicRequest {
  /** The bytes as they came, so that what signs them can be checked; empty without a body. */
  readonly body: Buffer;
  readonly remoteAddress: string;
  readonly headers: IncomingHttpHeaders;
  /** Aborted when the client goes away or the server closes. */
  readonly signal: AbortSignal;
}

export interface PublicAnswer {
  readonly status: number;
  /** Sent as JSON; bigints as decimal strings. */
  readonly body: object;
  readonly headers?: Readonly<Record<string, string>> | undefined;
}

/** One request over HTTP. The server limits their rate by address, the body's size and the time it takes to arrive. */
export interface PublicRoute {
  readonly method: "GET" | "POST";
  /** As it stands in the request line, without a query: "/rooms". */
  readonly path: string;
  /** Largest body, in bytes; 0: none is read. */
  readonly maxBodyBytes: number;
  /** What it throws is logged and answered with 500. */
  handle(request: PublicRequest): Promise<PublicAnswer>;
}

/** WebSockets of another kind than participants'. They count towards the connections of their address. */
export interface PublicUpgrade {
  readonly path: string;
  /** The client must offer it. */
  readonly subprotocol: string;
  /** Largest message, in bytes. */
  readonly maxMessageBytes: number;
  /** Called with an open socket; whoever takes it closes it, and the server cuts it when it closes itself. */
  accept(ws: WebSocket, from: { readonly remoteAddress: string }): void;
}

/** An answer that says what is wrong, in the form of `httpRefusalSchema`. */
export function refusal(
  status: number,
  error: string,
  message: string,
  headers?: Record<string, string>,
): PublicAnswer {
  return { status, body: httpRefusal(error, message), headers };
}
