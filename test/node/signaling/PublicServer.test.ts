import { once } from "node:events";
import { connect } from "node:net";
import type { Socket } from "node:net";
import { expect } from "chai";
import { WebSocket } from "ws";
import { z } from "zod";
import { networkOf } from "../../../node/signaling/AddressLimiter.js";
import type { SignalingLimits } from "../../../node/signaling/limits.js";
import type { PublicRoute, PublicUpgrade } from "../../../node/signaling/publicRoutes.js";
import { TrustedProxies } from "../../../node/signaling/TrustedProxies.js";
import { eventually } from "../support/eventually.js";
import { TestNode } from "../support/testNode.js";
import type { TestNodeOptions } from "../support/testNode.js";

describe("the public port", () => {
  let node: TestNode | undefined;
  const sockets: Socket[] = [];

  async function start(
    limits: Partial<SignalingLimits> = {},
    signaling: TestNodeOptions["signaling"] = {},
  ): Promise<string> {
    node = await TestNode.start({ limits, signaling });
    return `http://127.0.0.1:${node.signaling.port}`;
  }

  /** A connection on which a test writes whatever it wants. */
  function open(url: string): { socket: Socket; closed: Promise<string> } {
    const socket = connect(Number(new URL(url).port), "127.0.0.1");
    sockets.push(socket);
    let received = "";
    socket.on("data", (chunk) => (received += chunk.toString()));
    socket.on("error", () => undefined);
    return { socket, closed: once(socket, "close").then(() => received) };
  }

  afterEach(async () => {
    for (const socket of sockets.splice(0)) socket.destroy();
    await node?.stop();
    node = undefined;
  });

  /** Answers with what it was asked. */
  const echo: PublicRoute = {
    method: "POST",
    path: "/echo",
    maxBodyBytes: 1_000,
    handle: ({ body, remoteAddress }) =>
      Promise.resolve({ status: 201, body: { text: body.toString(), remoteAddress, big: 1n << 64n } }),
  };

  it("says how the node is, to pages of any origin", async () => {
    const url = await start({}, { version: "1.2.3" });
    const response = await fetch(`${url}/health?now`);
    const { load, ...rest } = z.looseObject({ load: z.number() }).parse(await response.json());
    expect(rest).to.deep.equal({
      ...{ status: "ok", nodeId: "7", version: "1.2.3", participants: 0, maxPeers: 1000 },
      accepting: true,
    });
    expect(load).to.be.within(0, 1);
    expect(response.headers.get("access-control-allow-origin")).to.equal("*");
    expect(response.headers.get("timing-allow-origin")).to.equal("*");
    expect(response.headers.get("cache-control")).to.equal("public, max-age=1");
  });

  it("says that a node takes nobody", async () => {
    const url = await start();
    if (node) node.admission.accepting = false;
    expect(await (await fetch(`${url}/health`)).json()).to.include({ accepting: false });
  });

  it("serves what others have to serve, and says what it does not", async () => {
    const url = await start({}, { routes: [echo] });
    const answer = await fetch(`${url}/echo`, { method: "POST", body: "hello" });
    expect(answer.status).to.equal(201);
    expect(await answer.json()).to.deep.equal({
      ...{ text: "hello", remoteAddress: "127.0.0.1", big: "18446744073709551616" },
    });
    for (const [path, method, status, error] of [
      ["/", "GET", 404, "not_found"],
      ["/metrics", "GET", 404, "not_found"],
      ["/health", "POST", 405, "method_not_allowed"],
      ["/rooms", "GET", 405, "method_not_allowed"],
    ] as const) {
      const response = await fetch(`${url}${path}`, { method });
      expect(response.status, `${method} ${path}`).to.equal(status);
      expect(await response.json()).to.have.property("error", error);
    }
  });

  it("hides what goes wrong behind a 500", async () => {
    const broken: PublicRoute = {
      ...echo,
      path: "/broken",
      handle: () => Promise.reject(new Error("secret")),
    };
    const url = await start({}, { routes: [broken] });
    const response = await fetch(`${url}/broken`, { method: "POST", body: "x" });
    expect(response.status).to.equal(500);
    expect(await response.text()).not.to.contain("secret");
  });

  it("takes bodies of bounded size, announced or not", async () => {
    const url = await start({}, { routes: [echo] });
    const announced = await fetch(`${url}/echo`, { method: "POST", body: "x".repeat(1_001) });
    expect(announced.status).to.equal(413);
    const { socket, closed } = open(url);
    socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    socket.write(`3e9\r\n${"x".repeat(1_001)}\r\n`);
    expect(await closed).to.match(/^HTTP\/1\.1 413 /);
  });

  it("cuts off those who take too long over headers or body", async () => {
    const url = await start({ handshakeTimeoutMs: 300 }, { routes: [echo] });
    const [slowHeaders, slowBody] = [open(url), open(url)];
    slowHeaders.socket.write("POST /echo HTTP/1.1\r\nHost:");
    slowBody.socket.write("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc");
    expect(await slowHeaders.closed).to.match(/^HTTP\/1\.1 408 /);
    expect(await slowBody.closed).not.to.match(/^HTTP\/1\.1 2/);
    expect((await fetch(`${url}/health`)).status).to.equal(200);
  });

  it("tells a handler that its client went away", async () => {
    let began: (signal: AbortSignal) => void = () => undefined;
    const asked = new Promise<AbortSignal>((resolve) => (began = resolve));
    const slow: PublicRoute = {
      ...{ method: "GET", path: "/slow", maxBodyBytes: 0 },
      async handle({ signal }) {
        began(signal);
        if (!signal.aborted) await once(signal, "abort");
        return { status: 200, body: {} };
      },
    };
    const url = await start({}, { routes: [slow] });
    const { socket } = open(url);
    socket.write("GET /slow HTTP/1.1\r\nHost: x\r\n\r\n");
    const signal = await asked;
    expect(signal.aborted).to.equal(false);
    socket.destroy();
    await once(signal, "abort");
  });

  it("limits how many requests an address makes, and how many run at a time", async () => {
    let release: () => void = () => undefined;
    const wait: PublicRoute = {
      ...{ method: "GET", path: "/wait", maxBodyBytes: 0 },
      handle: () => new Promise((resolve) => (release = () => resolve({ status: 200, body: {} }))),
    };
    const url = await start(
      { requestBurst: 3, requestsPerSecond: 0.01, maxRunningRequests: 1 },
      { routes: [wait] },
    );
    const first = fetch(`${url}/wait`);
    await new Promise((resolve) => setTimeout(resolve, 100));
    const second = await fetch(`${url}/wait`);
    expect(second.status).to.equal(503);
    expect(second.headers.get("retry-after")).to.equal("1");
    release();
    expect((await first).status).to.equal(200);
    const statuses = [await fetch(`${url}/health`), await fetch(`${url}/health`)].map(({ status }) => status);
    expect(statuses).to.deep.equal([200, 429]);
  });

  it("hands WebSockets of other kinds over, and cuts them when it closes", async () => {
    const taken: string[] = [];
    const upgrade: PublicUpgrade = {
      ...{ path: "/link", subprotocol: "test-1", maxMessageBytes: 10 },
      accept: (ws, { remoteAddress }) => {
        taken.push(remoteAddress);
        ws.on("message", (data: Buffer) => ws.send(data.toString().toUpperCase()));
        ws.on("error", () => undefined);
      },
    };
    const url = await start({}, { upgrades: [upgrade] });
    const link = `${url.replace("http", "ws")}/link`;
    const ws = new WebSocket(link, "test-1");
    await once(ws, "open");
    ws.send("hello");
    expect((await once(ws, "message")).map(String)[0]).to.equal("HELLO");
    expect([taken, node?.signaling.connections]).to.deep.equal([["127.0.0.1"], 0]);

    const wrong = new WebSocket(link, "dtelecom-signaling-1");
    expect(await once(wrong, "open").catch(String)).to.contain("subprotocol");
    const large = new WebSocket(link, "test-1");
    await once(large, "open");
    large.send("x".repeat(11));
    expect((await once(large, "close"))[0]).to.equal(1009);
    const cut = once(ws, "close");
    await node?.signaling.close();
    await cut;
  });

  it("limits how fast an address connects", async () => {
    const url = await start({ maxConnectionsPerAddress: 1, connectionsPerSecond: 0.01 });
    const connected = async () => {
      const ws = new WebSocket(url.replace("http", "ws"), "dtelecom-signaling-1");
      // Rejects with the error, where there is one.
      const outcome = await once(ws, "open").then(() => "open", String);
      ws.terminate();
      await eventually("it is gone", () => node?.signaling.connections === 0);
      return outcome;
    };
    expect(await connected()).to.equal("open");
    expect(await connected()).to.equal("open");
    expect(await connected()).to.contain("429");
  });

  it("goes by what trusted proxies say of their clients, and by nobody else's word", async () => {
    const limits = { requestBurst: 1, requestsPerSecond: 0.01 };
    const ask = async (url: string, forwarded: string) =>
      (await fetch(`${url}/health`, { headers: { "x-forwarded-for": forwarded } })).status;
    const plain = await start(limits);
    expect(await ask(plain, "192.0.2.1")).to.equal(200);
    expect(await ask(plain, "192.0.2.2")).to.equal(429);
    await node?.stop();

    const proxied = await start(limits, { trustedProxies: ["127.0.0.0/8", "10.0.0.1"] });
    expect(await ask(proxied, "192.0.2.1")).to.equal(200);
    expect(await ask(proxied, "192.0.2.2")).to.equal(200);
    // What stands before the address that the nearest stranger has is that stranger's invention.
    expect(await ask(proxied, "198.51.100.7, 192.0.2.1")).to.equal(429);
    expect(await ask(proxied, "192.0.2.2, 10.0.0.1")).to.equal(429);
    expect(await ask(proxied, "nonsense")).to.equal(200);
    expect(() => new TrustedProxies(["10.0.0.0/33"])).to.throw(RangeError);
    expect(() => new TrustedProxies(["proxy.example"])).to.throw(RangeError);
  });

  it("takes all of an IPv6 network for one party", () => {
    expect(networkOf("2001:db8:1:2:aaaa::1")).to.equal(networkOf("2001:db8:1:2:bbbb:0:0:7"));
    expect(networkOf("2001:db8:1:2::1")).not.to.equal(networkOf("2001:db8:1:3::1"));
    expect(networkOf("fe80::1%eth0")).to.equal("fe80:0:0:0::/64");
    expect(networkOf("::1")).to.equal("0:0:0:0::/64");
    expect(networkOf("::ffff:10.1.2.3")).to.equal("10.1.2.3");
    expect(networkOf("10.1.2.3")).to.equal("10.1.2.3");
  });
});
