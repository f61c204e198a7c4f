import { EventEmitter, once } from "node:events";
import { MediaError } from "./mediaError.js";
import type { MediaPorts, MediaWorker } from "./MediaWorker.js";
import { WorkerKeeper } from "./WorkerKeeper.js";
import type { WorkerKeeperEvents, WorkerKeeperOptions } from "./WorkerKeeper.js";

/** How long somebody who wants to join waits for a worker to be started again where none runs. */
const WAIT_FOR_WORKER_MS = 5_000;

export interface WorkerPoolOptions extends WorkerKeeperOptions {
  readonly count: number;
  readonly maxSubscriptionsPerWorker: number;
}

/** All the workers of a media server, each of them kept running. */
export class WorkerPool extends EventEmitter<WorkerKeeperEvents> {
  readonly #keepers: readonly WorkerKeeper[];
  readonly #maxSubscriptionsPerWorker: number;

  /** Throws where one of the workers does not start; then none is left running. */
  static async start({
    count,
    listen,
    maxSubscriptionsPerWorker,
    ...others
  }: WorkerPoolOptions): Promise<WorkerPool> {
    if (!Number.isInteger(count) || count < 1) {
      throw new RangeError(`a media server needs at least one worker, not ${String(count)}`);
    }
    if (listen.addresses.length === 0) throw new RangeError("a media server needs an address to listen on");
    const starts = await Promise.allSettled(
      Array.from({ length: count }, (_, index) =>
        WorkerKeeper.start({
          ...others,
          listen: { ...listen, port: listen.port === 0 ? 0 : listen.port + index },
        }),
      ),
    );
    const started = starts.flatMap((start) => (start.status === "fulfilled" ? [start.value] : []));
    const failed = starts.find((start) => start.status === "rejected");
    if (failed) {
      await Promise.all(started.map((keeper) => keeper.close()));
      throw failed.reason;
    }
    return new WorkerPool(started, maxSubscriptionsPerWorker);
  }

  private constructor(keepers: readonly WorkerKeeper[], maxSubscriptionsPerWorker: number) {
    super();
    // Everybody who waits for a worker listens.
    this.setMaxListeners(0);
    this.#keepers = keepers;
    this.#maxSubscriptionsPerWorker = maxSubscriptionsPerWorker;
    for (const keeper of keepers) {
      keeper.on("died", (worker, error) => this.emit("died", worker, error));
      keeper.on("restarted", (worker) => this.emit("restarted", worker));
    }
  }

  /** The workers that run. */
  get running(): readonly MediaWorker[] {
    return this.#keepers.flatMap(({ worker }) => (worker && !worker.closed ? [worker] : []));
  }

  /** The ports of all workers, in order, whether they run just now or not. */
  get ports(): readonly MediaPorts[] {
    return this.#keepers.map(({ ports }) => ports);
  }

  hasRoom(worker: MediaWorker): boolean {
    return !worker.closed && worker.load.sentStreams < this.#maxSubscriptionsPerWorker;
  }

  /**
   * The least loaded worker; where none runs, it waits a moment for one to be started again.
   * Throws `MediaError`: no_worker, load_limit.
   */
  async leastLoaded(): Promise<MediaWorker> {
    if (this.running.length === 0) await this.#restarted();
    const [least] = this.running.toSorted((a, b) => a.load.score - b.load.score);
    if (!least)
      throw new MediaError("no_worker", "no media worker runs just now: try again, or another node");
    if (!this.running.some((worker) => this.hasRoom(worker))) {
      throw new MediaError("load_limit", "this node's media workers carry as many tracks as they may");
    }
    return least;
  }

  async close(): Promise<void> {
    await Promise.all(this.#keepers.map((keeper) => keeper.close()));
  }

  async #restarted(): Promise<void> {
    try {
      await once(this, "restarted", { signal: AbortSignal.timeout(WAIT_FOR_WORKER_MS) });
    } catch {
      // It took too long: the caller sees that there is none.
    }
  }
}
