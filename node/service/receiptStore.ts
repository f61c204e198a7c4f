import type { DatabaseSync, SQLOutputValue, StatementSync } from "node:sqlite";
import { z } from "zod";
import { inTransaction } from "../chain/sqlite.js";
import { feeWei } from "../protocol/amounts.js";
import type { Address, Hex } from "../protocol/hex.js";
import type { ReceiptLeaf } from "../protocol/receiptTree.js";
import { hexSchema, signatureSchema } from "../protocol/schemas.js";
import { grantId } from "../protocol/typedData.js";
import type { SignedGrant, SignedReceipt } from "../protocol/typedData.js";
import { createServiceTables } from "./schema.js";

/** A session's highest receipt of an epoch, with the grant that it counts under. */
export interface StoredReceipt extends ReceiptLeaf {
  readonly epoch: number;
  readonly app: Address;
  readonly signature: Hex;
  readonly grant: SignedGrant;
  readonly grantSigner: Address;
}

export interface ReceiptToStore {
  readonly sessionKey: Address;
  readonly grantId: Hex;
  readonly app: Address;
  readonly receipt: SignedReceipt;
  /** Price that the bytes beyond the last receipt are owed at. */
  readonly priceWeiPerGB: bigint;
}

/** The epoch's attestation is fixed: its receipts cannot change any more. */
export class EpochSealed extends Error {
  constructor(readonly epoch: number) {
    super(`epoch ${epoch} is attested already`);
    this.name = "EpochSealed";
  }
}

/** Addresses were stored in checksum form: hashing each of them again would be most of the work. */
const addressSchema = hexSchema(20);
const decimalSchema = z.string().transform((value) => BigInt(value));
const receiptRowSchema = z
  .object({
    epoch: z.number(),
    session_key: addressSchema,
    bytes_delivered: decimalSchema,
    quality: z.number(),
    signature: signatureSchema,
    app: addressSchema,
    room: hexSchema(32),
    max_bytes_per_epoch: decimalSchema,
    expires_at: decimalSchema,
    details_hash: hexSchema(32),
    grant_signature: signatureSchema,
    signer: addressSchema,
  })
  .transform((row): StoredReceipt => ({
    epoch: row.epoch,
    sessionKey: row.session_key,
    bytesDelivered: row.bytes_delivered,
    quality: row.quality,
    signature: row.signature,
    app: row.app,
    grantSigner: row.signer,
    grant: {
      grant: {
        app: row.app,
        sessionKey: row.session_key,
        room: row.room,
        maxBytesPerEpoch: row.max_bytes_per_epoch,
        expiresAt: row.expires_at,
        detailsHash: row.details_hash,
      },
      signature: row.grant_signature,
    },
  }));

const RECEIPT_COLUMNS = `
  r.epoch, r.session_key, r.bytes_delivered, r.quality, r.signature,
  g.app, g.room, g.max_bytes_per_epoch, g.expires_at, g.details_hash, g.signature AS grant_signature, g.signer
  FROM receipts r JOIN grants g ON g.id = r.grant_id`;

interface QueuedReceipt {
  readonly item: ReceiptToStore;
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Receipts and their grants, durable: `put` resolves when the receipt is on disk. Receipts that arrive together share
 * one transaction, so one flush of the disk serves them all.
 */
export class ReceiptStore {
  readonly #database: DatabaseSync;
  readonly #statements;
  #queue: QueuedReceipt[] = [];
  #flushing: NodeJS.Immediate | undefined;
  #lastStoredAtMs: number | undefined;
  #stored = 0;
  #failure: { atMs: number; message: string } | undefined;

