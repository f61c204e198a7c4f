import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "pino";
import { ScoresRefused } from "../service/audits/auditDesk.js";
import type { NodeService } from "./nodeService.js";

export interface PrivateServer {
  readonly port: number;
  close(): Promise<void>;
}

/** What the operator sees and decides. */
export type PrivateApi = Pick<NodeService, "status" | "seat" | "audits">;

interface Answer {
  readonly status: number;
  readonly body: object;
}

const MAX_BODY_BYTES = 32 * 1024;
const NOT_FOUND: Answer = {
  status: 404,
  body: {
    error:
      "GET /health, GET /status, GET and PUT /audits/<epoch>, POST /drain and POST /activate are served here",
  },
};

/**
 * Serves an operator on the private port:
 *
 *     GET /health            200 or 503, and what is wrong
 *     GET /status            the whole status
 *     GET /audits/<epoch>    whom this node audits
 *     PUT /audits/<epoch>    {"scores": {"<node id>": 0 to 10000}}, from an auditor
 *     POST /drain            maintenance: the node leaves the audit ring, then takes no joins
 *     POST /activate         the node serves again
 *
 * @throws Error where the port cannot be bound.
 */
export async function startPrivateServer(
  listen: { host: string; port: number },
  api: PrivateApi,
  log: Logger,
): Promise<PrivateServer> {
  const server = createServer((request, response) => {
    handle(request, api).then(
      (result) => answer(response, result),
      (error: unknown) => {
        log.error({ err: error, path: request.url }, "a request on the private port failed");
        answer(response, { status: 500, body: { error: "the request failed; see the log" } });
      },
    );
  });
  server.headersTimeout = 5_000;
  server.requestTimeout = 5_000;
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

async function handle(request: IncomingMessage, api: PrivateApi): Promise<Answer> {
  const body = await bodyOf(request);
  const path = new URL(request.url ?? "/", "http://private").pathname;
  const epoch = /^\/audits\/(\d{1,9})$/.exec(path)?.[1];
  const route = `${request.method} ${epoch === undefined ? path : "/audits"}`;
  // A page in the operator's browser may send to this port, but not without saying where it comes from.
  if (request.method !== "GET" && request.headers.origin !== undefined)
    return { status: 403, body: { error: "requests of web pages are not served" } };
  switch (route) {
    case "GET /health": {
      const { healthy, problems } = await api.status();
      return { status: healthy ? 200 : 503, body: { healthy, problems } };
    }
    case "GET /status":
      return { status: 200, body: await api.status() };
    case "GET /audits":
      return { status: 200, body: await api.audits.view(Number(epoch)) };
    case "PUT /audits":
      return handIn(api, Number(epoch), body);
    case "POST /drain":
    case "POST /activate":
      api.seat.want(route === "POST /activate");
      return { status: 202, body: api.seat.status };
    default:
      return NOT_FOUND;
  }
}

function handIn(api: PrivateApi, epoch: number, body: string | undefined): Answer {
  if (body === undefined) return { status: 413, body: { error: `more than ${MAX_BODY_BYTES} bytes` } };
  try {
    api.audits.handIn(epoch, parseJson(body));
  } catch (error) {
    if (error instanceof ScoresRefused) return { status: 409, body: { error: error.message } };
    throw error;
  }
  return { status: 200, body: { epoch } };
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

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function answer(response: ServerResponse, { status, body }: Answer): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}
