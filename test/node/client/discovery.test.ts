import { once } from "node:events";
import { createServer } from "node:http";
import type { RequestListener, Server } from "node:http";
import { Dialect, getSchemaBuilder } from "@subsquid/openreader/lib/dialect/index.js";
import { loadModel } from "@subsquid/openreader/lib/tools.js";
import { expect } from "chai";
import { parse, validate } from "graphql";
import { z } from "zod";
import { discoverNodes, networkNodes } from "../../../node/client/discoverNodes.js";
import { rankNodes } from "../../../node/client/rankNodes.js";
import { eventually } from "../support/eventually.js";
import { TestNode } from "../support/testNode.js";
import { failure, next } from "./roomTools.js";

const queryRequest = z.object({ query: z.string(), variables: z.record(z.string(), z.unknown()) });

function graphqlNode(id: number, endpoint: string, lastAuditScore: number | null = 9_000) {
  return { id: String(id), endpoint, region: 3, pricePerGB: "10000000000000000000", lastAuditScore };
}

describe("discovery of nodes", () => {
  const servers: Server[] = [];
  const nodes: TestNode[] = [];

  afterEach(async () => {
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
    for (const server of servers.splice(0)) {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    }
  });

  async function startNode(): Promise<TestNode> {
    const node = await TestNode.start();
    nodes.push(node);
    return node;
  }

  /** Where a server answers so. */
  async function serve(listener: RequestListener): Promise<string> {
    const server = createServer(listener);
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address !== "object" || !address) throw new Error("no port");
    return `127.0.0.1:${address.port}`;
  }

  /** A node's health, late. */
  function healthAfter(delayMs: number, health: unknown): Promise<string> {
    return serve((request, response) => {
      setTimeout(() => {
        response.writeHead(request.url === "/health" ? 200 : 404).end(JSON.stringify(health));
      }, delayMs);
    });
  }

  describe("rankNodes", () => {
    it("puts the fastest first, and leaves out who takes nobody, says nothing or nonsense", async () => {
      const [real, full] = [await startNode(), await startNode()];
      full.admission.accepting = false;
      const slow = `ws://${await healthAfter(120, { accepting: true })}/`;
      const odd = `ws://${await healthAfter(0, { accepting: "perhaps" })}/`;
      const huge = `ws://${await healthAfter(0, { accepting: true, padding: "x".repeat(100_000) })}/`;
      const silent = `ws://${await healthAfter(60_000, {})}/`;
      const gone = "ws://127.0.0.1:1/";
      const urls = [slow, gone, full.signaling.url, odd, huge, silent, "no url", real.signaling.url];
      const beganMs = performance.now();
      const ranked = await rankNodes(urls, { timeoutMs: 1_000 });
      expect(performance.now() - beganMs).to.be.lessThan(2_500);
      expect(ranked.map(({ url }) => url)).to.deep.equal([real.signaling.url, slow]);
      expect(ranked[1]?.roundTripTimeMs).to.be.within(115, 600);
      expect(ranked[0]?.roundTripTimeMs).to.be.lessThan(100);
    });

    it("stops when its caller's signal is aborted", async () => {
      const silent = `ws://${await healthAfter(60_000, {})}/`;
      const ranking = failure(rankNodes([silent], { signal: AbortSignal.timeout(50) }));
      expect(await ranking).to.include({ name: "TimeoutError" });
    });
  });

  describe("discoverNodes", () => {
    it("asks what the network's API understands, and takes only addresses of nodes", async () => {
      const asked: z.infer<typeof queryRequest>[] = [];
      const answer = [
        graphqlNode(7, "wss://seven.example/"),
        graphqlNode(8, "https://eight.example/", null),
        graphqlNode(9, "javascript:alert(1)"),
        graphqlNode(10, "ws://10.example:4433/rtc", null),
      ];
      const host = await serve((request, response) => {
        void request.toArray().then((chunks) => {
          asked.push(queryRequest.parse(JSON.parse(Buffer.concat(chunks).toString())));
          response.end(JSON.stringify({ data: { nodes: answer } }));
        });
      });
      const found = await discoverNodes({ graphqlUrl: `http://${host}/graphql`, region: 3, limit: 10 });
      expect(found.map(({ nodeId, url, auditScore }) => ({ nodeId, url, auditScore }))).to.deep.equal([
        { nodeId: 7n, url: "wss://seven.example/", auditScore: 9_000 },
        { nodeId: 10n, url: "ws://10.example:4433/rtc", auditScore: undefined },
      ]);
      expect(asked[0]?.variables).to.deep.equal({
        where: { status_eq: "ACTIVE", jailed_eq: false, region_eq: 3 },
        limit: 10,
      });
      const builder = await getSchemaBuilder({
        model: loadModel("indexer/schema.graphql"),
        dialect: Dialect.OpenCrud,
      });
      expect(validate(builder.build(), parse(asked[0]?.query ?? ""))).to.deep.equal([]);
    });

    it("says so where the answer is another one, too large, or none", async () => {
      const odd = await serve((_, response) => void response.end('{"data":{"nodes":[{"id":"-1"}]}}'));
      const huge = await serve((_, response) => void response.end(`"${"x".repeat(1_000_000)}"`));
      for (const [host, what] of [
        [odd, "did not answer with nodes"],
        [huge, "more than 524288 bytes"],
        ["127.0.0.1:1", "fetch failed"],
      ]) {
        const error = await failure(discoverNodes({ graphqlUrl: `http://${host}/` }));
        expect(String(error)).to.include(what);
      }
    });
  });

  it("leads a participant to a node, and to another one where that goes down", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const answer = [
      graphqlNode(1, "ws://127.0.0.1:1/"),
      graphqlNode(2, first.signaling.url),
      graphqlNode(3, second.signaling.url),
    ];
    const host = await serve((_, response) => void response.end(JSON.stringify({ data: { nodes: answer } })));
    const room = await first.join({ url: networkNodes({ graphqlUrl: `http://${host}/` }) });
    expect(room.nodeId).to.equal(7n);
    const [from, to] = room.url === first.signaling.url ? [first, second] : [second, first];
    const back = next(room, "reconnected");
    from.stopping.abort();
    expect((await back)[0]).to.deep.equal({ how: "moved", url: to.signaling.url });
    await eventually("gone there", () => from.media.peerCount === 0);
    expect(to.media.peerCount).to.equal(1);
  });
});
