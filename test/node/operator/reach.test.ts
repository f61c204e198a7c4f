import { expect } from "chai";
import type { Wallet } from "ethers";
import { openReachTargets } from "../../../node/operator/reach/reachTarget.js";
import { askWhetherReachable } from "../../../node/operator/reach/reachClient.js";
import { REACH_HEADERS, reachBodyHash } from "../../../node/operator/reach/reachExchange.js";
import type { ReachAnswer } from "../../../node/operator/reach/reachExchange.js";
import { reachRoute } from "../../../node/operator/reach/reachRoute.js";
import { httpRefusalSchema } from "../../../node/protocol/httpRefusal.js";
import { nodeRequest } from "../../../node/protocol/typedData.js";
import { addressOf, testDomain, walletOf } from "../support/participants.js";
import { TestNode, silent } from "../support/testNode.js";

const NODE_ID = 7n;

describe("reach", () => {
  const operators = new Map([1n, 2n].map((nodeId) => [nodeId, walletOf(`operator ${nodeId}`)]));
  let node: TestNode;
  let aheadMs: number;

  beforeEach(async () => {
    aheadMs = 0;
    const route = reachRoute({
      ...{ nodeId: NODE_ID, domain: testDomain, allowPrivate: true, log: silent },
      operatorOf: (nodeId) => {
        const wallet = operators.get(nodeId);
        return Promise.resolve(wallet && addressOf(wallet));
      },
      nowMs: () => Date.now() + aheadMs,
    });
    node = await TestNode.start({ nodeId: NODE_ID, signaling: { routes: [route] } });
  });

  afterEach(() => node.stop());

  /** Node 1 or 2 asks for the media ports of the node that it asks, as good as any. */
  async function ask(fromNodeId: bigint): Promise<ReachAnswer> {
    const wallet: Wallet = operators.get(fromNodeId) ?? expect.fail("no such operator");
    const open = await openReachTargets(node.media.workers, 10_000);
    try {
      const asked = open.targets.flatMap(({ udp, tcp, ...credentials }) => [
        { protocol: "udp" as const, port: udp, ...credentials },
        { protocol: "tcp" as const, port: tcp, ...credentials },
      ]);
      return await askWhetherReachable(
        { endpoint: node.signaling.url, family: 4, fromNodeId, toNodeId: NODE_ID, targets: asked },
        { wallet, domain: testDomain, timeoutMs: 5_000, signal: AbortSignal.timeout(10_000) },
      );
    } finally {
      open.close();
    }
  }

  const reason = (answer: Promise<ReachAnswer>) =>
    answer.then(
      () => "none",
      (error: unknown) => String(error),
    );

  it("serves a node again only after a pause, and others meanwhile", async () => {
    const { address, results } = await ask(1n);
    expect(address).to.equal("127.0.0.1");
    expect(results.map(({ protocol, reached }) => [protocol, reached])).to.deep.equal([
      ["udp", true],
      ["tcp", true],
    ]);
    expect(await reason(ask(1n))).to.contain("try again in 5 s");
    expect((await ask(2n)).results).to.have.length(2);
    aheadMs = 4_000;
    expect(await reason(ask(1n))).to.contain("try again in 5 s");
    aheadMs = 5_001;
    expect((await ask(1n)).results).to.have.length(2);
  });

  it("says 429 and when to come again, and all else as every public endpoint does", async () => {
    const wallet = operators.get(1n) ?? expect.fail("no such operator");
    const url = new URL("/reach", node.signaling.url.replace("ws:", "http:"));
    await ask(1n);
    const { body, headers } = await signedRequest(wallet);
    const response = await fetch(url, { method: "POST", body, headers });
    expect([response.status, response.headers.get("retry-after")]).to.deep.equal([429, "5"]);
    expect(httpRefusalSchema.parse(await response.json()).error).to.equal("rate_limited");

    const codes: [number, string][] = [];
    for (const [text, with_] of [
      ["{}", headers],
      [body, {}],
      [body, { ...headers, "dtelecom-issued-at": "1" }],
      [body.replace('"toNodeId":"7"', '"toNodeId":"8"'), headers],
      [body.replace('"fromNodeId":"1"', '"fromNodeId":"2"'), headers],
    ] as const) {
      const refused = await fetch(url, { method: "POST", body: text, headers: with_ });
      codes.push([refused.status, httpRefusalSchema.parse(await refused.json()).error]);
    }
    expect(codes).to.deep.equal([
      [400, "request_malformed"],
      [401, "request_stale"],
      [401, "request_stale"],
      [400, "wrong_node"],
      [403, "request_signature_invalid"],
    ]);
  });
});

/** A question of node 1 as it goes over the wire. */
async function signedRequest(wallet: Wallet): Promise<{ body: string; headers: Record<string, string> }> {
  const targets = [{ protocol: "udp", port: 9, usernameFragment: "abcd", password: "x".repeat(22) }];
  const body = JSON.stringify({ fromNodeId: "1", toNodeId: NODE_ID.toString(), targets });
  const issuedAt = Math.floor(Date.now() / 1_000);
  const signature = await nodeRequest.sign(wallet, testDomain, {
    ...{ fromNodeId: 1n, toNodeId: NODE_ID, issuedAt: BigInt(issuedAt) },
    bodyHash: reachBodyHash(Buffer.from(body)),
  });
  const { issuedAt: at, signature: by } = REACH_HEADERS;
  return { body, headers: { [at]: String(issuedAt), [by]: signature } };
}
