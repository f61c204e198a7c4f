import { createServer } from "node:http";
import type { ServerResponse } from "node:http";
import type { Logger } from "pino";
import type { NodeStatus } from "./status.js";

export interface PrivateServer {
  readonly port: number;
  close(): Promise<void>;
}

/**
 * Serves an operator on the private port: `GET /health` answers 200 or 503, `GET /status` the whole status as JSON.
 * @throws Error where the port cannot be bound.
 */
export async function startPrivateServer(
  listen: { host: string; port: number },
  status: () => Promise<NodeStatus>,
  log: Logger,
): Promise<PrivateServer> {
  const server = createServer((request, response) => {
    request.resume();
    const path = new URL(request.url ?? "/", "http://private").pathname;
    if (request.method !== "GET" || (path !== "/health" && path !== "/status")) {
      return answer(response, 404, { error: "GET /health and GET /status are served here" });
    }
    status().then(
      (current) => {
        const { healthy, problems } = current;
        if (path === "/status") answer(response, 200, current);
        else answer(response, healthy ? 200 : 503, { healthy, problems });
      },
      (error: unknown) => {
        log.error({ err: error }, "the status could not be put together");
        answer(response, 500, { error: "the status could not be put together; see the log" });
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

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { "content-type": "application/json", "cache-control": "no-store" });
  response.end(`${JSON.stringify(body)}\n`);
}
