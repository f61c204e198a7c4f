import type { ClientAnswers, PeerInfo } from "../protocol/signaling.js";
import type { Layers } from "../protocol/mediaParameters.js";
import { RemoteData } from "./RemoteData.js";
import { Emitter } from "./Emitter.js";
import type { MediaTransports } from "./MediaTransports.js";
import { unlessRefused } from "./SignalingConnection.js";
import type { ConsumerOffer, DataConsumerOffer, Requester } from "./SignalingConnection.js";
import { RemoteTrack } from "./tracks.js";

export type RemoteMediaEvents = {
  track: [RemoteTrack];
  trackEnded: [RemoteTrack];
  trackPaused: [RemoteTrack];
  trackResumed: [RemoteTrack];
  trackLayersChanged: [RemoteTrack];
  data: [RemoteData];
};

export interface RemoteMediaOptions {
  readonly node: Requester;
  readonly transports: MediaTransports;
  readonly peerOf: (peerId: string) => PeerInfo | undefined;
  /** Counts what arrived of a track that is about to go, whose statistics go with it. */
  readonly sample: () => Promise<void>;
}

interface Received {
  readonly consumerId: string;
  /** A promise, since a track may end while it is being made ready. */
  readonly track: Promise<RemoteTrack>;
}

/** What others in the room publish and this participant receives, from one node. */
export class RemoteMedia extends Emitter<RemoteMediaEvents> {
  readonly #options: RemoteMediaOptions;
  /** By publication. */
  readonly #offers = new Map<string, Received>();
  readonly #tracks = new Set<RemoteTrack>();
  readonly #data = new Map<string, RemoteData>();
  #dataBytesReceived = 0n;
  #closed = false;

  constructor(options: RemoteMediaOptions) {
    super();
    this.#options = options;
  }

  get tracks(): readonly RemoteTrack[] {
    return [...this.#tracks];
  }

  get data(): readonly RemoteData[] {
    return [...this.#data.values()];
  }

  /** Payload bytes of all messages so far. */
  get dataBytesReceived(): bigint {
    return this.#dataBytesReceived;
  }

  /** Takes a track that the node offers. */
  async offered(offer: ConsumerOffer): Promise<void> {
    const { producerId, consumerId } = offer;
    await this.ended(producerId);
    const participant = this.#participant(offer.peerId);
    const track = this.#receive(offer, participant);
    this.#offers.set(producerId, { consumerId, track });
    try {
      const made = await track;
      if (this.#offers.get(producerId)?.consumerId !== consumerId) return;
      this.#tracks.add(made);
      this.emit("track", made);
      // Only now: the first key frame must find somebody who takes it. Where the connection breaks, it is told again.
      await unlessRefused(made.tellAgain());
    } catch (error) {
      if (this.#offers.get(producerId)?.consumerId === consumerId) this.#offers.delete(producerId);
      throw error;
    }
  }

  async offeredData(offer: DataConsumerOffer): Promise<void> {
    const { dataConsumerId: id, dataProducerId, sctpStreamParameters, label, protocol } = offer;
    this.endedData(dataProducerId);
    const participant = this.#participant(offer.peerId);
    const { ordered, streamId, maxPacketLifeTime, maxRetransmits } = sctpStreamParameters;
    const transport = await this.#options.transports.receiving();
    const consumer = await transport.consumeData({
      id,
      dataProducerId,
      label,
      protocol,
      sctpStreamParameters: {
        ...(streamId !== undefined && { streamId }),
        ...(ordered !== undefined && { ordered }),
        ...(maxPacketLifeTime !== undefined && { maxPacketLifeTime }),
        ...(maxRetransmits !== undefined && { maxRetransmits }),
      },
    });
    const data = new RemoteData(consumer, participant, offer, (bytes) => {
      this.#dataBytesReceived += BigInt(bytes);
    });
    this.#data.set(dataProducerId, data);
    this.emit("data", data);
  }

  /** A publication is gone. */
  async ended(producerId: string): Promise<void> {
    const offer = this.#offers.get(producerId);
    this.#offers.delete(producerId);
    // One that could not be made ready was refused there and then.
    const track = await offer?.track.catch(() => undefined);
    if (!track) return;
    await this.#options.sample();
    track.close();
    if (this.#tracks.delete(track)) this.emit("trackEnded", track);
  }

  endedData(dataProducerId: string): void {
    const data = this.#data.get(dataProducerId);
    this.#data.delete(dataProducerId);
    data?.close();
  }

  async paused(producerId: string, paused: boolean): Promise<void> {
    const track = await this.#offers.get(producerId)?.track.catch(() => undefined);
    if (!track || track.paused === paused) return;
    track.setPaused(paused);
    this.emit(paused ? "trackPaused" : "trackResumed", track);
  }

  layersChanged(consumerId: string, layers: Layers | undefined): void {
    const track = this.tracks.find((one) => one.consumerId === consumerId);
    if (!track) return;
    track.setLayers(layers);
    this.emit("trackLayersChanged", track);
  }

  /** After a broken connection: what ended meanwhile ends here, and the node is told again what it may have missed. */
  reconcile(standing: Pick<ClientAnswers["resume"], "consumers" | "dataConsumerIds">): void {
    const paused = new Map(standing.consumers.map((one) => [one.consumerId, one.producerPaused]));
    for (const [producerId, offer] of this.#offers) {
      const producerPaused = paused.get(offer.consumerId);
      if (producerPaused !== undefined) {
        void this.paused(producerId, producerPaused);
        offer.track.then((track) => track.tellAgain()).catch(() => undefined);
      } else {
        // An offer whose acceptance the node missed is made anew.
        void this.ended(producerId);
      }
    }
    for (const data of this.data) {
      if (!standing.dataConsumerIds.includes(data.consumerId)) this.endedData(data.id);
    }
  }

  /** The transports are gone, and everything with them. */
  close(): void {
    this.#closed = true;
    this.#offers.clear();
    for (const track of this.#tracks) this.emit("trackEnded", track);
    this.#tracks.clear();
    for (const data of this.#data.values()) data.close();
    this.#data.clear();
  }

  async #receive(offer: ConsumerOffer, participant: PeerInfo): Promise<RemoteTrack> {
    const { consumerId: id, producerId, kind, rtpParameters, peerId } = offer;
    // One stream per publisher, so that sound and picture are played in step.
    const transport = await this.#options.transports.receiving();
    const consumer = await transport.consume({ id, producerId, kind, rtpParameters, streamId: peerId });
    if (this.#closed) consumer.close();
    return new RemoteTrack(consumer, participant, offer, this.#options.node);
  }

  #participant(peerId: string): PeerInfo {
    const participant = this.#options.peerOf(peerId);
    if (!participant) throw new Error(`the node offered something of ${peerId}, who is not in the room`);
    return participant;
  }
}
