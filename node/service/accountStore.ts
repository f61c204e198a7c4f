import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { Address } from "../protocol/hex.js";
import { addressSchema, signatureSchema } from "../protocol/schemas.js";
import type { SignedVoucher } from "../protocol/typedData.js";
import { createServiceTables } from "./schema.js";

/** What an app owes this node and has promised it, in wei. */
export interface AppBill {
  readonly app: Address;
  /** Where the app signs vouchers. */
  readonly voucherUrl: string;
  /** For all receipts so far. */
  readonly owed: bigint;
  /** Served and never signed for. */
  readonly lost: bigint;
  /** The highest voucher. */
  readonly voucher: SignedVoucher | undefined;
}

const decimalSchema = z.string().transform((value) => BigInt(value));
const billSchema = z.object({
  app: addressSchema,
  voucher_url: z.string(),
  owed_wei: decimalSchema,
  lost_wei: decimalSchema,
  voucher_amount: decimalSchema.nullable(),
  voucher_score: decimalSchema.nullable(),
  voucher_signature: signatureSchema.nullable(),
});

/** What apps owe and have promised, durable. */
export class AccountStore {
  readonly #database: DatabaseSync;
  readonly #nodeId: bigint;

  constructor(database: DatabaseSync, nodeId: bigint) {
    this.#database = database;
    this.#nodeId = nodeId;
    createServiceTables(database);
  }

  /**
   * Opens an app's account, or notes its newest voucher endpoint.
   * @param paidWei What the chain says was collected from the app so far: the bill starts there.
   */
  open(app: Address, voucherUrl: string, paidWei: bigint): void {
    this.#database
      .prepare(
        `INSERT INTO apps (app, voucher_url, owed_wei, lost_wei) VALUES (?, ?, ?, '0')
         ON CONFLICT (app) DO UPDATE SET voucher_url = excluded.voucher_url`,
      )
      .run(app, voucherUrl, paidWei.toString());
  }

  get(app: Address): AppBill | undefined {
    const row = this.#database.prepare("SELECT * FROM apps WHERE app = ?").get(app);
    return row === undefined ? undefined : this.#read(row);
  }

  all(): AppBill[] {
    return this.#database
      .prepare("SELECT * FROM apps ORDER BY app")
      .all()
      .map((row) => this.#read(row));
  }

  addLost(app: Address, wei: bigint): void {
    const bill = this.get(app);
    if (bill === undefined) return;
    this.#database
      .prepare("UPDATE apps SET lost_wei = ? WHERE app = ?")
      .run((bill.lost + wei).toString(), app);
  }

  /** Counts what the app was shown and did not promise like service that nobody signed for. */
  writeOffDisputed(app: Address): void {
    const bill = this.get(app);
    if (bill === undefined) return;
    const promised = bill.voucher?.voucher.cumulativeAmount ?? 0n;
    if (bill.owed <= promised) return;
    this.#database
      .prepare("UPDATE apps SET owed_wei = ?, lost_wei = ? WHERE app = ?")
      .run(promised.toString(), (bill.lost + bill.owed - promised).toString(), app);
  }

  /**
   * Keeps a voucher in place of the lower one. The caller has checked it. What it promises beyond what is owed, for
   * service that this store does not know of, is no advance for service to come.
   */
  putVoucher({ voucher, signature }: SignedVoucher): void {
    const owed = this.get(voucher.app)?.owed ?? 0n;
    if (owed < voucher.cumulativeAmount) {
      this.#database
        .prepare("UPDATE apps SET owed_wei = ? WHERE app = ?")
        .run(voucher.cumulativeAmount.toString(), voucher.app);
    }
    this.#database
      .prepare("UPDATE apps SET voucher_amount = ?, voucher_score = ?, voucher_signature = ? WHERE app = ?")
      .run(voucher.cumulativeAmount.toString(), voucher.cumulativeScore.toString(), signature, voucher.app);
  }

  #read(value: unknown): AppBill {
    const row = billSchema.parse(value);
    const { voucher_amount: amount, voucher_score: score, voucher_signature: signature } = row;
    const voucher =
      amount === null || score === null || signature === null
        ? undefined
        : {
            voucher: { app: row.app, nodeId: this.#nodeId, cumulativeAmount: amount, cumulativeScore: score },
            signature,
          };
    return { app: row.app, voucherUrl: row.voucher_url, owed: row.owed_wei, lost: row.lost_wei, voucher };
  }
}
