import { createServer } from "node:http";
import type { Server } from "node:http";
import { expect } from "chai";
import { WebSocketServer } from "ws";
import { createProbe } from "../../../node/service/audits/probe.js";
import { TestNode } from "../support/testNode.js";

describe("probing an audited node", function () {
  this.timeout(20_000);
  let node: TestNode;
  const servers: (WebSocketServer | Server)[] = [];
  const stopping = new AbortController();

  before(async function () {
    node = await TestNode.start();
  });
  after(async function () {
    await node.stop();
  });
  afterEach(function () {
    for (const server of servers.splice(0)) {
      if (server instanceof WebSocketServer) for (const client of server.clients) client.terminate();
      server.close();
    }
  });

  const probe = (changes: { allowPrivate?: boolean; timeoutMs?: number } = {}) =>
    createProbe({
      domain: node.admission.domain,
      timeoutMs: 2_000,
      allowPrivate: true,
      signal: stopping.signal,
      ...changes,
    });

  /** A WebSocket server that does something with whoever connects. */
  async function imposter(greet: (send: (text: string) => void, close: () => void) => void): Promise<string> {
    const server = new WebSocketServer({
      host: "127.0.0.1",
      port: 0,
      handleProtocols: (offered) => [...offered][0] ?? false,
    });
    servers.push(server);
    server.on("connection", (socket) =>
      greet(
        (text) => socket.send(text),
        () => socket.close(),
      ),
    );
    await new Promise((resolve) => server.once("listening", resolve));
    const address = server.address();
    return `ws://127.0.0.1:${typeof address === "object" ? address?.port : 0}/`;
  }

  it("reaches a node that welcomes participants, and leaves nothing behind", async function () {
    expect(await probe()(node.signaling.url, node.admission.nodeId)).to.equal(undefined);
    const left = Date.now() + 5_000;
    while (node.signaling.connections > 0 && Date.now() < left)
      await new Promise((resolve) => setTimeout(resolve, 20));
    expect(node.signaling.connections).to.equal(0);
  });

  it("does not take another node, or one of another deployment, for the one it looks for", async function () {
    const { url } = node.signaling;
    expect(await probe()(url, node.admission.nodeId + 1n)).to.contain(`node ${node.admission.nodeId}`);
    const foreign = createProbe({
      domain: { ...node.admission.domain, chainId: node.admission.domain.chainId + 1n },
      timeoutMs: 2_000,
      allowPrivate: true,
      signal: stopping.signal,
    });
    expect(await foreign(url, node.admission.nodeId)).to.contain("another deployment");
  });

  it("says why nobody is reached: no listener, plain HTTP, silence, rubbish, a closed door", async function () {
    expect(await probe()("ws://127.0.0.1:1/", 1n)).to.contain("ECONNREFUSED");
    const server = createServer((_, response) => response.writeHead(200).end("hello"));
    servers.push(server);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    const port = typeof address === "object" ? address?.port : 0;
    expect(await probe()(`ws://127.0.0.1:${port}/`, 1n)).to.match(/Unexpected server response|200/);
    const silent = await imposter(() => undefined);
    expect(await probe({ timeoutMs: 300 })(silent, 1n)).to.contain("no welcome within 300 ms");
    for (const rubbish of ["{", '{"notification":true,"method":"epoch","data":{"epoch":1}}', "[]"]) {
      expect(await probe()(await imposter((send) => send(rubbish)), 1n), rubbish).to.contain(
        "another protocol",
      );
    }
    const malformed = '{"notification":true,"method":"welcome","data":{"nodeId":"1"}}';
    expect(await probe()(await imposter((send) => send(malformed)), 1n)).to.contain("malformed");
    expect(await probe()(await imposter((_, close) => close()), 1n)).to.contain("closed with");
    for (const text of ["not a url", "http://[", "ftp://127.0.0.1/"])
      expect(await probe()(text, 1n), text).to.be.a("string");
  });

  it("never connects into its own network, whoever registers that as his endpoint", async function () {
    const strict = probe({ allowPrivate: false });
    expect(await strict(node.signaling.url, node.admission.nodeId)).to.contain("private network");
    for (const text of ["ws://localhost:1/", "wss://10.0.0.1/", "ws://[::1]/", "ws://me:secret@203.0.113.7/"])
      expect(await strict(text, 1n), text).to.match(/private network|credentials/);
    expect(await strict("http://203.0.113.7/", 1n)).to.contain("not ws or wss");
  });
});