  constructor(database: DatabaseSync) {
    this.#database = database;
    createServiceTables(database);
    this.#statements = {
      putGrant: database.prepare(
        `INSERT INTO grants (id, app, session_key, room, max_bytes_per_epoch, expires_at, details_hash, signature, signer)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO NOTHING`,
      ),
      putReceipt: database.prepare(
        `INSERT INTO receipts (epoch, session_key, grant_id, bytes_delivered, quality, signature, stored_at_ms)
         VALUES (?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (epoch, session_key) DO UPDATE SET grant_id = excluded.grant_id,
           bytes_delivered = excluded.bytes_delivered, quality = excluded.quality, signature = excluded.signature,
           stored_at_ms = excluded.stored_at_ms`,
      ),
      getReceipt: database.prepare(`SELECT ${RECEIPT_COLUMNS} WHERE r.epoch = ? AND r.session_key = ?`),
      isSealed: database.prepare("SELECT 1 FROM attestations WHERE epoch = ?"),
      getBytes: database.prepare(
        "SELECT bytes_delivered AS amount FROM receipts WHERE epoch = ? AND session_key = ?",
      ),
      getOwed: database.prepare("SELECT owed_wei AS amount FROM apps WHERE app = ?"),
      putOwed: database.prepare("UPDATE apps SET owed_wei = ? WHERE app = ?"),
    } satisfies Record<string, StatementSync>;
  }

  /** Unix time of the last receipt that was stored in this run, in milliseconds. */
  get lastStoredAtMs(): number | undefined {
    return this.#lastStoredAtMs;
  }

  /** When a receipt could last not be stored, and why; undefined while all can. */
  get failure(): { readonly atMs: number; readonly message: string } | undefined {
    return this.#failure;
  }

  /** How many receipts of epochs from `first` on were left out of their attestation. */
  quarantinedCount(first: number): number {
    const row = this.#database
      .prepare("SELECT count(*) AS count FROM receipts WHERE epoch >= ? AND quarantine IS NOT NULL")
      .get(first);
    return z.object({ count: z.number() }).parse(row).count;
  }

  /** Receipts stored in this run. */
  get storedCount(): number {
    return this.#stored;
  }

