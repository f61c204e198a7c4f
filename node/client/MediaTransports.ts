import type { types } from "mediasoup-client";
import type { ClientAnswers } from "../protocol/signaling.js";
import { IceRecovery } from "./IceRecovery.js";
import type { RtcOptions } from "./rtc.js";
import { isLost } from "./SignalingConnection.js";
import type { Requester } from "./SignalingConnection.js";
import { pathBytesReceived } from "./receiveStatistics.js";

export interface MediaTransportsOptions {
  readonly device: types.Device;
  readonly node: Requester;
  readonly rtc: RtcOptions;
  readonly onError: (error: Error) => void;
  /** A path is interrupted. */
  readonly onInterrupted: () => void;
  /** No path to the node can be found any more. */
  readonly onHopeless: () => void;
  /** After so long without a path the transport is given up. */
  readonly iceGiveUpAfterMs?: number | undefined;
}

/** A transport to send on, and the largest message that the node takes on its data channels. */
export interface SendTransport {
  readonly transport: types.Transport;
  readonly maxMessageBytes: number;
}

/** The participant's WebRTC connections to the node: one to receive on, and one to send on once that is needed. */
export class MediaTransports {
  readonly #options: MediaTransportsOptions;
  /** A promise, since the node may offer the first tracks before it has answered. */
  #receiving: Promise<types.Transport> | undefined;
  #sending: Promise<SendTransport> | undefined;
  readonly #all = new Set<types.Transport>();
  readonly #recoveries: IceRecovery[] = [];
  #closed = false;
  #halfOpen = false;

  constructor(options: MediaTransportsOptions) {
    this.#options = options;
  }

  /** Whether some media path works now. */
  get connected(): boolean {
    return [...this.#all].some(({ connectionState }) => connectionState === "connected");
  }

  /** Whether the signaling broke while a transport was being connected: nobody knows how far the node got. */
  get halfOpen(): boolean {
    return this.#halfOpen;
  }

  /** Ids on the node. */
  get ids(): readonly string[] {
    return [...this.#all].map(({ id }) => id);
  }

  /** From now on the node offers the room's tracks and data channels. */
  async openReceiving(): Promise<void> {
    this.#receiving = this.#openReceiving();
    await this.#receiving;
  }

  /** @throws Error where nothing is received. */
  async receiving(): Promise<types.Transport> {
    if (!this.#receiving) throw new Error("there is no transport to receive on");
    return this.#receiving;
  }

  /** Opened when it is first asked for. */
  sending(): Promise<SendTransport> {
    this.#sending ??= this.#openSending().catch((error: unknown) => {
      this.#sending = undefined;
      throw error;
    });
    return this.#sending;
  }

  /** Statistics of what is received; undefined where nothing is, or no longer. */
  async receiveStatistics(): Promise<RTCStatsReport | undefined> {
    const transport = await this.#receiving?.catch(() => undefined);
    return !transport || transport.closed ? undefined : transport.getStats();
  }

  /** All that came on all of them: media, feedback, data. */
  async bytesReceived(): Promise<number> {
    const reports = await Promise.all(Array.from(this.#all, (transport) => transport.getStats()));
    return reports.reduce((sum, report) => sum + pathBytesReceived(report), 0);
  }

  close(): void {
    this.#closed = true;
    for (const recovery of this.#recoveries) recovery.stop();
    for (const transport of this.#all) transport.close();
  }

  async #openReceiving(): Promise<types.Transport> {
    const { device, node } = this.#options;
    const parameters = await node.request("createTransport", {
      direction: "receive",
      rtpCapabilities: device.recvRtpCapabilities,
    });
    return this.#keep(device.createRecvTransport({ ...transportOptions(parameters), ...this.#settings() }));
  }

  async #openSending(): Promise<SendTransport> {
    const { device, node } = this.#options;
    const parameters = await node.request("createTransport", { direction: "send" });
    const transport = this.#keep(
      device.createSendTransport({ ...transportOptions(parameters), ...this.#settings() }),
    );
    transport.on("produce", ({ kind, rtpParameters, appData }, done, fail) => {
      const source = typeof appData["source"] === "string" ? appData["source"] : kind;
      const paused = appData["paused"] === true;
      node
        .request("produce", { transportId: transport.id, kind, rtpParameters, source, paused })
        .then(({ producerId }) => done({ id: producerId }), fail);
    });
    transport.on("producedata", ({ sctpStreamParameters, label = "", protocol = "" }, done, fail) => {
      const { streamId, ordered, maxPacketLifeTime, maxRetransmits } = sctpStreamParameters;
      node
        .request("produceData", {
          transportId: transport.id,
          sctpStreamParameters: { streamId, ordered, maxPacketLifeTime, maxRetransmits },
          label,
          protocol,
        })
        .then(({ dataProducerId }) => done({ id: dataProducerId }), fail);
    });
    return { transport, maxMessageBytes: parameters.sctpParameters?.maxReceiveMessageSize ?? 0 };
  }

  #settings(): Pick<types.TransportOptions, "iceServers" | "iceTransportPolicy"> {
    const { iceServers, iceTransportPolicy } = this.#options.rtc;
    return { iceServers, iceTransportPolicy };
  }

  #keep(transport: types.Transport): types.Transport {
    if (this.#closed) {
      transport.close();
      throw new Error("the connection is over");
    }
    const { node, onError, onInterrupted, onHopeless, iceGiveUpAfterMs } = this.#options;
    this.#all.add(transport);
    transport.on("connectionstatechange", (state) => {
      if (state === "disconnected") onInterrupted();
    });
    transport.on("connect", ({ dtlsParameters }, done, fail) => {
      node
        .request("connectTransport", { transportId: transport.id, dtlsParameters })
        .then(done, (error: unknown) => {
          if (isLost(error)) this.#halfOpen = true;
          fail(error instanceof Error ? error : new Error(String(error)));
        });
    });
    const requestRestart = async () => {
      const { iceParameters } = await node.request("restartIce", { transportId: transport.id });
      return iceParameters;
    };
    this.#recoveries.push(
      new IceRecovery(transport, {
        requestRestart,
        // Without signaling there is no restart; that is mended first.
        onError: (error) => !isLost(error) && onError(error),
        onHopeless,
        ...(iceGiveUpAfterMs !== undefined && { giveUpAfterMs: iceGiveUpAfterMs }),
      }),
    );
    return transport;
  }
}

function transportOptions({
  sctpParameters,
  ...parameters
}: ClientAnswers["createTransport"]): types.TransportOptions {
  return sctpParameters ? { ...parameters, sctpParameters } : parameters;
}
