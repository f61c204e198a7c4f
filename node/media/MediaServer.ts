import { EventEmitter } from "node:events";
import type { Logger } from "pino";
import { DEFAULT_MEDIA_LIMITS } from "./limits.js";
import type { MediaLimits } from "./limits.js";
import { MediaError } from "./mediaError.js";
import { MediaWorker } from "./MediaWorker.js";
import type { MediaListen, MediaPorts } from "./MediaWorker.js";
import type { Peer } from "./Peer.js";
import { Room } from "./Room.js";

export type MediaServerEvents = {
  /** A media worker's process ended without being asked to; its rooms have closed with the reason `worker_died`. */
  workerdied: [worker: MediaWorker, error: Error];
};

export interface MediaServerOptions {
  /** How many worker processes; one per core is what mediasoup suggests. */
  readonly workers: number;
  readonly listen: MediaListen;
  readonly limits?: Partial<MediaLimits> | undefined;
  readonly logger: Logger;
}

/** A participant's place in a room. */
export interface Place {
  readonly room: Room;
  readonly peer: Peer;
}

/** Rooms spread over media workers. Knows no chain and no signaling. */
export class MediaServer extends EventEmitter<MediaServerEvents> {
  readonly #workers: MediaWorker[];
  readonly #limits: MediaLimits;
  readonly #logger: Logger;
  /** A room is listed from the moment it is asked for, so that two who come at once get the same. */
  readonly #rooms = new Map<string, { readonly worker: MediaWorker; readonly opened: Promise<Room> }>();
  #peers = 0;
  #closed = false;

  /** Starts the workers. Throws where one does not start; then none is left running. */
  static async start({ workers, listen, limits, logger }: MediaServerOptions): Promise<MediaServer> {
    if (!Number.isInteger(workers) || workers < 1) {
      throw new RangeError(`a media server needs at least one worker, not ${String(workers)}`);
    }
    const starts = await Promise.allSettled(
      Array.from({ length: workers }, (_, index) =>
        MediaWorker.start({ ...listen, port: listen.port === 0 ? 0 : listen.port + index }, logger),
      ),
    );
    const started = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed) {
      await Promise.all(started.map((worker) => worker.close()));
      throw failed.reason;
    }
    return new MediaServer(started, { ...DEFAULT_MEDIA_LIMITS, ...limits }, logger);
  }

  private constructor(workers: MediaWorker[], limits: MediaLimits, logger: Logger) {
    super();
    this.#workers = workers;
    this.#limits = limits;
    this.#logger = logger;
    for (const worker of workers) worker.once("died", (error) => this.emit("workerdied", worker, error));
  }

  get limits(): MediaLimits {
    return this.#limits;
  }

  get workers(): readonly MediaWorker[] {
    return this.#workers;
  }

  /** The ports of each worker, in order. */
  get ports(): readonly MediaPorts[] {
    return this.#workers.map((worker) => worker.ports);
  }

  get roomCount(): number {
    return this.#rooms.size;
  }

  get peerCount(): number {
    return this.#peers;
  }

  /**
   * Lets a peer into a room, which is opened where it does not exist.
   * Throws `MediaError`: closed, room_limit, peer_limit, peer_exists, no_worker.
   */
  async join(roomName: string, peerId: string): Promise<Place> {
    if (this.#peers >= this.#limits.maxPeers) {
      throw new MediaError("peer_limit", `this node takes at most ${this.#limits.maxPeers} participants`);
    }
    this.#peers += 1;
    try {
      // A room closes when its last peer leaves, which may be just now: then there is a new one to be opened.
      for (;;) {
        const room = await this.#room(roomName);
        if (room.closed) continue;
        const peer = room.join(peerId);
        peer.once("closed", () => (this.#peers -= 1));
        return { room, peer };
      }
    } catch (error) {
      this.#peers -= 1;
      throw error;
    }
  }

  /** Closes all rooms and ends the workers. */
  async close(): Promise<void> {
    this.#closed = true;
    const rooms = await Promise.allSettled([...this.#rooms.values()].map(({ opened }) => opened));
    for (const room of rooms) if (room.status === "fulfilled") room.value.close("server_closed");
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }

  #room(name: string): Promise<Room> {
    if (this.#closed) throw new MediaError("closed", "the media server has closed");
    const listed = this.#rooms.get(name);
    if (listed) return listed.opened;
    if (this.#rooms.size >= this.#limits.maxRooms) {
      throw new MediaError("room_limit", `this node takes at most ${this.#limits.maxRooms} rooms`);
    }
    const worker = this.#leastLoadedWorker();
    const unlist = () => {
      if (this.#rooms.get(name) === entry) this.#rooms.delete(name);
    };
    const opened = Room.open(name, worker, this.#limits, this.#logger).then(
      (room) => {
        if (room.closed) unlist();
        else room.once("closed", unlist);
        return room;
      },
      (error: unknown) => {
        unlist();
        throw error;
      },
    );
    const entry = { worker, opened };
    this.#rooms.set(name, entry);
    return opened;
  }

  #leastLoadedWorker(): MediaWorker {
    const roomsOn = new Map<MediaWorker, number>();
    for (const { worker } of this.#rooms.values()) roomsOn.set(worker, (roomsOn.get(worker) ?? 0) + 1);
    const [least] = this.#workers
      .filter((worker) => !worker.closed)
      .sort((a, b) => (roomsOn.get(a) ?? 0) - (roomsOn.get(b) ?? 0));
    if (!least) throw new MediaError("no_worker", "no media worker is running: restart the node");
    return least;
  }
}
