import type { types } from "mediasoup-client";
import type { ClientAnswers } from "../protocol/signaling.js";
import { videoEncodings } from "./encodings.js";
import type { LocalData } from "./LocalData.js";
import type { MediaTransports } from "./MediaTransports.js";
import { unlessRefused } from "./SignalingConnection.js";
import type { Requester } from "./SignalingConnection.js";
import type { LocalTrack } from "./tracks.js";

export interface LocalMediaOptions {
  readonly node: Requester;
  readonly device: types.Device;
  readonly transports: MediaTransports;
}

/** What this participant publishes, on one node. */
export class LocalMedia {
  readonly #options: LocalMediaOptions;
  readonly #tracks = new Map<LocalTrack, types.Producer>();
  readonly #data = new Map<LocalData, types.DataProducer>();

  constructor(options: LocalMediaOptions) {
    this.#options = options;
  }

  /** @throws RangeError where an option cannot be, RequestRefused where the node does not take it, Disconnected. */
  async publish(track: LocalTrack): Promise<void> {
    const { mediaTrack, source, options } = track;
    const { transport } = await this.#options.transports.sending();
    const { width, height } = mediaTrack.getSettings();
    const encodings = track.kind === "video" ? videoEncodings(options, { width, height }) : undefined;
    const codec = options.codec && this.#codec(options.codec);
    const producer = await transport.produce({
      track: mediaTrack,
      // The caller's track is the caller's to stop.
      stopTracks: false,
      ...(encodings && { encodings }),
      ...(codec && { codec }),
      ...(track.kind === "audio" && { codecOptions: { opusFec: true, opusDtx: true } }),
      appData: { source, paused: track.paused },
    });
    this.#tracks.set(track, producer);
    track.attach(producer);
  }

  async unpublish(track: LocalTrack): Promise<void> {
    track.close();
    const producer = this.#tracks.get(track);
    this.#tracks.delete(track);
    if (producer)
      await unlessRefused(this.#options.node.request("closeProducer", { producerId: producer.id }));
  }

  async publishData(data: LocalData): Promise<void> {
    const { label, options } = data;
    const { transport, maxMessageBytes } = await this.#options.transports.sending();
    const { ordered = true, maxRetransmits, maxPacketLifeTimeMs, protocol = "" } = options;
    const producer = await transport.produceData({
      ordered: ordered && maxRetransmits === undefined && maxPacketLifeTimeMs === undefined,
      ...(maxRetransmits !== undefined && { maxRetransmits }),
      ...(maxPacketLifeTimeMs !== undefined && { maxPacketLifeTime: maxPacketLifeTimeMs }),
      label,
      protocol,
    });
    this.#data.set(data, producer);
    data.attach(producer, maxMessageBytes);
  }

  async unpublishData(data: LocalData): Promise<void> {
    const producer = this.#data.get(data);
    this.#data.delete(data);
    if (!producer) return;
    await unlessRefused(this.#options.node.request("closeDataProducer", { dataProducerId: producer.id }));
  }

  /**
   * After a broken connection: closes on the node what was closed here meanwhile, and tells it again what is paused.
   * @returns whether something is missing that the node has closed.
   */
  async reconcile(standing: Pick<ClientAnswers["resume"], "producerIds" | "dataProducerIds">): Promise<void> {
    const { node } = this.#options;
    const [tracks, data] = [new Map<string, LocalTrack>(), new Map<string, LocalData>()];
    for (const [track, { id }] of this.#tracks) tracks.set(id, track);
    for (const [one, { id }] of this.#data) data.set(id, one);
    for (const producerId of standing.producerIds) {
      const track = tracks.get(producerId);
      const method = !track ? "closeProducer" : track.paused ? "pauseProducer" : "resumeProducer";
      await unlessRefused(node.request(method, { producerId }));
    }
    for (const dataProducerId of standing.dataProducerIds) {
      if (!data.has(dataProducerId))
        await unlessRefused(node.request("closeDataProducer", { dataProducerId }));
    }
    for (const [id, track] of tracks) {
      if (standing.producerIds.includes(id)) continue;
      track.close();
      this.#tracks.delete(track);
    }
    for (const [id, one] of data) {
      if (!standing.dataProducerIds.includes(id)) this.#data.delete(one);
    }
  }

  has(publication: LocalTrack | LocalData): boolean {
    return [...this.#tracks.keys(), ...this.#data.keys()].includes(publication);
  }

  /** The track that is published under an id. */
  trackOf(producerId: string): LocalTrack | undefined {
    for (const [track, { id }] of this.#tracks) if (id === producerId) return track;
    return undefined;
  }

  #codec(name: string): types.RtpCodecCapability {
    const codec = this.#options.device.sendRtpCapabilities.codecs?.find(
      ({ mimeType }) => mimeType.toLowerCase() === `video/${name.toLowerCase()}`,
    );
    if (!codec) throw new RangeError(`${name} cannot be sent: this browser or the room does not know it`);
    return codec;
  }
}
