import { EventEmitter } from "node:events";
import type { Logger } from "pino";
import { IncomingGuard } from "./IncomingGuard.js";
import { DEFAULT_MEDIA_LIMITS } from "./limits.js";
import type { MediaLimits } from "./limits.js";
import type { MediaListen } from "./listen.js";
import { LoadMeter } from "./LoadMeter.js";
import type { MediaLoad } from "./LoadMeter.js";
import { MediaError } from "./mediaError.js";
import type { MediaErrorCode } from "./mediaError.js";
import type { MediaPorts, MediaWorker } from "./MediaWorker.js";
import type { Peer } from "./Peer.js";
import { Room } from "./Room.js";
import { probeWorker } from "./workerProbe.js";
import type { WorkerProbe } from "./workerProbe.js";
import { WorkerPool } from "./WorkerPool.js";

export type MediaServerEvents = {
  /**
   * A media worker's process ended without being asked to; the rooms that were on it have closed with the reason
   * `worker_died`. It is started again, at first at once and then with growing pauses.
   */
  workerdied: [worker: MediaWorker, error: Error];
  /** It runs again, on the same ports; `worker` is a new object. */
  workerrestarted: [worker: MediaWorker];
};

export interface MediaServerOptions {
  /** How many worker processes; one per core is what mediasoup suggests. */
  readonly workers: number;
  readonly listen: MediaListen;
  readonly limits?: Partial<MediaLimits> | undefined;
  /** How often what comes in and goes out is measured; 2 s unless set. */
  readonly sampleIntervalMs?: number | undefined;
  /** A worker that answers nothing for this long is killed and started again; 10 s unless set. */
  readonly hangTimeoutMs?: number | undefined;
  readonly logger: Logger;
}

/** A participant's place in a room. */
export interface Place {
  readonly room: Room;
  readonly peer: Peer;
}

const SAMPLE_INTERVAL_MS = 2_000;
const HANG_TIMEOUT_MS = 10_000;
const JOIN_ATTEMPTS = 5;
/** What a room that closes just now, or its worker, says to those who come. */
const GONE: ReadonlySet<MediaErrorCode> = new Set(["closed", "failed", "worker_died"]);

/** Rooms spread over media workers. Knows no chain and no signaling. */
export class MediaServer extends EventEmitter<MediaServerEvents> {
  readonly limits: MediaLimits;
  readonly #pool: WorkerPool;
  readonly #logger: Logger;
  readonly #guard: IncomingGuard;
  readonly #meter: LoadMeter;
  /** A room is listed from the moment it is asked for, so that two who come at once get the same. */
  readonly #rooms = new Map<string, Promise<Room>>();
  readonly #openRooms = new Set<Room>();
  #peers = 0;
  #closed = false;

  /** Starts the workers. Throws where one does not start; then none is left running. */
  static async start(options: MediaServerOptions): Promise<MediaServer> {
    const { workers: count, listen, logger } = options;
    const { sampleIntervalMs = SAMPLE_INTERVAL_MS, hangTimeoutMs = HANG_TIMEOUT_MS } = options;
    const limits = { ...DEFAULT_MEDIA_LIMITS, ...options.limits };
    const { maxSubscriptionsPerWorker } = limits;
    const pool = await WorkerPool.start({ count, listen, maxSubscriptionsPerWorker, hangTimeoutMs, logger });
    return new MediaServer(pool, limits, sampleIntervalMs, logger);
  }

  private constructor(pool: WorkerPool, limits: MediaLimits, sampleIntervalMs: number, logger: Logger) {
    super();
    this.#pool = pool;
    this.limits = limits;
    this.#logger = logger;
    pool.on("died", (worker, error) => this.emit("workerdied", worker, error));
    pool.on("restarted", (worker) => this.emit("workerrestarted", worker));
    this.#guard = new IncomingGuard(limits, sampleIntervalMs, () => this.#everyPeer(), logger);
    this.#meter = new LoadMeter(pool, sampleIntervalMs, () => this.#openRooms, logger);
  }

