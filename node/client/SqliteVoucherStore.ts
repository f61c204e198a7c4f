import { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Address } from "../protocol/typedData.js";
import { uint256Schema } from "../protocol/schemas.js";
import type { NodeTotals, SessionAccount, VoucherLedger, VoucherStore } from "./VoucherStore.js";

/** Amounts and ids are decimal text: SQLite's integers have 64 bits with a sign. */
const SCHEMA = `
  PRAGMA journal_mode = WAL;
  PRAGMA synchronous = FULL;
  PRAGMA busy_timeout = 5000;
  CREATE TABLE IF NOT EXISTS session_account (
    node_id TEXT NOT NULL,
    epoch INTEGER NOT NULL,
    session_key TEXT NOT NULL,
    bytes_delivered TEXT NOT NULL,
    bytes_paid TEXT NOT NULL,
    amount_wei TEXT NOT NULL,
    score_wei TEXT NOT NULL,
    PRIMARY KEY (session_key, epoch, node_id)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS session_account_epoch ON session_account (epoch);
  CREATE TABLE IF NOT EXISTS node_totals (
    node_id TEXT PRIMARY KEY,
    amount_wei TEXT NOT NULL,
    score_wei TEXT NOT NULL,
    promised_amount_wei TEXT NOT NULL,
    promised_score_wei TEXT NOT NULL
  ) STRICT, WITHOUT ROWID;
`;

const accountRowSchema = z.object({
  bytes_delivered: uint256Schema,
  bytes_paid: uint256Schema,
  amount_wei: uint256Schema,
  score_wei: uint256Schema,
});
const totalsRowSchema = z.object({
  amount_wei: uint256Schema,
  score_wei: uint256Schema,
  promised_amount_wei: uint256Schema,
  promised_score_wei: uint256Schema,
});
const bytesRowSchema = z.object({ bytes_paid: uint256Schema });

const NOTHING_OWED: NodeTotals = { amountWei: 0n, scoreWei: 0n, promisedAmountWei: 0n, promisedScoreWei: 0n };

/** A voucher store in one SQLite file, for one process. */
export class SqliteVoucherStore implements VoucherStore {
  readonly #database: DatabaseSync;
  /** One connection has one transaction at a time, so actions wait for each other. */
  #last: Promise<unknown> = Promise.resolve();

  /** @param path A file, made where there is none; ":memory:" for one that is gone with the process. */
  constructor(path: string) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(SCHEMA);
  }

  atomically<T>(action: (ledger: VoucherLedger) => Promise<T>): Promise<T> {
    const run = async (): Promise<T> => {
      this.#database.exec("BEGIN IMMEDIATE");
      try {
        const result = await action(new SqliteLedger(this.#database));
        this.#database.exec("COMMIT");
        return result;
      } catch (error) {
        this.#database.exec("ROLLBACK");
        throw error;
      }
    };
    const result = this.#last.then(run, run);
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Closes the file once what is under way is stored. */
  async close(): Promise<void> {
    await this.#last;
    this.#database.close();
  }
}

class SqliteLedger implements VoucherLedger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
  }

  async account(nodeId: bigint, epoch: number, sessionKey: Address): Promise<SessionAccount | undefined> {
    const found = this.#database
      .prepare("SELECT * FROM session_account WHERE session_key = ? AND epoch = ? AND node_id = ?")
      .get(sessionKey, epoch, nodeId.toString());
    if (!found) return undefined;
    const row = accountRowSchema.parse(found);
    return {
      nodeId,
      epoch,
      sessionKey,
      bytesDelivered: row.bytes_delivered,
      bytesPaid: row.bytes_paid,
      amountWei: row.amount_wei,
      scoreWei: row.score_wei,
    };
  }

  async bytesPaid(epoch: number, sessionKey: Address): Promise<bigint> {
    return this.#database
      .prepare("SELECT bytes_paid FROM session_account WHERE session_key = ? AND epoch = ?")
      .all(sessionKey, epoch)
      .reduce((sum, row) => sum + bytesRowSchema.parse(row).bytes_paid, 0n);
  }

  async putAccount(account: SessionAccount): Promise<void> {
    const { nodeId, epoch, sessionKey, bytesDelivered, bytesPaid, amountWei, scoreWei } = account;
    this.#database
      .prepare(
        `INSERT OR REPLACE INTO session_account
           (node_id, epoch, session_key, bytes_delivered, bytes_paid, amount_wei, score_wei)
         VALUES (?, ?, ?, ?, ?, ?, ?)`,
      )
      .run(
        nodeId.toString(),
        epoch,
        sessionKey,
        ...[bytesDelivered, bytesPaid, amountWei, scoreWei].map(String),
      );
  }

  async totals(nodeId: bigint): Promise<NodeTotals> {
    const found = this.#database
      .prepare("SELECT * FROM node_totals WHERE node_id = ?")
      .get(nodeId.toString());
    if (!found) return NOTHING_OWED;
    const row = totalsRowSchema.parse(found);
    return {
      amountWei: row.amount_wei,
      scoreWei: row.score_wei,
      promisedAmountWei: row.promised_amount_wei,
      promisedScoreWei: row.promised_score_wei,
    };
  }

  async putTotals(nodeId: bigint, totals: NodeTotals): Promise<void> {
    const { amountWei, scoreWei, promisedAmountWei, promisedScoreWei } = totals;
    this.#database
      .prepare(
        `INSERT OR REPLACE INTO node_totals
           (node_id, amount_wei, score_wei, promised_amount_wei, promised_score_wei)
         VALUES (?, ?, ?, ?, ?)`,
      )
      .run(...[nodeId, amountWei, scoreWei, promisedAmountWei, promisedScoreWei].map(String));
  }

  async prune(epoch: number): Promise<void> {
    this.#database.prepare("DELETE FROM session_account WHERE epoch < ?").run(epoch);
  }
}
