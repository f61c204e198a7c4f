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
import { Disconnected, refusal } from "./errors.js";

/** A notification of the node, checked. */
export type NodeNotification = {
  [M in keyof ServerNotifications]: { readonly method: M; readonly data: z.output<ServerNotifications[M]> };
}[keyof ServerNotifications];

/** A track that the node offers. */
export type ConsumerOffer = z.output<(typeof serverRequests)["newConsumer"]["data"]>;

export interface SignalingHandlers {
  notification(notification: NodeNotification): void;
  /** Resolves when the track can be received; what it throws refuses it. */
  newConsumer(offer: ConsumerOffer): Promise<void>;
  /** Called once, when the connection is over, whoever ended it. */
  closed(reason: Disconnected): void;
}

const REQUEST_TIMEOUT_MS = 15_000;

interface PendingRequest {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** The client's end of the WebSocket: requests, their answers, and what the node says of itself. */
export class SignalingConnection {
  readonly #socket: WebSocket;
  readonly #handlers: SignalingHandlers;
  readonly #pending = new Map<number, { method: ClientMethod } & PendingRequest>();
  #nextId = 0;
  #closed: Disconnected | undefined;

  /**
   * Begins to connect; what comes of it is told to the handlers, a welcome first or a close.
   * @throws SyntaxError where the address is none.
   */
  constructor(url: string, handlers: SignalingHandlers) {
    this.#handlers = handlers;
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

  /**
   * Asks the node.
   * @throws JoinRefused | ReceiptRefused | RequestRefused where it refuses, Disconnected where it does not answer.
   */
  async request<M extends ClientMethod>(
    method: M,
    data: z.output<ClientRequests[M]["data"]>,
  ): Promise<ClientAnswers[M]> {
    if (this.#closed) throw this.#closed;
    const id = this.#nextId++;
    let timer: ReturnType<typeof setTimeout> | undefined;
    try {
      const answer = await new Promise<unknown>((resolve, reject) => {
        this.#pending.set(id, { method, resolve, reject });
        timer = setTimeout(
          () => reject(new Disconnected("timeout", `the node did not answer "${method}" in time`)),
          REQUEST_TIMEOUT_MS,
        );
        this.#send({ request: true, id, method, data });
      });
      return this.#parse(answers[method].answer, answer, `its answer to "${method}"`);
    } finally {
      clearTimeout(timer);
      this.#pending.delete(id);
    }
  }

  /** Closes; the handlers hear of it with `reason`. */
  close(reason: Disconnected): void {
    this.#end(reason);
  }

  #send(message: SignalingMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(toWire(message)));
  }

  #receive(text: unknown): void {
    if (this.#closed) return;
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
      this.#handlers.notification(
        this.#parse(notificationSchema, { method, data }, `notification "${method}"`),
      );
    }
    // A notification that a newer node knows and this client does not says nothing to it.
  }

  async #answer(id: number, method: string, data: unknown): Promise<void> {
    try {
      if (method !== "newConsumer") throw new Error(`this client knows no request "${method}"`);
      await this.#handlers.newConsumer(this.#parse(serverRequests.newConsumer.data, data, "an offer"));
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

  #end(reason: Disconnected): void {
    if (this.#closed) return;
    this.#closed = reason;
    // 1000: normal. A browser takes no other code here but the application's own.
    this.#socket.close(1000);
    for (const { reject } of this.#pending.values()) reject(reason);
    this.#handlers.closed(reason);
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
  z.object({ method: z.literal("activeSpeaker"), data: serverNotifications.activeSpeaker }),
  z.object({ method: z.literal("error"), data: serverNotifications.error }),
  z.object({ method: z.literal("goodbye"), data: serverNotifications.goodbye }),
]);
