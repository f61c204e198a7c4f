import { Device } from "mediasoup-client";
import type { types } from "mediasoup-client";
import { useNodeWebrtc } from "../../../node/client/nodeWebrtc.js";
import type { DataSubscription } from "../../../node/media/DataSubscription.js";
import type { MediaServer, Place } from "../../../node/media/MediaServer.js";
import type { Subscription } from "../../../node/media/Subscription.js";
import type { TransportParameters } from "../../../node/protocol/mediaParameters.js";

/** A track that arrived: what the node holds of it, and what this endpoint does. */
export interface Received {
  readonly subscription: Subscription;
  readonly consumer: types.Consumer;
}

/** A participant that talks to a media server without signaling in between: a real WebRTC endpoint in this process. */
export class MediaClient {
  readonly place: Place;
  readonly received: Received[] = [];
  readonly receivedData: types.DataConsumer[] = [];
  readonly errors: unknown[] = [];
  readonly #device: Device;
  #sending: types.Transport | undefined;
  #receiving: types.Transport | undefined;

  static async join(media: MediaServer, room: string, id: string): Promise<MediaClient> {
    const place = await media.join(room, id);
    const { handlerName } = useNodeWebrtc();
    const device = await Device.factory({ handlerName });
    await device.load({ routerRtpCapabilities: place.room.rtpCapabilities });
    return new MediaClient(place, device);
  }

  private constructor(place: Place, device: Device) {
    this.place = place;
    this.#device = device;
    place.peer.on("subscribed", (subscription) => {
      this.#take(subscription).catch((error: unknown) => this.errors.push(error));
    });
    place.peer.on("subscribedData", (subscription) => {
      this.#takeData(subscription).catch((error: unknown) => this.errors.push(error));
    });
  }

  async receive(): Promise<void> {
    const parameters = await this.place.peer.createReceiveTransport(this.#device.recvRtpCapabilities);
    this.#receiving = this.#connect(this.#device.createRecvTransport(parameters));
  }

  /** Publishes a track; `encodings` make it a simulcast one. */
  async publish(
    track: MediaStreamTrack,
    options: Partial<types.ProducerOptions> = {},
  ): Promise<types.Producer> {
    const transport = await this.#openSending();
    return transport.produce({ track, stopTracks: false, ...options });
  }

  async publishData(options: types.DataProducerOptions): Promise<types.DataProducer> {
    const transport = await this.#openSending();
    const producer = await transport.produceData(options);
    if (producer.readyState !== "open") await new Promise<void>((open) => producer.once("open", open));
    return producer;
  }

  /** Statistics of all that is received. */
  async receiveReport(): Promise<RTCStatsReport> {
    if (!this.#receiving) throw new Error("the client does not receive");
    return this.#receiving.getStats();
  }

  close(): void {
    this.#sending?.close();
    this.#receiving?.close();
    this.place.peer.close();
  }

  async #take(subscription: Subscription): Promise<void> {
    const { id, kind, rtpParameters, publication } = subscription;
    if (!this.#receiving) throw new Error("the client does not receive");
    const consumer = await this.#receiving.consume({
      ...{ id, kind, rtpParameters, producerId: publication.id, streamId: publication.peerId },
    });
    await subscription.resume();
    this.received.push({ subscription, consumer });
  }

  async #takeData(subscription: DataSubscription): Promise<void> {
    const { id, sctpStreamParameters, publication } = subscription;
    if (!this.#receiving) throw new Error("the client does not receive");
    const consumer = await this.#receiving.consumeData({
      ...{ id, dataProducerId: publication.id, sctpStreamParameters },
      ...{ label: publication.label, protocol: publication.protocol },
    });
    if (consumer.readyState !== "open") await new Promise<void>((open) => consumer.once("open", open));
    await subscription.resume();
    this.receivedData.push(consumer);
  }

  async #openSending(): Promise<types.Transport> {
    if (this.#sending) return this.#sending;
    const { peer } = this.place;
    const parameters: TransportParameters = await peer.createSendTransport();
    const transport = this.#connect(this.#device.createSendTransport(parameters));
    transport.on("produce", ({ kind, rtpParameters }, done, fail) => {
      peer
        .publish(transport.id, { kind, rtpParameters, source: kind, paused: false })
        .then(({ id }) => done({ id }), fail);
    });
    transport.on("producedata", ({ sctpStreamParameters, label = "", protocol = "" }, done, fail) => {
      peer
        .publishData(transport.id, { sctpStreamParameters, label, protocol })
        .then(({ id }) => done({ id }), fail);
    });
    this.#sending = transport;
    return transport;
  }

  #connect(transport: types.Transport): types.Transport {
    transport.on("connect", ({ dtlsParameters }, done, fail) => {
      this.place.peer.connectTransport(transport.id, dtlsParameters).then(done, fail);
    });
    return transport;
  }
}
