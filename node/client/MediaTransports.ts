import type { types } from "mediasoup-client";
import { IceRecovery } from "./IceRecovery.js";
import type { RtcOptions } from "./rtc.js";
import type { ConsumerOffer, SignalingConnection } from "./SignalingConnection.js";

/** The participant's WebRTC connections to the node: one to receive on, and one to send on once that is needed. */
export class MediaTransports {
  readonly #device: types.Device;
  readonly #connection: SignalingConnection;
  readonly #rtc: RtcOptions;
  readonly #onError: (error: Error) => void;
  #receiving: types.Transport | undefined;
  #sending: Promise<types.Transport> | undefined;
  readonly #recoveries: IceRecovery[] = [];
  #closed = false;

  constructor(
    device: types.Device,
    connection: SignalingConnection,
    rtc: RtcOptions,
    onError: (error: Error) => void,
  ) {
    this.#device = device;
    this.#connection = connection;
    this.#rtc = rtc;
    this.#onError = onError;
  }

  /** From now on the node offers the room's tracks. */
  async openReceiving(): Promise<void> {
    const parameters = await this.#connection.request("createTransport", {
      direction: "receive",
      rtpCapabilities: this.#device.recvRtpCapabilities,
    });
    this.#receiving = this.#keep(this.#device.createRecvTransport({ ...parameters, ...this.#settings() }));
  }

  /** Makes a track ready that the node offered. */
  async receive(offer: ConsumerOffer): Promise<types.Consumer> {
    if (!this.#receiving) throw new Error("there is no transport to receive on");
    const { consumerId: id, producerId, kind, rtpParameters, peerId } = offer;
    // One stream per publisher, so that sound and picture are played in step.
    return this.#receiving.consume({ id, producerId, kind, rtpParameters, streamId: peerId });
  }

  async publish(track: MediaStreamTrack, source: string): Promise<types.Producer> {
    this.#sending ??= this.#openSending().catch((error: unknown) => {
      this.#sending = undefined;
      throw error;
    });
    const transport = await this.#sending;
    return transport.produce({
      track,
      // The caller's track is the caller's to stop.
      stopTracks: false,
      ...(track.kind === "audio" && { codecOptions: { opusFec: true, opusDtx: true } }),
      appData: { source },
    });
  }

  /** Statistics of what is received; undefined once that is over. */
  async receiveStatistics(): Promise<RTCStatsReport | undefined> {
    if (!this.#receiving || this.#receiving.closed) return undefined;
    return this.#receiving.getStats();
  }

  close(): void {
    this.#closed = true;
    for (const recovery of this.#recoveries) recovery.stop();
    this.#receiving?.close();
    this.#sending?.then(
      (transport) => transport.close(),
      () => undefined,
    );
  }

  async #openSending(): Promise<types.Transport> {
    const parameters = await this.#connection.request("createTransport", { direction: "send" });
    const transport = this.#keep(this.#device.createSendTransport({ ...parameters, ...this.#settings() }));
    transport.on("produce", ({ kind, rtpParameters, appData }, done, fail) => {
      const source = typeof appData["source"] === "string" ? appData["source"] : kind;
      this.#connection
        .request("produce", { transportId: transport.id, kind, rtpParameters, source, paused: false })
        .then(({ producerId }) => done({ id: producerId }), fail);
    });
    return transport;
  }

  #settings(): Pick<types.TransportOptions, "iceServers" | "iceTransportPolicy"> {
    const { iceServers, iceTransportPolicy } = this.#rtc;
    return { iceServers, iceTransportPolicy };
  }

  #keep(transport: types.Transport): types.Transport {
    if (this.#closed) {
      transport.close();
      throw new Error("the connection is over");
    }
    transport.on("connect", ({ dtlsParameters }, done, fail) => {
      this.#connection
        .request("connectTransport", { transportId: transport.id, dtlsParameters })
        .then(done, fail);
    });
    const requestRestart = async () => {
      const { iceParameters } = await this.#connection.request("restartIce", { transportId: transport.id });
      return iceParameters;
    };
    this.#recoveries.push(new IceRecovery(transport, { requestRestart, onError: this.#onError }));
    return transport;
  }
}
