import { expect } from "chai";
import { createClient } from "graphql-ws";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { WebSocket } from "ws";
import { z } from "zod";
import { dtel } from "../contracts/support/people.js";
import { TestChain } from "./support/chain.js";
import { TestDatabases, TestIndexer, withClient } from "./support/indexer.js";
import { startProgram } from "./support/program.js";
import { deployTo } from "./support/protocol.js";
import type { TestProtocol } from "./support/protocol.js";

const headSchema = z.object({ squidStatus: z.object({ height: z.int(), hash: z.string() }) });
const balanceSchema = z.object({
  accountById: z.object({ balance: z.string().transform(BigInt) }).nullable(),
});

describe("the API", function () {
  this.timeout(120_000);
  let chain: TestChain;
  let databases: TestDatabases;
  let protocol: TestProtocol;
  let indexer: TestIndexer;
  /** Ends what the tests need, last first. */
  const cleanups: (() => Promise<unknown>)[] = [];
  let page: string;

  before(async () => {
    page = await mkdtemp(join(tmpdir(), "dtelecom-page-"));
    cleanups.push(() => rm(page, { recursive: true }));
    await mkdir(join(page, "public", "assets"), { recursive: true });
    await writeFile(join(page, "secret.txt"), "not yours");
    await writeFile(join(page, "public", "index.html"), "<title>network</title>");
    await writeFile(join(page, "public", "assets", "app.js"), "export {};");
    await writeFile(join(page, "public", ".env"), "not yours");
    await symlink(join(page, "secret.txt"), join(page, "public", "link.txt"));
    chain = await TestChain.start();
    cleanups.push(() => chain.stop());
    databases = await TestDatabases.start();
    cleanups.push(() => databases.stop());
    protocol = await deployTo(chain);
    indexer = await TestIndexer.start({
      databaseUrl: await databases.create(),
      chain,
      deployment: protocol.file,
      api: {
        PAGE_DIRECTORY: join(page, "public"),
        NODE_ENDPOINTS: "wss://one.example,wss://two.example",
        APP_ENDPOINT: "http://app.example",
        MAX_SUBSCRIPTIONS: "20",
        QUERY_TIMEOUT_MS: "1000",
      },
    });
    cleanups.push(() => indexer.stop());
  });

  after(async () => {
    for (const end of cleanups.splice(0).reverse()) await end();
  });

  /** Sends an operation that must be refused, and returns why. */
  async function refusal(query: string, variables: Record<string, unknown> = {}): Promise<string> {
    const { data, errors } = await indexer.send(query, variables);
    expect(data ?? null).to.be.null;
    return errors?.map(({ message }) => message).join("\n") ?? "";
  }

  describe("limits", () => {
    it("refuses a query that is too deep, naming the limit", async () => {
      const nested = (levels: number): string =>
        levels === 0 ? "id" : `pool { node { ${nested(levels - 1)} } }`;
      expect(await refusal(`{ nodeById(id: "1") { ${nested(6)} } }`)).to.include(
        "too deep: 14 levels of fields, where 10 are allowed",
      );
      const { errors } = await indexer.send(`{ nodeById(id: "1") { ${nested(4)} } }`);
      expect(errors).to.be.undefined;
    });

    it("refuses a list without a limit, and lists that could return too much", async () => {
      expect(await refusal("{ transfers { id } }")).to.match(/too large: .* 50000 values.*limit/);
      expect(await refusal("{ transfers(limit: 60000) { id } }")).to.include("50000 values");
      expect(await refusal("{ nodes(limit: 1000) { delegations(limit: 1000) { id } } }")).to.include(
        "50000 values",
      );
      expect(
        await refusal("{ transfersConnection(orderBy: id_ASC, first: 60000) { edges { node { id } } } }"),
      ).to.include("50000 values");
    });

    it("counts fields by use, also where fragments multiply them", async () => {
      const doubling = Array.from(
        { length: 30 },
        (_, index) => `fragment f${index} on Node { ...f${index + 1} ...f${index + 1} }`,
      ).join("\n");
      const started = performance.now();
      const reason = await refusal(
        `{ nodeById(id: "1") { ...f0 } }\n${doubling}\nfragment f30 on Node { id }`,
      );
      expect(reason).to.match(/too large: \d+ fields, where 500 are allowed/);
      expect(performance.now() - started).to.be.lessThan(1_000);
      const aliases = Array.from({ length: 501 }, (_, index) => `a${index}: id`).join(" ");
      expect(await refusal(`{ nodeById(id: "1") { ${aliases} } }`)).to.include("where 500 are allowed");
    });

    it("refuses filters that nest too deep, in the query and in variables", async () => {
      const literal = (levels: number): string => (levels === 0 ? "" : `AND: [{${literal(levels - 1)}}]`);
      expect(await refusal(`{ nodes(limit: 1, where: {${literal(9)}}) { id } }`)).to.include(
        "may nest 8 levels",
      );
      const variable = (levels: number): object => (levels === 0 ? {} : { AND: [variable(levels - 1)] });
      const query = "query ($where: NodeWhereInput) { nodes(limit: 1, where: $where) { id } }";
      expect(await refusal(query, { where: variable(20) })).to.include("may nest 8 levels");
      expect((await indexer.send(query, { where: variable(2) })).errors).to.be.undefined;
      const many = { id_in: Array.from({ length: 2_000 }, (_, index) => String(index)) };
      expect(await refusal(query, { where: many })).to.include("more than 1000 values");
    });

    it("refuses documents that are too long, and bodies that are too large or of unknown size", async () => {
      expect(await refusal(`{ ${"nodes(limit: 1) { id } ".repeat(2_000)} }`)).to.match(
        /more tha[nt] 3000 tokens/,
      );
      const large = await fetch(indexer.graphqlUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: `{ ${" ".repeat(200_000)} squidStatus { height } }` }),
      });
      expect(large.status).to.equal(413);
      expect(await large.text()).to.include("100000 bytes");
      expect(await sendChunked(indexer.graphqlUrl)).to.equal(413);
    });

    it("refuses introspection that goes in circles, but not what tools ask", async () => {
      const circles =
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
      expect(await refusal(circles)).to.include("Maximum introspection depth exceeded");
      const tools = await import("graphql").then(({ getIntrospectionQuery }) => getIntrospectionQuery());
      expect((await indexer.send(tools)).errors).to.be.undefined;
    });
  });

  describe("errors", () => {
    it("says what is wrong with a malformed operation", async () => {
      expect(await refusal("{ nodes(limit: 1) { id }")).to.include("Syntax Error");
      expect(await refusal("{ nodes(limit: 1) { surprise } }")).to.include('Cannot query field "surprise"');
      expect(await refusal('{ nodes(limit: 1, where: {region_eq: "x"}) { id } }')).to.include(
        "Int cannot represent",
      );
      expect(await refusal("{ nodes(limit: -1) { id } }")).to.equal("A limit must not be negative.");
      expect(await refusal("mutation { nodes { id } }")).to.match(/mutation/i);
      const broken = await fetch(indexer.graphqlUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{ not json",
      });
      expect(broken.status).to.equal(400);
      expect(await broken.text()).to.match(/JSON/);
    });

    it("says so where a query takes too long, and keeps internals to itself", async () => {
      await withClient(indexer.databaseUrl, async (client) => {
        await client.query("BEGIN");
        await client.query("LOCK TABLE node_update IN ACCESS EXCLUSIVE MODE");
        const { errors } = await indexer.send("{ nodeUpdates(limit: 1) { id } }");
        await client.query("ROLLBACK");
        expect(errors?.[0]?.extensions?.code).to.equal("QUERY_TIMEOUT");
        expect(errors?.[0]?.message).to.include("took too long");
      });
      await withClient(indexer.databaseUrl, (client) =>
        client.query("ALTER TABLE node_update RENAME COLUMN value TO v"),
      );
      const { errors } = await indexer.send("{ nodeUpdates(limit: 2) { id value } }");
      await withClient(indexer.databaseUrl, (client) =>
        client.query("ALTER TABLE node_update RENAME COLUMN v TO value"),
      );
      expect(errors?.[0]?.message).to.match(
        /^Something went wrong on the server; its log says what, under [0-9a-f-]+\.$/,
      );
      expect(JSON.stringify(errors)).not.to.match(/column|node_update/);
      expect(indexer.apiLog()).to.include("a query failed");
    });
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
        await new Promise((resolve) => setTimeout(resolve, 100));
      }
    });
  });

  describe("pages", () => {
    it("serves the network's page and its settings", async () => {
      const root = await fetch(indexer.url);
      expect(root.status).to.equal(200);
      expect(root.headers.get("content-type")).to.include("text/html");
      expect(await root.text()).to.include("<title>network</title>");
      const script = await fetch(`${indexer.url}assets/app.js?v=1`);
      expect(script.headers.get("content-type")).to.include("text/javascript");
      const config = await fetch(`${indexer.url}config.json`);
      expect(await config.json()).to.deep.equal({
        graphqlPath: "/graphql",
        deployment: null,
        nodeEndpoints: ["wss://one.example", "wss://two.example"],
        appEndpoint: "http://app.example",
      });
    });

    it("serves nothing from outside the page's folder", async () => {
      for (const path of [
        "/../secret.txt",
        "/%2e%2e/secret.txt",
        "/..%2fsecret.txt",
        "/assets/../../secret.txt",
        "/link.txt",
        "/.env",
        "/assets%00",
        "/%",
        "/assets",
        "//etc/passwd",
        "/graphiql/../../package.json",
      ]) {
        expect(await statusOfRawPath(indexer.url, path), path).to.equal(404);
      }
      expect((await fetch(indexer.url, { method: "DELETE" })).status).to.equal(405);
    });

    it("serves GraphiQL, whole, without another server", async () => {
      const response = await fetch(indexer.graphqlUrl, { headers: { accept: "text/html" } });
      const html = await response.text();
      expect(html).to.include('window.GRAPHQL_API="/graphql"');
      const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
      expect(parts.length).to.be.greaterThan(3);
      for (const path of parts) {
        expect(path).to.match(/^\//);
        expect((await fetch(new URL(path, indexer.url))).status, path).to.equal(200);
      }
    });

    it("lets any page read it", async () => {
      const response = await fetch(indexer.graphqlUrl, {
        method: "POST",
        headers: { "content-type": "application/json", origin: "https://elsewhere.example" },
        body: JSON.stringify({ query: "{ squidStatus { height } }" }),
      });
      expect(response.headers.get("access-control-allow-origin")).to.equal("https://elsewhere.example");
      // Without cookies: nothing here depends on who asks.
      expect(response.headers.get("access-control-allow-credentials")).not.to.equal("true");
    });
  });

  describe("readiness", () => {
    it("is ready with an index, and says why not without one", async () => {
      const ready = await fetch(`${indexer.url}ready`);
      expect(ready.status).to.equal(200);
      expect(await ready.json()).to.deep.include({ ready: true });
      const alone = startProgram(["indexer/lib/api.js"], { DB_URL: await databases.create(), API_PORT: "0" });
      try {
        const { url, graphqlUrl } = z
          .object({ url: z.string(), graphqlUrl: z.string() })
          .parse(await alone.ready);
        const response = await fetch(`${url}ready`);
        expect(response.status).to.equal(503);
        expect(await response.text()).to.include("not indexed a block yet");
        expect((await fetch(`${url}health`)).status).to.equal(200);
        const answer = await fetch(graphqlUrl, {
          method: "POST",
          headers: { "content-type": "application/json" },
          body: JSON.stringify({ query: "{ nodes(limit: 1) { id } }" }),
        });
        expect(await answer.text()).to.include("try again soon");
      } finally {
        expect(await alone.stop()).to.equal(0);
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

/** `fetch` would clean the path up. */
async function statusOfRawPath(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });
}

async function sendChunked(url: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const sent = request(
      url,
      { method: "POST", headers: { "content-type": "application/json" } },
      (response) => {
        response.resume();
        resolve(response.statusCode);
      },
    );
    sent.on("error", reject);
    sent.write('{"query":');
    sent.end('"{ squidStatus { height } }"}');
  });
}
