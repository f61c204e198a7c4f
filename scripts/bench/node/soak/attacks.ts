import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { SIGNALING_SUBPROTOCOL } from "../../../../node/protocol/signaling.js";

/** How long somebody who does nothing is waited for; the node must have hung up before. */
const PATIENCE_MS = 15_000;
const FLOOD_MESSAGES = 3_000;

/** What strangers do to a node. Each ends when the node has closed the connection, and rejects where it has not. */
export const ATTACKS = {
  /** Many messages at once. */
  async flood(url) {
    const socket = await opened(url);
    for (let id = 0; id < FLOOD_MESSAGES && socket.readyState === WebSocket.OPEN; id += 1) {
      socket.send(
        JSON.stringify({ request: true, id, method: "createTransport", data: { direction: "send" } }),
      );
    }
    await closed(socket);
  },

  /** Messages that are none. */
  async malformed(url) {
    const socket = await opened(url);
    const messages = ["", "{", "null", '{"request":true}', "[".repeat(10_000), randomBytes(500), "\u0000"];
    for (const message of messages) if (socket.readyState === WebSocket.OPEN) socket.send(message);
    await closed(socket);
  },

  /** One message that is far too large. */
  async tooLarge(url) {
    const socket = await opened(url);
    socket.send("x".repeat(4_000_000));
    await closed(socket);
  },

  /** A join with a grant that nobody signed. */
  async forged(url) {
    const socket = await opened(url);
    const grant = {
      app: `0x${"11".repeat(20)}`,
      sessionKey: `0x${"22".repeat(20)}`,
      room: `0x${"33".repeat(32)}`,
      maxBytesPerEpoch: "1000",
      expiresAt: "4000000000",
      detailsHash: `0x${"44".repeat(32)}`,
    };
    const signature = `0x${"55".repeat(65)}`;
    const data = { room: "soak", grant, grantSignature: signature, details: "{}", joinSignature: signature };
    socket.send(JSON.stringify({ request: true, id: 1, method: "join", data }));
    await closed(socket);
  },

  /** A WebSocket that never says anything. */
  async silent(url) {
    await closed(await opened(url));
  },

  /** A TCP connection that never says anything. */
  async halfOpen(url) {
    await hungUp(await dialled(url));
  },

  /** HTTP that never ends its headers. */
  async slowHeaders(url) {
    const socket = await dialled(url);
    socket.write("GET / HTTP/1.1\r\nHost: node\r\nX-A: ");
    await hungUp(socket);
  },

  /** Bytes that are no HTTP. */
  async noise(url) {
    const socket = await dialled(url);
    socket.write(randomBytes(2_000));
    await hungUp(socket);
  },

  /** Gone as soon as it is there. */
  async vanish(url) {
    const socket = await dialled(url);
    socket.resetAndDestroy();
  },
} satisfies Record<string, (url: string) => Promise<void>>;

export type Attack = keyof typeof ATTACKS;

async function opened(url: string): Promise<WebSocket> {
  const socket = new WebSocket(url, SIGNALING_SUBPROTOCOL, { perMessageDeflate: false });
  try {
    await once(socket, "open", { signal: AbortSignal.timeout(PATIENCE_MS) });
  } catch (error) {
    socket.on("error", () => undefined);
    socket.terminate();
    throw error;
  }
  socket.on("error", () => undefined);
  return socket;
}

async function closed(socket: WebSocket): Promise<void> {
  if (socket.readyState === WebSocket.CLOSED) return;
  await inTime(once(socket, "close"), () => socket.terminate());
}

async function dialled(url: string): Promise<Socket> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  socket.on("error", () => undefined);
  await once(socket, "connect");
  socket.resume();
  return socket;
}

async function hungUp(socket: Socket): Promise<void> {
  if (socket.destroyed) return;
  await inTime(once(socket, "close"), () => socket.destroy());
}

async function inTime(end: Promise<unknown>, giveUp: () => void): Promise<void> {
  const timeout = new AbortController();
  const late = sleep(PATIENCE_MS, "late", { signal: timeout.signal }).catch(() => undefined);
  const result = await Promise.race([end, late]);
  timeout.abort();
  if (result !== "late") return;
  giveUp();
  throw new Error(`the node did not hang up within ${PATIENCE_MS / 1_000} s`);
}