  /** Those that run. */
  get workers(): readonly MediaWorker[] {
    return this.#pool.running;
  }

  /** The ports of each worker, in order, whether it runs just now or not. */
  get ports(): readonly MediaPorts[] {
    return this.#pool.ports;
  }

  get roomCount(): number {
    return this.#rooms.size;
  }

  get peerCount(): number {
    return this.#peers;
  }

  get rooms(): readonly Room[] {
    return [...this.#openRooms];
  }

  /** What is carried just now; rates are of the last interval. */
  get load(): MediaLoad {
    return this.#meter.load;
  }

  /**
   * Lets a peer into a room, which is opened where it does not exist.
   * Throws `MediaError`: closed, room_limit, peer_limit, peer_exists, no_worker, load_limit, bandwidth_limit.
   */
  async join(roomName: string, peerId: string): Promise<Place> {
    const { maxPeers, maxOutgoingBitsPerSecond = Infinity } = this.limits;
    if (this.#peers >= maxPeers) {
      throw new MediaError("peer_limit", `this node takes at most ${maxPeers} participants`);
    }
    if (this.#meter.outgoingBitsPerSecond > maxOutgoingBitsPerSecond) {
      const most = Math.round(maxOutgoingBitsPerSecond / 1_000_000);
      throw new MediaError("bandwidth_limit", `this node sends at most ${most} Mb/s, and does so already`);
    }
    this.#peers += 1;
    try {
      const place = await this.#enter(roomName, peerId);
      place.peer.once("closed", () => (this.#peers -= 1));
      return place;
    } catch (error) {
      this.#peers -= 1;
      throw error;
    }
  }

  /**
   * Sends RTP through every worker that runs, from one UDP socket to another, and says what arrived. It leaves nothing
   * behind. Rejects only where `signal` is aborted.
   */
  probe(signal: AbortSignal): Promise<WorkerProbe[]> {
    return Promise.all(this.#pool.running.map((worker) => probeWorker(worker, signal)));
  }

  /** Closes all rooms and ends the workers. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#guard.stop();
    this.#meter.stop();
    for (const room of this.#openRooms) room.close("server_closed");
    // Rooms that are just being opened fail with their worker.
    await this.#pool.close();
  }

  /**
   * A room may close just now, since its last peer leaves or its worker dies: then there is a new one to be opened.
   * Tried a few times only, in case that each new one fails too.
   */
  async #enter(roomName: string, peerId: string): Promise<Place> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const room = await this.#room(roomName);
        return { room, peer: await room.join(peerId) };
      } catch (error) {
        if (!hasGone(error) || this.#closed || attempt === JOIN_ATTEMPTS) throw error;
      }
    }
  }

  #room(name: string): Promise<Room> {
    if (this.#closed) throw new MediaError("closed", "the media server has closed");
    const listed = this.#rooms.get(name);
    if (listed) return listed;
    if (this.#rooms.size >= this.limits.maxRooms) {
      throw new MediaError("room_limit", `this node takes at most ${this.limits.maxRooms} rooms`);
    }
    const unlist = () => {
      if (this.#rooms.get(name) === opening) this.#rooms.delete(name);
    };
    const opening = Room.open(name, this.#pool, this.limits, this.#logger).then(
      (room) => {
        if (room.closed) {
          unlist();
        } else {
          this.#openRooms.add(room);
          room.once("closed", () => {
            this.#openRooms.delete(room);
            unlist();
          });
        }
        return room;
      },
      (error: unknown) => {
        unlist();
        throw error;
      },
    );
    this.#rooms.set(name, opening);
    return opening;
  }

  *#everyPeer(): Generator<Peer> {
    for (const room of this.#openRooms) yield* room.peers;
  }
}

function hasGone(error: unknown): boolean {
  return error instanceof MediaError && GONE.has(error.code);
}
