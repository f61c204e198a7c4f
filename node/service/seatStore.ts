import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { createServiceTables } from "./schema.js";

/** What the operator wants of this node. */
export interface SeatWish {
  /** To serve, or to be in maintenance. */
  readonly serve: boolean;
  /** How often the operator has changed his mind. */
  readonly version: number;
}

const rowSchema = z.object({ serve: z.number(), version: z.number() });

/** Whether the node shall serve, durable. It shall, unless its operator said otherwise. */
export class SeatStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    createServiceTables(database);
  }

  get wish(): SeatWish {
    const row = this.#database.prepare("SELECT serve, version FROM seat_wish").get();
    if (row === undefined) return { serve: true, version: 0 };
    const { serve, version } = rowSchema.parse(row);
    return { serve: serve === 1, version };
  }

  want(serve: boolean): void {
    const wish = this.wish;
    if (wish.serve === serve) return;
    this.#database
      .prepare(
        `INSERT INTO seat_wish (id, serve, version) VALUES (1, ?, ?)
         ON CONFLICT (id) DO UPDATE SET serve = excluded.serve, version = excluded.version`,
      )
      .run(serve ? 1 : 0, wish.version + 1);
  }
}
