import { EventEmitter } from "node:events";
import type { ActiveSpeakerObserver, Router } from "mediasoup/types";
import type { Logger } from "pino";
import type { RtpCapabilities } from "../protocol/mediaParameters.js";
import { offeredCapabilities } from "./capabilities.js";
import type { MediaLimits } from "./limits.js";
import { MediaError, asMediaError } from "./mediaError.js";
import type { MediaWorker } from "./MediaWorker.js";
import { Peer } from "./Peer.js";
import type { Publication } from "./Publication.js";

/** Why a room closed: its last peer left, its worker's process died, or the media server was closed. */
export type RoomCloseReason = "empty" | "worker_died" | "server_closed";

export type RoomEvents = {
  peerjoined: [Peer];
  peerleft: [Peer];
  /** Someone else speaks loudest now. */
  activespeaker: [peerId: string];
  closed: [RoomCloseReason];
};

/** Participants who receive each other's tracks: one mediasoup router. It closes when the last of them leaves. */
export class Room extends EventEmitter<RoomEvents> {
  readonly name: string;
  readonly #worker: MediaWorker;
  readonly #router: Router;
  readonly #speakers: ActiveSpeakerObserver;
  readonly #limits: MediaLimits;
  readonly #logger: Logger;
  readonly #peers = new Map<string, Peer>();
  readonly #speakerOf = new Map<string, string>();
  #closed = false;

  static async open(name: string, worker: MediaWorker, limits: MediaLimits, logger: Logger): Promise<Room> {
    const router = await worker.createRouter();
    const speakers = await asMediaError("room not opened", () => router.createActiveSpeakerObserver());
    return new Room(name, worker, router, speakers, limits, logger);
  }

  private constructor(
    name: string,
    worker: MediaWorker,
    router: Router,
    speakers: ActiveSpeakerObserver,
    limits: MediaLimits,
    logger: Logger,
  ) {
    super();
    // Every participant listens to each of the room's events.
    this.setMaxListeners(0);
    this.name = name;
    this.#worker = worker;
    this.#router = router;
    this.#speakers = speakers;
    this.#limits = limits;
    this.#logger = logger;
    router.once("workerclose", () => this.close("worker_died"));
    speakers.on("dominantspeaker", ({ producer }) => {
      const peerId = this.#speakerOf.get(producer.id);
      if (peerId !== undefined) this.emit("activespeaker", peerId);
    });
  }

  get worker(): MediaWorker {
    return this.#worker;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get rtpCapabilities(): RtpCapabilities {
    return offeredCapabilities(this.#router.rtpCapabilities);
  }

  get peers(): readonly Peer[] {
    return [...this.#peers.values()];
  }

  /** Throws `MediaError`: closed, peer_exists, peer_limit. */
  join(peerId: string): Peer {
    if (this.#closed) throw new MediaError("closed", "the room has closed");
    if (this.#peers.has(peerId)) {
      throw new MediaError("peer_exists", `${peerId} is in the room already`);
    }
    if (this.#peers.size >= this.#limits.maxPeersPerRoom) {
      throw new MediaError("peer_limit", `a room takes at most ${this.#limits.maxPeersPerRoom} participants`);
    }
    const peer = new Peer(peerId, this.#router, this.#worker.webRtcServer, this.#limits);
    peer.on("published", (publication) => this.#distribute(publication));
    peer.on("receiving", () => this.#catchUp(peer));
    peer.once("closed", () => this.#left(peer));
    this.#peers.set(peerId, peer);
    this.emit("peerjoined", peer);
    return peer;
  }

  close(reason: RoomCloseReason): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#router.close();
    // First the reason, then its consequence: peers stop listening when they close.
    this.emit("closed", reason);
    for (const peer of this.#peers.values()) peer.close();
  }

  #left(peer: Peer): void {
    this.#peers.delete(peer.id);
    this.emit("peerleft", peer);
    if (this.#peers.size === 0) this.close("empty");
  }

  #distribute(publication: Publication): void {
    if (publication.kind === "audio") {
      this.#speakerOf.set(publication.id, publication.peerId);
      publication.once("closed", () => this.#speakerOf.delete(publication.id));
      this.#speakers.addProducer({ producerId: publication.id }).catch((error: unknown) => {
        this.#logger.debug({ err: error, room: this.name }, "track not observed: it has closed");
      });
    }
    for (const peer of this.#peers.values()) {
      if (peer.id !== publication.peerId) this.#subscribe(peer, publication);
    }
  }

  #catchUp(peer: Peer): void {
    for (const other of this.#peers.values()) {
      if (other === peer) continue;
      for (const publication of other.publications) this.#subscribe(peer, publication);
    }
  }

  #subscribe(peer: Peer, publication: Publication): void {
    peer.subscribe(publication).catch((error: unknown) => {
      // Where one of them left meanwhile there is nothing to say; else the peer receives as many tracks as it may.
      if (peer.closed || publication.closed) return;
      const log = { err: error, room: this.name, peerId: peer.id, publicationId: publication.id };
      this.#logger.warn(log, "track not offered");
    });
  }
}
