import { createServer } from "node:http";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { isIPv6 } from "node:net";
import type { Socket } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { toWire } from "../protocol/schemas.js";
import { AddressLimiter } from "./AddressLimiter.js";
import type { SignalingLimits } from "./limits.js";
import { refusal } from "./publicRoutes.js";
import type { PublicAnswer, PublicRoute, PublicUpgrade } from "./publicRoutes.js";
import { BodyRefused, readBody } from "./requestBody.js";
import { TrustedProxies } from "./TrustedProxies.js";

/** A WebSocket endpoint that may say by itself that it takes nobody now: an HTTP status line without the version. */
export interface Upgrade extends PublicUpgrade {
  readonly refuse?: (() => string | undefined) | undefined;
}

export interface PublicServerOptions {
  /** Port 0: any that is free. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly limits: SignalingLimits;
  readonly routes: readonly PublicRoute[];
  readonly upgrades: readonly Upgrade[];
  /** IP addresses or networks of proxies that say by `X-Forwarded-For` for whom they speak. */
  readonly trustedProxies?: readonly string[] | undefined;
  readonly logger: Logger;
}

/** TCP connections for plain HTTP that one address may have beside its WebSockets. */
const HTTP_CONNECTIONS_PER_ADDRESS = 64;

/** The port that everybody reaches: HTTP requests and WebSockets, limited by number, rate, size and time. */
export class PublicServer {
  readonly #options: PublicServerOptions;
  readonly #server: Server;
  readonly #proxies: TrustedProxies;
  readonly #requests: AddressLimiter;
  readonly #upgrades: AddressLimiter;
  readonly #upgradersByPath: ReadonlyMap<string, { endpoint: Upgrade; acceptor: WebSocketServer }>;
  readonly #webSockets = new Set<WebSocket>();
  readonly #webSocketsByAddress = new Map<string, number>();
  readonly #connectionsByAddress = new Map<string, number>();
  readonly #closing = new AbortController();
  #running = 0;

  /** Throws where the address cannot be bound; RangeError where a proxy's address is none. */
  static async start(options: PublicServerOptions): Promise<PublicServer> {
    const server = new PublicServer(options);
    await server.#listen();
    return server;
  }

