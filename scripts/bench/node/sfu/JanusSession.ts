import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { WebSocket } from "ws";
import { z } from "zod";

const REQUEST_TIMEOUT_MS = 20_000;

const messageSchema = z.looseObject({
  janus: z.string(),
  transaction: z.string().optional(),
  data: z.object({ id: z.number() }).optional(),
  plugindata: z.object({ data: z.looseObject({}) }).optional(),
  jsep: z.object({ type: z.string(), sdp: z.string() }).optional(),
  error: z.object({ code: z.number(), reason: z.string() }).optional(),
});
type JanusMessage = z.output<typeof messageSchema>;

export interface Jsep {
  readonly type: "offer" | "answer";
  readonly sdp: string;
}

export interface PluginAnswer {
  readonly data: Readonly<Record<string, unknown>>;
  readonly sdp: string | undefined;
}

/** A session of Janus's WebSocket interface. */
export class JanusSession {
  readonly #socket: WebSocket;
  readonly #pending = new Map<string, (message: JanusMessage) => void>();
  #id: number | undefined;

  static async open(url: string): Promise<JanusSession> {
    const socket = new WebSocket(url, "janus-protocol", { perMessageDeflate: false });
    await once(socket, "open");
    const session = new JanusSession(socket);
    session.#id = (await session.#request({ janus: "create" })).data?.id;
    return session;
  }

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on("error", () => undefined);
    socket.on("message", (data: Buffer) => {
      const message = messageSchema.parse(JSON.parse(data.toString()));
      // An acknowledgement is not yet the answer.
      if (message.janus === "ack" || message.transaction === undefined) return;
      this.#pending.get(message.transaction)?.(message);
    });
  }

  /** A handle of the video room plugin, by its id. */
  async attach(): Promise<number> {
    const { data } = await this.#request({ janus: "attach", plugin: "janus.plugin.videoroom" });
    if (!data) throw new Error("Janus attached nothing");
    return data.id;
  }

  /** Asks the plugin. Throws what it answers with an error. */
  async message(handle: number, body: object, jsep?: Jsep): Promise<PluginAnswer> {
    const answer = await this.#request({ janus: "message", handle_id: handle, body, ...(jsep && { jsep }) });
    const data = answer.plugindata?.data ?? {};
    if (data["error"] !== undefined) throw new Error(`Janus: ${JSON.stringify(data["error"])}`);
    return { data, sdp: answer.jsep?.sdp };
  }

  async detach(handle: number): Promise<void> {
    await this.#request({ janus: "detach", handle_id: handle });
  }

  close(): void {
    this.#socket.terminate();
  }

  async #request(request: object): Promise<JanusMessage> {
    const transaction = randomUUID();
    let timer: NodeJS.Timeout | undefined;
    try {
      const answer = await new Promise<JanusMessage>((resolve, reject) => {
        this.#pending.set(transaction, resolve);
        timer = setTimeout(() => reject(new Error("Janus does not answer")), REQUEST_TIMEOUT_MS);
        this.#socket.send(JSON.stringify({ ...request, transaction, session_id: this.#id }));
      });
      if (answer.error) throw new Error(`Janus: ${answer.error.reason} (${answer.error.code})`);
      return answer;
    } finally {
      clearTimeout(timer);
      this.#pending.delete(transaction);
    }
  }
}
