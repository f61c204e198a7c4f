import { EventEmitter } from "node:events";
import type { Logger } from "pino";
import { WebSocket } from "ws";
import type { z } from "zod";
import { MediaError } from "../media/mediaError.js";
import type { AddressFamily, LinkMethod, LinkNotification } from "../protocol/nodeLink.js";
import {
  LINK_CLOSE_CODES,
  LINK_SEAL_BYTES,
  MAX_LINK_MESSAGE_BYTES,
  linkNotifications,
} from "../protocol/nodeLink.js";
import type { LinkNotifications, LinkRequests } from "../protocol/nodeLink.js";
import type { Hex } from "../protocol/hex.js";
import { toWire } from "../protocol/schemas.js";
import { messageSchema } from "../protocol/signaling.js";
import type { SignalingMessage } from "../protocol/signaling.js";
import { TokenBucket } from "../signaling/TokenBucket.js";
import type { ClusterLimits } from "./limits.js";
import type { LinkCipher } from "./LinkCipher.js";
import { LinkError } from "./linkError.js";
import type { LinkFrame, LinkFrames } from "./LinkFrames.js";
import { parseAnswer, parseNotice, parseRequest, roomOf } from "./linkMessages.js";
import type { LinkNotice, LinkRequest } from "./linkMessages.js";

/** What a node says of itself. */
export interface NodeAbout {
  readonly instance: Hex;
  readonly families: readonly AddressFamily[];
}

export type NodeLinkEvents = {
  /** The other node said who it is; nothing is handled before. */
  ready: [NodeAbout];
  closed: [code: number];
};

/** Who works off what the other node asks and says. */
export interface LinkHandler {
  /** Throws `LinkError` where it is not granted. */
  request(link: NodeLink, request: LinkRequest): Promise<unknown>;
  notice(link: NodeLink, notice: LinkNotice): Promise<void> | void;
}

export interface NodeLinkOptions {
  readonly ws: WebSocket;
  readonly frames: LinkFrames;
  readonly cipher: LinkCipher;
  readonly nodeId: bigint;
  /** Which node opened the connection. */
  readonly dialedBy: bigint;
  readonly about: NodeAbout;
  readonly limits: ClusterLimits;
  readonly handler: LinkHandler;
  readonly logger: Logger;
}

interface Pending {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A message on its way out, sealed when its turn comes. */
interface Outgoing {
  readonly text: string;
  readonly onSent: () => void;
}

/** What this node keeps to of what another one allows: clocks and networks make bursts denser. */
const OWN_SHARE = 0.75;
/** How often waiting messages are looked at. */
const PACE_MS = 50;
/** How long the other node may take to answer the closing handshake before the connection is cut. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * The connection to one other node that has shown who it is: framing, sealing, checks and limits. What it says about one
 * room is worked off in its order, and rooms do not wait for each other. Whatever breaks the protocol ends the link.
 */
export class NodeLink extends EventEmitter<NodeLinkEvents> {
  readonly nodeId: bigint;
  readonly dialedBy: bigint;
  readonly openedAtMs = performance.now();
  readonly #options: NodeLinkOptions;
  readonly #pending = new Map<number, Pending>();
  readonly #bucket: TokenBucket;
  readonly #ownBucket: TokenBucket;
  readonly #outgoing: Outgoing[] = [];
  #outgoingLength = 0;
  #paceTimer: NodeJS.Timeout | undefined;
  readonly #rooms = new Map<string, Promise<void>>();
  readonly #ping: NodeJS.Timeout;
  #nextRequestId = 0;
  #handling = 0;
  #answeredPing = true;
  #about: NodeAbout | undefined;

  constructor(options: NodeLinkOptions) {
    super();
    this.setMaxListeners(0);
    const { ws, limits, logger } = options;
    this.#options = options;
    this.nodeId = options.nodeId;
    this.dialedBy = options.dialedBy;
    const { messageBurst, messagesPerSecond } = limits;
    this.#bucket = new TokenBucket(messageBurst, messagesPerSecond);
    this.#ownBucket = new TokenBucket(messageBurst * OWN_SHARE, messagesPerSecond * OWN_SHARE);
    this.#ping = setInterval(() => this.#checkAlive(), limits.pingIntervalMs);
    ws.on("pong", () => (this.#answeredPing = true));
    ws.on("error", (error) => logger.debug({ err: error }, "link failed"));
    ws.once("close", (code) => this.#closed(code));
  }

  /** Begins to read; who listens to the events has been added by now. */
  start(): void {
    const { frames, about } = this.#options;
    if (!this.open) return this.#closed(1006);
    this.#send({ notification: true, method: "about", data: about });
    frames.read((frame) => this.#receive(frame));
  }

  get open(): boolean {
    return this.#options.ws.readyState === WebSocket.OPEN;
  }

  get about(): NodeAbout | undefined {
    return this.#about;
  }

  notify<M extends LinkNotification>(
    method: M,
    data: z.input<LinkNotifications[M]> | z.output<LinkNotifications[M]>,
  ): void {
    this.#send({ notification: true, method, data });
  }

  /** Rejects with `LinkError` where the other node refuses, does not answer in time, or the link ends. */
  async request<M extends LinkMethod>(
    method: M,
    data: z.output<LinkRequests[M]["data"]>,
  ): Promise<z.output<LinkRequests[M]["answer"]>> {
    const { limits } = this.#options;
    if (!this.open) throw new LinkError("failed", "the link has ended");
    const id = this.#nextRequestId++;
    let timer: NodeJS.Timeout | undefined;
    try {
      const answer = await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        const late = () =>
          reject(new LinkError("failed", `node ${this.nodeId} did not answer ${method} in time`));
        this.#send({ request: true, id, method, data }, () => {
          timer = setTimeout(late, limits.requestTimeoutMs);
        });
      });
      return parseAnswer(method, answer);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  close(code: number, reason: string): void {
    const { ws } = this.#options;
    if (ws.readyState === WebSocket.CLOSED || ws.readyState === WebSocket.CLOSING) return;
    ws.close(code, reason.slice(0, 100));
    const timer = setTimeout(() => ws.terminate(), CLOSE_TIMEOUT_MS);
    ws.once("close", () => clearTimeout(timer));
  }

  #send(message: SignalingMessage, onSent: () => void = () => undefined): void {
    const { ws, limits, logger } = this.#options;
    if (!this.open) return;
    if (ws.bufferedAmount + this.#outgoingLength > limits.maxBufferedBytes) {
      logger.warn("the other node reads too slowly: disconnected");
      ws.terminate();
      return;
    }
    const text = JSON.stringify(toWire(message));
    this.#outgoing.push({ text, onSent });
    this.#outgoingLength += text.length;
    this.#pace();
  }

  /** Sends what waits, as fast as the other node allows. */
  #pace(): void {
    const { ws, cipher } = this.#options;
    if (this.#paceTimer !== undefined) return;
    while (this.open && this.#outgoing.length > 0 && this.#ownBucket.take()) {
      const next = this.#outgoing.shift();
      if (!next) break;
      this.#outgoingLength -= next.text.length;
      ws.send(cipher.seal(next.text));
      next.onSent();
    }
    if (this.#outgoing.length === 0 || !this.open) return;
    this.#paceTimer = setTimeout(() => {
      this.#paceTimer = undefined;
      this.#pace();
    }, PACE_MS);
  }

