/** A small HTTP server for JSON: bounded bodies, open to pages of other origins, errors as JSON. */
import { once } from "node:events";
import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";

const MAX_BODY_BYTES = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 10_000;

/** An answer that is the caller's fault. */
export class HttpError extends Error {
  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message);
  }
}

export interface HttpRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface HttpAnswer {
  readonly status: number;
  /** A JSON text. */
  readonly body: string;
}

/** Keyed by method and path, as "POST /token". */
export type Routes = Readonly<Record<string, (request: HttpRequest) => Promise<HttpAnswer>>>;

export interface HttpServer {
  readonly port: number;
  close(): Promise<void>;
}

/** @param port 0 for any free one. */
export async function serveHttp(routes: Routes, port: number): Promise<HttpServer> {
  const server = createServer({ requestTimeout: REQUEST_TIMEOUT_MS }, (request, response) => {
    answer(routes, request).then(
      (result) => send(response, result),
      (error: unknown) => {
        if (!(error instanceof HttpError)) console.error(error);
        const status = error instanceof HttpError ? error.status : 500;
        const message = error instanceof HttpError ? error.message : "internal error";
        send(response, { status, body: JSON.stringify({ error: message }) });
      },
    );
  });
  server.listen(port, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("the server listens on no port");
  return {
    port: address.port,
    async close() {
      const closed = once(server, "close");
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function answer(routes: Routes, request: IncomingMessage): Promise<HttpAnswer> {
  if (request.method === "OPTIONS") return { status: 204, body: "" };
  const path = new URL(request.url ?? "/", "http://localhost").pathname;
  const route = routes[`${request.method ?? "GET"} ${path}`];
  if (route === undefined) throw new HttpError(404, `there is no ${request.method} ${path}`);
  const headers = Object.fromEntries(
    Object.entries(request.headers).flatMap(([name, value]) =>
      typeof value === "string" ? [[name, value] as const] : [],
    ),
  );
  return route({ headers, body: await readBody(request) });
}

async function readBody(request: IncomingMessage): Promise<Uint8Array> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Uint8Array>) {
    size += chunk.length;
    if (size > MAX_BODY_BYTES) throw new HttpError(413, `the body is longer than ${MAX_BODY_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function send(response: ServerResponse, { status, body }: HttpAnswer): void {
  response.writeHead(status, {
    "content-type": "application/json",
    // Whoever opens the page must be able to ask for a token; a real app would check who is asking.
    "access-control-allow-origin": "*",
    "access-control-allow-headers": "content-type",
    "access-control-allow-methods": "GET, POST, OPTIONS",
  });
  response.end(body);
}
