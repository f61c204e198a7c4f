import { EventEmitter } from "node:events";
import type { Logger } from "pino";
import { WebSocket } from "ws";
import type { RawData } from "ws";
import { z } from "zod";
import { toWire } from "../protocol/schemas.js";
import { CLOSE_CODES, clientRequests, messageSchema } from "../protocol/signaling.js";
import type {
  ClientMethod,
  ServerMethod,
  ServerNotification,
  ServerNotifications,
  ServerRequests,
  SignalingMessage,
} from "../protocol/signaling.js";
import type { SignalingLimits } from "./limits.js";
import { RequestError, describeError } from "./requestError.js";
import { TokenBucket } from "./TokenBucket.js";

export type SignalingSocketEvents = {
  closed: [];
};

/** A client's request, checked. */
export type ClientRequest = {
  [M in ClientMethod]: { readonly method: M; readonly data: z.output<(typeof clientRequests)[M]["data"]> };
}[ClientMethod];

/** How long a client may take to answer the closing handshake before the connection is cut. */
const CLOSE_TIMEOUT_MS = 2_000;

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
    ws.once("close", () => this.#closed());
  }

  get open(): boolean {
    return this.#ws.readyState === WebSocket.OPEN;
  }

  notify<M extends ServerNotification>(method: M, data: z.output<ServerNotifications[M]>): void {
    this.#send({ notification: true, method, data });
  }

  /** Resolves when the client accepts; rejects where it refuses, does not answer in time, or goes away. */
  async request<M extends ServerMethod>(method: M, data: z.output<ServerRequests[M]["data"]>): Promise<void> {
    if (!this.open) throw new Error("the client has gone");
    const id = this.#nextRequestId++;
    let timer: NodeJS.Timeout | undefined;
    try {
      await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(id, { resolve, reject });
        timer = setTimeout(
          () => reject(new Error(`the client did not answer ${method} in time`)),
          this.#limits.requestTimeoutMs,
        );
        this.#send({ request: true, id, method, data });
      });
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** Says why and closes; the connection is cut where the client does not answer that. */
  close(closeCode: number, code: string, reason: string): void {
    if (!this.open) return;
    this.notify("goodbye", { code, reason, rejoin: "elsewhere" });
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
      this.#handling = this.#handling.then(() => this.#answer(message.id, message.method, message.data));
    }
    // Clients have nothing to notify; a newer one may, and loses nothing by it.
  }

  async #answer(id: number, method: string, data: unknown): Promise<void> {
    if (!this.open) return;
    try {
      const answer = await this.#handle(parseRequest(method, data));
      this.#send({ response: true, id, ok: true, data: answer });
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

  #closed(): void {
    clearInterval(this.#ping);
    for (const { reject } of this.#pending.values()) reject(new Error("the client has gone"));
    this.emit("closed");
  }
}

function isClientMethod(method: string): method is ClientMethod {
  return Object.hasOwn(clientRequests, method);
}

/** Each method with its schema, so that what comes out is one of `ClientRequest` and not a mixture of them. */
const requestSchema = z.discriminatedUnion("method", [
  z.object({ method: z.literal("join"), data: clientRequests.join.data }),
  z.object({ method: z.literal("createTransport"), data: clientRequests.createTransport.data }),
  z.object({ method: z.literal("connectTransport"), data: clientRequests.connectTransport.data }),
  z.object({ method: z.literal("restartIce"), data: clientRequests.restartIce.data }),
  z.object({ method: z.literal("produce"), data: clientRequests.produce.data }),
  z.object({ method: z.literal("closeProducer"), data: clientRequests.closeProducer.data }),
  z.object({ method: z.literal("pauseProducer"), data: clientRequests.pauseProducer.data }),
  z.object({ method: z.literal("resumeProducer"), data: clientRequests.resumeProducer.data }),
  z.object({ method: z.literal("resumeConsumer"), data: clientRequests.resumeConsumer.data }),
  z.object({ method: z.literal("receipt"), data: clientRequests.receipt.data }),
]);

function parseRequest(method: string, data: unknown): ClientRequest {
  if (!isClientMethod(method)) throw new RequestError("unknown_method", `there is no request "${method}"`);
  const parsed = requestSchema.safeParse({ method, data });
  if (!parsed.success) {
    throw new RequestError("invalid_request", `${method}: ${z.prettifyError(parsed.error).slice(0, 1_024)}`);
  }
  return parsed.data;
}
