import { WebSocket } from "ws";
import type { RawData } from "ws";

export interface LinkFrame {
  readonly bytes: Buffer;
  readonly isBinary: boolean;
}

/** More than these waiting frames, before anybody has been shown who sends them, are too many. */
const MAX_WAITING = 64;

/**
 * The frames of a WebSocket in their order, none lost between the handshake, which asks for one at a time, and the link,
 * which takes all that follow.
 */
export class LinkFrames {
  readonly #ws: WebSocket;
  readonly #waiting: LinkFrame[] = [];
  #take: ((frame: LinkFrame) => void) | undefined;
  #fail: ((error: Error) => void) | undefined;
  #reader: ((frame: LinkFrame) => void) | undefined;

  constructor(ws: WebSocket) {
    this.#ws = ws;
    ws.on("message", (data, isBinary) => this.#arrived({ bytes: bytesOf(data), isBinary }));
    ws.once("close", (code) => this.#fail?.(new Error(`the other node closed the connection (${code})`)));
  }

  /** The next frame. Rejects where the socket closes or the signal is aborted first. */
  async next(signal: AbortSignal): Promise<LinkFrame> {
    signal.throwIfAborted();
    const first = this.#waiting.shift();
    if (first) return first;
    if (this.#ws.readyState !== WebSocket.OPEN) throw new Error("the connection is closed");
    const abort = () => this.#fail?.(signal.reason instanceof Error ? signal.reason : new Error("aborted"));
    signal.addEventListener("abort", abort, { once: true });
    try {
      return await new Promise<LinkFrame>((resolve, reject) => {
        this.#take = resolve;
        this.#fail = reject;
      });
    } finally {
      signal.removeEventListener("abort", abort);
      this.#take = undefined;
      this.#fail = undefined;
    }
  }

  /** Hands over all frames that wait and that come from now on. */
  read(reader: (frame: LinkFrame) => void): void {
    this.#reader = reader;
    for (const frame of this.#waiting.splice(0)) reader(frame);
  }

  #arrived(frame: LinkFrame): void {
    if (this.#reader) return this.#reader(frame);
    if (this.#take) {
      const take = this.#take;
      this.#take = undefined;
      return take(frame);
    }
    this.#waiting.push(frame);
    if (this.#waiting.length > MAX_WAITING) this.#ws.terminate();
  }
}

/** ws hands text and binary frames over as one Buffer ("nodebuffer", the default). */
function bytesOf(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Buffer.concat(Array.isArray(data) ? data : [Buffer.from(data)]);
}
