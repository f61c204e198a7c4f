import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { inTransaction } from "../../chain/sqlite.js";
import { createServiceTables } from "../schema.js";

/** How often a node answered of how often it was tried. */
export interface ProbeCount {
  readonly probes: number;
  readonly answered: number;
}

const reportSchema = z.object({ node_id: z.string().transform((value) => BigInt(value)), score: z.number() });
const countSchema = z.object({ probes: z.number(), answered: z.number() });

/** What this node has found out about those it audits, durable. */
export class AuditStore {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    createServiceTables(database);
  }

  /** Keeps scores that were handed in; a later one of the same node and epoch replaces the former. */
  putScores(epoch: number, scores: ReadonlyMap<bigint, number>): void {
    inTransaction(this.#database, () => {
      const insert = this.#database.prepare(
        `INSERT INTO audit_scores (epoch, node_id, score) VALUES (?, ?, ?)
         ON CONFLICT (epoch, node_id) DO UPDATE SET score = excluded.score`,
      );
      for (const [nodeId, score] of scores) insert.run(epoch, nodeId.toString(), score);
    });
  }

  /** Scores that were handed in for an epoch, by node. */
  scores(epoch: number): Map<bigint, number> {
    return new Map(
      this.#database
        .prepare("SELECT node_id, score FROM audit_scores WHERE epoch = ? ORDER BY node_id")
        .all(epoch)
        .map((value) => {
          const row = reportSchema.parse(value);
          return [row.node_id, row.score];
        }),
    );
  }

  /** Notes whether a node answered; the first note for a round of an epoch stands. */
  putProbe(epoch: number, nodeId: bigint, round: number, answered: boolean): void {
    this.#database
      .prepare(
        `INSERT INTO audit_probes (epoch, node_id, round, answered) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      .run(epoch, nodeId.toString(), round, answered ? 1 : 0);
  }

  hasProbe(epoch: number, nodeId: bigint, round: number): boolean {
    const row = this.#database
      .prepare("SELECT 1 FROM audit_probes WHERE epoch = ? AND node_id = ? AND round = ?")
      .get(epoch, nodeId.toString(), round);
    return row !== undefined;
  }

  probeCount(epoch: number, nodeId: bigint): ProbeCount {
    const row = this.#database
      .prepare(
        `SELECT count(*) AS probes, coalesce(sum(answered), 0) AS answered FROM audit_probes
         WHERE epoch = ? AND node_id = ?`,
      )
      .get(epoch, nodeId.toString());
    return countSchema.parse(row);
  }

  /** Forgets what was found before an epoch. */
  prune(epoch: number): void {
    this.#database.prepare("DELETE FROM audit_scores WHERE epoch < ?").run(epoch);
    this.#database.prepare("DELETE FROM audit_probes WHERE epoch < ?").run(epoch);
  }
}