  private constructor(options: PublicServerOptions) {
    this.#options = options;
    const { limits, upgrades, logger } = options;
    this.#proxies = new TrustedProxies(options.trustedProxies ?? []);
    this.#requests = new AddressLimiter(limits.requestBurst, limits.requestsPerSecond);
    this.#upgrades = new AddressLimiter(2 * limits.maxConnectionsPerAddress, limits.connectionsPerSecond);
    this.#upgradersByPath = new Map(
      upgrades.map((endpoint) => [endpoint.path, { endpoint, acceptor: acceptorOf(endpoint) }]),
    );
    this.#server = createServer(
      {
        // How long a connection may take to say what it wants; checked by Node every so often.
        headersTimeout: limits.handshakeTimeoutMs,
        requestTimeout: limits.handshakeTimeoutMs,
        connectionsCheckingInterval: Math.max(100, limits.handshakeTimeoutMs / 4),
        keepAliveTimeout: 5_000,
        maxHeaderSize: 16 * 1024,
      },
      (request, response) => void this.#answer(request, response),
    );
    this.#server.maxConnections = limits.maxConnections;
    this.#server.on("error", (error) => logger.error({ err: error }, "public server failed"));
    this.#server.on("connection", (socket) => this.#connected(socket));
    this.#server.on("upgrade", (request, socket, head) => this.#upgrade(request, socket, head));
  }

  get port(): number {
    const address = this.#server.address();
    if (address === null || typeof address === "string") throw new Error("the public server has no port");
    return address.port;
  }

  /** Where WebSockets connect, as seen from this machine. */
  get url(): string {
    const { host } = this.#options.listen;
    return `ws://${isIPv6(host) ? `[${host}]` : host}:${this.port}/`;
  }

  /** Takes no more connections; those that are open go on. */
  stopListening(): void {
    this.#closing.abort(new Error("the node is closing"));
    this.#server.close();
    this.#server.closeIdleConnections();
  }

  /** Cuts what is still open; resolves when all is released. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.once("close", resolve));
    const listening = this.#server.listening;
    this.stopListening();
    const open = this.#connectionsByAddress.size > 0;
    for (const ws of this.#webSockets) ws.terminate();
    this.#server.closeAllConnections();
    if (listening || open) await closed;
  }

  #listen(): Promise<void> {
    const { host, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      this.#server.once("error", reject);
      this.#server.listen(port, host, () => {
        this.#server.off("error", reject);
        resolve();
      });
    });
  }

  #connected(socket: Socket): void {
    const address = socket.remoteAddress ?? "unknown";
    const { maxConnectionsPerAddress } = this.#options.limits;
    const release = take(this.#connectionsByAddress, address);
    socket.once("close", release);
    const count = this.#connectionsByAddress.get(address) ?? 0;
    if (!this.#proxies.has(address) && count > maxConnectionsPerAddress + HTTP_CONNECTIONS_PER_ADDRESS)
      socket.destroy();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer = await this.#work(request, response);
    if (response.destroyed) return;
    // A body that was not read to its end must not be taken for the next request.
    if (!request.complete) response.setHeader("connection", "close");
    response.writeHead(answer.status, {
      "content-type": "application/json",
      "cache-control": "no-store",
      ...answer.headers,
    });
    response.end(JSON.stringify(toWire(answer.body)));
  }

  async #work(request: IncomingMessage, response: ServerResponse): Promise<PublicAnswer> {
    const { routes, limits, logger } = this.#options;
    const remoteAddress = this.#proxies.clientOf(request);
    const path = pathOf(request);
    const here = routes.filter((route) => route.path === path);
    const route = here.find(({ method }) => method === request.method);
    if (!this.#requests.take(remoteAddress)) {
      return refusal(429, "rate_limited", "too many requests from this address", { "retry-after": "1" });
    }
    if (!route) return misdirected(request, here);
    if (this.#running >= limits.maxRunningRequests) {
      return refusal(503, "busy", "the node works on as many requests as it can", { "retry-after": "1" });
    }
    const gone = new AbortController();
    response.once("close", () => gone.abort(new Error("the client has gone")));
    const signal = AbortSignal.any([gone.signal, this.#closing.signal]);
    this.#running += 1;
    try {
      const body = await readBody(request, route.maxBodyBytes);
      return await route.handle({ body, remoteAddress, headers: request.headers, signal });
    } catch (error) {
      if (error instanceof BodyRefused) return refusal(error.status, error.code, error.message);
      if (!gone.signal.aborted) logger.error({ err: error, path }, "request failed");
      return refusal(500, "internal_error", "the node failed to do this; its log says why");
    } finally {
      this.#running -= 1;
    }
  }

  #upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    const { logger } = this.#options;
    socket.on("error", (error) => logger.debug({ err: error }, "connection failed"));
    const remoteAddress = this.#proxies.clientOf(request);
    const upgrader = this.#upgradersByPath.get(pathOf(request));
    const status = this.#refuse(remoteAddress, upgrader?.endpoint);
    if (!upgrader || status !== undefined) {
      logger.debug({ remoteAddress, status }, "connection refused");
      return void socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
    socket.once("close", take(this.#webSocketsByAddress, remoteAddress));
    upgrader.acceptor.handleUpgrade(request, socket, head, (ws) => {
      this.#webSockets.add(ws);
      ws.once("close", () => this.#webSockets.delete(ws));
      upgrader.endpoint.accept(ws, { remoteAddress });
    });
  }

  #refuse(remoteAddress: string, endpoint: Upgrade | undefined): string | undefined {
    if (this.#closing.signal.aborted) return "503 Node Closing";
    if (!endpoint) return "404 Not Found";
    const taken = this.#webSocketsByAddress.get(remoteAddress) ?? 0;
    if (taken >= this.#options.limits.maxConnectionsPerAddress || !this.#upgrades.take(remoteAddress)) {
      return "429 Too Many Connections From This Address";
    }
    return endpoint.refuse?.();
  }
}

function misdirected(request: IncomingMessage, here: readonly PublicRoute[]): PublicAnswer {
  if (here.length === 0) {
    return refusal(
      404,
      "not_found",
      "participants connect by WebSocket to /; GET /health says how the node is",
    );
  }
  const allow = here.map(({ method }) => method).join(", ");
  return refusal(405, "method_not_allowed", `${request.method} is not served here: ${allow} is`, { allow });
}

function acceptorOf({ subprotocol, maxMessageBytes }: PublicUpgrade): WebSocketServer {
  return new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: maxMessageBytes,
    handleProtocols: (offered) => (offered.has(subprotocol) ? subprotocol : false),
  });
}

/** Counts one more for a key; the returned function counts it off again. */
function take(counts: Map<string, number>, key: string): () => void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
  return () => {
    const left = (counts.get(key) ?? 1) - 1;
    if (left > 0) counts.set(key, left);
    else counts.delete(key);
  };
}

function pathOf(request: IncomingMessage): string {
  const [path = "/"] = (request.url ?? "/").split("?");
  return path;
}
