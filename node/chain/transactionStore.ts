import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import { addressSchema, hexSchema } from "../protocol/schemas.js";
import { isHex } from "../protocol/hex.js";
import type { Address, Hex } from "../protocol/hex.js";
import { GasLedger } from "./gasLedger.js";
import type { GasPrice } from "./gasPrice.js";
import { inTransaction } from "./sqlite.js";

/** One signed form of a transaction; replacements share the nonce. */
export interface Attempt extends GasPrice {
  readonly hash: Hex;
  readonly raw: Hex;
}

/** pending: signed, maybe sent. displaced: another transaction used its nonce. */
export type TransactionState = "pending" | "succeeded" | "reverted" | "displaced";

export interface StoredTransaction {
  readonly key: string;
  readonly nonce: number;
  readonly to: Address;
  readonly data: Hex;
  readonly gasLimit: bigint;
  readonly state: TransactionState;
  /** Oldest first. */
  readonly attempts: readonly Attempt[];
  readonly minedHash: Hex | undefined;
  readonly blockNumber: number | undefined;
  readonly gasUsed: bigint | undefined;
}

const anyHexSchema = z.custom<Hex>((value) => isHex(value));
const decimalSchema = z.string().transform((value) => BigInt(value));
const rowSchema = z.object({
  key: z.string(),
  nonce: z.number(),
  to_address: addressSchema,
  data: anyHexSchema,
  gas_limit: decimalSchema,
  state: z.enum(["pending", "succeeded", "reverted", "displaced"]),
  mined_hash: hexSchema(32).nullable(),
  block_number: z.number().nullable(),
  gas_used: decimalSchema.nullable(),
});
const attemptSchema = z.object({
  hash: hexSchema(32),
  raw: anyHexSchema,
  max_fee_per_gas: decimalSchema,
  max_priority_fee_per_gas: decimalSchema,
});

/** In place of the nonce of another account's transaction. */
const NO_NONCE = -1;
/** Finished transactions kept, the newest. */
const KEPT_TRANSACTIONS = 10_000;

