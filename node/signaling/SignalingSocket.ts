import { EventEmitter } from "node:events";
import type { Logger } from "pino";
import { WebSocket } from "ws";
import type { RawData } from "ws";
import type { z } from "zod";
import { rejoinAfter } from "../protocol/refusals.js";
import { toWire } from "../protocol/schemas.js";
import { CLOSE_CODES, messageSchema } from "../protocol/signaling.js";
import type {
  ServerMethod,
  ServerNotification,
  ServerNotifications,
  ServerRequests,
  SignalingMessage,
} from "../protocol/signaling.js";
import { parseRequest } from "./clientRequest.js";
import type { ClientRequest } from "./clientRequest.js";
import type { SignalingLimits } from "./limits.js";
import { RequestError, describeError } from "./requestError.js";
import { TokenBucket } from "./TokenBucket.js";

export type SignalingSocketEvents = {
  /** The connection is gone; `left`: because the client wanted it so, and not because it broke. */
  closed: [{ readonly left: boolean }];
};

/** An answer that is made in the moment in which it goes out, and what may be sent only behind it. */
export class LateAnswer {
  constructor(
    readonly make: () => unknown,
    readonly sent: () => void,
  ) {}
}

/** A request that the client neither granted nor refused: it went away, or took too long. */
export class Unanswered extends Error {
  override readonly name = "Unanswered";
}

/** How long a client may take to answer the closing handshake before the connection is cut. */
const CLOSE_TIMEOUT_MS = 2_000;

/** Close codes of clients that leave: normal, going away (a page that closes), and none. */
const LEFT: ReadonlySet<number> = new Set([1000, 1001, 1005]);

interface PendingRequest {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * One client's WebSocket: framing, checks and limits. Requests are handled one at a time, in the order in which they
 * came; what is wrong with one is answered, or said in an `error` notification, and concerns no other socket.
 */
export class SignalingSocket extends EventEmitter<SignalingSocketEvents> {
  readonly #ws: WebSocket;
  readonly #limits: SignalingLimits;
  readonly #logger: Logger;
  readonly #handle: (request: ClientRequest) => Promise<unknown>;
  readonly #bucket: TokenBucket;
  readonly #pending = new Map<number, PendingRequest>();
  readonly #ping: NodeJS.Timeout;
  #handling: Promise<void> = Promise.resolve();
  #waitingRequests = 0;
  #saidGoodbye = false;
  #nextRequestId = 0;
  #malformed = 0;
  #answeredPing = true;

