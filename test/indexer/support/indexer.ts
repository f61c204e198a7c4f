/** Database, processor and API of a test, as they run in earnest. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { z } from "zod";
import { compareWithChain } from "../../../indexer/lib/check/index.js";
import type { Comparison } from "../../../indexer/lib/check/index.js";
import { startDatabase } from "../../../indexer/lib/database/embedded.js";
import type { Deployment } from "../../../node/chain/deployment.js";
import type { TestChain } from "./chain.js";
import { startProgram } from "./program.js";
import type { Program } from "./program.js";

const WAIT_MS = 30_000;

/** Blocks after which the tests' processors take a block as final. */
export const FINALITY = 10;

/** A Postgres of a test file; each test takes a database of its own. */
export class TestDatabases {
  private count = 0;

  private constructor(
    private readonly directory: string,
    private readonly server: Awaited<ReturnType<typeof startDatabase>>,
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

export interface IndexerOptions {
  readonly databaseUrl: string;
  readonly chain: TestChain;
  readonly deployment: Deployment;
  /** Further settings of the processor. */
  readonly processor?: Readonly<Record<string, string>>;
  /** Further settings of the API. */
  readonly api?: Readonly<Record<string, string>>;
}

/** A processor and an API over one database. */
export class TestIndexer {
  processor: Program;
  private readonly apiProgram: Program;

  private constructor(
    private readonly options: IndexerOptions,
    private readonly directory: string,
    readonly graphqlUrl: string,
    readonly url: string,
    api: Program,
    processor: Program,
  ) {
    this.apiProgram = api;
    this.processor = processor;
  }

  static async start(options: IndexerOptions): Promise<TestIndexer> {
    const directory = await mkdtemp(join(tmpdir(), "dtelecom-indexer-settings-"));
    await writeFile(join(directory, "deployment.json"), JSON.stringify(options.deployment));
    const processor = startProcessor(options, directory);
    const api = startProgram(["indexer/lib/api.js"], {
      DB_URL: options.databaseUrl,
      API_PORT: "0",
      ...options.api,
    });
    try {
      const ready = z.object({ url: z.string(), graphqlUrl: z.string() }).parse(await api.ready);
      await processor.ready;
      return new TestIndexer(options, directory, ready.graphqlUrl, ready.url, api, processor);
    } catch (error) {
      await Promise.all([api.stop(), processor.stop()]);
      throw error;
    }
  }

  /** Starts the processor again after it ended. */
  async restartProcessor(settings: Readonly<Record<string, string>> = {}): Promise<void> {
    await this.processor.stop();
    const options = { ...this.options, processor: { ...this.options.processor, ...settings } };
    this.processor = startProcessor(options, this.directory);
    await this.processor.ready;
  }

  get databaseUrl(): string {
    return this.options.databaseUrl;
  }

  async stop(): Promise<void> {
    const codes = await Promise.all([this.apiProgram.stop(), this.processor.stop()]);
    await rm(this.directory, { recursive: true, force: true });
    if (codes[0] !== 0) throw new Error(`the API ended with code ${codes[0]}:\n${this.apiProgram.log()}`);
  }

  apiLog(): string {
    return this.apiProgram.log();
  }

  /** Sends an operation and returns its whole answer. */
  async send(query: string, variables: Record<string, unknown> = {}): Promise<GraphqlAnswer> {
    const response = await fetch(this.graphqlUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query, variables }),
    });
    return answerSchema.parse(await response.json());
  }

  /** Sends an operation that must succeed and returns its data, checked. */
  async query<T>(query: string, schema: z.ZodType<T>): Promise<T> {
    const { data, errors } = await this.send(query);
    if (errors !== undefined) throw new Error(`${query}: ${errors.map(({ message }) => message).join("; ")}`);
    return schema.parse(data);
  }

  /** Waits until the index includes the chain's newest block, as it is on the chain now. */
  async catchUp(): Promise<void> {
    const { provider } = this.options.chain;
    const head = await provider.getBlock("latest");
    for (const deadline = Date.now() + WAIT_MS; ;) {
      const { squidStatus } = await this.query("{ squidStatus { height hash } }", statusSchema);
      if (squidStatus?.hash === head?.hash) return;
      if (Date.now() > deadline) {
        throw new Error(
          `the index is at ${JSON.stringify(squidStatus)}, the chain at ${head?.number} ${head?.hash}:\n${this.processor.log()}`,
        );
      }
      await sleep(20);
    }
  }

  /** Catches up, then compares everything with the contracts. */
  async compare(): Promise<Comparison> {
    await this.catchUp();
    return compareWithChain({
      graphqlUrl: this.graphqlUrl,
      rpcUrl: this.options.chain.rpcUrl,
      deployment: this.options.deployment,
    });
  }
}

export interface GraphqlAnswer {
  readonly data?: unknown;
  readonly errors?: { message: string; extensions?: { code?: string | undefined } | undefined }[] | undefined;
}

const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        extensions: z.looseObject({ code: z.string().optional() }).optional(),
      }),
    )
    .optional(),
});

const statusSchema = z.object({
  squidStatus: z.object({ height: z.int(), hash: z.string() }).nullable(),
});

/** A processor alone, for tests of how it starts and ends. */
export function startProcessor(
  options: IndexerOptions,
  directory: string,
  args: readonly string[] = [],
): Program {
  return startProgram(["indexer/lib/processor.js", ...args], {
    DB_URL: options.databaseUrl,
    RPC_URLS: options.chain.rpcUrl,
    DEPLOYMENT_FILE: join(directory, "deployment.json"),
    FINALITY_CONFIRMATIONS: String(FINALITY),
    HEAD_POLL_MS: "50",
    ...options.processor,
  });
}
