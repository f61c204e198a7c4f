import type { DatabaseSync } from "node:sqlite";
import { z } from "zod";
import type { NodeChain } from "../chain/nodeChain.js";
import { AgedCache } from "./agedCache.js";

/** What the participants of an app have signed for in the running epoch. */
export interface AppReceipts {
  readonly app: string;
  readonly sessions: number;
  readonly bytesDelivered: number;
  /** Mean of the sessions' quality, weighted by bytes, 0 to 10,000. */
  readonly quality: number;
}

const MAX_AGE_MS = 5_000;
const MAX_APPS = 50;
const rowSchema = z.object({
  app: z.string(),
  sessions: z.number(),
  bytes: z.number(),
  weighted: z.number(),
});

/** Sums up the receipts of the running epoch, for people. */
export class ReceiptSummary {
  readonly #cache: AgedCache<readonly AppReceipts[]>;

  constructor(database: DatabaseSync, chain: Pick<NodeChain, "clock">) {
    const statement = database.prepare(
      `SELECT g.app, count(*) AS sessions, sum(CAST(r.bytes_delivered AS REAL)) AS bytes,
         sum(CAST(r.bytes_delivered AS REAL) * r.quality) AS weighted
       FROM receipts r JOIN grants g ON g.id = r.grant_id
       WHERE r.epoch = ? AND r.quarantine IS NULL GROUP BY g.app ORDER BY bytes DESC LIMIT ${MAX_APPS}`,
    );
    this.#cache = new AgedCache(MAX_AGE_MS, async () =>
      statement.all(chain.clock.currentEpoch(Date.now())).map((value) => {
        const { app, sessions, bytes, weighted } = rowSchema.parse(value);
        return {
          app,
          sessions,
          bytesDelivered: bytes,
          quality: bytes > 0 ? Math.round(weighted / bytes) : 0,
        };
      }),
    );
  }

  /** Those with most bytes first. */
  async read(): Promise<readonly AppReceipts[]> {
    return (await this.#cache.get()) ?? [];
  }
}
