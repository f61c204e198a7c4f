import type { Logger } from "pino";
import type { Peer } from "../media/Peer.js";
import type { Publication } from "../media/Publication.js";
import { mayPublish } from "../protocol/grantDetails.js";
import type { Permissions } from "../protocol/grantDetails.js";
import type { ParticipantRequest } from "./clientRequest.js";
import { RequestError, denied } from "./requestError.js";

type RequestOf<M extends ParticipantRequest["method"]> = Extract<ParticipantRequest, { method: M }>["data"];

export interface OwnTracksOptions {
  readonly peer: Peer;
  readonly permissions: Permissions;
  /** Tracks that may be published at a time, where they are fewer than the media server allows. */
  readonly maxTracks?: number | undefined;
  readonly published: (publication: Publication) => void;
  readonly unpublished: (publication: Publication) => void;
  readonly logger: Logger;
}

/** What a participant publishes, paused by itself and muted by moderators: a track flows where neither is so. */
export class OwnTracks {
  readonly #options: OwnTracksOptions;
  readonly #pausedByPublisher = new Set<string>();
  readonly #muted = new Set<string>();

  constructor(options: OwnTracksOptions) {
    this.#options = options;
    options.peer.on("published", (publication) => {
      if (publication.paused) this.#pausedByPublisher.add(publication.id);
      publication.once("closed", () => {
        this.#pausedByPublisher.delete(publication.id);
        this.#muted.delete(publication.id);
        options.unpublished(publication);
      });
      options.published(publication);
    });
  }

  /** Tracks that a moderator muted. */
  get muted(): ReadonlySet<string> {
    return this.#muted;
  }

  get ids(): { producerIds: string[]; dataProducerIds: string[] } {
    const { publications, dataPublications } = this.#options.peer;
    return {
      producerIds: publications.map(({ id }) => id),
      dataProducerIds: dataPublications.map(({ id }) => id),
    };
  }

  /** Throws RequestError: permission_denied; MediaError. */
  async publish({ transportId, ...track }: RequestOf<"produce">): Promise<{ producerId: string }> {
    const { peer, permissions, maxTracks = Infinity } = this.#options;
    if (!mayPublish(permissions, track.kind)) throw denied(`publish ${track.kind}`);
    if (peer.publications.length >= maxTracks) throw denied(`publish more than ${maxTracks} tracks`);
    return { producerId: (await peer.publish(transportId, track)).id };
  }

  /** Throws RequestError: permission_denied; MediaError. */
  async publishData({ transportId, ...data }: RequestOf<"produceData">): Promise<{ dataProducerId: string }> {
    const { peer, permissions } = this.#options;
    if (!permissions.data || permissions.hidden) throw denied("send data");
    return { dataProducerId: (await peer.publishData(transportId, data)).id };
  }

  async pause(id: string): Promise<void> {
    const publication = this.#options.peer.publication(id);
    this.#pausedByPublisher.add(id);
    await publication.pause();
  }

  /** Throws RequestError: muted_by_moderator; MediaError. */
  async resume(id: string): Promise<void> {
    const publication = this.#options.peer.publication(id);
    if (this.#muted.has(id)) {
      throw new RequestError("muted_by_moderator", "a moderator muted this track; it stays so until unmuted");
    }
    this.#pausedByPublisher.delete(id);
    await publication.resume();
  }

  /** As a moderator wants it; false where the track is not this participant's, or is so already. Never rejects. */
  async setMuted(id: string, muted: boolean): Promise<boolean> {
    const publication = this.#options.peer.publications.find((own) => own.id === id);
    if (!publication || this.#muted.has(id) === muted) return false;
    try {
      if (muted) {
        this.#muted.add(id);
        await publication.pause();
      } else {
        this.#muted.delete(id);
        if (!this.#pausedByPublisher.has(id)) await publication.resume();
      }
      return true;
    } catch (error) {
      this.#options.logger.debug({ err: error, producerId: id }, "track not muted: it has closed");
      return false;
    }
  }
}
