import { expect } from "chai";
import { createClient } from "graphql-ws";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { WebSocket } from "ws";
import { z } from "zod";
import { dtel } from "../contracts/support/people.js";
import { startApi } from "./support/api.js";
import { TestChain } from "./support/chain.js";
import { TestDatabases } from "./support/databases.js";
import { TestIndexer } from "./support/indexer.js";
import { deployTo } from "./support/protocol.js";
import type { TestProtocol } from "./support/protocol.js";

const headSchema = z.object({ squidStatus: z.object({ height: z.int(), hash: z.string() }) });
const balanceSchema = z.object({
  accountById: z.object({ balance: z.string().transform(BigInt) }).nullable(),
});

describe("the API while blocks come in", function () {
  this.timeout(120_000);
  let chain: TestChain;
  let databases: TestDatabases;
  let protocol: TestProtocol;
  let indexer: TestIndexer;
  /** Ends what the tests need, last first. */
  const cleanups: (() => Promise<unknown>)[] = [];

  before(async () => {
    chain = await TestChain.start();
    cleanups.push(() => chain.stop());
    databases = await TestDatabases.start();
    cleanups.push(() => databases.stop());
    protocol = await deployTo(chain);
    indexer = await TestIndexer.start({
      databaseUrl: await databases.create(),
      chain,
      deployment: protocol.file,
      api: { MAX_SUBSCRIPTIONS: "20" },
    });
    cleanups.push(() => indexer.stop());
  });

  after(async () => {
    for (const end of cleanups.reverse()) await end();
  });

  describe("snapshots and the cache", () => {
    it("answers from the newest head at once after it was announced", async () => {
      const account = await protocol.newAccount(dtel(1));
      const balance = async (): Promise<bigint | undefined> => {
        const id = account.address.toLowerCase();
        const { accountById } = await indexer.query(
          `{ accountById(id: "${id}") { balance } }`,
          balanceSchema,
        );
        return accountById?.balance;
      };
      for (let round = 1n; round <= 10n; round += 1n) {
        await indexer.catchUp();
        expect(await balance()).to.equal(round * dtel(1));
        // Once more, from memory.
        expect(await balance()).to.equal(round * dtel(1));
        await protocol.token.transfer(account, dtel(1));
      }
    });

    it("answers all of an operation from one block while blocks come in", async () => {
      const account = await protocol.newAccount();
      const id = account.address.toLowerCase();
      const schema = z.object({
        accountById: z.object({ balance: z.string().transform(BigInt) }).nullable(),
        transfers: z.array(z.object({ amount: z.string().transform(BigInt) })),
      });
      const paid = new AbortController();
      const paying = (async () => {
        for (let count = 0; count < 40; count += 1) await protocol.token.transfer(account, dtel(1));
        paid.abort();
      })();
      let reads = 0;
      while (!paid.signal.aborted) {
        const { accountById, transfers } = await indexer.query(
          // The alias keeps each answer out of the cache.
          `{ accountById(id: "${id}") { balance } transfers(limit: 100, where: {to: {id_eq: "${id}"}}) { amount a${reads}: id } }`,
          schema,
        );
        const sum = transfers.reduce((total, { amount }) => total + amount, 0n);
        expect(sum).to.equal(accountById?.balance ?? 0n);
        reads += 1;
      }
      await paying;
      expect(reads).to.be.greaterThan(5);
    });
  });
  describe("subscriptions", () => {
    it("pushes each change over WebSocket within a second of its block", async () => {
      const client = createClient({
        url: indexer.graphqlUrl.replace("http", "ws"),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
      });
      try {
        const account = await protocol.newAccount(dtel(1));
        await indexer.catchUp();
        const changes = client.iterate({
          query: `subscription { accountById(id: "${account.address.toLowerCase()}") { balance } }`,
        });
        expect(await nextBalance(changes)).to.equal(dtel(1));
        const delays: number[] = [];
        for (let round = 2n; round <= 21n; round += 1n) {
          const started = performance.now();
          await protocol.token.transfer(account, dtel(1));
          expect(await nextBalance(changes)).to.equal(round * dtel(1));
          delays.push(performance.now() - started);
        }
        delays.sort((a, b) => a - b);
        const [median = 0, worst = 0] = [delays[delays.length / 2], delays.at(-1)];
        console.log(
          `      new block to subscriber, polling each 50 ms: median ${median.toFixed(0)} ms, worst ${worst.toFixed(0)} ms`,
        );
        expect(worst).to.be.lessThan(1_000);
        await changes.return?.();
      } finally {
        await client.dispose();
      }
    });

    it("pushes heads as server-sent events", async () => {
      const stop = new AbortController();
      const response = await fetch(indexer.graphqlUrl, {
        method: "POST",
        headers: { "content-type": "application/json", accept: "text/event-stream" },
        body: JSON.stringify({ query: "subscription { squidStatus { height hash } }" }),
        signal: stop.signal,
      });
      expect(response.headers.get("content-type")).to.include("text/event-stream");
      const heads = eventsOf(response);
      const first = heightIn((await heads.next()).value);
      await chain.mine();
      expect(heightIn((await heads.next()).value)).to.equal(first + 1);
      stop.abort();
    });

    it("refuses over WebSocket what it refuses over HTTP, and keeps the connection", async () => {
      const client = createClient({
        url: indexer.graphqlUrl.replace("http", "ws"),
        webSocketImpl: WebSocket,
        retryAttempts: 0,
        lazy: false,
      });
      try {
        for (const [query, reason] of [
          ["subscription { transfers { id } }", "limit"],
          ["subscription { nodes(limit: 1) {", "Syntax Error"],
          ["subscription { surprise }", "Cannot query field"],
        ] as const) {
          const errors = await firstErrors(client, query);
          expect(errors).to.include(reason);
        }
        const answer = await client.iterate({ query: "{ squidStatus { height hash } }" }).next();
        expect(heightIn(JSON.stringify(answer.value))).to.be.greaterThan(0);
      } finally {
        await client.dispose();
      }
    });

    it("bounds subscriptions in number, and frees their places", async () => {
      const open = async (): Promise<{ text: string; stop: () => void }> => {
        const stop = new AbortController();
        const response = await fetch(indexer.graphqlUrl, {
          method: "POST",
          headers: { "content-type": "application/json", accept: "text/event-stream" },
          body: JSON.stringify({ query: "subscription { squidStatus { height hash } }" }),
          signal: stop.signal,
        });
        const event = await eventsOf(response).next();
        return { text: event.value ?? "", stop: () => stop.abort() };
      };
      const opened = [];
      for (let count = 0; count < 20; count += 1) opened.push(await open());
      const refused = await open();
      expect(refused.text).to.include("20 subscriptions already");
      refused.stop();
      for (const { stop } of opened) stop();
      // A closed connection is noticed with the next event.
      await chain.mine();
      for (let attempt = 0; ; attempt += 1) {
        const again = await open();
        again.stop();
        if (again.text.includes("squidStatus")) break;
        expect(attempt, "places are given back").to.be.lessThan(20);
        await sleep(100);
      }
    });
  });
  describe("readiness", () => {
    it("says up to which block it is ready", async () => {
      await indexer.catchUp();
      const response = await fetch(`${indexer.url}ready`);
      expect(response.status).to.equal(200);
      expect(await response.json()).to.deep.equal({ ready: true, height: await chain.height() });
    });

    it("asks to try again where the processor has not begun", async () => {
      const alone = await startApi({ DB_URL: await databases.create() });
      try {
        const { errors } = await alone.send("{ nodes(limit: 1) { id } }");
        expect(errors?.[0]).to.deep.include({ extensions: { code: "NOT_READY" } });
        expect(errors?.[0]?.message).to.include("try again soon");
        expect(await (await fetch(`${alone.url}ready`)).text()).to.include("not indexed a block yet");
      } finally {
        await alone.stop();
      }
    });
  });
});

