import { once } from "node:events";
import { WebSocket } from "ws";
import type { ClientOptions } from "ws";
import { z } from "zod";
import type { Hex } from "../../../node/protocol/hex.js";
import { hexSchema, toWire } from "../../../node/protocol/schemas.js";
import { SIGNALING_SUBPROTOCOL } from "../../../node/protocol/signaling.js";

const messageSchema = z.looseObject({
  request: z.boolean().optional(),
  id: z.number().optional(),
  method: z.string().optional(),
  data: z.unknown().optional(),
  errorCode: z.string().optional(),
});
export type RawMessage = z.infer<typeof messageSchema>;

/** A WebSocket that sends whatever a test wants and remembers what comes back. */
export class RawClient {
  readonly socket: WebSocket;
  readonly messages: RawMessage[] = [];
  readonly closed: Promise<{ code: number; reason: string }>;
  /** Called with each request of the node; without it they stay unanswered. */
  onRequest: ((request: RawMessage) => void) | undefined;
  #waiting: (() => void)[] = [];
  #nextId = 0;

  constructor(url: string, options: ClientOptions = {}) {
    this.socket = new WebSocket(url, SIGNALING_SUBPROTOCOL, options);
    this.socket.on("message", (data: Buffer) => {
      const message = messageSchema.parse(JSON.parse(data.toString()));
      this.messages.push(message);
      if (message.request === true) this.onRequest?.(message);
      this.#wake();
    });
    // What goes wrong shows in how it closes.
    this.socket.on("error", () => undefined);
    this.closed = new Promise((resolve) => {
      this.socket.once("close", (code, reason) => {
        resolve({ code, reason: reason.toString() });
        this.#wake();
      });
    });
  }

  /** Connects and waits for the welcome. */
  static async welcomed(url: string, options?: ClientOptions): Promise<RawClient> {
    const client = new RawClient(url, options);
    await client.notification("welcome");
    return client;
  }

  /** The next or first message for which a condition holds; fails where the socket closes without one. */
  async message(what: string, condition: (message: RawMessage) => boolean): Promise<RawMessage> {
    for (;;) {
      const found = this.messages.find(condition);
      if (found) return found;
      if (this.socket.readyState === WebSocket.CLOSED) throw new Error(`the socket closed without ${what}`);
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    }
  }

  /** Of the welcome. */
  get nonce(): Hex {
    const { nonce } = z.object({ nonce: hexSchema(32) }).parse(this.messages[0]?.data);
    return nonce;
  }

  /** Accepts what the node asks, or refuses it. */
  answer(request: RawMessage, refusal?: { errorCode: string; errorReason: string }): void {
    const answer = refusal ? { ok: false, ...refusal } : { ok: true, data: {} };
    this.socket.send(JSON.stringify({ response: true, id: request.id, ...answer }));
  }

  /** All notifications or requests of one kind so far: what they hold. */
  received(method: string): unknown[] {
    return this.messages.filter((message) => message.method === method).map(({ data }) => data);
  }

  notification(method: string): Promise<RawMessage> {
    return this.message(method, (message) => message.method === method);
  }

  /** Sends a request and returns the answer, whatever it is. */
  async request(method: string, data: unknown): Promise<RawMessage> {
    const id = this.#nextId++;
    this.socket.send(JSON.stringify(toWire({ request: true, id, method, data })));
    return this.message(
      `an answer to ${method}`,
      (message) => message.id === id && message.method === undefined,
    );
  }

  /** Breaks the connection, as a network does: without a word. */
  async end(): Promise<void> {
    if (this.socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.socket, "close");
    this.socket.terminate();
    await closed;
  }

  #wake(): void {
    for (const wake of this.#waiting.splice(0)) wake();
  }
}
