import { createWorker } from "mediasoup";
import type { Producer, Router, WebRtcServer, WebRtcTransport, Worker } from "mediasoup/types";
import { ROOM_CODECS } from "../../../../node/media/codecs.js";
import type { LocalDescription, RemoteDescription } from "../load/description.js";
import type { StreamParameters } from "../load/MediaSource.js";
import { RECEIVE_CAPABILITIES, rtpParametersOf } from "./rtp.js";
import type { Leg, Sfu } from "./Sfu.js";

/** A mediasoup worker with one router, driven from this process with nothing between: the yardstick. */
export class BareSfu implements Sfu {
  readonly name = "bare mediasoup";
  readonly driverPid = undefined;
  readonly #worker: Worker;
  readonly #webRtcServer: WebRtcServer;
  readonly #router: Router;
  readonly #producers: Producer[] = [];

  static async start(): Promise<BareSfu> {
    const worker = await createWorker({ logLevel: "warn" });
    const webRtcServer = await worker.createWebRtcServer({
      listenInfos: [
        { protocol: "udp", ip: "127.0.0.1" },
        { protocol: "tcp", ip: "127.0.0.1" },
      ],
    });
    return new BareSfu(worker, webRtcServer, await worker.createRouter({ mediaCodecs: ROOM_CODECS }));
  }

  private constructor(worker: Worker, webRtcServer: WebRtcServer, router: Router) {
    this.#worker = worker;
    this.#webRtcServer = webRtcServer;
    this.#router = router;
  }

  get mediaPid(): number {
    return this.#worker.pid;
  }

  async publish(local: LocalDescription, streams: readonly StreamParameters[]): Promise<Leg> {
    const transport = await this.#connected(local);
    return legOf(transport, async () => {
      for (const stream of streams) {
        const producer = { kind: stream.kind, rtpParameters: rtpParametersOf(stream) };
        this.#producers.push(await transport.produce(producer));
      }
    });
  }

  async subscribe(local: LocalDescription): Promise<Leg> {
    const transport = await this.#connected(local);
    return legOf(transport, async () => {
      for (const { id: producerId } of this.#producers) {
        const rtpCapabilities = RECEIVE_CAPABILITIES;
        const consumer = await transport.consume({ producerId, rtpCapabilities, paused: true });
        await consumer.resume();
      }
    });
  }

  async stop(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#worker.once("subprocessclose", resolve);
      this.#worker.close();
    });
  }

  async #connected({ fingerprint }: LocalDescription): Promise<WebRtcTransport> {
    const transport = await this.#router.createWebRtcTransport({ webRtcServer: this.#webRtcServer });
    const fingerprints = [{ algorithm: "sha-256" as const, value: fingerprint }];
    await transport.connect({ dtlsParameters: { role: "client", fingerprints } });
    return transport;
  }
}

function legOf(transport: WebRtcTransport, begin: () => Promise<void>): Leg {
  return {
    remote: remoteOf(transport),
    begin,
    close: async () => transport.close(),
  };
}

/** The first UDP candidate with the credentials. */
export function remoteOf({
  iceParameters,
  iceCandidates,
}: {
  readonly iceParameters: { readonly usernameFragment: string; readonly password: string };
  readonly iceCandidates: readonly {
    readonly protocol: string;
    readonly address: string;
    readonly port: number;
  }[];
}): RemoteDescription {
  const candidate = iceCandidates.find(({ protocol }) => protocol === "udp");
  if (!candidate) throw new Error("the media server offers no UDP");
  const { usernameFragment, password } = iceParameters;
  return { usernameFragment, password, address: candidate.address, port: candidate.port, controlling: false };
}
