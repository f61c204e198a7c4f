/** Databases for tests. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Client } from "pg";
import { startDatabase } from "../../../indexer/lib/database/embedded.js";
import type { RunningDatabase } from "../../../indexer/lib/database/embedded.js";

/** A Postgres of a test file; each test takes a database of its own. */
export class TestDatabases {
  private count = 0;

  private constructor(
    private readonly directory: string,
    private readonly server: RunningDatabase,
  ) {}

  static async start(): Promise<TestDatabases> {
    const directory = await mkdtemp(join(tmpdir(), "dtelecom-indexer-test-"));
    return new TestDatabases(directory, await startDatabase({ directory }));
  }

  async create(): Promise<string> {
    const name = `test_${++this.count}`;
    await withClient(this.server.url, (client) => client.query(`CREATE DATABASE ${name}`));
    const url = new URL(this.server.url);
    url.pathname = `/${name}`;
    return url.href;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    await rm(this.directory, { recursive: true, force: true });
  }
}

export async function withClient<T>(url: string, use: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  await client.connect();
  try {
    return await use(client);
  } finally {
    await client.end();
  }
}
