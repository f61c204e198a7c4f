import type { Pool } from "pg";
import { z } from "zod";
import type { HeadFeed } from "./heads";

/** Whether queries are answered from an index that follows the chain. */
export type Readiness =
  { readonly ready: true; readonly height: number } | { readonly ready: false; readonly reason: string };

const networkRow = z.object({ height: z.int().nullable() });

/** Asks the database, so that "ready" means that a query would work now. */
export async function checkReadiness(pool: Pool, heads: HeadFeed): Promise<Readiness> {
  if (!heads.isLive) return { ready: false, reason: "The database is out of reach." };
  try {
    const { rows } = await pool.query(
      "SELECT (SELECT max(height) FROM (SELECT height FROM squid_processor.hot_block " +
        "UNION ALL SELECT height FROM squid_processor.status WHERE height >= 0) AS heads) AS height FROM network",
    );
    const height = rows.length === 0 ? null : networkRow.parse(rows[0]).height;
    if (height === null) return { ready: false, reason: "The processor has not indexed a block yet." };
    return { ready: true, height };
  } catch (error) {
    const code = typeof error === "object" && error !== null && "code" in error ? error.code : undefined;
    // The tables come with the processor's first start.
    const reason =
      code === "42P01" ? "The processor has not indexed a block yet." : "The database cannot be read.";
    return { ready: false, reason };
  }
}
