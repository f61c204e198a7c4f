import { createServer } from "node:http";
import type { IncomingMessage, Server } from "node:http";
import { isIPv6 } from "node:net";
import type { Duplex } from "node:stream";
import type { Logger } from "pino";
import { WebSocketServer } from "ws";
import type { MediaServer } from "../media/MediaServer.js";
import { SIGNALING_SUBPROTOCOL } from "../protocol/signaling.js";
import type { Admission } from "./admission.js";
import { announceEpochs } from "./epochAnnouncer.js";
import { DEFAULT_SIGNALING_LIMITS } from "./limits.js";
import type { SignalingLimits } from "./limits.js";
import { Lobby } from "./Lobby.js";
import { Participant } from "./Participant.js";

export interface SignalingOptions {
  readonly admission: Admission;
  readonly media: MediaServer;
  /** Port 0: any that is free. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly limits?: Partial<SignalingLimits> | undefined;
  readonly logger: Logger;
  /** Aborted: says goodbye to all and closes, as `close()` does. */
  readonly signal?: AbortSignal | undefined;
}

export interface SignalingServer {
  /** Where clients connect, as seen from this machine: `ws://host:port/`. */
  readonly url: string;
  readonly port: number;
  /** Open WebSockets, joined or not. */
  readonly connections: number;
  /** Says goodbye to all, waits a moment for last receipts, and closes; resolves when all is released. */
  close(): Promise<void>;
}

/**
 * Frames above this are refused by the WebSocket layer before they are in memory. Above `maxMessageBytes`, which is
 * checked on whole messages, so that a client that is only a little too large is told so in words.
 */
const FRAME_HEADROOM = 4;

/** Listens for participants. Throws where the address cannot be bound. `GET /health` on the same port answers 200. */
export async function startSignaling(options: SignalingOptions): Promise<SignalingServer> {
  const { admission, media, listen, logger, signal } = options;
  signal?.throwIfAborted();
  const limits = { ...DEFAULT_SIGNALING_LIMITS, ...options.limits };
  const lobby = new Lobby();
  const perAddress = new Map<string, number>();
  const webSocketServer = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.maxMessageBytes * FRAME_HEADROOM,
    handleProtocols: (offered) => (offered.has(SIGNALING_SUBPROTOCOL) ? SIGNALING_SUBPROTOCOL : false),
  });
  let closing = false;

  const server = createServer(
    {
      // How long a connection may take to say what it wants; checked by Node every so often.
      headersTimeout: limits.handshakeTimeoutMs,
      requestTimeout: limits.handshakeTimeoutMs,
      connectionsCheckingInterval: Math.max(100, limits.handshakeTimeoutMs / 4),
      keepAliveTimeout: 5_000,
      maxHeaderSize: 16 * 1024,
    },
    (request, response) => {
      // Bodies are not wanted: what comes is drained and dropped.
      request.resume();
      const healthy = request.url === "/health" && request.method === "GET";
      response.writeHead(healthy ? 200 : 404, {
        "content-type": "application/json",
        "cache-control": "no-store",
      });
      response.end(
        JSON.stringify(
          healthy
            ? { status: "ok", participants: lobby.size - lobby.halfOpen, rooms: media.roomCount }
            : {
                error:
                  "not found: participants connect by WebSocket to /, GET /health says whether the node is up",
              },
        ),
      );
    },
  );
  server.maxConnections = limits.maxConnections;
  server.on("error", (error) => logger.error({ err: error }, "signaling server failed"));

  server.on("upgrade", (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on("error", (error) => logger.debug({ err: error }, "connection failed"));
    const address = request.socket.remoteAddress ?? "unknown";
    const taken = perAddress.get(address) ?? 0;
    const refusal = refuse(request, { closing, halfOpen: lobby.halfOpen, taken, limits });
    if (refusal) {
      logger.debug({ address, refusal }, "connection refused");
      return void socket.end(`HTTP/1.1 ${refusal}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
    }
    perAddress.set(address, taken + 1);
    socket.once("close", () => {
      const left = (perAddress.get(address) ?? 1) - 1;
      if (left > 0) perAddress.set(address, left);
      else perAddress.delete(address);
    });
    webSocketServer.handleUpgrade(request, socket, head, (ws) => {
      lobby.enter(new Participant(ws, { admission, media, lobby, limits, logger }, address));
    });
  });

  await listening(server, listen);
  const stopEpochs = announceEpochs(admission.clock, (epoch) => {
    for (const participant of lobby.participants) participant.announceEpoch(epoch);
  });

  const close = async () => {
    closing = true;
    stopEpochs();
    const closed = new Promise((resolve) => server.close(resolve));
    await Promise.all(
      lobby.participants.map((one) => one.sendAway("node_closing", "the node is shutting down")),
    );
    server.closeAllConnections();
    await closed;
  };
  let closed: Promise<void> | undefined;
  const closeOnce = () => (closed ??= close());
  const abort = () => void closeOnce();
  signal?.addEventListener("abort", abort, { once: true });

  const port = portOf(server);
  const host = isIPv6(listen.host) ? `[${listen.host}]` : listen.host;
  return {
    url: `ws://${host}:${port}/`,
    port,
    get connections() {
      return lobby.size;
    },
    async close() {
      signal?.removeEventListener("abort", abort);
      await closeOnce();
    },
  };
}

function refuse(
  request: IncomingMessage,
  state: { closing: boolean; halfOpen: number; taken: number; limits: SignalingLimits },
): string | undefined {
  if (state.closing) return "503 Node Closing";
  if (new URL(request.url ?? "/", "ws://node").pathname !== "/") return "404 Not Found";
  if (state.taken >= state.limits.maxConnectionsPerAddress)
    return "429 Too Many Connections From This Address";
  if (state.halfOpen >= state.limits.maxHalfOpen) return "503 Too Many Connections Waiting To Join";
  return undefined;
}

function listening(server: Server, { host, port }: SignalingOptions["listen"]): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the signaling server has no port");
  return address.port;
}
