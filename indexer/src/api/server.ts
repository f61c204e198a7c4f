import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { once } from "node:events";
import { Pool } from "pg";
import { readDeployment } from "../shared/deployment";
import type { Logger } from "../shared/log";
import { CONSOLE_DIRECTORY, CONSOLE_PATH } from "./console";
import { sendFile } from "./files";
import { createGraphql, GRAPHQL_PATH, type GraphqlServer } from "./graphql";
import { HeadFeed } from "./heads";
import { MAX_REQUEST_BYTES } from "./limits";
import { checkReadiness } from "./readiness";
import type { ApiSettings } from "./settings";
import { serveSockets } from "./sockets";

/** A running API. */
export interface Api {
  /** URL of the page, with a slash at the end. */
  readonly url: string;
  readonly graphqlUrl: string;
  /** Ends subscriptions and connections; resolves when nothing is left. */
  stop(): Promise<void>;
}

/** Time to wait for a connection of the pool before a query is told that the server is busy. */
const POOL_WAIT_MS = 5_000;

/**
 * Starts the API: GraphQL, its console, the network's page, health and readiness. Waits for the database.
 * @param signal Gives up waiting.
 */
export async function startApi(settings: ApiSettings, log: Logger, signal: AbortSignal): Promise<Api> {
  const pool = new Pool({
    connectionString: settings.DB_URL,
    max: settings.DB_CONNECTIONS,
    connectionTimeoutMillis: POOL_WAIT_MS,
    statement_timeout: settings.QUERY_TIMEOUT_MS,
    idle_in_transaction_session_timeout: 2 * settings.QUERY_TIMEOUT_MS,
    application_name: "dtelecom-api",
  });
  pool.on("error", (error) => log.warn({ err: error }, "an idle database connection broke"));
  const stopped = new AbortController();
  signal.addEventListener("abort", () => stopped.abort(), { once: true });
  const heads = new HeadFeed(settings.DB_URL, log, stopped.signal);
  const listening = heads.run();
  const graphql = await createGraphql({ settings, pool, heads, log });
  const routes: Routes = { settings, pool, heads, graphql, config: pageConfig(settings) };
  const server = createServer((request, response) => {
    route(routes, request, response).catch((error: unknown) => {
      log.error({ err: error, url: request.url?.slice(0, 200) }, "a request failed");
      if (!response.headersSent) sendJson(response, 500, { error: "Something went wrong on the server." });
      else response.destroy();
    });
  });
  const stopSockets = serveSockets(server, graphql);
  const stop = async (): Promise<void> => {
    stopped.abort();
    await stopSockets();
    const closed = once(server, "close");
    server.close();
    server.closeIdleConnections();
    // Event streams end with the heads; what still runs after that is cut.
    const cut = setTimeout(() => server.closeAllConnections(), 1_000);
    await closed;
    clearTimeout(cut);
    await graphql.dispose();
    await listening;
    await pool.end();
  };
  try {
    await heads.waitUntilLive();
    server.listen(settings.API_PORT, settings.API_HOST);
    await once(server, "listening");
  } catch (error) {
    stopped.abort();
    await Promise.all([listening, pool.end()]);
    throw error;
  }
  const url = urlOf(server, settings.API_HOST);
  return { url: `${url}/`, graphqlUrl: `${url}${GRAPHQL_PATH}`, stop };
}

interface Routes {
  readonly settings: ApiSettings;
  readonly pool: Pool;
  readonly heads: HeadFeed;
  readonly graphql: GraphqlServer;
  readonly config: unknown;
}

async function route(routes: Routes, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname } = new URL(request.url ?? "/", "http://localhost");
  if (pathname === GRAPHQL_PATH) {
    if (isTooLarge(request)) {
      response.setHeader("connection", "close");
      sendJson(response, 413, {
        errors: [
          {
            message: `The request is too large: it needs a content-length of at most ${MAX_REQUEST_BYTES} bytes.`,
            extensions: { code: "BAD_USER_INPUT" },
          },
        ],
      });
      return;
    }
    await routes.graphql(request, response);
    return;
  }
  if (request.method !== "GET" && request.method !== "HEAD") {
    response.setHeader("allow", "GET, HEAD");
    sendJson(response, 405, {
      error: `${request.method} is not possible here; GraphQL is at ${GRAPHQL_PATH}.`,
    });
    return;
  }
  if (pathname === "/health") {
    sendJson(response, 200, { alive: true });
    return;
  }
  if (pathname === "/ready") {
    const readiness = await checkReadiness(routes.pool, routes.heads);
    sendJson(response, readiness.ready ? 200 : 503, readiness);
    return;
  }
  if (pathname === "/config.json") {
    sendJson(response, 200, routes.config);
    return;
  }
  const isConsole = pathname.startsWith(`${CONSOLE_PATH}/`);
  const directory = isConsole ? CONSOLE_DIRECTORY : routes.settings.PAGE_DIRECTORY;
  const path = isConsole ? pathname.slice(CONSOLE_PATH.length) : pathname;
  if (await sendFile(directory, path, request, response)) return;
  sendJson(response, 404, { error: `There is nothing at this path; GraphQL is at ${GRAPHQL_PATH}.` });
}

/** A body of unknown length counts as too large: GraphQL clients know what they send. */
function isTooLarge(request: IncomingMessage): boolean {
  if (request.method !== "POST") return false;
  const length = Number(request.headers["content-length"] ?? Number.NaN);
  return !(length <= MAX_REQUEST_BYTES);
}

function sendJson(response: ServerResponse, status: number, content: unknown): void {
  const body = JSON.stringify(content);
  response.writeHead(status, {
    "content-type": "application/json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
  });
  response.end(body);
}

/** What the page needs to know of the network that it shows. */
function pageConfig(settings: ApiSettings): unknown {
  return {
    graphqlPath: GRAPHQL_PATH,
    deployment: settings.DEPLOYMENT_FILE === undefined ? null : readDeployment(settings.DEPLOYMENT_FILE),
    nodeEndpoints: settings.NODE_ENDPOINTS ?? [],
    appEndpoint: settings.APP_ENDPOINT ?? null,
  };
}

function urlOf(server: Server, host: string): string {
  const address = server.address();
  if (typeof address !== "object" || address === null) throw new Error("The server has no address.");
  const name = host === "0.0.0.0" || host === "::" ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${address.port}`;
}
