import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { isIP } from "node:net";
import type { Logger } from "pino";
import { privateRoutes } from "./privateRoutes.js";
import type { PrivateAnswer, PrivateParts } from "./privateRoutes.js";

export interface PrivateServer {
  readonly port: number;
  close(): Promise<void>;
}

export interface PrivateServerOptions extends PrivateParts {
  readonly log: Logger;
}

const MAX_BODY_BYTES = 32 * 1024;
/** Tests of media take some seconds. */
const REQUEST_MS = 30_000;

/**
 * Serves an operator on the private port; `privateRoutes.ts` lists what. Web pages of other origins are refused, and so
 * is every host name but the one that the server listens on: a name of somebody else's may lead here (DNS rebinding).
 * @throws Error where the port cannot be bound.
 */
export async function startPrivateServer(
  listen: { host: string; port: number },
  { log, ...parts }: PrivateServerOptions,
): Promise<PrivateServer> {
  const route = privateRoutes(parts);
  const server = createServer((request, response) => {
    const refused = strangerFault(request, listen.host);
    const answering = refused === undefined ? bodyOf(request).then((body) => route(request, body)) : refused;
    Promise.resolve(answering).then(
      (result) => answer(response, result),
      (error: unknown) => {
        log.error({ err: error, path: request.url }, "a request on the private port failed");
        answer(response, { status: 500, body: { error: "the request failed; see the log" } });
      },
    );
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = REQUEST_MS;
  server.maxConnections = 100;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listen.port, listen.host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : listen.port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** Why a request is not served that a page in the operator's browser may have sent. */
function strangerFault({ headers, method }: IncomingMessage, listenHost: string): PrivateAnswer | undefined {
  const host = headers.host ?? "";
  const name = URL.parse(`http://${host}`)?.hostname.replace(/^\[|\]$/g, "") ?? "";
  if (isIP(name) === 0 && name !== "localhost" && name !== listenHost.toLowerCase())
    return { status: 421, body: { error: "the private port is served by its address, not by this name" } };
  const { origin } = headers;
  if (origin !== undefined && origin !== `http://${host}`)
    return { status: 403, body: { error: "requests of other web pages are not served" } };
  // Forms of this page send their origin; a form without one is of a browser that hides it.
  if (method !== "GET" && origin === undefined && headers["sec-fetch-site"] !== undefined)
    return { status: 403, body: { error: "a browser must say which page sends the request" } };
  return undefined;
}

/** What a request carries; undefined where that is too much. */
async function bodyOf(request: IncomingMessage): Promise<string | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of request.iterator({ destroyOnReturn: false })) {
    if (!(chunk instanceof Buffer)) continue;
    bytes += chunk.byteLength;
    if (bytes <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return bytes > MAX_BODY_BYTES ? undefined : Buffer.concat(chunks).toString("utf8");
}

function answer(response: ServerResponse, { status, body, text, headers = {} }: PrivateAnswer): void {
  response.writeHead(status, {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(text === undefined ? { "content-type": "application/json" } : {}),
    ...headers,
  });
  response.end(text ?? `${JSON.stringify(body)}\n`);
}