type Changes = AsyncIterator<unknown>;

async function nextBalance(changes: Changes): Promise<bigint | undefined> {
  const change = await changes.next();
  return z.object({ data: balanceSchema }).parse(change.value).data.accountById?.balance;
}

async function firstErrors(client: ReturnType<typeof createClient>, query: string): Promise<string> {
  return new Promise((resolve, reject) => {
    client.subscribe(
      { query },
      {
        next: (value) => resolve(JSON.stringify(value.errors)),
        error: (errors) => resolve(JSON.stringify(errors)),
        complete: () => reject(new Error(`nothing was refused of ${query}`)),
      },
    );
  });
}

/** The data of each server-sent event. */
async function* eventsOf(response: Response): AsyncGenerator<string, undefined> {
  const decoder = new TextDecoder();
  let buffered = "";
  const reader: ReadableStreamDefaultReader<Uint8Array> = response.body!.getReader();
  for (;;) {
    const { value, done } = await reader.read();
    if (done) return undefined;
    buffered += decoder.decode(value, { stream: true });
    const events = buffered.split("\n\n");
    buffered = events.pop() ?? "";
    for (const event of events) {
      const data = /^data: (.+)$/m.exec(event)?.[1];
      if (data !== undefined) yield data;
    }
  }
}

/** The height in an event with a head. */
function heightIn(event: string | undefined): number {
  return z.object({ data: headSchema }).parse(JSON.parse(event ?? "")).data.squidStatus.height;
}
