import { EventEmitter } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "pino";
import type { MediaListen } from "./listen.js";
import { MediaWorker } from "./MediaWorker.js";
import type { MediaPorts } from "./MediaWorker.js";

export type WorkerKeeperEvents = {
  /** The worker's process ended without being asked to. */
  died: [worker: MediaWorker, error: Error];
  /** Another one took its place, on the same ports. */
  restarted: [MediaWorker];
};

/**
 * Pauses before each start after a death, in milliseconds; the last one again and again. At once at first, since
 * participants wait; then slower, so that a worker that crashes at each start, or whose port somebody else has taken
 * meanwhile, does not keep the machine busy.
 */
const RESTART_PAUSES_MS = [0, 250, 1_000, 2_000, 5_000, 15_000, 30_000];

export interface WorkerKeeperOptions {
  readonly listen: MediaListen;
  /** A worker that answers nothing for this long hangs, and with it all that waits for its answers: it is killed. */
  readonly hangTimeoutMs: number;
  readonly logger: Logger;
}

/** A worker that ran this long was well: its next death is the first again. */
const STABLE_AFTER_MS = 60_000;

/**
 * Keeps one worker running until it is closed: where its process dies, starts another on the same ports; where it
 * hangs, ends it first.
 */
export class WorkerKeeper extends EventEmitter<WorkerKeeperEvents> {
  readonly ports: MediaPorts;
  readonly #listen: MediaListen;
  readonly #hangTimeoutMs: number;
  readonly #logger: Logger;
  readonly #stopping = new AbortController();
  #worker: MediaWorker | undefined;
  #restarting: Promise<void> | undefined;
  #startedAtMs = performance.now();
  #failures = 0;

  /** Throws where the first worker does not start. */
  static async start(options: WorkerKeeperOptions): Promise<WorkerKeeper> {
    return new WorkerKeeper(await MediaWorker.start(options.listen, options.logger), options);
  }

  private constructor(worker: MediaWorker, { listen, hangTimeoutMs, logger }: WorkerKeeperOptions) {
    super();
    this.ports = worker.ports;
    this.#listen = { addresses: listen.addresses, port: worker.ports.udp };
    this.#hangTimeoutMs = hangTimeoutMs;
    this.#logger = logger;
    this.#keep(worker);
  }

  /** The one that runs; undefined from a death to the next start. */
  get worker(): MediaWorker | undefined {
    return this.#worker;
  }

  /** Ends the worker and starts no other; resolves once its process has ended. */
  async close(): Promise<void> {
    this.#stopping.abort();
    await this.#restarting;
    await this.#worker?.close();
  }

  #keep(worker: MediaWorker): void {
    this.#worker = worker;
    this.#startedAtMs = performance.now();
    void this.#watch(worker);
    worker.once("died", (error) => {
      this.#worker = undefined;
      if (performance.now() - this.#startedAtMs > STABLE_AFTER_MS) this.#failures = 0;
      this.emit("died", worker, error);
      this.#restarting = this.#restart();
    });
  }

  /** Never rejects. */
  async #watch(worker: MediaWorker): Promise<void> {
    const { signal } = this.#stopping;
    const pause = (ms: number) => sleep(ms, false, { signal, ref: false }).catch(() => false);
    while (!this.#isOver(worker)) {
      await pause(this.#hangTimeoutMs / 2);
      const answered = worker.getResourceUsage().then(
        () => true,
        () => true,
      );
      if (await Promise.race([answered, pause(this.#hangTimeoutMs)])) continue;
      // This process may have been busy itself: then the answer is there now, waiting to be read.
      if (await Promise.race([answered, pause(this.#hangTimeoutMs / 2)])) continue;
      if (this.#isOver(worker)) return;
      this.#logger.error({ pid: worker.pid, port: this.ports.udp }, "media worker hangs; killing it");
      worker.kill();
      return;
    }
  }

  /** Never rejects. */
  async #restart(): Promise<void> {
    while (!this.#isOver()) {
      const pauseMs = RESTART_PAUSES_MS[this.#failures] ?? RESTART_PAUSES_MS.at(-1);
      this.#failures += 1;
      try {
        await sleep(pauseMs, undefined, { signal: this.#stopping.signal });
        const worker = await MediaWorker.start(this.#listen, this.#logger);
        this.#keep(worker);
        this.#logger.info({ pid: worker.pid, port: this.ports.udp }, "media worker started again");
        this.emit("restarted", worker);
        return;
      } catch (error) {
        if (this.#isOver()) return;
        const log = { err: error, port: this.ports.udp, attempt: this.#failures };
        this.#logger.error(log, "media worker not started again; trying on");
      }
    }
  }

  #isOver(worker?: MediaWorker): boolean {
    return this.#stopping.signal.aborted || worker?.closed === true;
  }
}
