import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { inTransaction } from "../../chain/sqlite.js";
import { createServiceTables } from "../schema.js";
import type { AuditRound } from "./auditScore.js";

/** A round of an epoch, counted from 0, and what it found. */
export type StoredRound = AuditRound & { readonly round: number };

const reportSchema = z.object({ node_id: z.string().transform((value) => BigInt(value)), score: z.number() });
const roundSchema = z.union([
  z
    .object({ round: z.number(), fault: z.string() })
    .transform(({ round, fault }): StoredRound => ({ round, fault })),
  z
    .object({
      round: z.number(),
      join_ms: z.number(),
      round_trip_time_ms: z.number(),
      jitter_ms: z.number(),
      loss_ratio: z.number(),
      frozen_ratio: z.number(),
    })
    .transform((row): StoredRound => ({
      round: row.round,
      measurement: {
        joinMs: row.join_ms,
        roundTripTimeMs: row.round_trip_time_ms,
        jitterMs: row.jitter_ms,
        lossRatio: row.loss_ratio,
        frozenRatio: row.frozen_ratio,
      },
    })),
]);

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

  /** Keeps what a round found; the first note for a round of an epoch stands. */
  putRound(epoch: number, nodeId: bigint, round: number, { measurement, fault }: AuditRound): void {
    this.#database
      .prepare(
        `INSERT INTO audit_rounds
           (epoch, node_id, round, fault, join_ms, round_trip_time_ms, jitter_ms, loss_ratio, frozen_ratio)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
      )
      .run(
        ...[epoch, nodeId.toString(), round, fault ?? null],
        ...[measurement?.joinMs ?? null, measurement?.roundTripTimeMs ?? null, measurement?.jitterMs ?? null],
        ...[measurement?.lossRatio ?? null, measurement?.frozenRatio ?? null],
      );
  }

  hasRound(epoch: number, nodeId: bigint, round: number): boolean {
    return this.rounds(epoch, nodeId).some((stored) => stored.round === round);
  }

  /** What was found about a node in an epoch, in the order of rounds. */
  rounds(epoch: number, nodeId: bigint): StoredRound[] {
    return this.#database
      .prepare("SELECT * FROM audit_rounds WHERE epoch = ? AND node_id = ? ORDER BY round")
      .all(epoch, nodeId.toString())
      .map((row) => roundSchema.parse(row));
  }

  /** Forgets what was found before an epoch. */
  prune(epoch: number): void {
    this.#database.prepare("DELETE FROM audit_scores WHERE epoch < ?").run(epoch);
    this.#database.prepare("DELETE FROM audit_rounds WHERE epoch < ?").run(epoch);
  }
}
