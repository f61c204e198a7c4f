import { WebSocket } from "ws";
import type { z } from "zod";
import { toWire } from "../../protocol/schemas.js";
import {
  MAX_SERVER_MESSAGE_LENGTH,
  SIGNALING_SUBPROTOCOL,
  clientRequests,
  messageSchema,
  serverNotifications,
  serverRequests,
} from "../../protocol/signaling.js";
import type { ClientAnswers, ClientRequests, SignalingMessage } from "../../protocol/signaling.js";

/** The requests that an audit makes. */
type AuditMethod = "join" | "createTransport" | "connectTransport" | "produce" | "resumeConsumer";
export type Welcome = z.output<typeof serverNotifications.welcome>;
export type TrackOffer = z.output<(typeof serverRequests)["newConsumer"]["data"]>;

const answers: { readonly [M in AuditMethod]: { readonly answer: z.ZodType<ClientAnswers[M]> } } =
  clientRequests;

interface Pending {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * An auditor's end of a signaling connection. Thinner than the SDK's: no receipts, no recovery; a fault of the other
 * side is a finding, so whatever goes wrong ends it, and all who wait learn why.
 */
export class AuditSignaling {
  readonly welcome: Promise<Welcome>;
  /** Called for each track that is offered; it is accepted when this resolves. */
  onOffer: (offer: TrackOffer) => Promise<void> = () => Promise.reject(new Error("no tracks are expected"));
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, Pending>();
  readonly #onFault: (error: Error) => void;
  #welcome: Pending | undefined;
  #nextId = 0;
  #fault: Error | undefined;

  /**
   * @param onFault Told once why the connection is of no more use, unless `close` ended it.
   * @throws SyntaxError where the address is none.
   */
  constructor(endpoint: string, options: { timeoutMs: number; onFault: (error: Error) => void }) {
    this.#onFault = options.onFault;
    this.#socket = new WebSocket(endpoint, SIGNALING_SUBPROTOCOL, {
      followRedirects: false,
      handshakeTimeout: options.timeoutMs,
      maxPayload: MAX_SERVER_MESSAGE_LENGTH,
      perMessageDeflate: false,
    });
    this.welcome = new Promise<unknown>((resolve, reject) => (this.#welcome = { resolve, reject })).then(
      (data) => serverNotifications.welcome.parse(data),
    );
    // Where nobody waits for it any more.
    this.welcome.catch(() => undefined);
    this.#socket.on("error", (error) => this.#fail(error));
    this.#socket.on("close", (code) => this.#fail(new Error(`the node closed the connection with ${code}`)));
    this.#socket.on("message", (data, isBinary) => this.#receive(data, isBinary));
  }

  /** @throws Error where the node refuses, answers out of shape, or is gone. */
  async request<M extends AuditMethod>(
    method: M,
    data: z.output<ClientRequests[M]["data"]>,
  ): Promise<ClientAnswers[M]> {
    if (this.#fault !== undefined) throw this.#fault;
    const id = this.#nextId++;
    const answer = await new Promise<unknown>((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#send({ request: true, id, method, data });
    }).finally(() => this.#pending.delete(id));
    return answers[method].answer.parse(answer);
  }

  /** Ends it; what is under way is refused with the reason. Resolves when the node knows, or after a second. */
  async close(reason: Error): Promise<void> {
    this.#end(reason);
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = new Promise<void>((resolve) => this.#socket.once("close", () => resolve()));
    // 1000: the session is over on purpose, nobody comes back to it.
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.close(1000);
    else this.#socket.terminate();
    // A node that does not answer the close holds no socket here.
    const giveUp = setTimeout(() => this.#socket.terminate(), CLOSE_TIMEOUT_MS);
    await closed;
    clearTimeout(giveUp);
  }

  #send(message: SignalingMessage): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(JSON.stringify(toWire(message)));
  }

  #receive(data: Buffer | ArrayBuffer | Buffer[], isBinary: boolean): void {
    if (this.#fault !== undefined) return;
    const message = isBinary ? undefined : messageSchema.safeParse(parseJson(textOf(data))).data;
    if (message === undefined) return this.#fail(new Error("the node speaks another protocol"));
    if ("response" in message) {
      const pending = this.#pending.get(message.id);
      if (message.ok) pending?.resolve(message.data);
      else pending?.reject(new Error(`${message.errorCode}: ${message.errorReason}`.slice(0, 300)));
    } else if ("request" in message) {
      void this.#answer(message.id, message.method, message.data);
    } else if (message.method === "welcome") {
      this.#welcome?.resolve(message.data);
    } else if (message.method === "goodbye") {
      const goodbye = serverNotifications.goodbye.safeParse(message.data).data;
      this.#fail(new Error(`the node said goodbye: ${goodbye?.code ?? "for no reason"}`.slice(0, 300)));
    }
  }

  async #answer(id: number, method: string, data: unknown): Promise<void> {
    try {
      if (method !== "newConsumer") throw new Error(`an audit knows no request "${method.slice(0, 64)}"`);
      await this.onOffer(serverRequests.newConsumer.data.parse(data));
      this.#send({ response: true, id, ok: true, data: {} });
    } catch (error) {
      const errorReason = (error instanceof Error ? error.message : String(error)).slice(0, 300);
      this.#send({ response: true, id, ok: false, errorCode: "not_taken", errorReason });
    }
  }

  #fail(error: Error): void {
    if (this.#fault !== undefined) return;
    this.#end(error);
    this.#socket.terminate();
    this.#onFault(error);
  }

  #end(error: Error): void {
    this.#fault ??= error;
    this.#welcome?.reject(error);
    for (const { reject } of this.#pending.values()) reject(error);
  }
}

const CLOSE_TIMEOUT_MS = 1_000;

function textOf(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString("utf8");
  return Buffer.from(data instanceof ArrayBuffer ? new Uint8Array(data) : data).toString("utf8");
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
