import type { DataProducer, Producer } from "mediasoup/types";
import type { Logger } from "pino";
import type { NodePipe } from "../media/NodePipe.js";
import type { Room } from "../media/Room.js";
import type { RemoteDataChannel, RemoteTrack } from "../protocol/nodeLink.js";
import type { ClusterLimits } from "./limits.js";
import { LinkError } from "./linkError.js";
import type { RoomName } from "./MembershipCheck.js";
import type { NodeLink } from "./NodeLink.js";
import type { RoomPipe } from "./RoomPipe.js";

export interface IncomingStreamsOptions {
  readonly room: RoomName;
  readonly mediaRoom: Room;
  readonly pipe: RoomPipe;
  readonly link: () => NodeLink | undefined;
  /** Whether anybody here receives tracks. */
  readonly wanted: () => boolean;
  readonly limits: ClusterLimits;
  readonly logger: Logger;
}

type Offer =
  | { readonly what: "track"; readonly track: RemoteTrack }
  | { readonly what: "data"; readonly channel: RemoteDataChannel };

/** A track or data channel that the other node offers. */
interface Stream {
  readonly id: string;
  readonly peerId: string;
  readonly offer: Offer;
  paused: boolean;
  stale: boolean;
  /** Where it has arrived. */
  producer: Producer | DataProducer | undefined;
  taking: boolean;
  failures: number;
  retryTimer: NodeJS.Timeout | undefined;
}

/** What one other node offers of its participants' tracks and data channels, taken while somebody here receives any. */
export class IncomingStreams {
  readonly #options: IncomingStreamsOptions;
  readonly #streams = new Map<string, Stream>();

  constructor(options: IncomingStreamsOptions) {
    this.#options = options;
    options.pipe.on("closed", () => this.update());
  }

  /** Of a participant's; announced again it stays. Throws `LinkError`: limit_reached, invalid_request. */
  put(offer: Offer): void {
    const { id, peerId } = offer.what === "track" ? offer.track : offer.channel;
    const paused = offer.what === "track" && offer.track.paused;
    const known = this.#streams.get(id);
    if (known) {
      if (known.peerId !== peerId)
        throw new LinkError("invalid_request", "the track is another participant's");
      known.stale = false;
      this.#setPaused(known, paused);
      return;
    }
    const { maxTracksPerMember } = this.#options.limits;
    const ofPeer = [...this.#streams.values()].filter((stream) => stream.peerId === peerId);
    if (ofPeer.length >= maxTracksPerMember) {
      throw new LinkError("limit_reached", `at most ${maxTracksPerMember} tracks of a participant`);
    }
    const stream: Stream = {
      ...{ id, peerId, offer, paused, stale: false },
      ...{ producer: undefined, taking: false, failures: 0, retryTimer: undefined },
    };
    this.#streams.set(id, stream);
    this.#update(stream);
  }

  setPaused(id: string, paused: boolean): void {
    const stream = this.#streams.get(id);
    if (stream) this.#setPaused(stream, paused);
  }

  remove(id: string): void {
    const stream = this.#streams.get(id);
    if (!stream) return;
    this.#streams.delete(id);
    clearTimeout(stream.retryTimer);
    stream.producer?.close();
  }

  removeOf(peerId: string): void {
    for (const stream of this.#streams.values()) if (stream.peerId === peerId) this.remove(stream.id);
  }

  markStale(): void {
    for (const stream of this.#streams.values()) stream.stale = true;
  }

  dropStale(): void {
    for (const stream of this.#streams.values()) if (stream.stale) this.remove(stream.id);
  }

  clear(): void {
    for (const id of [...this.#streams.keys()]) this.remove(id);
  }

  /** Whether somebody here receives has changed, or the pipe has. */
  update(): void {
    for (const stream of this.#streams.values()) this.#update(stream);
  }

  #update(stream: Stream): void {
    if (this.#options.wanted()) {
      if (!stream.producer && !stream.taking && stream.retryTimer === undefined) void this.#take(stream);
    } else if (stream.producer) {
      stream.producer.close();
      this.#options.link()?.notify("release", { room: this.#options.room, id: stream.id });
    }
  }

  #setPaused(stream: Stream, paused: boolean): void {
    stream.paused = paused;
    const { producer } = stream;
    if (!producer || producer.closed || !("kind" in producer)) return;
    const change = paused ? producer.pause() : producer.resume();
    change.catch((error: unknown) => {
      this.#options.logger.debug({ err: error }, "piped track not paused or resumed: it has closed");
    });
  }

  async #take(stream: Stream): Promise<void> {
    const { pipe: roomPipe, logger, wanted } = this.#options;
    stream.taking = true;
    try {
      const producer = await this.#receive(stream, await roomPipe.open());
      if (this.#streams.get(stream.id) !== stream || !wanted()) {
        producer.close();
        return;
      }
      stream.producer = producer;
      stream.failures = 0;
      onClose(producer, () => (stream.producer = undefined));
      this.#publish(stream, producer);
      this.#setPaused(stream, stream.paused);
    } catch (error) {
      if (this.#streams.get(stream.id) !== stream) return;
      logger.info({ err: error, id: stream.id }, "another node's track did not arrive; trying again");
      this.#takeLater(stream);
    } finally {
      stream.taking = false;
      // The pipe may have closed, or nobody may want it any more, while it arrived.
      if (this.#streams.get(stream.id) === stream) this.#update(stream);
    }
  }

  #takeLater(stream: Stream): void {
    const { retryMs, maxRetryMs } = this.#options.limits;
    stream.failures += 1;
    const pauseMs = Math.min(maxRetryMs, retryMs * 2 ** Math.min(stream.failures, 16));
    stream.retryTimer = setTimeout(
      () => {
        stream.retryTimer = undefined;
        this.#update(stream);
      },
      Math.max(pauseMs, this.#options.pipe.blockedForMs),
    );
  }

  async #receive({ id, offer, paused }: Stream, pipe: NodePipe): Promise<Producer | DataProducer> {
    const { room, mediaRoom, link, pipe: roomPipe } = this.#options;
    const { publications, dataPublications } = mediaRoom;
    if ([...publications, ...dataPublications].some((publication) => publication.id === id)) {
      throw new LinkError("invalid_request", "the id is another participant's");
    }
    const other = link();
    if (!other) throw new LinkError("failed", "the other node is not linked now");
    if (offer.what === "track") {
      const { rtpParameters, pipe: end } = await other.request("pipeTrack", { room, id, pipe: pipe.end });
      await roomPipe.complete(pipe, end);
      return pipe.receive({ id, kind: offer.track.kind, rtpParameters, paused });
    }
    const { sctpStreamParameters, pipe: end } = await other.request("pipeData", { room, id, pipe: pipe.end });
    await roomPipe.complete(pipe, end);
    const { label, protocol } = offer.channel;
    return pipe.receiveData({ id, sctpStreamParameters, label, protocol });
  }

  #publish({ peerId, offer }: Stream, producer: Producer | DataProducer): void {
    const { mediaRoom } = this.#options;
    try {
      if (!("kind" in producer)) mediaRoom.addRemoteData({ peerId, dataProducer: producer });
      else if (offer.what === "track") mediaRoom.addRemote({ peerId, source: offer.track.source, producer });
    } catch (error) {
      producer.close();
      throw error;
    }
  }
}

function onClose(producer: Producer | DataProducer, listener: () => void): void {
  if ("kind" in producer) producer.observer.once("close", listener);
  else producer.observer.once("close", listener);
}
