import { EventEmitter, once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { z } from "zod";
import { HEAD_CHANNEL } from "../database/entities";
import type { Logger } from "../shared/log";

const headSchema = z.object({ height: z.int(), hash: z.string() });

/** The newest block in the database, as the processor announces it. */
export type Head = z.infer<typeof headSchema>;

const RECONNECT_MS = 500;

/** Hears from Postgres of each new head. */
export class HeadFeed {
  /** Grows with each head and each doubt about having missed one. */
  version = 0;
  /** Whether heads are heard of right now. */
  isLive = false;
  private readonly emitter = new EventEmitter().setMaxListeners(0);

  constructor(
    private readonly databaseUrl: string,
    private readonly log: Logger,
    private readonly signal: AbortSignal,
  ) {}

  /** Resolves when heads are heard of. */
  async waitUntilLive(): Promise<void> {
    while (!this.isLive) await once(this.emitter, "change", { signal: this.signal });
  }

  /** Listens until the signal aborts, and again whenever the connection breaks. */
  async run(): Promise<void> {
    const isStopped = (): boolean => this.signal.aborted;
    while (!isStopped()) {
      try {
        await this.listen();
      } catch (error) {
        if (isStopped()) break;
        this.log.warn(
          { err: error },
          "the database's announcements of new heads cannot be heard; trying again",
        );
      }
      this.isLive = false;
      this.changed();
      await sleep(RECONNECT_MS, undefined, { signal: this.signal }).catch(() => undefined);
    }
    this.isLive = false;
  }

  onChange(listener: () => void): void {
    this.emitter.on("change", listener);
  }

  /** Yields whenever there is something new since the last time; several heads at once count as one. */
  async *changes(signal: AbortSignal): AsyncGenerator<void> {
    const ended = AbortSignal.any([signal, this.signal]);
    for (let seen = this.version; ;) {
      if (this.version === seen) await once(this.emitter, "change", { signal: ended }).catch(() => undefined);
      if (ended.aborted) return;
      seen = this.version;
      yield;
    }
  }

  private async listen(): Promise<void> {
    const client = new Client({ connectionString: this.databaseUrl, keepAlive: true });
    const ended = new Promise<never>((_, reject) => {
      client.on("error", reject);
      client.on("end", () => reject(new Error("The database closed the connection.")));
      this.signal.addEventListener("abort", () => reject(new Error("Stopping.")), { once: true });
    });
    // It may be rejected before anybody waits for it.
    ended.catch(() => undefined);
    try {
      await client.connect();
      client.on("notification", ({ payload }) => this.receive(payload ?? ""));
      await client.query(`LISTEN ${HEAD_CHANNEL}`);
      this.isLive = true;
      this.changed();
      await ended;
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  private receive(payload: string): void {
    const head = headSchema.safeParse(safeJson(payload));
    if (head.success) this.changed();
    else
      this.log.error({ payload: payload.slice(0, 200) }, "an announcement of a new head that cannot be read");
  }

  private changed(): void {
    this.version += 1;
    this.emitter.emit("change");
  }
}

function safeJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
