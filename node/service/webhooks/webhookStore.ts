import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import { inTransaction } from "../../chain/sqlite.js";
import type { Address } from "../../protocol/hex.js";
import { addressSchema } from "../../protocol/schemas.js";
import { PresenceStore } from "./presenceStore.js";
import type { PresentParticipant } from "./presenceStore.js";

/** Events of one room that one endpoint is told, in their order. */
export interface WebhookLane {
  readonly app: Address;
  readonly url: string;
  readonly room: string;
}

export interface EventToStore extends WebhookLane {
  /** JSON text, sent as it is. */
  readonly body: string;
  /** When it was noted: what is too old is given up. */
  readonly atMs: number;
  /** Who is in the room from this event on, or is not any more. */
  readonly joined?: PresentParticipant | undefined;
  readonly left?: Pick<PresentParticipant, "app" | "room" | "sessionKey"> | undefined;
}

export interface StoredWebhook {
  /** Rises with each event of this node. */
  readonly sequence: number;
  readonly body: string;
  readonly atMs: number;
}

const laneSchema = z.object({ app: addressSchema, url: z.string(), room: z.string() });
const storedSchema = z
  .object({ sequence: z.number(), body: z.string(), at_ms: z.number() })
  .transform(({ sequence, body, at_ms }): StoredWebhook => ({ sequence, body, atMs: at_ms }));
const countSchema = z.object({ app: addressSchema, count: z.number() });
const oldestSchema = z.object({ at_ms: z.number().nullable() });

/**
 * The outbox: what apps are still to be told, on disk. An event leaves it when it was delivered or given up. Beside it,
 * who is in the rooms: that changes with the events, in the same transactions.
 */
export class WebhookStore {
  readonly presence: PresenceStore;
  readonly #database: DatabaseSync;
  readonly #statements;
  readonly #counts = new Map<Address, number>();

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.presence = new PresenceStore(database);
    database.exec(`
      CREATE TABLE IF NOT EXISTS webhooks (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        app TEXT NOT NULL,
        url TEXT NOT NULL,
        room TEXT NOT NULL,
        body TEXT NOT NULL,
        at_ms INTEGER NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS webhooks_lane ON webhooks (app, url, room, sequence);
      CREATE INDEX IF NOT EXISTS webhooks_app ON webhooks (app, sequence);
      CREATE INDEX IF NOT EXISTS webhooks_age ON webhooks (at_ms);
    `);
    this.#statements = {
      add: database.prepare("INSERT INTO webhooks (app, url, room, body, at_ms) VALUES (?, ?, ?, ?, ?)"),
      next: database.prepare(
        `SELECT sequence, body, at_ms FROM webhooks WHERE app = ? AND url = ? AND room = ?
         ORDER BY sequence LIMIT 1`,
      ),
      remove: database.prepare("DELETE FROM webhooks WHERE sequence = ?"),
      removeOldest: database.prepare(
        `DELETE FROM webhooks WHERE sequence IN
         (SELECT sequence FROM webhooks WHERE app = ? ORDER BY sequence LIMIT ?)`,
      ),
      removeBefore: database.prepare("DELETE FROM webhooks WHERE at_ms < ?"),
      lanes: database.prepare("SELECT DISTINCT app, url, room FROM webhooks"),
      counts: database.prepare("SELECT app, COUNT(*) AS count FROM webhooks GROUP BY app"),
      oldest: database.prepare("SELECT MIN(at_ms) AS at_ms FROM webhooks"),
    } satisfies Record<string, StatementSync>;
    this.#recount();
  }

  /** Events that wait. */
  get size(): number {
    return [...this.#counts.values()].reduce((sum, count) => sum + count, 0);
  }

  /** When the oldest event that waits happened; Unix time in milliseconds. */
  get oldestAtMs(): number | undefined {
    return oldestSchema.parse(this.#statements.oldest.get()).at_ms ?? undefined;
  }

  /** Events of one app that wait. */
  countOf(app: Address): number {
    return this.#counts.get(app) ?? 0;
  }

  /**
   * Stores events, all or none, and gives up an app's oldest ones beyond `maxPerApp`.
   * @returns How many of each app were given up.
   */
  add(events: readonly EventToStore[], maxPerApp: number): Map<Address, number> {
    const dropped = new Map<Address, number>();
    try {
      inTransaction(this.#database, () => {
        for (const { app, url, room, body, atMs, joined, left } of events) {
          this.#statements.add.run(app, url, room, body, atMs);
          if (joined !== undefined) this.presence.joined(joined);
          if (left !== undefined) this.presence.left(left);
          this.presence.noteAlive(atMs);
          this.#counts.set(app, this.countOf(app) + 1);
        }
        for (const app of new Set(events.map((event) => event.app))) {
          const surplus = this.countOf(app) - maxPerApp;
          if (surplus <= 0) continue;
          this.#statements.removeOldest.run(app, surplus);
          this.#counts.set(app, maxPerApp);
          dropped.set(app, surplus);
        }
      });
    } catch (error) {
      this.#recount();
      throw error;
    }
    return dropped;
  }

  /** The oldest event of a lane. */
  next({ app, url, room }: WebhookLane): StoredWebhook | undefined {
    const row = this.#statements.next.get(app, url, room);
    return row === undefined ? undefined : storedSchema.parse(row);
  }

  /** Takes out what was delivered. */
  remove(app: Address, sequence: number): void {
    if (this.#statements.remove.run(sequence).changes === 0) return;
    this.#counts.set(app, Math.max(0, this.countOf(app) - 1));
  }

  /** Gives up what happened before a moment, Unix time in milliseconds. Returns how many events. */
  expire(beforeMs: number): number {
    const { changes } = this.#statements.removeBefore.run(beforeMs);
    if (changes !== 0) this.#recount();
    return Number(changes);
  }

  /** Where events wait. */
  lanes(): WebhookLane[] {
    return this.#statements.lanes.all().map((row) => laneSchema.parse(row));
  }

  #recount(): void {
    this.#counts.clear();
    for (const row of this.#statements.counts.all()) {
      const { app, count } = countSchema.parse(row);
      this.#counts.set(app, count);
    }
  }
}