/** The durable part of the transaction queue: what was signed for which intent, before it is sent. */
export class TransactionStore {
  /** What was paid for what was mined. */
  readonly gas: GasLedger;
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    this.gas = new GasLedger(database);
    database.exec(`
      CREATE TABLE IF NOT EXISTS transactions (
        key TEXT PRIMARY KEY,
        nonce INTEGER NOT NULL,
        to_address TEXT NOT NULL,
        data TEXT NOT NULL,
        gas_limit TEXT NOT NULL,
        state TEXT NOT NULL,
        mined_hash TEXT,
        block_number INTEGER,
        gas_used TEXT
      ) STRICT;
      CREATE TABLE IF NOT EXISTS transaction_account (
        id INTEGER PRIMARY KEY CHECK (id = 1),
        account TEXT NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX IF NOT EXISTS transactions_pending ON transactions (nonce) WHERE state = 'pending';
      CREATE INDEX IF NOT EXISTS transactions_nonce ON transactions (nonce);
      CREATE INDEX IF NOT EXISTS transactions_block ON transactions (block_number);
      CREATE TABLE IF NOT EXISTS transaction_attempts (
        hash TEXT PRIMARY KEY,
        key TEXT NOT NULL REFERENCES transactions (key) ON DELETE CASCADE,
        raw TEXT NOT NULL,
        max_fee_per_gas TEXT NOT NULL,
        max_priority_fee_per_gas TEXT NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS transaction_attempts_key ON transaction_attempts (key);
    `);
    database
      .prepare(
        `DELETE FROM transactions WHERE state <> 'pending' AND rowid <= (SELECT max(rowid) FROM transactions) - ?`,
      )
      .run(KEPT_TRANSACTIONS);
  }

  /**
   * Makes the store that of an account. What another account's key has signed, before the operator key was replaced,
   * has other nonces: what of it is pending is given up, and the chain is asked what became of it.
   * @returns The intents that were given up.
   */
  claimAccount(account: Address): string[] {
    return inTransaction(this.#database, () => {
      const row = this.#database.prepare("SELECT account FROM transaction_account").get();
      if (row?.account === account) return [];
      this.#database
        .prepare(
          "INSERT INTO transaction_account (id, account) VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET account = ?",
        )
        .run(account, account);
      if (row === undefined) return [];
      const pending = this.pending().map(({ key }) => key);
      this.#database.exec(`
        UPDATE transactions SET state = 'displaced' WHERE state = 'pending';
        UPDATE transactions SET nonce = ${NO_NONCE};
      `);
      return pending;
    });
  }

  get(key: string): StoredTransaction | undefined {
    const row = this.#database.prepare("SELECT * FROM transactions WHERE key = ?").get(key);
    return row === undefined ? undefined : this.#read(row);
  }

  /** In the order of their nonces. */
  pending(): StoredTransaction[] {
    return this.#database
      .prepare("SELECT * FROM transactions WHERE state = 'pending' ORDER BY nonce")
      .all()
      .map((row) => this.#read(row));
  }

  /** Whether a transaction was mined in this block or a later one, as far as is noted. */
  hasMinedSince(blockNumber: number): boolean {
    return (
      this.#database
        .prepare("SELECT 1 FROM transactions WHERE block_number >= ? LIMIT 1")
        .get(blockNumber) !== undefined
    );
  }

  /**
   * Takes back what was noted as mined in this block or a later one under a nonce that the chain does not count any
   * more: it is pending again.
   */
  reopen(chainCount: number, sinceBlock: number): string[] {
    return this.#database
      .prepare(
        `UPDATE transactions SET state = 'pending', mined_hash = NULL, block_number = NULL, gas_used = NULL
         WHERE nonce >= ? AND block_number >= ? AND state IN ('succeeded', 'reverted') RETURNING key`,
      )
      .all(chainCount, sinceBlock)
      .map((row) => z.object({ key: z.string() }).parse(row).key);
  }

  /** The lowest nonce that no transaction of this store uses, given what the chain counts. */
  nextNonce(chainCount: number): number {
    const row = this.#database
      .prepare("SELECT max(nonce) AS nonce FROM transactions WHERE state <> 'displaced'")
      .get();
    const highest = z.object({ nonce: z.number().nullable() }).parse(row).nonce ?? -1;
    return Math.max(chainCount, highest + 1);
  }

  /** Stores a signed transaction for an intent; a failed one of the same intent is replaced. */
  add(
    transaction: { key: string; nonce: number; to: Address; data: Hex; gasLimit: bigint },
    attempt: Attempt,
  ): void {
    inTransaction(this.#database, () => {
      const { key, nonce, to, data, gasLimit } = transaction;
      this.#database.prepare("DELETE FROM transactions WHERE key = ? AND state <> 'pending'").run(key);
      this.#database
        .prepare(
          `INSERT INTO transactions (key, nonce, to_address, data, gas_limit, state) VALUES (?, ?, ?, ?, ?, 'pending')`,
        )
        .run(key, nonce, to, data, gasLimit.toString());
      this.#insertAttempt(key, attempt);
    });
  }

  addAttempt(key: string, attempt: Attempt): void {
    inTransaction(this.#database, () => this.#insertAttempt(key, attempt));
  }

  finish(
    key: string,
    state: Exclude<TransactionState, "pending">,
    mined?: { hash: Hex; blockNumber: number; gasUsed: bigint; feeWei?: bigint; minedAtSeconds?: number },
  ): void {
    inTransaction(this.#database, () => {
      this.#database
        .prepare(
          "UPDATE transactions SET state = ?, mined_hash = ?, block_number = ?, gas_used = ? WHERE key = ?",
        )
        .run(state, mined?.hash ?? null, mined?.blockNumber ?? null, mined?.gasUsed.toString() ?? null, key);
      if (mined?.feeWei !== undefined && mined.minedAtSeconds !== undefined)
        this.gas.add(mined.hash, mined.minedAtSeconds, mined.feeWei);
    });
  }

  #insertAttempt(key: string, attempt: Attempt): void {
    this.#database
      .prepare(
        `INSERT INTO transaction_attempts (hash, key, raw, max_fee_per_gas, max_priority_fee_per_gas)
         VALUES (?, ?, ?, ?, ?)`,
      )
      .run(
        attempt.hash,
        key,
        attempt.raw,
        attempt.maxFeePerGas.toString(),
        attempt.maxPriorityFeePerGas.toString(),
      );
  }

  #read(value: unknown): StoredTransaction {
    const row = rowSchema.parse(value);
    const attempts = this.#database
      .prepare("SELECT * FROM transaction_attempts WHERE key = ? ORDER BY rowid")
      .all(row.key)
      .map((item): Attempt => {
        const attempt = attemptSchema.parse(item);
        return {
          hash: attempt.hash,
          raw: attempt.raw,
          maxFeePerGas: attempt.max_fee_per_gas,
          maxPriorityFeePerGas: attempt.max_priority_fee_per_gas,
        };
      });
    return {
      key: row.key,
      nonce: row.nonce,
      to: row.to_address,
      data: row.data,
      gasLimit: row.gas_limit,
      state: row.state,
      attempts,
      minedHash: row.mined_hash ?? undefined,
      blockNumber: row.block_number ?? undefined,
      gasUsed: row.gas_used ?? undefined,
    };
  }
}
