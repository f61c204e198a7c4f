/** Asks the GraphQL API of a story, never about less than the newest block. */
import { setTimeout as sleep } from "node:timers/promises";
import type { JsonRpcProvider } from "ethers";
import { z } from "zod";
import { compareWithChain } from "../../indexer/lib/check/index.js";
import type { ProtocolDeployment } from "../ignition/plan.js";

const INDEX_MS = 60_000;
const POLL_MS = 250;

const responseSchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});
const statusSchema = z.object({ squidStatus: z.object({ height: z.int() }) });

export interface IndexReaderOptions {
  readonly graphqlUrl: string;
  readonly rpcUrl: string;
  readonly deployment: ProtocolDeployment;
  readonly provider: JsonRpcProvider;
  /** Aborted when a process that it depends on has failed. */
  readonly failure: AbortSignal;
}

export class IndexReader {
  readonly #options: IndexReaderOptions;

  constructor(options: IndexReaderOptions) {
    this.#options = options;
  }

  /** Asks for one field, once the index has reached the newest block. */
  async ask(query: string): Promise<unknown> {
    await this.#indexed(await this.#options.provider.getBlockNumber());
    const data = await this.#query(`{ answer: ${query} }`);
    return data.answer;
  }

  /** What GraphQL and the contracts' views say differently, in words. */
  async differences(): Promise<readonly string[]> {
    const { graphqlUrl, rpcUrl, deployment, provider } = this.#options;
    const block = await provider.getBlockNumber();
    await this.#indexed(block);
    const { mismatches } = await compareWithChain({ graphqlUrl, rpcUrl, deployment, block });
    return mismatches.map(
      ({ what, graphql, chain }) => `${what} is ${graphql} in GraphQL and ${chain} on chain`,
    );
  }

  async #indexed(block: number): Promise<void> {
    const deadline = Date.now() + INDEX_MS;
    for (;;) {
      const { squidStatus } = statusSchema.parse(await this.#query("{ squidStatus { height } }"));
      if (squidStatus.height >= block) return;
      this.#options.failure.throwIfAborted();
      if (Date.now() > deadline) throw new Error(`the index did not reach block ${block} in time`);
      await sleep(POLL_MS);
    }
  }

  async #query(query: string): Promise<Record<string, unknown>> {
    const response = await fetch(this.#options.graphqlUrl, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ query }),
      signal: AbortSignal.timeout(30_000),
    });
    const { data, errors } = responseSchema.parse(await response.json());
    if (data === undefined || data === null || errors !== undefined) {
      throw new Error(`GraphQL refuses ${query}: ${errors?.map(({ message }) => message).join("; ") ?? ""}`);
    }
    return data;
  }
}
