import { EventEmitter } from "node:events";
import { createWorker } from "mediasoup";
import type { Router, Transport, WebRtcServer, Worker, WorkerResourceUsage } from "mediasoup/types";
import type { Logger } from "pino";
import { ROOM_CODECS } from "./codecs.js";
import { CHOSEN_PORT_ATTEMPTS, choosePort, listenInfos } from "./listen.js";
import type { MediaListen } from "./listen.js";
import { asMediaError } from "./mediaError.js";
import { WorkerLoad } from "./WorkerLoad.js";

export type MediaWorkerEvents = {
  /** The process ended without being asked to; everything on it is gone. */
  died: [Error];
};

/** The ports on which participants reach a worker, the same on all addresses. */
export interface MediaPorts {
  readonly udp: number;
  readonly tcp: number;
}

/** What a worker holds. */
export interface WorkerInventory {
  /** Rooms, or parts of them. */
  readonly routers: number;
  /** Ends of pipes, to other workers and other nodes. */
  readonly pipes: number;
  /** Routers, transports, producers, consumers and whatever else takes requests. */
  readonly objects: number;
}

/** A process that was asked to end and has not after this long hangs, and is killed. */
const CLOSE_TIMEOUT_MS = 3_000;

/** One mediasoup process, with the one port, UDP and TCP, that all its WebRTC transports share. */
export class MediaWorker extends EventEmitter<MediaWorkerEvents> {
  readonly load = new WorkerLoad();
  readonly ports: MediaPorts;
  readonly #worker: Worker;
  readonly #webRtcServer: WebRtcServer;
  readonly #pipes = new Set<Transport>();

  /**
   * Starts the process (`MEDIASOUP_WORKER_BIN` says which) and binds its port.
   * Throws where the binary is missing or the port is taken.
   */
  static async start(listen: MediaListen, logger: Logger): Promise<MediaWorker> {
    const worker = await createWorker({ logLevel: "warn" });
    try {
      const { webRtcServer, port } = await bind(worker, listen);
      return new MediaWorker(worker, webRtcServer, { udp: port, tcp: port }, logger);
    } catch (error) {
      await ended(worker);
      const addresses = listen.addresses.map(({ ip }) => ip).join(" and ");
      const port = listen.port === 0 ? "a free port" : `port ${String(listen.port)}`;
      throw new Error(
        `The media worker could not listen on ${addresses}, ${port} (UDP and TCP). ` +
          "Check that the addresses belong to this machine and that nothing else uses the port.",
        { cause: error },
      );
    }
  }

  private constructor(worker: Worker, webRtcServer: WebRtcServer, ports: MediaPorts, logger: Logger) {
    super();
    // Whatever runs on it may listen.
    this.setMaxListeners(0);
    this.#worker = worker;
    this.#webRtcServer = webRtcServer;
    this.ports = ports;
    worker.on("died", (error) => {
      logger.error({ err: error, pid: worker.pid }, "media worker died");
      this.emit("died", error);
    });
  }

  get pid(): number {
    return this.#worker.pid;
  }

  get closed(): boolean {
    return this.#worker.closed;
  }

  get webRtcServer(): WebRtcServer {
    return this.#webRtcServer;
  }

  async createRouter(): Promise<Router> {
    const router = await asMediaError("room not opened", () =>
      this.#worker.createRouter({ mediaCodecs: ROOM_CODECS }),
    );
    router.observer.on("newtransport", (transport) => {
      if (transport.type !== "pipe") return;
      this.load.addPipe(transport);
      this.#pipes.add(transport);
      transport.observer.once("close", () => this.#pipes.delete(transport));
    });
    return router;
  }

  /** What is on it, as the process itself says; for finding leaks. Rejects where it has ended. */
  async dump(): Promise<WorkerInventory> {
    const { routerIds, channelMessageHandlers } = await this.#worker.dump();
    const objects = channelMessageHandlers.channelRequestHandlers.length;
    return { routers: routerIds.length, pipes: this.#pipes.size, objects };
  }

  /** CPU time and memory of the process since it started. */
  getResourceUsage(): Promise<WorkerResourceUsage> {
    return this.#worker.getResourceUsage();
  }

  /** Ends a process that hangs; it dies, with the event `died`. */
  kill(): void {
    process.kill(this.pid, "SIGKILL");
  }

  /** Ends the process; resolves once it has ended. */
  close(): Promise<void> {
    return ended(this.#worker);
  }
}

/** For port 0 a port is chosen here and not by the system, which would give each socket another one. */
async function bind(
  worker: Worker,
  { addresses, port }: MediaListen,
): Promise<{ webRtcServer: WebRtcServer; port: number }> {
  for (let attempt = 1; ; attempt += 1) {
    const candidate = port === 0 ? choosePort() : port;
    try {
      const webRtcServer = await worker.createWebRtcServer({
        listenInfos: listenInfos(addresses, candidate),
      });
      return { webRtcServer, port: candidate };
    } catch (error) {
      if (port !== 0 || worker.closed || attempt === CHOSEN_PORT_ATTEMPTS) throw error;
    }
  }
}

async function ended(worker: Worker): Promise<void> {
  if (worker.subprocessClosed) return;
  const timer = setTimeout(() => process.kill(worker.pid, "SIGKILL"), CLOSE_TIMEOUT_MS);
  await new Promise<void>((resolve) => {
    worker.once("subprocessclose", resolve);
    worker.close();
  });
  clearTimeout(timer);
}
