import type { Logger } from "pino";
import type { MediaServer } from "../media/MediaServer.js";
import { JoinRefused } from "../protocol/refusals.js";
import { SIGNALING_SUBPROTOCOL } from "../protocol/signaling.js";
import type { Admission } from "./admission.js";
import { Connection } from "./Connection.js";
import { drainLobby } from "./drain.js";
import { Entrance } from "./Entrance.js";
import { announceEpochs } from "./epochAnnouncer.js";
import { DEFAULT_SIGNALING_LIMITS } from "./limits.js";
import type { SignalingLimits } from "./limits.js";
import { Lobby } from "./Lobby.js";
import { Moderation } from "./Moderation.js";
import type { PublicRoute, PublicUpgrade } from "./publicRoutes.js";
import { PublicServer } from "./PublicServer.js";
import { loneRooms } from "./roomLinks.js";
import type { RoomLinks } from "./roomLinks.js";
import { noObserver } from "./roomObserver.js";
import type { RoomObserver } from "./roomObserver.js";
import { healthRoute, moderationRoute } from "./signalingRoutes.js";

export interface SignalingOptions {
  readonly admission: Admission;
  readonly media: MediaServer;
  /** Port 0: any that is free. */
  readonly listen: { readonly host: string; readonly port: number };
  readonly limits?: Partial<SignalingLimits> | undefined;
  /** Rooms that span nodes; each room is on this node alone unless given. */
  readonly links?: RoomLinks | undefined;
  /** Told what happens in rooms. */
  readonly observer?: RoomObserver | undefined;
  /** What others serve on the same port. */
  readonly routes?: readonly PublicRoute[] | undefined;
  readonly upgrades?: readonly PublicUpgrade[] | undefined;
  /** IP addresses or networks of proxies in front of the node; limits then go by the `X-Forwarded-For` that they append. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** Of the node's software, for `GET /health`. */
  readonly version?: string | undefined;
  readonly logger: Logger;
  /** Aborted: says goodbye to all and closes, as `close()` does. */
  readonly signal?: AbortSignal | undefined;
}

export interface SignalingServer {
  /** Where clients connect, as seen from this machine: `ws://host:port/`. */
  readonly url: string;
  readonly port: number;
  /** Open WebSockets of participants, joined or not. */
  readonly connections: number;
  /** Those in rooms, the ones included who may still resume and audits. */
  readonly participants: number;
  /**
   * Lets nobody in any more and sends everybody to other nodes, room by room over the time that is given. Resolves when
   * all are gone or the time is over; whoever is left then stays until `close()`.
   * @throws The signal's reason where it is aborted; then the node lets participants in again.
   */
  drain(deadlineMs: number, signal?: AbortSignal): Promise<void>;
  /** Says goodbye to all, waits a moment for last receipts, and closes; resolves when all is released. */
  close(): Promise<void>;
}

/**
 * Frames above this are refused by the WebSocket layer before they are in memory. Above `maxMessageBytes`, which is
 * checked on whole messages, so that a client that is only a little too large is told so in words.
 */
const FRAME_HEADROOM = 4;

/** Listens for participants on `/`, and serves `GET /health` and `POST /rooms`. Throws where it cannot listen. */
export async function startSignaling(options: SignalingOptions): Promise<SignalingServer> {
  const { admission, media, logger, signal, observer = noObserver } = options;
  signal?.throwIfAborted();
  const limits = { ...DEFAULT_SIGNALING_LIMITS, ...options.limits };
  const links = options.links ?? loneRooms(admission.nodeId);
  const lobby = new Lobby(limits.maxSuspended);
  const moderation = new Moderation({ admission, lobby, links, removalMs: limits.removalMs, logger });
  const entrance = new Entrance({ admission, media, lobby, links, observer, moderation, limits, logger });

  const server = await PublicServer.start({
    ...{ listen: options.listen, limits, trustedProxies: options.trustedProxies, logger },
    routes: [
      healthRoute({ admission, media, lobby, entrance, version: options.version }),
      moderationRoute(moderation),
      ...(options.routes ?? []),
    ],
    upgrades: [
      {
        path: "/",
        subprotocol: SIGNALING_SUBPROTOCOL,
        maxMessageBytes: limits.maxMessageBytes * FRAME_HEADROOM,
        refuse: () =>
          lobby.halfOpen >= limits.maxHalfOpen ? "503 Too Many Connections Waiting To Join" : undefined,
        accept: (ws, { remoteAddress }) => {
          const onClosed = (connection: Connection) => lobby.disconnected(connection);
          lobby.connected(
            new Connection({ ...{ ws, remoteAddress, admission, entrance, limits, onClosed, logger } }),
          );
        },
      },
      ...(options.upgrades ?? []),
    ],
  });
  const stopEpochs = announceEpochs(admission.clock, (epoch) => {
    for (const participant of lobby.participants) participant.epochBegan(epoch);
  });

  const close = async () => {
    stopEpochs();
    server.stopListening();
    const [code, reason] = ["node_closing", "the node is shutting down"] as const;
    entrance.close(new JoinRefused("node_draining", reason));
    const waiting = [...lobby.connections].filter(({ joined }) => !joined);
    await Promise.all([
      ...lobby.remaining.map((participant) => participant.sendAway(code, reason)),
      ...waiting.map((connection) => connection.close(code, reason)),
    ]);
    await server.close();
    // Those who were being let in just now have found their socket closed.
    await Promise.all(lobby.remaining.map((participant) => participant.sendAway(code, reason)));
  };
  let closed: Promise<void> | undefined;
  const closeOnce = () => (closed ??= close());
  const abort = () => void closeOnce();
  signal?.addEventListener("abort", abort, { once: true });

  const { url, port } = server;
  return {
    url,
    port,
    get connections() {
      return lobby.connections.size;
    },
    get participants() {
      return lobby.participants.length;
    },
    async drain(deadlineMs, drainSignal) {
      entrance.close(new JoinRefused("node_draining", "this node is going down; join another one"));
      try {
        await drainLobby(lobby, deadlineMs, limits.farewellMs, drainSignal);
      } catch (error) {
        if (!closed) entrance.close(undefined);
        throw error;
      }
    },
    async close() {
      signal?.removeEventListener("abort", abort);
      await closeOnce();
    },
  };
}