  constructor(
    ws: WebSocket,
    limits: SignalingLimits,
    handle: (request: ClientRequest) => Promise<unknown>,
    logger: Logger,
  ) {
    super();
    this.#ws = ws;
    this.#limits = limits;
    this.#logger = logger;
    this.#handle = handle;
    this.#bucket = new TokenBucket(limits.messageBurst, limits.messagesPerSecond);
    this.#ping = setInterval(() => this.#checkAlive(), limits.pingIntervalMs);
    ws.on("pong", () => (this.#answeredPing = true));
    ws.on("message", (data, isBinary) => this.#receive(data, isBinary));
    // What the protocol's rules forbid, for example a frame above the limit: ws closes with the right code itself.
    ws.on("error", (error) => logger.debug({ err: error }, "socket failed"));
    ws.once("close", (code) => this.#closed(LEFT.has(code)));
  }

  get open(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  /** Resolves when the requests that have come so far are answered. */
  get idle(): Promise<void> {
    return this.#handling;
  }

  notify<M extends ServerNotification>(method: M, data: z.output<ServerNotifications[M]>): void {
    this.#send({ notification: true, method, data });
  }

  /** Resolves when the client accepts; rejects where it refuses, and with `Unanswered` where nobody can tell. */
  async request<M extends ServerMethod>(method: M, data: z.output<ServerRequests[M]["data"]>): Promise<void> {
    if (!this.open) throw new Unanswered("the client has gone");
    const id = this.#nextRequestId++;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        timer = setTimeout(
          () => reject(new Unanswered(`the client did not answer ${method} in time`)),
          this.#limits.requestTimeoutMs,
        );
        this.#send({ request: true, id, method, data });
      });
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** Says, once, why the connection is going to end, and where the client goes on. */
  goodbye(code: string, reason: string): void {
    if (this.#saidGoodbye) return;
    this.#saidGoodbye = true;
    this.notify("goodbye", { code, reason, rejoin: rejoinAfter(code) });
  }

  /** Says why and closes; the connection is cut where the client does not answer that. */
  close(closeCode: number, code: string, reason: string): void {
    if (!this.open) return;
    this.goodbye(code, reason);
    // A close frame holds 123 bytes: the code alone, since the reason is in the goodbye.
    this.#ws.close(closeCode, code);
    const timer = setTimeout(() => this.#ws.terminate(), CLOSE_TIMEOUT_MS);
    this.#ws.once("close", () => clearTimeout(timer));
  }

  #send(message: SignalingMessage): void {
    if (!this.open) return;
    if (this.#ws.bufferedAmount > this.#limits.maxBufferedBytes) {
      this.#logger.info("client reads too slowly: disconnected");
      this.#ws.terminate();
      return;
    }
    this.#ws.send(JSON.stringify(toWire(message)));
  }

  #receive(data: RawData, isBinary: boolean): void {
    if (!this.open) return;
    if (!this.#bucket.take()) {
      const { messageBurst, messagesPerSecond } = this.#limits;
      return this.close(
        CLOSE_CODES.rateLimited,
        "rate_limited",
        `too many messages: at most ${messageBurst} at once and ${messagesPerSecond} per second`,
      );
    }
    // Node hands text and binary frames over as one Buffer ("nodebuffer", the default).
    const bytes = Buffer.isBuffer(data)
      ? data
      : Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
    if (bytes.length > this.#limits.maxMessageBytes) {
      return this.close(
        CLOSE_CODES.tooLarge,
        "message_too_large",
        `a message of ${bytes.length} bytes: at most ${this.#limits.maxMessageBytes} are taken`,
      );
    }
    if (isBinary) return this.#complain("binary messages are not part of the protocol");
    let json: unknown;
    try {
      json = JSON.parse(bytes.toString("utf8"));
    } catch {
      return this.#complain("the message is not JSON");
    }
    const parsed = messageSchema.safeParse(json);
    if (!parsed.success) return this.#complain("the message is neither request, response nor notification");
    this.#dispatch(parsed.data);
  }

  #complain(reason: string): void {
    this.#malformed += 1;
    if (this.#malformed >= this.#limits.maxMalformedMessages) {
      this.close(CLOSE_CODES.malformed, "message_malformed", reason);
    } else {
      this.notify("error", { code: "message_malformed", reason });
    }
  }

  #dispatch(message: SignalingMessage): void {
    if ("response" in message) {
      const pending = this.#pending.get(message.id);
      if (message.ok) pending?.resolve(message.data);
      else pending?.reject(new Error(`the client refused: ${message.errorCode}: ${message.errorReason}`));
    } else if ("request" in message) {
      this.#enqueue(message.id, message.method, message.data);
    }
    // Clients have nothing to notify; a newer one may, and loses nothing by it.
  }

  #enqueue(id: number, method: string, data: unknown): void {
    if (this.#waitingRequests >= this.#limits.maxWaitingRequests) {
      const error = new RequestError("rate_limited", `${this.#waitingRequests} requests wait already`);
      return this.#send({ response: true, id, ok: false, ...describeError(error, this.#logger) });
    }
    this.#waitingRequests += 1;
    this.#handling = this.#handling
      .then(() => this.#answer(id, method, data))
      .finally(() => (this.#waitingRequests -= 1));
  }

  async #answer(id: number, method: string, data: unknown): Promise<void> {
    if (!this.open) return;
    try {
      const answer = await this.#handle(parseRequest(method, data));
      const late = answer instanceof LateAnswer ? answer : undefined;
      this.#send({ response: true, id, ok: true, data: late ? late.make() : answer });
      late?.sent();
    } catch (error) {
      this.#send({ response: true, id, ok: false, ...describeError(error, this.#logger) });
    }
  }

  #checkAlive(): void {
    if (!this.#answeredPing) {
      this.#logger.info("client does not answer: disconnected");
      this.#ws.terminate();
      return;
    }
    this.#answeredPing = false;
    if (this.open) this.#ws.ping();
  }

  #closed(left: boolean): void {
    clearInterval(this.#ping);
    for (const { reject } of this.#pending.values()) reject(new Unanswered("the client has gone"));
    this.emit("closed", { left });
  }
}
