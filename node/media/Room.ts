import { EventEmitter } from "node:events";
import type { ActiveSpeakerObserver, DataProducer, Producer, Router } from "mediasoup/types";
import type { Logger } from "pino";
import type { RtpCapabilities } from "../protocol/mediaParameters.js";
import { offeredCapabilities } from "./capabilities.js";
import { DataPublication } from "./DataPublication.js";
import type { MediaLimits } from "./limits.js";
import { MediaError, asMediaError } from "./mediaError.js";
import type { MediaWorker } from "./MediaWorker.js";
import { Peer } from "./Peer.js";
import { Publication } from "./Publication.js";
import { RoomSite } from "./RoomSite.js";
import type { Reach } from "./RoomSite.js";
import type { WorkerPool } from "./WorkerPool.js";

/** Why a room closed: its last peer left, the process of one of its workers died, or the media server was closed. */
export type RoomCloseReason = "empty" | "worker_died" | "server_closed";

export type RoomEvents = {
  peerjoined: [Peer];
  peerleft: [Peer];
  /** A peer of this server publishes a track. */
  published: [Publication];
  /** A peer of this server publishes a data channel. */
  publishedData: [DataPublication];
  /** Someone else speaks loudest now. */
  activespeaker: [peerId: string];
  closed: [RoomCloseReason];
};

/** A track that comes from a participant on another node; its producer is on the room's router. */
export interface RemoteTrack {
  readonly peerId: string;
  readonly source: string;
  readonly producer: Producer;
}

/** A data channel that comes from a participant on another node; its producer is on the room's router. */
export interface RemoteData {
  readonly peerId: string;
  readonly dataProducer: DataProducer;
}

/**
 * Participants who receive each other's tracks and data. It closes when the last of them leaves.
 *
 * A room begins on one worker and stays there while that has room for more; those who join afterwards are put on
 * others, and what they receive from each other goes through pipes between the workers. Where one of its workers dies,
 * the whole room closes: all join again, which is over within a second, while a room of which a part is missing would
 * need every participant's client to sort out who is left.
 */
export class Room extends EventEmitter<RoomEvents> {
  readonly name: string;
  readonly #first: RoomSite;
  readonly #speakers: ActiveSpeakerObserver;
  readonly #pool: WorkerPool;
  readonly #limits: MediaLimits;
  readonly #logger: Logger;
  readonly #sites = new Map<MediaWorker, Promise<RoomSite>>();
  readonly #peers = new Map<string, Peer>();
  readonly #joining = new Set<string>();
  readonly #publications = new Map<string, Publication>();
  readonly #dataPublications = new Map<string, DataPublication>();
  #closed = false;

  /** Throws `MediaError`: no_worker, load_limit, failed. */
  static async open(name: string, pool: WorkerPool, limits: MediaLimits, logger: Logger): Promise<Room> {
    const first = await RoomSite.open(await pool.leastLoaded());
    const speakers = await asMediaError("room not opened", () => first.router.createActiveSpeakerObserver());
    return new Room(name, first, speakers, pool, limits, logger);
  }

  private constructor(
    name: string,
    first: RoomSite,
    speakers: ActiveSpeakerObserver,
    pool: WorkerPool,
    limits: MediaLimits,
    logger: Logger,
  ) {
    super();
    // Every participant listens to each of the room's events.
    this.setMaxListeners(0);
    this.name = name;
    this.#first = first;
    this.#speakers = speakers;
    this.#pool = pool;
    this.#limits = limits;
    this.#logger = logger;
    this.#sites.set(first.worker, Promise.resolve(first));
    this.#closeWith(first);
    speakers.on("dominantspeaker", ({ producer }) => {
      const publication = this.#publications.get(producer.id);
      if (publication) this.emit("activespeaker", publication.peerId);
    });
  }

  /** The worker that the room began on. */
  get worker(): MediaWorker {
    return this.#first.worker;
  }

