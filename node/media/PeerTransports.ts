import type { Router, WebRtcServer, WebRtcTransport } from "mediasoup/types";
import type { DtlsParameters, IceParameters, TransportParameters } from "../protocol/mediaParameters.js";
import type { MediaLimits } from "./limits.js";
import { MediaError, asMediaError, notFound } from "./mediaError.js";

/** First guess of what a receiver's downlink carries, in bits per second; bandwidth estimation goes on from it. */
const INITIAL_OUTGOING_BITRATE = 1_000_000;

type Direction = "send" | "receive";

/** A participant's transports: at most one to send on and one to receive on. */
export class PeerTransports {
  readonly #router: Router;
  readonly #webRtcServer: WebRtcServer;
  readonly #limits: MediaLimits;
  readonly #made = new Map<Direction, Promise<WebRtcTransport>>();
  #closed = false;

  constructor(router: Router, webRtcServer: WebRtcServer, limits: MediaLimits) {
    this.#router = router;
    this.#webRtcServer = webRtcServer;
    this.#limits = limits;
  }

  get sending(): Promise<WebRtcTransport> | undefined {
    return this.#made.get("send");
  }

  get receiving(): Promise<WebRtcTransport> | undefined {
    return this.#made.get("receive");
  }

  /** Throws `MediaError`: closed, transport_exists. */
  async create(direction: Direction): Promise<WebRtcTransport> {
    this.#assertOpen();
    if (this.#made.has(direction)) {
      throw new MediaError("transport_exists", `there is a transport to ${direction} on already`);
    }
    const making = this.#make();
    this.#made.set(direction, making);
    try {
      return await making;
    } catch (error) {
      this.#made.delete(direction);
      throw error;
    }
  }

  /** Throws `MediaError`: closed, not_found, failed where it is connected already. */
  async connect(transportId: string, dtlsParameters: DtlsParameters): Promise<void> {
    const transport = await this.#byId(transportId);
    await asMediaError("transport not connected", () => transport.connect({ dtlsParameters }));
  }

  /** Throws `MediaError`: closed, not_found. */
  async restartIce(transportId: string): Promise<IceParameters> {
    const transport = await this.#byId(transportId);
    return asMediaError("ICE not restarted", () => transport.restartIce());
  }

  close(): void {
    this.#closed = true;
    for (const transport of this.#made.values()) {
      // A transport that is being made fails where its room is gone: then there is nothing to close.
      transport.then(
        (made) => made.close(),
        () => undefined,
      );
    }
  }

  async #make(): Promise<WebRtcTransport> {
    const { maxDataMessageBytes } = this.#limits;
    const transport = await asMediaError("transport not created", () =>
      this.#router.createWebRtcTransport({
        webRtcServer: this.#webRtcServer,
        enableUdp: true,
        enableTcp: true,
        preferUdp: true,
        initialAvailableOutgoingBitrate: INITIAL_OUTGOING_BITRATE,
        enableSctp: true,
        maxSendMessageSize: maxDataMessageBytes,
        maxReceiveMessageSize: maxDataMessageBytes,
      }),
    );
    if (this.#closed) {
      transport.close();
      this.#assertOpen();
    }
    return transport;
  }

  async #byId(id: string): Promise<WebRtcTransport> {
    this.#assertOpen();
    for (const transport of await Promise.all(this.#made.values())) {
      if (transport.id === id) return transport;
    }
    throw notFound("transport", id);
  }

  #assertOpen(): void {
    if (this.#closed) throw new MediaError("closed", "the participant has left the room");
  }
}

export function parametersOf(transport: WebRtcTransport): TransportParameters {
  const { id, iceParameters, iceCandidates, dtlsParameters, sctpParameters } = transport;
  return {
    ...{ id, iceParameters, iceCandidates, dtlsParameters },
    ...(sctpParameters && {
      sctpParameters: {
        port: sctpParameters.port,
        maxSendMessageSize: sctpParameters.maxSendMessageSize,
        maxReceiveMessageSize: sctpParameters.maxReceiveMessageSize,
      },
    }),
  };
}
