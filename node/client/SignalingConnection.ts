import { z } from "zod";
import { toWire } from "../protocol/schemas.js";
import {
  MAX_SERVER_MESSAGE_LENGTH,
  SIGNALING_SUBPROTOCOL,
  clientRequests,
  messageSchema,
  serverNotifications,
  serverRequests,
} from "../protocol/signaling.js";
import type {
  ClientAnswers,
  ClientMethod,
  ClientRequests,
  ServerNotifications,
  SignalingMessage,
} from "../protocol/signaling.js";
import { Disconnected, RequestRefused, refusal } from "./errors.js";
import { deferred } from "./timing.js";

/** A notification of the node, checked. */
export type NodeNotification = {
  [M in keyof ServerNotifications]: { readonly method: M; readonly data: z.output<ServerNotifications[M]> };
}[keyof ServerNotifications];

export type Welcome = z.output<ServerNotifications["welcome"]>;

/** A track that the node offers. */
export type ConsumerOffer = z.output<(typeof serverRequests)["newConsumer"]["data"]>;
/** A data channel that the node offers. */
export type DataConsumerOffer = z.output<(typeof serverRequests)["newDataConsumer"]["data"]>;

export interface SignalingHandlers {
  notification(notification: NodeNotification): void;
  /** Resolves when the track can be received; what it throws refuses it. */
  newConsumer(offer: ConsumerOffer): Promise<void>;
  newDataConsumer(offer: DataConsumerOffer): Promise<void>;
  /** Called once, when the connection is over, whoever ended it. */
  closed(reason: Disconnected): void;
}

/** Asks a node for something. */
export interface Requester {
  /** @throws JoinRefused | ReceiptRefused | RequestRefused where it refuses, Disconnected where it does not answer. */
  request<M extends ClientMethod>(
    method: M,
    data: z.output<ClientRequests[M]["data"]>,
  ): Promise<ClientAnswers[M]>;
}

/** WebSocket close codes. After the first the node ends the session at once, after any other it may be resumed. */
const NORMAL_CLOSURE = 1000;
const ABANDONED = 4001;
const REQUEST_TIMEOUT_MS = 10_000;
/** A node from which nothing was heard for so long is asked whether it is still there ... */
const SILENCE_MS = 5_000;
/** ... and is to answer that, which costs it nothing, in this time. */
const PING_TIMEOUT_MS = 5_000;
/** The same where media says that it may be gone. */
const PROBE_TIMEOUT_MS = 2_500;

interface PendingRequest {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The client's end of one WebSocket: requests, their answers, and what the node says of itself. */
export class SignalingConnection implements Requester {
  readonly #url: string;
  readonly #socket: WebSocket;
  readonly #handlers: SignalingHandlers;
  readonly #welcome = deferred<Welcome>();
  readonly #pending = new Map<number, { method: ClientMethod } & PendingRequest>();
  #nextId = 0;
  #heard = true;
  #pingTimer: ReturnType<typeof setInterval> | undefined;
  #closed: Disconnected | undefined;

