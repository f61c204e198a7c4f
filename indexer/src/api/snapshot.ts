import type { OpenreaderContext } from "@subsquid/openreader/lib/context";
import type { Query } from "@subsquid/openreader/lib/sql/query";
import { LazyTransaction } from "@subsquid/openreader/lib/util/lazy-transaction";
import { Limit } from "@subsquid/openreader/lib/util/limit";
import { isDeepStrictEqual } from "node:util";
import type { Pool } from "pg";
import { badInput } from "./errors";
import type { HeadFeed } from "./heads";

type RunSql = (text: string, values?: unknown[]) => Promise<unknown[][]>;

export interface SnapshotOptions {
  readonly pool: Pool;
  readonly heads: HeadFeed;
  /** Values that an operation may return at most. */
  readonly maxResponseValues: number;
  /** Takes a place among the subscriptions; returns what gives it back. Throws where there is none left. */
  readonly enterSubscription: () => () => void;
}

let lastId = 0;

/** What the resolvers read with: all of one operation from one read-only snapshot of the database. */
export class Snapshot implements OpenreaderContext {
  readonly id = ++lastId;
  readonly dbType = "postgres";
  readonly responseSizeLimit: Limit;
  readonly subscriptionResponseSizeLimit: Limit;
  private readonly transaction: LazyTransaction<RunSql>;

  constructor(private readonly options: SnapshotOptions) {
    const { maxResponseValues } = options;
    const tooLarge = badInput(
      `The query is too large: it could return more than ${maxResponseValues} values. Give each list a limit ` +
        `(a list without one counts as endless), ask for fewer fields, or page with offset.`,
    );
    this.responseSizeLimit = new Limit(tooLarge, maxResponseValues);
    this.subscriptionResponseSizeLimit = new Limit(tooLarge, maxResponseValues);
    this.transaction = new LazyTransaction((use) => this.transact(use));
  }

  /** Ends the snapshot. Where it could not even begin, the queries have said so. */
  close(): Promise<void> {
    return this.transaction.close().catch(() => undefined);
  }

  async executeQuery<T>(query: Query<T>): Promise<T> {
    const run = await this.transaction.get();
    return query.map(await run(query.sql, query.params));
  }

  /** The result now, and again whenever a new head changed it. */
  async *subscription<T>(query: Query<T>): AsyncGenerator<T> {
    const leave = this.options.enterSubscription();
    const ended = new AbortController();
    const read = (): Promise<T> =>
      this.transact(async (run) => query.map(await run(query.sql, query.params)));
    try {
      const changes = this.options.heads.changes(ended.signal);
      let last = await read();
      yield last;
      for await (const _ of changes) {
        const next = await read();
        if (isDeepStrictEqual(next, last)) continue;
        last = next;
        yield next;
      }
    } finally {
      ended.abort();
      leave();
    }
  }

  private async transact<T>(use: (run: RunSql) => Promise<T>): Promise<T> {
    const client = await this.options.pool.connect();
    let isBroken = false;
    try {
      await client.query("START TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY");
      try {
        return await use(async (text, values) => {
          const { rows } = await client.query<unknown[]>({ text, values, rowMode: "array" });
          return rows;
        });
      } finally {
        await client.query("COMMIT").catch(() => (isBroken = true));
      }
    } finally {
      // A connection that cannot end its transaction must not be used again.
      client.release(isBroken);
    }
  }
}