  /** Stores a grant, once. Its receipts refer to it. Returns its id. */
  putGrant({ grant, signature }: SignedGrant, signer: Address): Hex {
    const id = grantId(grant);
    const { app, sessionKey, room, maxBytesPerEpoch, expiresAt, detailsHash } = grant;
    this.#statements.putGrant.run(
      ...[id, app, sessionKey, room, maxBytesPerEpoch.toString(), expiresAt.toString(), detailsHash],
      ...[signature, signer],
    );
    return id;
  }

  /** A session's highest receipt of an epoch. */
  get(epoch: number, sessionKey: Address): StoredReceipt | undefined {
    const row = this.#statements.getReceipt.get(epoch, sessionKey);
    return row === undefined ? undefined : receiptRowSchema.parse(row);
  }

  /**
   * Stores a receipt in place of the session's lower one and adds to what the app owes. Resolves when it is on disk.
   * The caller has checked the receipt and its order.
   * @throws EpochSealed
   */
  put(item: ReceiptToStore): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ item, resolve, reject });
      this.#flushing ??= setImmediate(() => this.flush());
    });
  }

  /** Stores what waits, now. */
  flush(): void {
    if (this.#flushing !== undefined) clearImmediate(this.#flushing);
    this.#flushing = undefined;
    const batch = this.#queue;
    this.#queue = [];
    if (batch.length > 0) this.#store(batch);
  }

  /** The receipts of an epoch that count, in the order of session keys. */
  countedReceipts(epoch: number): StoredReceipt[] {
    return this.#database
      .prepare(`SELECT ${RECEIPT_COLUMNS} WHERE r.epoch = ? AND r.quarantine IS NULL ORDER BY r.session_key`)
      .all(epoch)
      .map((row) => receiptRowSchema.parse(row));
  }

  /** Leaves a receipt out of the epoch's tree, so that it does not spoil the rest. */
  quarantine(epoch: number, sessionKey: Address, reason: string): void {
    this.#database
      .prepare("UPDATE receipts SET quarantine = ? WHERE epoch = ? AND session_key = ?")
      .run(reason, epoch, sessionKey);
  }

  /** What was left out of an epoch, and why. */
  quarantined(epoch: number): { sessionKey: Address; reason: string }[] {
    return this.#database
      .prepare("SELECT session_key, quarantine FROM receipts WHERE epoch = ? AND quarantine IS NOT NULL")
      .all(epoch)
      .map((row) => {
        const { session_key, quarantine } = z
          .object({ session_key: addressSchema, quarantine: z.string() })
          .parse(row);
        return { sessionKey: session_key, reason: quarantine };
      });
  }

  /** Receipts of an app whose newest state its voucher endpoint was not shown, oldest epochs first. */
  unshown(app: Address, limit: number): StoredReceipt[] {
    return this.#database
      .prepare(
        `SELECT ${RECEIPT_COLUMNS}
         WHERE g.app = ? AND r.quarantine IS NULL AND r.shown_bytes IS NOT r.bytes_delivered
         ORDER BY r.epoch, r.session_key LIMIT ?`,
      )
      .all(app, limit)
      .map((row) => receiptRowSchema.parse(row));
  }

  /** Notes what an app's endpoint has answered to. */
  markShown(receipts: readonly StoredReceipt[]): void {
    const statement = this.#database.prepare(
      "UPDATE receipts SET shown_bytes = ? WHERE epoch = ? AND session_key = ?",
    );
    inTransaction(this.#database, () => {
      for (const { epoch, sessionKey, bytesDelivered } of receipts) {
        statement.run(bytesDelivered.toString(), epoch, sessionKey);
      }
    });
  }

  /**
   * Deletes receipts of epochs before this one, and grants that have no receipts and had expired before it.
   * @param epochStart Unix time at which the epoch began, in seconds.
   */
  prune(epoch: number, epochStart: number): void {
    inTransaction(this.#database, () => {
      this.#database.prepare("DELETE FROM receipts WHERE epoch < ?").run(epoch);
      this.#database
        .prepare(
          `DELETE FROM grants WHERE NOT EXISTS (SELECT 1 FROM receipts WHERE grant_id = grants.id)
           AND length(expires_at) <= 12 AND CAST(expires_at AS INTEGER) < ?`,
        )
        .run(epochStart);
    });
  }

  /** Stores a batch in one transaction; one that fails is split, so that only what is wrong is refused. */
  #store(batch: readonly QueuedReceipt[]): void {
    const now = Date.now();
    const sealed = new Set<QueuedReceipt>();
    try {
      inTransaction(this.#database, () => {
        for (const queued of batch) {
          const { epoch } = queued.item.receipt.receipt;
          if (this.#statements.isSealed.get(epoch) !== undefined) sealed.add(queued);
          else this.#write(queued.item, now);
        }
      });
    } catch (error) {
      const [only] = batch;
      if (batch.length === 1) {
        this.#failure = { atMs: now, message: error instanceof Error ? error.message : String(error) };
        only?.reject(error);
      } else for (const queued of batch) this.#store([queued]);
      return;
    }
    this.#lastStoredAtMs = now;
    this.#failure = undefined;
    this.#stored += batch.length - sealed.size;
    for (const queued of batch) {
      if (sealed.has(queued)) queued.reject(new EpochSealed(queued.item.receipt.receipt.epoch));
      else queued.resolve();
    }
  }

  #write(
    { sessionKey, grantId: id, app, receipt: signed, priceWeiPerGB }: ReceiptToStore,
    now: number,
  ): void {
    const { receipt, signature } = signed;
    const before = decimalOf(this.#statements.getBytes.get(receipt.epoch, sessionKey)) ?? 0n;
    // Sessions check the order; whatever happens there, a higher receipt is never given up for a lower one.
    if (receipt.bytesDelivered < before) return;
    this.#statements.putReceipt.run(
      ...[receipt.epoch, sessionKey, id, receipt.bytesDelivered.toString(), receipt.quality, signature, now],
    );
    const owed = decimalOf(this.#statements.getOwed.get(app));
    if (owed === undefined) throw new Error(`app ${app} has no account in the store`);
    const added = feeWei(receipt.bytesDelivered, priceWeiPerGB) - feeWei(before, priceWeiPerGB);
    this.#statements.putOwed.run((owed + added).toString(), app);
  }
}

/** The number in a row's only column, `amount`; undefined without a row. */
function decimalOf(row: Record<string, SQLOutputValue> | undefined): bigint | undefined {
  return typeof row?.amount === "string" ? BigInt(row.amount) : undefined;
}

/** The receipt and its signature, as the participant sent it. */
export function signedReceiptOf(stored: StoredReceipt, nodeId: bigint): SignedReceipt {
  const { epoch, bytesDelivered, quality, signature } = stored;
  return { receipt: { nodeId, epoch, bytesDelivered, quality }, signature };
}
