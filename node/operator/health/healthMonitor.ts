import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Logger } from "pino";
import type { MediaServer } from "../../media/MediaServer.js";
import type { WorkerProbe } from "../../media/workerProbe.js";

/** What the node's own tests found last. */
export interface HealthReading {
  /** Unix time in milliseconds of the last round of tests; undefined before the first. */
  readonly testedAtMs: number | undefined;
  /** Media sent through each worker. */
  readonly media: readonly WorkerProbe[];
  /** How long a write to the store took until it was on disk; or why it failed. */
  readonly store:
    { readonly ok: true; readonly writeMs: number } | { readonly ok: false; readonly error: string };
  /** How late the event loop ran since the last round, in milliseconds. */
  readonly eventLoop: { readonly meanDelayMs: number; readonly maxDelayMs: number };
}

export interface HealthMonitorOptions {
  readonly media: Pick<MediaServer, "probe" | "workers">;
  /** Writes something small durably; throws where that fails. */
  readonly writeToStore: () => void;
  readonly log: Logger;
  readonly periodMs?: number;
}

const PERIOD_MS = 30_000;
const DELAY_RESOLUTION_MS = 20;
/** Mean delay above which answers and receipts come late. */
const LATE_LOOP_MS = 200;
/** Tests older than so many periods say that the process itself is stuck. */
const STALE_PERIODS = 3;

/**
 * Tests again and again what silently stops working: media through every worker, writes to the disk, and whether this
 * process gets to run. What it finds stands in `/health`, in metrics and in the log.
 */
export class HealthMonitor {
  readonly #options: HealthMonitorOptions;
  readonly #periodMs: number;
  readonly #delay = monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS });
  readonly #stop = new AbortController();
  #reading: HealthReading = {
    testedAtMs: undefined,
    media: [],
    store: { ok: true, writeMs: 0 },
    eventLoop: { meanDelayMs: 0, maxDelayMs: 0 },
  };
  #timer: NodeJS.Timeout | undefined;
  #round: Promise<void> | undefined;

  constructor(options: HealthMonitorOptions) {
    this.#options = options;
    this.#periodMs = options.periodMs ?? PERIOD_MS;
  }

  get reading(): HealthReading {
    return this.#reading;
  }

  /** Runs the tests once, then every period. */
  async start(): Promise<void> {
    this.#delay.enable();
    await this.test();
    this.#timer = setInterval(() => void this.test(), this.#periodMs);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error("the node is shutting down"));
    clearInterval(this.#timer);
    this.#delay.disable();
    await this.#round;
  }

  /** One round; whoever asks while one runs gets its result. */
  async test(): Promise<HealthReading> {
    this.#round ??= this.#test().finally(() => (this.#round = undefined));
    await this.#round;
    return this.#reading;
  }

  /** What an operator has to look into, in words. */
  get problems(): string[] {
    const { testedAtMs, media, store, eventLoop } = this.#reading;
    const problems = media.flatMap((probe) =>
      probe.ok ? [] : [`media worker ${probe.pid} does not forward media: ${probe.error}`],
    );
    if (testedAtMs !== undefined && media.length === 0) problems.push("no media worker runs");
    if (!store.ok) problems.push(`the store cannot be written: ${store.error}`);
    if (eventLoop.meanDelayMs > LATE_LOOP_MS)
      problems.push(
        `the process runs ${Math.round(eventLoop.meanDelayMs)} ms late on average: is the machine overloaded?`,
      );
    if (testedAtMs !== undefined && Date.now() - testedAtMs > STALE_PERIODS * this.#periodMs)
      problems.push("the node's own tests do not come back");
    return problems;
  }

  async #test(): Promise<void> {
    const { media, log } = this.#options;
    try {
      const probes = await media.probe(this.#stop.signal);
      this.#reading = {
        ...{ testedAtMs: Date.now(), media: probes, store: this.#writeToStore() },
        eventLoop: this.#eventLoop(),
      };
      const { problems } = this;
      if (problems.length > 0) log.error({ problems }, "the node's own tests fail");
    } catch (error) {
      if (!this.#stop.signal.aborted) log.error({ err: error }, "the node's own tests could not be run");
    }
  }

  #writeToStore(): HealthReading["store"] {
    const startedAt = performance.now();
    try {
      this.#options.writeToStore();
      return { ok: true, writeMs: performance.now() - startedAt };
    } catch (error) {
      return { ok: false, error: error instanceof Error ? error.message : String(error) };
    }
  }

  #eventLoop(): HealthReading["eventLoop"] {
    // The histogram holds intervals: what goes beyond its own resolution is delay.
    const overMs = (nanoseconds: number): number =>
      Number.isFinite(nanoseconds) ? Math.max(0, nanoseconds / 1e6 - DELAY_RESOLUTION_MS) : 0;
    const reading = { meanDelayMs: overMs(this.#delay.mean), maxDelayMs: overMs(this.#delay.max) };
    this.#delay.reset();
    return reading;
  }
}
