import { once } from "node:events";
import { WebSocket } from "ws";
import { z } from "zod";
import { SIGNALING_SUBPROTOCOL, serverNotifications } from "../../../../node/protocol/signaling.js";

const messageSchema = z.union([
  z.object({ request: z.literal(true), id: z.number(), method: z.string(), data: z.unknown() }),
  z.object({
    response: z.literal(true),
    id: z.number(),
    ok: z.boolean(),
    data: z.unknown().optional(),
    errorCode: z.string().optional(),
    errorReason: z.string().optional(),
  }),
  z.object({ notification: z.literal(true), method: z.string(), data: z.unknown() }),
]);

interface Pending {
  readonly resolve: (data: unknown) => void;
  readonly reject: (error: Error) => void;
}

type Welcome = z.output<(typeof serverNotifications)["welcome"]>;

/** A client of the node's signaling that keeps to its protocol and has no media of its own. */
export class SignalingClient {
  readonly welcome: Promise<Welcome>;
  readonly #socket: WebSocket;
  readonly #pending = new Map<number, Pending>();
  /** Told each track that the node offers, which is accepted. None comes before there is a transport to receive on. */
  onOffer: (offer: unknown) => void = () => undefined;
  #nextId = 0;
  #epoch = 0;

  static async connect(url: string): Promise<SignalingClient> {
    const socket = new WebSocket(url, SIGNALING_SUBPROTOCOL, { perMessageDeflate: false });
    const client = new SignalingClient(socket);
    await once(socket, "open");
    return client;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    this.welcome = new Promise((resolve, reject) => {
      socket.on("message", (data: Buffer) => {
        const message = messageSchema.parse(JSON.parse(data.toString()));
        if ("notification" in message && message.method === "welcome") {
          const welcome = serverNotifications.welcome.parse(message.data);
          this.#epoch = welcome.epoch;
          resolve(welcome);
        } else this.#received(message);
      });
      socket.once("close", (code, reason) => {
        const error = new Error(`the node closed the connection: ${code} ${reason.toString()}`);
        reject(error);
        for (const pending of this.#pending.values()) pending.reject(error);
        this.#pending.clear();
      });
    });
    this.welcome.catch(() => undefined);
    socket.on("error", () => undefined);
  }

  /** The epoch that the node announced last. */
  get epoch(): number {
    return this.#epoch;
  }

  get open(): boolean {
    return this.#socket.readyState === WebSocket.OPEN;
  }

  /** Rejects with the node's code where it refuses, and where the connection closes. */
  request(method: string, data: unknown): Promise<unknown> {
    if (!this.open) return Promise.reject(new Error(`${method}: the connection is closed`));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#socket.send(JSON.stringify({ request: true, id, method, data }));
    });
  }

  /** Ends the connection and says that it is meant, so that the node does not wait for it to be resumed. */
  async close(): Promise<void> {
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    const closed = once(this.#socket, "close");
    // Says why where it is open still.
    this.#socket.close(1000);
    await closed;
  }

  /** As a cable that is pulled: without a word. */
  break(): void {
    this.#socket.terminate();
  }

  #received(message: z.output<typeof messageSchema>): void {
    if ("response" in message) {
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.ok) pending?.resolve(message.data);
      else pending?.reject(new Error(`${message.errorCode}: ${message.errorReason}`));
    } else if ("request" in message) {
      this.#socket.send(JSON.stringify({ response: true, id: message.id, ok: true, data: {} }));
      if (message.method === "newConsumer") this.onOffer(message.data);
    } else if (message.method === "epoch") {
      this.#epoch = serverNotifications.epoch.parse(message.data).epoch;
    }
  }
}
