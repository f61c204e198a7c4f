import { expect } from "chai";
import { getIntrospectionQuery } from "graphql";
import { request } from "node:http";
import { performance } from "node:perf_hooks";
import { withClient } from "./support/databases.js";
import { startApi, startEmptyApi } from "./support/api.js";
import type { TestApi } from "./support/api.js";

describe("the API's answers to what it cannot serve", function () {
  this.timeout(60_000);
  let api: TestApi;

  before(async () => {
    api = await startEmptyApi({ QUERY_TIMEOUT_MS: "1000" });
  });

  after(() => api.stop());

  /** Sends an operation that must be refused, and returns why. */
  async function refusal(query: string, variables: Record<string, unknown> = {}): Promise<string> {
    const { data, errors } = await api.send(query, variables);
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
      const { errors } = await api.send(`{ nodeById(id: "1") { ${nested(4)} } }`);
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
      expect((await api.send(query, { where: variable(2) })).errors).to.be.undefined;
      const many = { id_in: Array.from({ length: 2_000 }, (_, index) => String(index)) };
      expect(await refusal(query, { where: many })).to.include("more than 1000 values");
    });

    it("refuses documents that are too long, and bodies that are too large or of unknown size", async () => {
      expect(await refusal(`{ ${"nodes(limit: 1) { id } ".repeat(2_000)} }`)).to.match(
        /more tha[nt] 3000 tokens/,
      );
      const large = await fetch(api.graphqlUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ query: `{ ${" ".repeat(200_000)} squidStatus { height } }` }),
      });
      expect(large.status).to.equal(413);
      expect(await large.text()).to.include("100000 bytes");
      expect(await sendChunked(api.graphqlUrl)).to.equal(413);
    });

    it("refuses introspection that goes in circles, but not what tools ask", async () => {
      const circles =
        "{ __schema { types { fields { type { fields { type { fields { type { fields { name } } } } } } } } } }";
      expect(await refusal(circles)).to.include("Maximum introspection depth exceeded");
      expect((await api.send(getIntrospectionQuery())).errors).to.be.undefined;
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
      const broken = await fetch(api.graphqlUrl, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: "{ not json",
      });
      expect(broken.status).to.equal(400);
      expect(await broken.text()).to.match(/JSON/);
    });

    it("says so where too many ask at once", async () => {
      const narrow = await startApi({ DB_URL: api.databaseUrl, DB_CONNECTIONS: "1" });
      try {
        await withClient(api.databaseUrl, async (client) => {
          await client.query("BEGIN");
          await client.query("LOCK TABLE node_update IN ACCESS EXCLUSIVE MODE");
          const first = narrow.send("{ nodeUpdates(limit: 1) { id } }");
          const { errors } = await narrow.send("{ nodes(limit: 1) { id } }");
          await client.query("ROLLBACK");
          expect(errors?.[0]?.extensions?.code).to.equal("BUSY");
          expect((await first).errors).to.be.undefined;
        });
      } finally {
        await narrow.stop();
      }
    });

    it("says so where a query takes too long, and keeps internals to itself", async () => {
      await withClient(api.databaseUrl, async (client) => {
        await client.query("BEGIN");
        await client.query("LOCK TABLE node_update IN ACCESS EXCLUSIVE MODE");
        const { errors } = await api.send("{ nodeUpdates(limit: 1) { id } }");
        await client.query("ROLLBACK");
        expect(errors?.[0]?.extensions?.code).to.equal("QUERY_TIMEOUT");
        expect(errors?.[0]?.message).to.include("took too long");
      });
      await withClient(api.databaseUrl, (client) =>
        client.query("ALTER TABLE node_update RENAME COLUMN value TO v"),
      );
      const { errors } = await api.send("{ nodeUpdates(limit: 2) { id value } }");
      await withClient(api.databaseUrl, (client) =>
        client.query("ALTER TABLE node_update RENAME COLUMN v TO value"),
      );
      expect(errors?.[0]?.message).to.match(
        /^Something went wrong on the server; its log says what, under [0-9a-f-]+\.$/,
      );
      expect(JSON.stringify(errors)).not.to.match(/column|node_update/);
      expect(api.log()).to.include("a query failed");
    });
  });
});

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
