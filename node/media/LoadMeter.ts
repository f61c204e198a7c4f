import type { Logger } from "pino";
import type { MediaPorts, MediaWorker } from "./MediaWorker.js";
import type { Peer } from "./Peer.js";
import type { Room } from "./Room.js";
import type { ByteReading } from "./SentByteCounter.js";
import type { WorkerPool } from "./WorkerPool.js";

export interface WorkerLoadReading {
  readonly pid: number;
  readonly ports: MediaPorts;
  readonly peers: number;
  readonly subscriptions: number;
  readonly dataSubscriptions: number;
  /** Streams to and from other workers and other nodes. */
  readonly pipedStreams: number;
  /** Of one core, 0 to 1, in the last interval. */
  readonly cpuShare: number;
}

export interface MediaLoad {
  readonly rooms: number;
  readonly peers: number;
  readonly publications: number;
  readonly dataPublications: number;
  readonly subscriptions: number;
  readonly dataSubscriptions: number;
  /** What participants are sent and pay for (`SentByteCounter`), in the last interval. */
  readonly outgoingBitsPerSecond: number;
  /** Those that run. */
  readonly workers: readonly WorkerLoadReading[];
}

interface CpuReading {
  readonly cpuMs: number;
  readonly atMs: number;
  readonly share: number;
}

/**
 * Measures what a media server carries. Cheap: whoever meters participants reads their counters anyway, and only those
 * that nobody read for an interval are read here.
 */
export class LoadMeter {
  readonly #pool: WorkerPool;
  readonly #intervalMs: number;
  readonly #rooms: () => Iterable<Room>;
  readonly #logger: Logger;
  readonly #timer: NodeJS.Timeout;
  readonly #sent = new WeakMap<Peer, ByteReading>();
  readonly #cpu = new WeakMap<MediaWorker, CpuReading>();
  #measuring = false;
  #outgoingBitsPerSecond = 0;

  constructor(pool: WorkerPool, intervalMs: number, rooms: () => Iterable<Room>, logger: Logger) {
    this.#pool = pool;
    this.#intervalMs = intervalMs;
    this.#rooms = rooms;
    this.#logger = logger;
    this.#timer = setInterval(() => void this.#measure(), intervalMs);
  }

  get outgoingBitsPerSecond(): number {
    return this.#outgoingBitsPerSecond;
  }

  get load(): MediaLoad {
    const rooms = [...this.#rooms()];
    const workers = this.#pool.running.map((worker) => {
      const { peers, subscriptions, dataSubscriptions, pipedStreams } = worker.load;
      const cpuShare = this.#cpu.get(worker)?.share ?? 0;
      const { pid, ports } = worker;
      return { pid, ports, peers, subscriptions, dataSubscriptions, pipedStreams, cpuShare };
    });
    const sum = <T>(of: readonly T[], count: (one: T) => number) =>
      of.reduce((total, one) => total + count(one), 0);
    return {
      rooms: rooms.length,
      peers: sum(rooms, (room) => room.peers.length),
      publications: sum(rooms, (room) => room.publications.length),
      dataPublications: sum(rooms, (room) => room.dataPublications.length),
      subscriptions: sum(workers, (worker) => worker.subscriptions),
      dataSubscriptions: sum(workers, (worker) => worker.dataSubscriptions),
      outgoingBitsPerSecond: this.#outgoingBitsPerSecond,
      workers,
    };
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #measure(): Promise<void> {
    // A worker that answers late is not asked the same again meanwhile.
    if (this.#measuring) return;
    this.#measuring = true;
    try {
      const peers = Array.from(this.#rooms()).flatMap((room) => room.peers);
      const rates = await Promise.all(peers.map((peer) => this.#rateOf(peer)));
      this.#outgoingBitsPerSecond = Math.round(rates.reduce((sum, rate) => sum + rate, 0));
      await Promise.all(this.#pool.running.map((worker) => this.#measureCpu(worker)));
    } finally {
      this.#measuring = false;
    }
  }

  /** Bits per second that the peer was sent since the last measurement. */
  async #rateOf(peer: Peer): Promise<number> {
    if (performance.now() - peer.latestBytesSent.atMs > this.#intervalMs) await peer.bytesSent();
    const last = this.#sent.get(peer);
    const now = peer.latestBytesSent;
    this.#sent.set(peer, now);
    if (!last || now.atMs <= last.atMs) return 0;
    return (Number(now.bytes - last.bytes) * 8_000) / (now.atMs - last.atMs);
  }

  async #measureCpu(worker: MediaWorker): Promise<void> {
    const last = this.#cpu.get(worker);
    try {
      const { ru_utime, ru_stime } = await worker.getResourceUsage();
      const atMs = performance.now();
      const cpuMs = ru_utime + ru_stime;
      const share = last ? (cpuMs - last.cpuMs) / (atMs - last.atMs) : 0;
      this.#cpu.set(worker, { cpuMs, atMs, share });
    } catch (error) {
      this.#logger.debug({ err: error, pid: worker.pid }, "worker not measured: it has ended");
    }
  }
}
