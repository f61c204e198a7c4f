import { EventEmitter } from "node:events";
import type { Consumer, DataConsumer, DataProducer, PipeTransport, Producer, Router } from "mediasoup/types";
import type { MediaKind, RtpParameters, SctpStreamParameters } from "../protocol/mediaParameters.js";
import type { PipeEnd } from "../protocol/nodeLink.js";
import { offeredParameters } from "./capabilities.js";
import { MediaError, asMediaError } from "./mediaError.js";

export type NodePipeEvents = {
  closed: [];
};

export interface NodePipeListen {
  /** Address to bind. */
  readonly ip: string;
  /** What the other node is told, where it is another one than `ip`. */
  readonly announcedAddress?: string | undefined;
  /** UDP ports to choose from; without them the worker takes any that is free. */
  readonly ports?: { readonly from: number; readonly to: number } | undefined;
}

/** What went over a pipe so far, in bytes. */
export interface NodePipeTraffic {
  /** All that came from the other end, RTCP and SCTP included. */
  readonly bytesReceived: number;
  /** RTP that came from the other end. */
  readonly rtpBytesReceived: number;
  readonly bytesSent: number;
}

/**
 * This node's end of a pipe to another node for one room: SRTP and SCTP over one UDP port, with retransmission. Tracks
 * keep their ids and all their layers; key frame requests and loss reports travel back over it. What goes over it
 * belongs to no participant, so nobody counts it.
 */
export class NodePipe extends EventEmitter<NodePipeEvents> {
  readonly #transport: PipeTransport;
  readonly #consumers = new Map<string, Promise<Consumer>>();
  readonly #dataConsumers = new Map<string, Promise<DataConsumer>>();
  #connecting: { readonly remoteId: string; readonly done: Promise<void> } | undefined;

  /** Binds a port. Throws `MediaError`: failed, where none is free or the room has closed. */
  static async open(router: Router, { ip, announcedAddress, ports }: NodePipeListen): Promise<NodePipe> {
    const transport = await asMediaError("pipe not opened", () =>
      router.createPipeTransport({
        listenInfo: {
          protocol: "udp",
          ip,
          ...(announcedAddress !== undefined && { announcedAddress }),
          ...(ports && { portRange: { min: ports.from, max: ports.to } }),
        },
        enableRtx: true,
        enableSrtp: true,
        enableSctp: true,
      }),
    );
    return new NodePipe(transport);
  }

  private constructor(transport: PipeTransport) {
    super();
    this.#transport = transport;
    transport.observer.once("close", () => this.emit("closed"));
  }

  get id(): string {
    return this.#transport.id;
  }

  get closed(): boolean {
    return this.#transport.closed;
  }

  /** The other end that this one is connected to, or is being connected to. */
  get remoteId(): string | undefined {
    return this.#connecting?.remoteId;
  }

  /** Tracks and data channels that are sent over it. */
  get sending(): number {
    return this.#consumers.size + this.#dataConsumers.size;
  }

  /** What the other end must know to connect. */
  get end(): PipeEnd {
    const { id, tuple, srtpParameters } = this.#transport;
    if (srtpParameters?.cryptoSuite !== "AEAD_AES_256_GCM") {
      throw new MediaError("failed", "the pipe has no SRTP keys of the expected kind");
    }
    const srtp = { cryptoSuite: srtpParameters.cryptoSuite, keyBase64: srtpParameters.keyBase64 };
    return { id, address: tuple.localAddress, port: tuple.localPort, srtp };
  }

  /**
   * Connects to the other node's end, once; to the same end again does nothing.
   * @param ip Where the other end is: its address, resolved.
   * Throws `MediaError`: transport_exists where it is connected to another end, invalid_parameters, failed.
   */
  connect(ip: string, { id, port, srtp }: PipeEnd): Promise<void> {
    if (this.#connecting === undefined) {
      const done = asMediaError("pipe not connected", () =>
        this.#transport.connect({ ip, port, srtpParameters: srtp }),
      );
      this.#connecting = { remoteId: id, done };
    }
    if (this.#connecting.remoteId !== id) {
      throw new MediaError("transport_exists", "the pipe is connected to another end");
    }
    return this.#connecting.done;
  }

  /** Sends a track of this room to the other node; again: the same. Throws `MediaError`: not_found, failed. */
  async send(producerId: string): Promise<{ rtpParameters: RtpParameters; paused: boolean }> {
    const consumer = await listed(
      this.#consumers,
      producerId,
      () => asMediaError("track not piped", () => this.#transport.consume({ producerId })),
      ({ observer }, listener) => observer.once("close", listener),
    );
    return { rtpParameters: offeredParameters(consumer.rtpParameters), paused: consumer.producerPaused };
  }

  /** Sends a data channel of this room to the other node; again: the same. Throws `MediaError`: failed. */
  async sendData(dataProducerId: string): Promise<SctpStreamParameters> {
    const consumer = await listed(
      this.#dataConsumers,
      dataProducerId,
      () => asMediaError("data channel not piped", () => this.#transport.consumeData({ dataProducerId })),
      ({ observer }, listener) => observer.once("close", listener),
    );
    if (!consumer.sctpStreamParameters) throw new MediaError("failed", "the pipe carries no data channels");
    return consumer.sctpStreamParameters;
  }

  /** Ends the sending of a track or data channel, where it is sent. */
  stopSending(id: string): void {
    for (const consumers of [this.#consumers, this.#dataConsumers]) {
      consumers.get(id)?.then(
        (consumer) => consumer.close(),
        () => undefined,
      );
    }
  }

  /** Takes a track that the other node sends. Throws `MediaError`: invalid_parameters, failed. */
  receive(track: {
    id: string;
    kind: MediaKind;
    rtpParameters: RtpParameters;
    paused: boolean;
  }): Promise<Producer> {
    return asMediaError("piped track not taken", () => this.#transport.produce(track));
  }

  /** Takes a data channel that the other node sends. Throws `MediaError`: invalid_parameters, failed. */
  async receiveData(channel: {
    id: string;
    sctpStreamParameters: SctpStreamParameters;
    label: string;
    protocol: string;
  }): Promise<DataProducer> {
    const { streamId } = channel.sctpStreamParameters;
    if (streamId === undefined) {
      throw new MediaError("invalid_parameters", "a piped data channel needs the id of its SCTP stream");
    }
    const sctpStreamParameters = { ...channel.sctpStreamParameters, streamId };
    return asMediaError("piped data channel not taken", () =>
      this.#transport.produceData({ ...channel, sctpStreamParameters }),
    );
  }

  /** Rejects where it has closed. */
  async traffic(): Promise<NodePipeTraffic> {
    const [stats] = await this.#transport.getStats();
    if (!stats) throw new MediaError("closed", "the pipe has closed");
    const { bytesReceived, rtpBytesReceived, bytesSent } = stats;
    return { bytesReceived, rtpBytesReceived, bytesSent };
  }

  close(): void {
    this.#transport.close();
  }
}

/** The one consumer of an id, made where there is none; it leaves the list when it closes or cannot be made. */
async function listed<C>(
  consumers: Map<string, Promise<C>>,
  id: string,
  make: () => Promise<C>,
  onClose: (consumer: C, listener: () => void) => void,
): Promise<C> {
  const known = consumers.get(id);
  if (known) return known;
  const made = make();
  consumers.set(id, made);
  const unlist = () => {
    if (consumers.get(id) === made) consumers.delete(id);
  };
  try {
    const consumer = await made;
    onClose(consumer, unlist);
    return consumer;
  } catch (error) {
    unlist();
    throw error;
  }
}
