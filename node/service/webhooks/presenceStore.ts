import type { DatabaseSync, StatementSync } from "node:sqlite";
import { z } from "zod";
import type { Address } from "../../protocol/hex.js";
import { addressSchema } from "../../protocol/schemas.js";

/** A participant who has joined and not left, as far as an app was told or is to be told. */
export interface PresentParticipant {
  readonly nodeId: bigint;
  readonly app: Address;
  readonly room: string;
  readonly sessionKey: Address;
  readonly identity: string;
  /** The endpoint that is told. */
  readonly url: string;
}

const presentSchema = z
  .object({
    node_id: z.string().transform((text) => BigInt(text)),
    app: addressSchema,
    room: z.string(),
    session_key: addressSchema,
    identity: z.string(),
    url: z.string(),
  })
  .transform(({ node_id, session_key, ...row }): PresentParticipant => ({
    nodeId: node_id,
    sessionKey: session_key,
    ...row,
  }));
const aliveSchema = z.object({ at_ms: z.number().nullable() });

/** Who is in rooms, on disk: what a killed node leaves behind is what it could not tell the end of. */
export class PresenceStore {
  readonly #statements;

  constructor(database: DatabaseSync) {
    database.exec(`
      CREATE TABLE IF NOT EXISTS webhook_presence (
        sequence INTEGER PRIMARY KEY AUTOINCREMENT,
        node_id TEXT NOT NULL,
        app TEXT NOT NULL,
        room TEXT NOT NULL,
        session_key TEXT NOT NULL,
        identity TEXT NOT NULL,
        url TEXT NOT NULL,
        UNIQUE (app, room, session_key)
      ) STRICT;
      CREATE TABLE IF NOT EXISTS webhook_alive (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        at_ms INTEGER NOT NULL
      ) STRICT;
    `);
    this.#statements = {
      joined: database.prepare(
        `INSERT OR REPLACE INTO webhook_presence (node_id, app, room, session_key, identity, url)
         VALUES (?, ?, ?, ?, ?, ?)`,
      ),
      left: database.prepare("DELETE FROM webhook_presence WHERE app = ? AND room = ? AND session_key = ?"),
      all: database.prepare(
        "SELECT node_id, app, room, session_key, identity, url FROM webhook_presence ORDER BY sequence",
      ),
      any: database.prepare("SELECT 1 FROM webhook_presence LIMIT 1"),
      alive: database.prepare(
        `INSERT INTO webhook_alive (id, at_ms) VALUES (1, ?)
         ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms`,
      ),
      lastAlive: database.prepare("SELECT MAX(at_ms) AS at_ms FROM webhook_alive"),
    } satisfies Record<string, StatementSync>;
  }

  joined({ nodeId, app, room, sessionKey, identity, url }: PresentParticipant): void {
    this.#statements.joined.run(nodeId.toString(), app, room, sessionKey, identity, url);
  }

  left({ app, room, sessionKey }: Pick<PresentParticipant, "app" | "room" | "sessionKey">): void {
    this.#statements.left.run(app, room, sessionKey);
  }

  /** In the order in which they joined. */
  all(): PresentParticipant[] {
    return this.#statements.all.all().map((row) => presentSchema.parse(row));
  }

  get isEmpty(): boolean {
    return this.#statements.any.get() === undefined;
  }

  /** Notes that the node runs; Unix time in milliseconds. */
  noteAlive(atMs: number): void {
    this.#statements.alive.run(atMs);
  }

  /** When that was noted last. */
  get lastAliveMs(): number | undefined {
    return aliveSchema.parse(this.#statements.lastAlive.get()).at_ms ?? undefined;
  }
}
