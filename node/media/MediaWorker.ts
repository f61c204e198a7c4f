import { EventEmitter } from "node:events";
import { createWorker } from "mediasoup";
import type { Router, TransportListenInfo, WebRtcServer, Worker, WorkerResourceUsage } from "mediasoup/types";
import type { Logger } from "pino";
import { ROOM_CODECS } from "./codecs.js";
import { asMediaError } from "./mediaError.js";

export type MediaWorkerEvents = {
  /** The process ended without being asked to; everything on it is gone. */
  died: [Error];
};

export interface MediaListen {
  /** Address to bind. */
  readonly ip: string;
  /** Address or host name that participants are told, where it is another one than `ip`. */
  readonly announcedAddress?: string | undefined;
  /** UDP and TCP port of the first worker, the next one for the next; 0: any that is free. */
  readonly port: number;
}

/** The ports on which participants reach a worker. */
export interface MediaPorts {
  readonly udp: number;
  readonly tcp: number;
}

/** One mediasoup process, with the one UDP and the one TCP port that all its transports share. */
export class MediaWorker extends EventEmitter<MediaWorkerEvents> {
  readonly #worker: Worker;
  readonly #webRtcServer: WebRtcServer;
  readonly ports: MediaPorts;

  /**
   * Starts the process (`MEDIASOUP_WORKER_BIN` says which) and binds its ports.
   * Throws where the binary is missing or a port is taken.
   */
  static async start(listen: MediaListen, logger: Logger): Promise<MediaWorker> {
    const worker = await createWorker({ logLevel: "warn" });
    try {
      const webRtcServer = await worker.createWebRtcServer({
        listenInfos: [listenInfo("udp", listen), listenInfo("tcp", listen)],
      });
      const { udpSockets, tcpServers } = await webRtcServer.dump();
      const [udp, tcp] = [udpSockets[0]?.port, tcpServers[0]?.port];
      if (udp === undefined || tcp === undefined) throw new Error("the media worker bound no port");
      return new MediaWorker(worker, webRtcServer, { udp, tcp }, logger);
    } catch (error) {
      worker.close();
      const port = listen.port === 0 ? "a free port" : `port ${String(listen.port)}`;
      throw new Error(
        `The media worker could not listen on ${listen.ip}, ${port} (UDP and TCP). ` +
          "Check that the address belongs to this machine and that nothing else uses the port.",
        { cause: error },
      );
    }
  }

  private constructor(worker: Worker, webRtcServer: WebRtcServer, ports: MediaPorts, logger: Logger) {
    super();
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

  createRouter(): Promise<Router> {
    return asMediaError("room not opened", () => this.#worker.createRouter({ mediaCodecs: ROOM_CODECS }));
  }

  /** CPU time and memory of the process since it started. */
  getResourceUsage(): Promise<WorkerResourceUsage> {
    return this.#worker.getResourceUsage();
  }

  /** Ends the process; resolves once it has ended. */
  async close(): Promise<void> {
    if (this.#worker.subprocessClosed) return;
    await new Promise<void>((resolve) => {
      this.#worker.once("subprocessclose", resolve);
      this.#worker.close();
    });
  }
}

function listenInfo(
  protocol: "udp" | "tcp",
  { ip, announcedAddress, port }: MediaListen,
): TransportListenInfo {
  return {
    protocol,
    ip,
    ...(announcedAddress !== undefined && { announcedAddress }),
    ...(port !== 0 && { port }),
  };
}
