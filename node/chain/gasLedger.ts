import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Hex } from "../protocol/hex.js";

/** What the node spends on gas, as it was in the last days. */
export interface GasSpending {
  readonly spentWei: bigint;
  readonly transactions: number;
  /** Seconds that this was spent in. */
  readonly seconds: number;
}

/** How long what was paid is remembered. */
const KEPT_SECONDS = 30 * 86_400;
/** Spending is averaged over this, or over what there is. */
const AVERAGED_SECONDS = 7 * 86_400;
const SECONDS_PER_DAY = 86_400;

const rowSchema = z.object({ at_seconds: z.number(), fee_wei: z.string().transform((wei) => BigInt(wei)) });

/** What was paid for transactions that were mined, durable: gasUsed × effectiveGasPrice, by the receipts. */
export class GasLedger {
  readonly #database: DatabaseSync;

  constructor(database: DatabaseSync) {
    this.#database = database;
    database.exec(`
      CREATE TABLE IF NOT EXISTS gas_ledger (
        hash TEXT PRIMARY KEY,
        at_seconds INTEGER NOT NULL,
        fee_wei TEXT NOT NULL
      ) STRICT;
      CREATE INDEX IF NOT EXISTS gas_ledger_at ON gas_ledger (at_seconds);
    `);
  }

  /** Notes a transaction, once: one that a reorganisation moved counts where it was mined last. */
  add(hash: Hex, atSeconds: number, feeWei: bigint): void {
    this.#database
      .prepare(
        `INSERT INTO gas_ledger (hash, at_seconds, fee_wei) VALUES (?, ?, ?)
         ON CONFLICT (hash) DO UPDATE SET at_seconds = excluded.at_seconds, fee_wei = excluded.fee_wei`,
      )
      .run(hash, atSeconds, feeWei.toString());
    this.#database.prepare("DELETE FROM gas_ledger WHERE at_seconds < ?").run(atSeconds - KEPT_SECONDS);
  }

  /**
   * What was spent lately.
   * @param nowSeconds Unix time by the chain's clock.
   * @returns undefined before anything was.
   */
  spending(nowSeconds: number): GasSpending | undefined {
    const rows = this.#database
      .prepare("SELECT at_seconds, fee_wei FROM gas_ledger WHERE at_seconds > ? ORDER BY at_seconds")
      .all(nowSeconds - AVERAGED_SECONDS)
      .map((row) => rowSchema.parse(row));
    const [first] = rows;
    if (first === undefined) return undefined;
    return {
      spentWei: rows.reduce((sum, { fee_wei: fee }) => sum + fee, 0n),
      transactions: rows.length,
      seconds: Math.max(1, nowSeconds - first.at_seconds),
    };
  }

  /** What an epoch costs on average, in wei; undefined before a whole epoch was seen. */
  weiPerEpoch(nowSeconds: number, epochSeconds: number): bigint | undefined {
    const spending = this.spending(nowSeconds);
    if (spending === undefined || spending.seconds < epochSeconds) return undefined;
    return (spending.spentWei * BigInt(epochSeconds)) / BigInt(spending.seconds);
  }

  /** How many days a balance lasts at this rate; undefined where that cannot be told yet. */
  runwayDays(balanceWei: bigint, nowSeconds: number, epochSeconds: number): number | undefined {
    const perEpoch = this.weiPerEpoch(nowSeconds, epochSeconds);
    if (perEpoch === undefined || perEpoch === 0n) return undefined;
    return (Number((balanceWei * 1_000n) / perEpoch) / 1_000) * (epochSeconds / SECONDS_PER_DAY);
  }
}
