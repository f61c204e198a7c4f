import type { WebRtcTransport } from "mediasoup/types";
import type { MediaKind, RtpParameters, SctpStreamParameters } from "../protocol/mediaParameters.js";
import { DataPublication } from "./DataPublication.js";
import { Holdings } from "./Holdings.js";
import type { MediaLimits } from "./limits.js";
import { MediaError, asMediaError, notFound } from "./mediaError.js";
import type { PeerTransports } from "./PeerTransports.js";
import { Publication } from "./Publication.js";
import type { RoomSite } from "./RoomSite.js";

/** A track as a peer wants to publish it. */
export interface TrackToPublish {
  readonly kind: MediaKind;
  readonly rtpParameters: RtpParameters;
  readonly source: string;
  readonly paused: boolean;
}

/** A data channel as a peer wants to publish it. */
export interface DataToPublish {
  readonly sctpStreamParameters: SctpStreamParameters;
  readonly label: string;
  readonly protocol: string;
}

/** How much a peer sent so far. */
export interface IncomingTotals {
  /** All that arrived on its transports. */
  readonly bytes: number;
  /** RTP packets and data messages. */
  readonly packets: number;
}

/** How long a publisher has peace after a key frame was asked of it, in milliseconds, however many receivers ask. */
const KEY_FRAME_REQUEST_DELAY_MS = 1_000;

/** The half of a peer that sends: its tracks and data channels. */
export class Publisher {
  readonly tracks: Holdings<Publication>;
  readonly data: Holdings<DataPublication>;
  readonly #peerId: string;
  readonly #site: RoomSite;
  readonly #transports: PeerTransports;
  /** Why nothing can be published any more. */
  #ended: MediaError | undefined;

  constructor(peerId: string, site: RoomSite, transports: PeerTransports, limits: MediaLimits) {
    const { maxPublicationsPerPeer, maxDataPublicationsPerPeer } = limits;
    this.#peerId = peerId;
    this.#site = site;
    this.#transports = transports;
    this.tracks = new Holdings(
      maxPublicationsPerPeer,
      "track_limit",
      `publishes at most ${maxPublicationsPerPeer} tracks`,
    );
    this.data = new Holdings(
      maxDataPublicationsPerPeer,
      "data_channel_limit",
      `publishes at most ${maxDataPublicationsPerPeer} data channels`,
    );
  }

  /** Throws `MediaError`: not_found, track_limit, invalid_parameters, and that of `end`. */
  async publish(transportId: string, track: TrackToPublish): Promise<Publication> {
    const transport = await this.#transport(transportId);
    const publication = await this.tracks.add(async () => {
      const { kind, rtpParameters, paused, source } = track;
      const producer = await asMediaError("track not published", () =>
        transport.produce({ kind, rtpParameters, paused, keyFrameRequestDelay: KEY_FRAME_REQUEST_DELAY_MS }),
      );
      return new Publication(this.#peerId, source, producer, this.#site.router);
    });
    return this.#unlessEnded(publication);
  }

  /** Throws `MediaError`: not_found, data_channel_limit, invalid_parameters, and that of `end`. */
  async publishData(transportId: string, data: DataToPublish): Promise<DataPublication> {
    const transport = await this.#transport(transportId);
    const { label, protocol, sctpStreamParameters } = data;
    const { streamId } = sctpStreamParameters;
    if (streamId === undefined) {
      throw new MediaError("invalid_parameters", "a data channel needs the id of its SCTP stream");
    }
    const publication = await this.data.add(async () => {
      const producer = await asMediaError("data channel not published", () =>
        transport.produceData({
          label,
          protocol,
          sctpStreamParameters: { ...sctpStreamParameters, streamId },
        }),
      );
      return new DataPublication(this.#peerId, producer, this.#site.router);
    });
    return this.#unlessEnded(publication);
  }

  /** What was sent so far. Rejects where something of it has just closed. */
  async totals(): Promise<IncomingTotals> {
    const transport = await this.#transports.sending;
    if (!transport) return { bytes: 0, packets: 0 };
    const [stats, ...counts] = await Promise.all([
      transport.getStats(),
      ...this.tracks.all.map((publication) => publication.packetsReceived()),
      ...this.data.all.map((publication) => publication.messagesReceived()),
    ]);
    return {
      bytes: stats.reduce((sum, { bytesReceived }) => sum + bytesReceived, 0),
      packets: counts.reduce((sum, count) => sum + count, 0),
    };
  }

  /** Closes all; whoever wants to publish from now on is told why not. */
  end(why: MediaError): void {
    this.#ended ??= why;
    for (const publication of this.tracks.all) publication.close();
    for (const publication of this.data.all) publication.close();
  }

  async #transport(id: string): Promise<WebRtcTransport> {
    if (this.#ended) throw this.#ended;
    const transport = await this.#transports.sending;
    if (transport?.id !== id) throw notFound("transport to send on", id);
    return transport;
  }

  /** What was being made when the end came is not heard of by anybody. */
  #unlessEnded<T extends Publication | DataPublication>(made: T): T {
    if (!this.#ended) return made;
    made.close();
    throw this.#ended;
  }
}
