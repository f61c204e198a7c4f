/** Database, processor and API of a test, as they run in earnest. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { compareWithChain } from "../../../indexer/lib/check/index.js";
import type { Comparison } from "../../../indexer/lib/check/index.js";
import type { Deployment } from "../../../node/chain/deployment.js";
import { startApi } from "./api.js";
import type { GraphqlAnswer, TestApi } from "./api.js";
import type { TestChain } from "./chain.js";
import { startProgram } from "./program.js";
import type { Program } from "./program.js";

const WAIT_MS = 30_000;

/** Blocks after which the tests' processors take a block as final. */
export const FINALITY = 10;

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

  private constructor(
    private readonly options: IndexerOptions,
    private readonly directory: string,
    private readonly apiProgram: TestApi,
    processor: Program,
  ) {
    this.processor = processor;
  }

  static async start(options: IndexerOptions): Promise<TestIndexer> {
    const directory = await mkdtemp(join(tmpdir(), "dtelecom-indexer-settings-"));
    await writeFile(join(directory, "deployment.json"), JSON.stringify(options.deployment));
    const processor = startProcessor(options, directory);
    const starting = startApi({ DB_URL: options.databaseUrl, ...options.api });
    const [api] = await Promise.allSettled([starting, processor.ready]);
    try {
      await processor.ready;
      return new TestIndexer(options, directory, await starting, processor);
    } catch (error) {
      await Promise.all([api.status === "fulfilled" ? api.value.stop() : undefined, processor.stop()]);
      throw error;
    }
  }

  get url(): string {
    return this.apiProgram.url;
  }

  get graphqlUrl(): string {
    return this.apiProgram.graphqlUrl;
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
    await Promise.all([this.apiProgram.stop(), this.processor.stop()]);
    await rm(this.directory, { recursive: true });
  }

  /** Sends an operation and returns its whole answer. */
  send(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer> {
    return this.apiProgram.send(query, variables);
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