  /**
   * Begins to connect; what comes of it is told by `welcome` and by the handlers.
   * @throws SyntaxError where the address is none.
   */
  constructor(url: string, handlers: SignalingHandlers) {
    this.#url = url;
    this.#handlers = handlers;
    // It is awaited only where the connection comes about.
    this.#welcome.promise.catch(() => undefined);
    this.#socket = new WebSocket(url, SIGNALING_SUBPROTOCOL);
    this.#socket.addEventListener("message", ({ data }) => this.#receive(data));
    this.#socket.addEventListener("close", ({ code, reason }) =>
      this.#end(
        new Disconnected("connection_lost", `the connection to ${url} closed: ${code} ${reason}`.trim()),
      ),
    );
    this.#socket.addEventListener("error", () =>
      this.#end(new Disconnected("connection_lost", `the connection to ${url} failed`)),
    );
  }

  /** What the node says first. Rejects where the connection ends before. */
  get welcome(): Promise<Welcome> {
    return this.#welcome.promise;
  }

  /** Why it is over; undefined while it lasts. */
  get closed(): Disconnected | undefined {
    return this.#closed;
  }

  /** From now on a node that falls silent is noticed: nothing else tells a browser of a dead TCP connection. */
  watch(): void {
    this.#pingTimer ??= setInterval(() => {
      if (!this.#heard) this.#ping(PING_TIMEOUT_MS);
      this.#heard = false;
    }, SILENCE_MS);
  }

  /** Sees now whether the node still answers. */
  probe(): void {
    if (this.#pingTimer) this.#ping(PROBE_TIMEOUT_MS);
  }

  /** A node that does not answer in time is gone: that ends the connection. */
  request<M extends ClientMethod>(
    method: M,
    data: z.output<ClientRequests[M]["data"]>,
  ): Promise<ClientAnswers[M]> {
    return this.#ask(method, data, REQUEST_TIMEOUT_MS);
  }

  /** Closes for good: the node ends the session too. The handlers hear of it with `reason`. */
  close(reason: Disconnected): void {
    this.#end(reason, NORMAL_CLOSURE);
  }

  /** Gives this connection up; the session may be resumed over another one. */
  abandon(reason: Disconnected): void {
    this.#end(reason);
  }

  #ping(timeoutMs: number): void {
    // A refusal is an answer, and a timeout ends the connection.
    this.#ask("ping", {}, timeoutMs).catch(() => undefined);
  }

  async #ask<M extends ClientMethod>(
    method: M,
    data: z.output<ClientRequests[M]["data"]>,
    timeoutMs: number,
  ): Promise<ClientAnswers[M]> {
    if (this.#closed) throw this.#closed;
    const id = this.#nextId++;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const answer = await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(id, { method, resolve, reject });
        timer = setTimeout(
          () => this.#end(new Disconnected("timeout", `${this.#url} did not answer "${method}" in time`)),
          timeoutMs,
        );
        this.#send({ request: true, id, method, data });
      });
      return this.#parse(answers[method].answer, answer, `its answer to "${method}"`);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  #send(message: SignalingMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(toWire(message)));
  }

  #receive(text: unknown): void {
    if (this.#closed) return;
    this.#heard = true;
    try {
      if (typeof text !== "string" || text.length > MAX_SERVER_MESSAGE_LENGTH) {
        throw new Disconnected("node_not_trusted", "the node sent a binary message or one that is too large");
      }
      this.#dispatch(this.#parse(messageSchema, JSON.parse(text), "a message"));
    } catch (error) {
      this.#end(
        error instanceof Disconnected
          ? error
          : new Disconnected("node_not_trusted", "the node sent what is not JSON", { cause: error }),
      );
    }
  }

  #dispatch(message: SignalingMessage): void {
    if ("response" in message) {
      const pending = this.#pending.get(message.id);
      if (message.ok) pending?.resolve(message.data);
      else pending?.reject(refusal(pending.method, message.errorCode, message.errorReason));
    } else if ("request" in message) {
      void this.#answer(message.id, message.method, message.data);
    } else if (isKnown(message.method)) {
      const { method, data } = message;
      const notification = this.#parse(notificationSchema, { method, data }, `notification "${method}"`);
      if (notification.method === "welcome") this.#welcome.resolve(notification.data);
      else this.#handlers.notification(notification);
    }
    // A notification that a newer node knows and this client does not says nothing to it.
  }

  async #answer(id: number, method: string, data: unknown): Promise<void> {
    try {
      if (method === "newConsumer") {
        await this.#handlers.newConsumer(this.#parse(serverRequests.newConsumer.data, data, "an offer"));
      } else if (method === "newDataConsumer") {
        await this.#handlers.newDataConsumer(
          this.#parse(serverRequests.newDataConsumer.data, data, "an offer"),
        );
      } else {
        throw new Error(`this client knows no request "${method}"`);
      }
      this.#send({ response: true, id, ok: true, data: {} });
    } catch (error) {
      const errorReason = (error instanceof Error ? error.message : String(error)).slice(0, 1_024);
      this.#send({ response: true, id, ok: false, errorCode: "not_taken", errorReason });
    }
  }

  #parse<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    const error = new Disconnected(
      "node_not_trusted",
      `${what} of the node is out of shape: ${z.prettifyError(parsed.error).slice(0, 1_024)}`,
    );
    this.#end(error);
    throw error;
  }

  #end(reason: Disconnected, closeCode = ABANDONED): void {
    if (this.#closed) return;
    this.#closed = reason;
    clearInterval(this.#pingTimer);
    this.#socket.close(closeCode);
    this.#welcome.reject(reason);
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#handlers.closed(reason);
  }
}

/** Whether a request failed only because the connection broke: what it asked for may be asked again. */
export function isLost(error: unknown): boolean {
  return error instanceof Disconnected;
}

/** Swallows the loss of the connection; what was asked for is asked again as the session is resumed. */
export async function unlessLost(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isLost(error)) throw error;
  }
}

/** Swallows a refusal too: where what was asked for has become pointless. */
export async function unlessRefused(request: Promise<unknown>): Promise<void> {
  try {
    await request;
  } catch (error) {
    if (!isLost(error) && !(error instanceof RequestRefused)) throw error;
  }
}

const answers: { readonly [M in ClientMethod]: { readonly answer: z.ZodType<ClientAnswers[M]> } } =
  clientRequests;

function isKnown(method: string): method is keyof ServerNotifications {
  return Object.hasOwn(serverNotifications, method);
}

const notificationSchema = z.discriminatedUnion("method", [
  z.object({ method: z.literal("welcome"), data: serverNotifications.welcome }),
  z.object({ method: z.literal("epoch"), data: serverNotifications.epoch }),
  z.object({ method: z.literal("peerJoined"), data: serverNotifications.peerJoined }),
  z.object({ method: z.literal("peerLeft"), data: serverNotifications.peerLeft }),
  z.object({ method: z.literal("producerClosed"), data: serverNotifications.producerClosed }),
  z.object({ method: z.literal("producerPaused"), data: serverNotifications.producerPaused }),
  z.object({ method: z.literal("producerResumed"), data: serverNotifications.producerResumed }),
  z.object({ method: z.literal("dataProducerClosed"), data: serverNotifications.dataProducerClosed }),
  z.object({ method: z.literal("layersChanged"), data: serverNotifications.layersChanged }),
  z.object({ method: z.literal("trackMuted"), data: serverNotifications.trackMuted }),
  z.object({ method: z.literal("activeSpeaker"), data: serverNotifications.activeSpeaker }),
  z.object({ method: z.literal("error"), data: serverNotifications.error }),
  z.object({ method: z.literal("goodbye"), data: serverNotifications.goodbye }),
]);