  /** The room's first router, which it keeps as long as it lasts; what comes from other nodes is produced on it. */
  get router(): Router {
    return this.#first.router;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get rtpCapabilities(): RtpCapabilities {
    return offeredCapabilities(this.#first.router.rtpCapabilities);
  }

  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** What the room carries, of peers of this server and of participants on other nodes. */
  get publications(): readonly Publication[] {
    return [...this.#publications.values()];
  }

  get dataPublications(): readonly DataPublication[] {
    return [...this.#dataPublications.values()];
  }

  /** Throws `MediaError`: closed, peer_exists, peer_limit, no_worker, load_limit, failed. */
  async join(peerId: string): Promise<Peer> {
    this.#assertOpen();
    if (this.#peers.has(peerId) || this.#joining.has(peerId)) {
      throw new MediaError("peer_exists", `${peerId} is in the room already`);
    }
    if (this.#peers.size + this.#joining.size >= this.#limits.maxPeersPerRoom) {
      throw new MediaError("peer_limit", `a room takes at most ${this.#limits.maxPeersPerRoom} participants`);
    }
    this.#joining.add(peerId);
    try {
      const site = await this.#place();
      this.#assertOpen();
      return this.#enter(peerId, site);
    } finally {
      this.#joining.delete(peerId);
      this.#closeUnused();
    }
  }

  /** Throws `MediaError`: closed. */
  addRemote({ peerId, source, producer }: RemoteTrack): Publication {
    this.#assertOpen();
    const publication = new Publication(peerId, source, producer, this.router);
    this.#distribute(publication);
    return publication;
  }

  /** Throws `MediaError`: closed. */
  addRemoteData({ peerId, dataProducer }: RemoteData): DataPublication {
    this.#assertOpen();
    const publication = new DataPublication(peerId, dataProducer, this.router);
    this.#distributeData(publication);
    return publication;
  }

  /**
   * Makes one of the room's publications consumable on `router`, under its own id, until it is released.
   * Throws `MediaError`: failed where it has closed.
   */
  reach(publication: Publication | DataPublication): Promise<Reach> {
    return this.#first.reach(publication);
  }

  close(reason: RoomCloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    // First the reason, then its consequence: peers stop listening when they close.
    this.emit("closed", reason);
    for (const peer of this.#peers.values()) peer.close();
    for (const site of this.#sites.values()) {
      site.then(
        (opened) => opened.close(),
        () => undefined,
      );
    }
  }

  #enter(peerId: string, site: RoomSite): Peer {
    const peer = new Peer(peerId, site, this.#limits);
    peer.on("published", (publication) => {
      this.#distribute(publication);
      this.emit("published", publication);
    });
    peer.on("publishedData", (publication) => {
      this.#distributeData(publication);
      this.emit("publishedData", publication);
    });
    peer.on("receiving", () => this.#catchUp(peer));
    peer.once("closed", () => this.#left(peer));
    this.#peers.set(peerId, peer);
    this.emit("peerjoined", peer);
    return peer;
  }

  #left(peer: Peer): void {
    this.#peers.delete(peer.id);
    this.emit("peerleft", peer);
    this.#closeUnused();
  }

  /** Closes the room where nobody is in it, and else what of it nobody uses; not while somebody is on the way in. */
  #closeUnused(): void {
    if (this.#closed || this.#joining.size > 0) return;
    if (this.#peers.size === 0) {
      this.close("empty");
      return;
    }
    const used = new Set(this.peers.map(({ site }) => site.worker));
    for (const [worker, site] of this.#sites) {
      if (worker === this.#first.worker || used.has(worker)) continue;
      this.#sites.delete(worker);
      void site.then((opened) => opened.close());
    }
  }

  /** Where the next peer goes: on one of the room's workers that has room, in the order they came to it, or a new one. */
  async #place(): Promise<RoomSite> {
    for (const [worker, site] of this.#sites) {
      if (this.#pool.hasRoom(worker)) return site;
    }
    const worker = await this.#pool.leastLoaded();
    const known = this.#sites.get(worker);
    if (known) return known;
    const opening = RoomSite.open(worker);
    this.#sites.set(worker, opening);
    try {
      const site = await opening;
      this.#closeWith(site);
      return site;
    } catch (error) {
      this.#sites.delete(worker);
      throw error;
    }
  }

  #closeWith(site: RoomSite): void {
    site.router.once("workerclose", () => this.close("worker_died"));
  }

  #distribute(publication: Publication): void {
    this.#publications.set(publication.id, publication);
    publication.once("closed", () => this.#publications.delete(publication.id));
    if (publication.kind === "audio") void this.#observe(publication);
    for (const peer of this.#peers.values()) this.#subscribe(peer, publication);
  }

  #distributeData(publication: DataPublication): void {
    this.#dataPublications.set(publication.id, publication);
    publication.once("closed", () => this.#dataPublications.delete(publication.id));
    for (const peer of this.#peers.values()) this.#subscribeData(peer, publication);
  }

  /** Who speaks loudest is found out on the first router: loudness can be compared in one place only. */
  async #observe(publication: Publication): Promise<void> {
    try {
      const reach = await this.#first.reach(publication);
      if (publication.closed) {
        reach.release();
        return;
      }
      publication.once("closed", () => reach.release());
      await this.#speakers.addProducer({ producerId: publication.id });
    } catch (error) {
      if (publication.closed || this.#closed) return;
      this.#logger.warn({ err: error, room: this.name }, "track not observed for the active speaker");
    }
  }

  #catchUp(peer: Peer): void {
    for (const publication of this.#publications.values()) this.#subscribe(peer, publication);
    for (const publication of this.#dataPublications.values()) this.#subscribeData(peer, publication);
  }

  #subscribe(peer: Peer, publication: Publication): void {
    if (peer.id === publication.peerId) return;
    peer.subscribe(publication).catch((error: unknown) => this.#notOffered(peer, publication, error));
  }

  #subscribeData(peer: Peer, publication: DataPublication): void {
    if (peer.id === publication.peerId) return;
    peer.subscribeData(publication).catch((error: unknown) => this.#notOffered(peer, publication, error));
  }

  /** Where one of them left meanwhile there is nothing to say; else the peer receives as much as it may. */
  #notOffered(peer: Peer, publication: Publication | DataPublication, error: unknown): void {
    if (peer.closed || publication.closed || this.#closed) return;
    const log = { err: error, room: this.name, peerId: peer.id, publicationId: publication.id };
    this.#logger.warn(log, "track or data channel not offered");
  }

  #assertOpen(): void {
    if (this.#closed) throw new MediaError("closed", "the room has closed");
  }
}