  #receive({ bytes, isBinary }: LinkFrame): void {
    if (!this.open) return;
    const { limits } = this.#options;
    if (!this.#bucket.take()) {
      return this.#fail(
        LINK_CLOSE_CODES.rateLimited,
        `more than ${limits.messagesPerSecond} messages per second`,
      );
    }
    if (!isBinary || bytes.length > MAX_LINK_MESSAGE_BYTES + LINK_SEAL_BYTES) {
      return this.#fail(LINK_CLOSE_CODES.malformed, "a message that is not sealed, or too large");
    }
    let message: SignalingMessage;
    try {
      message = messageSchema.parse(JSON.parse(this.#options.cipher.open(bytes)));
    } catch {
      return this.#fail(LINK_CLOSE_CODES.malformed, "a message that cannot be read");
    }
    if ("notification" in message && message.method === "about") return this.#introduced(message.data);
    if (!this.#about) return this.#fail(LINK_CLOSE_CODES.malformed, "the first message is not about");
    this.#dispatch(message);
  }

  #introduced(data: unknown): void {
    const about = linkNotifications.about.safeParse(data).data;
    if (!about || this.#about)
      return this.#fail(LINK_CLOSE_CODES.malformed, "about is malformed or repeated");
    this.#about = about;
    this.emit("ready", about);
  }

  #dispatch(message: SignalingMessage): void {
    if ("response" in message) {
      const pending = this.#pending.get(message.id);
      if (message.ok) pending?.resolve(message.data);
      else
        pending?.reject(
          new LinkError(message.errorCode, `node ${this.nodeId} refused: ${message.errorReason}`),
        );
      return;
    }
    if (this.#handling >= this.#options.limits.maxPendingRequests) {
      return this.#fail(LINK_CLOSE_CODES.rateLimited, "too many messages wait to be worked off");
    }
    const key = roomOf(message.data);
    this.#handling += 1;
    const former = this.#rooms.get(key) ?? Promise.resolve();
    const work = former.then(() => this.#work(message));
    this.#rooms.set(key, work);
    void work.finally(() => {
      this.#handling -= 1;
      if (this.#rooms.get(key) === work) this.#rooms.delete(key);
    });
  }

  /** Never rejects. */
  async #work(message: Exclude<SignalingMessage, { response: true }>): Promise<void> {
    const { handler, logger } = this.#options;
    if (!this.open) return;
    if ("notification" in message) {
      try {
        const notice = parseNotice(message.method, message.data);
        if (notice) await handler.notice(this, notice);
      } catch (error) {
        logger.info({ err: error, method: message.method }, "the other node's notification was not taken");
      }
      return;
    }
    try {
      const request = parseRequest(message.method, message.data);
      const data = await handler.request(this, request);
      this.#send({ response: true, id: message.id, ok: true, data });
    } catch (error) {
      this.#send({ response: true, id: message.id, ok: false, ...describe(error, logger) });
    }
  }

  #fail(code: number, reason: string): void {
    this.#options.logger.warn({ reason }, "the other node broke the protocol: disconnected");
    this.close(code, reason);
  }

  #checkAlive(): void {
    const { ws, logger } = this.#options;
    if (!this.#answeredPing) {
      logger.info("the other node does not answer: disconnected");
      ws.terminate();
      return;
    }
    this.#answeredPing = false;
    if (this.open) ws.ping();
  }

  #closed(code: number): void {
    clearInterval(this.#ping);
    clearTimeout(this.#paceTimer);
    for (const { reject } of this.#pending.values()) reject(new LinkError("failed", "the link has ended"));
    this.#pending.clear();
    this.emit("closed", code);
  }
}

function describe(error: unknown, logger: Logger): { errorCode: string; errorReason: string } {
  if (error instanceof LinkError || error instanceof MediaError) {
    return { errorCode: error.code, errorReason: error.message.slice(0, 512) };
  }
  logger.warn({ err: error }, "another node's request failed");
  return { errorCode: "failed", errorReason: "the node failed to do this; its log says why" };
}
