import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { inTransaction } from "../chain/sqlite.js";
import type { Hex } from "../protocol/hex.js";
import { hexSchema } from "../protocol/schemas.js";
import type { Attestation } from "../protocol/typedData.js";
import { createServiceTables } from "./schema.js";

const rowSchema = z.object({
  epoch: z.number(),
  receipt_root: hexSchema(32),
  bytes_delivered: z.string().transform((value) => BigInt(value)),
  sessions: z.number(),
  audit_commitment: hexSchema(32),
});

/** What an attestation's audit commitment hides until it is revealed. */
export interface AuditReveal {
  readonly packedScores: bigint;
  readonly salt: Hex;
}

const revealSchema = z.object({
  packed_scores: z.string().transform((value) => BigInt(value)),
  salt: hexSchema(32),
  refused: z.string().nullable(),
});
const refusedSchema = z.object({ epoch: z.number(), refused: z.string() });

/** What this node attests, fixed before it is sent, and which epochs are over and done with. */
export class EpochStore {
  readonly #database: DatabaseSync;
  readonly #nodeId: bigint;

  constructor(database: DatabaseSync, nodeId: bigint) {
    this.#database = database;
    this.#nodeId = nodeId;
    createServiceTables(database);
  }

  /**
   * Makes sure that the data belongs to this node of this deployment.
   * @throws Error where it is another's.
   */
  claimIdentity(identity: Readonly<Record<string, string>>): void {
    inTransaction(this.#database, () => {
      for (const [name, value] of Object.entries(identity)) {
        const row = this.#database.prepare("SELECT value FROM identity WHERE name = ?").get(name);
        if (row === undefined) {
          this.#database.prepare("INSERT INTO identity (name, value) VALUES (?, ?)").run(name, value);
        } else if (row.value !== value) {
          throw new Error(
            `the data directory belongs to another node or deployment: ${name} is ${String(row.value)} there, ` +
              `${value} now; give this node a directory of its own`,
          );
        }
      }
    });
  }

  /** The first epoch that this data directory has seen; `current` where it is new. */
  firstEpoch(current: number): number {
    this.#database
      .prepare("INSERT INTO identity VALUES ('firstEpoch', ?) ON CONFLICT DO NOTHING")
      .run(String(current));
    const row = this.#database.prepare("SELECT value FROM identity WHERE name = 'firstEpoch'").get();
    return Number(z.object({ value: z.string() }).parse(row).value);
  }

  /** Fixes what is attested, and what it commits to. From now on no receipt of the epoch is taken. */
  seal(attestation: Attestation, reveal?: AuditReveal): void {
    const { epoch, receiptRoot, bytesDelivered, sessions, auditCommitment } = attestation;
    inTransaction(this.#database, () => {
      this.#database
        .prepare(
          `INSERT INTO attestations (epoch, receipt_root, bytes_delivered, sessions, audit_commitment)
           VALUES (?, ?, ?, ?, ?)`,
        )
        .run(epoch, receiptRoot, bytesDelivered.toString(), sessions, auditCommitment);
      if (reveal === undefined) return;
      this.#database
        .prepare("INSERT INTO audit_reveals (epoch, packed_scores, salt) VALUES (?, ?, ?)")
        .run(epoch, reveal.packedScores.toString(), reveal.salt);
    });
  }

  /** What the attestation of an epoch committed to; `refused`: why the contracts do not take it. */
  reveal(epoch: number): (AuditReveal & { readonly refused: string | undefined }) | undefined {
    const row = this.#database.prepare("SELECT * FROM audit_reveals WHERE epoch = ?").get(epoch);
    if (row === undefined) return undefined;
    const { packed_scores: packedScores, salt, refused } = revealSchema.parse(row);
    return { packedScores, salt, refused: refused ?? undefined };
  }

  /** Puts a reveal aside that the contracts will never take. */
  quarantineReveal(epoch: number, reason: string): void {
    this.#database.prepare("UPDATE audit_reveals SET refused = ? WHERE epoch = ?").run(reason, epoch);
  }

  /** Reveals put aside of epochs from `first` on. */
  quarantinedReveals(first: number): { epoch: number; refused: string }[] {
    return this.#database
      .prepare(
        "SELECT epoch, refused FROM audit_reveals WHERE refused IS NOT NULL AND epoch >= ? ORDER BY epoch",
      )
      .all(first)
      .map((row) => refusedSchema.parse(row));
  }

  attestation(epoch: number): Attestation | undefined {
    const row = this.#database.prepare("SELECT * FROM attestations WHERE epoch = ?").get(epoch);
    if (row === undefined) return undefined;
    const parsed = rowSchema.parse(row);
    return {
      nodeId: this.#nodeId,
      epoch: parsed.epoch,
      receiptRoot: parsed.receipt_root,
      bytesDelivered: parsed.bytes_delivered,
      sessions: parsed.sessions,
      auditCommitment: parsed.audit_commitment,
    };
  }

  /** The newest epoch that was sealed. */
  lastSealed(): number | undefined {
    const row = this.#database.prepare("SELECT max(epoch) AS epoch FROM attestations").get();
    return z.object({ epoch: z.number().nullable() }).parse(row).epoch ?? undefined;
  }

  markSettled(epoch: number): void {
    this.#database.prepare("INSERT INTO settled_epochs (epoch) VALUES (?) ON CONFLICT DO NOTHING").run(epoch);
  }

  isSettled(epoch: number): boolean {
    return this.unsettled(epoch, epoch).length === 0;
  }

  /** Epochs from `first` to `last` with something left to do, oldest first. */
  unsettled(first: number, last: number): number[] {
    const settled = new Set(
      this.#database
        .prepare("SELECT epoch FROM settled_epochs WHERE epoch BETWEEN ? AND ?")
        .all(first, last)
        .map((row) => z.object({ epoch: z.number() }).parse(row).epoch),
    );
    const epochs = Array.from({ length: Math.max(0, last - first + 1) }, (_, index) => first + index);
    return epochs.filter((epoch) => !settled.has(epoch));
  }
}
