import { createSocket } from "node:dgram";
import type { Socket } from "node:dgram";
import { once } from "node:events";

export interface RelayImpairment {
  /** Part of the packets that is lost, 0 to 1, in each direction. */
  readonly loss?: number;
  readonly delayMs?: number;
  /** Added to the delay, evenly distributed from 0 to this. */
  readonly jitterMs?: number;
}

/**
 * A bad network: a UDP relay that loses and delays. It listens on an address and port and passes on to the same port of
 * another address, so that a node that announces the relay's address needs no other change.
 */
export class LossyRelay {
  readonly #front: Socket;
  readonly #target: { address: string; port: number };
  readonly #flows = new Map<string, Socket>();
  readonly #timers = new Set<NodeJS.Timeout>();
  readonly #random: () => number;
  #impairment: RelayImpairment = {};

  /**
   * @param seed Of the random numbers, so that the same packets are lost each time.
   */
  static async open(
    listen: { address: string; port: number },
    targetAddress: string,
    seed = 1,
  ): Promise<LossyRelay> {
    const front = createSocket("udp4");
    front.bind(listen.port, listen.address);
    await once(front, "listening");
    return new LossyRelay(front, { address: targetAddress, port: listen.port }, seed);
  }

  private constructor(front: Socket, target: { address: string; port: number }, seed: number) {
    this.#front = front;
    this.#target = target;
    this.#random = mulberry32(seed);
    front.on("message", (packet, { address, port }) => {
      this.#later(() => this.#flow(address, port).send(packet, target.port, target.address));
    });
  }

  impair(impairment: RelayImpairment): void {
    this.#impairment = impairment;
  }

  async close(): Promise<void> {
    for (const timer of this.#timers) clearTimeout(timer);
    const sockets = [this.#front, ...this.#flows.values()];
    await Promise.all(
      sockets.map(async (socket) => {
        const closed = once(socket, "close");
        socket.close();
        await closed;
      }),
    );
  }

  /** The socket that stands for one client towards the target. */
  #flow(address: string, port: number): Socket {
    const key = `${address}:${port}`;
    let flow = this.#flows.get(key);
    if (!flow) {
      flow = createSocket("udp4");
      flow.bind(0, this.#target.address);
      flow.on("message", (packet) => this.#later(() => this.#front.send(packet, port, address)));
      this.#flows.set(key, flow);
    }
    return flow;
  }

  #later(deliver: () => void): void {
    const { loss = 0, delayMs = 0, jitterMs = 0 } = this.#impairment;
    if (this.#random() < loss) return;
    if (delayMs === 0 && jitterMs === 0) return deliver();
    const timer = setTimeout(
      () => {
        this.#timers.delete(timer);
        deliver();
      },
      delayMs + this.#random() * jitterMs,
    );
    this.#timers.add(timer);
  }
}

/** A small generator with a seed: https://github.com/bryc/code/blob/master/jshash/PRNGs.md (public domain). */
function mulberry32(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
