import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { CLOSE_CODES, MAX_MESSAGE_BYTES } from "../../../node/protocol/signaling.js";
import { RawClient } from "../support/RawClient.js";
import { eventually } from "../support/eventually.js";
import { TestNode } from "../support/testNode.js";
import type { TestNodeOptions } from "../support/testNode.js";

describe("signaling server", () => {
  let node: TestNode;
  const clients: RawClient[] = [];

  async function start(limits: TestNodeOptions["limits"] = {}): Promise<void> {
    node = await TestNode.start({ limits });
  }

  async function connected(options?: ConstructorParameters<typeof RawClient>[1]): Promise<RawClient> {
    const client = await RawClient.welcomed(node.signaling.url, options);
    clients.push(client);
    return client;
  }

  /** A socket that was there before, and must not notice what others do. */
  async function expectUndisturbed(bystander: RawClient): Promise<void> {
    const answer = await bystander.request("restartIce", { transportId: "any" });
    expect(answer.errorCode).to.equal("not_joined");
  }

  afterEach(async () => {
    await Promise.all(clients.splice(0).map((client) => client.end()));
    await node.stop();
  });

  it("says who the node is, with a nonce of its own for each connection", async () => {
    await start();
    const [one, two] = [await connected(), await connected()];
    const welcomes = [one, two].map(({ messages }) => messages[0]?.data);
    const { nodeId, domain, clock } = node.admission;
    for (const welcome of welcomes) {
      expect(welcome).to.deep.include({
        nodeId: nodeId.toString(),
        domain: { ...domain, chainId: domain.chainId.toString() },
        genesisSeconds: clock.genesisSeconds,
        epochSeconds: clock.epochSeconds,
        epoch: 10,
      });
      expect(welcome)
        .to.have.property("nonce")
        .that.matches(/^0x[0-9a-f]{64}$/);
    }
    expect(welcomes[0]).not.to.deep.equal(welcomes[1]);
  });

  it("takes participants at its root only", async () => {
    await start();
    const elsewhere = new RawClient(`${node.signaling.url}elsewhere`);
    expect((await elsewhere.closed).code).to.equal(1006);
    expect(node.signaling.connections).to.equal(0);
  });

  it("says what is wrong with a message, closes after the third, and leaves others alone", async () => {
    await start();
    const [bystander, client] = [await connected(), await connected()];
    client.socket.send("{not json");
    await client.message("the first complaint", ({ method }) => method === "error");
    client.socket.send(JSON.stringify({ request: true, id: -1, method: "join" }));
    client.socket.send(Buffer.from([1, 2, 3]), { binary: true });
    expect(await client.closed).to.deep.equal({ code: CLOSE_CODES.malformed, reason: "message_malformed" });
    const complaints = client.messages.slice(1).map(({ method, data }) => ({ method, data }));
    const code = "message_malformed";
    expect(complaints).to.deep.equal([
      { method: "error", data: { code, reason: "the message is not JSON" } },
      {
        method: "error",
        data: { code, reason: "the message is neither request, response nor notification" },
      },
      {
        method: "goodbye",
        data: { code, reason: "binary messages are not part of the protocol", rejoin: "no" },
      },
    ]);
    await expectUndisturbed(bystander);
  });

  it("refuses requests that are unknown, out of shape or too early, and goes on", async () => {
    await start();
    const client = await connected();
    const codes: (string | undefined)[] = [];
    for (const [method, data] of [
      ["constructor", {}],
      ["join", { room: "standup" }],
      ["join", null],
      ["resumeConsumer", { consumerId: "x", extra: 1 }],
      ["resumeConsumer", { consumerId: "x" }],
      ["receipt", { receipt: { nodeId: "-1", epoch: 1, bytesDelivered: "0", quality: 0 }, signature: "0x" }],
    ] as const) {
      codes.push((await client.request(method, data)).errorCode);
    }
    expect(codes).to.deep.equal([
      "unknown_method",
      "invalid_request",
      "invalid_request",
      "invalid_request",
      "not_joined",
      "invalid_request",
    ]);
  });

  it("refuses messages that are too large, in words where they are in reason", async () => {
    await start();
    const [bystander, large, huge] = [await connected(), await connected(), await connected()];
    large.socket.send("x".repeat(MAX_MESSAGE_BYTES + 1));
    expect(await large.closed).to.deep.equal({ code: CLOSE_CODES.tooLarge, reason: "message_too_large" });
    expect(large.messages.at(-1)).to.deep.include({ method: "goodbye" });
    huge.socket.send("x".repeat(20 * MAX_MESSAGE_BYTES));
    expect((await huge.closed).code).to.be.oneOf([CLOSE_CODES.tooLarge, 1006]);
    await expectUndisturbed(bystander);
  });

  it("cuts a flood off while others go on", async () => {
    await start({ messageBurst: 50, messagesPerSecond: 10 });
    const [bystander, flooder] = [await connected(), await connected()];
    for (let id = 0; id < 5_000; id += 1) {
      flooder.socket.send(
        JSON.stringify({ request: true, id, method: "restartIce", data: { transportId: "x" } }),
      );
    }
    await expectUndisturbed(bystander);
    expect(await flooder.closed).to.deep.equal({ code: CLOSE_CODES.rateLimited, reason: "rate_limited" });
    const answers = flooder.messages.filter(({ errorCode }) => errorCode !== undefined);
    expect(answers.length).to.be.at.most(52);
    await expectUndisturbed(bystander);
  });

  it("lets only so many requests wait behind one that takes long", async () => {
    await start({ maxWaitingRequests: 3 });
    const [bystander, client] = [await connected(), await connected()];
    let admitted: () => void = () => undefined;
    const admit = node.admission.admit.bind(node.admission);
    node.admission.admit = async (claim) => {
      await new Promise<void>((resolve) => (admitted = resolve));
      return admit(claim);
    };
    const joining = client.request("join", await node.claim(client, createSessionKey()));
    const pings = Array.from({ length: 5 }, () => client.request("ping", {}));
    for (const refused of pings.slice(2)) expect((await refused).errorCode).to.equal("rate_limited");
    await expectUndisturbed(bystander);
    admitted();
    expect((await joining).errorCode).to.equal(undefined);
    for (const served of pings.slice(0, 2)) expect((await served).errorCode).to.equal(undefined);
  });

  it("gives up on those who do not join", async () => {
    await start({ handshakeTimeoutMs: 300 });
    const client = await connected();
    expect(await client.closed).to.deep.equal({
      code: CLOSE_CODES.handshakeTimeout,
      reason: "handshake_timeout",
    });
    const silentSocket = connect(node.signaling.port, "127.0.0.1");
    silentSocket.resume();
    await once(silentSocket, "close");
    await eventually("all released", () => node.signaling.connections === 0);
  });

  it("takes only so many who wait to join, and again when these are gone", async () => {
    await start({ maxHalfOpen: 2 });
    const [first] = [await connected(), await connected()];
    const third = new RawClient(node.signaling.url);
    expect((await third.closed).code).to.equal(1006);
    await first.end();
    await eventually("a place is free", () => node.signaling.connections === 1);
    await connected();
  });

  it("takes only so many connections from one address", async () => {
    await start({ maxConnectionsPerAddress: 1 });
    const first = await connected();
    expect((await new RawClient(node.signaling.url).closed).code).to.equal(1006);
    await first.end();
    await eventually("a place is free", () => node.signaling.connections === 0);
    await connected();
  });

  it("cuts off those who do not answer pings", async () => {
    await start({ pingIntervalMs: 100 });
    const [alive, dead] = [await connected(), await connected({ autoPong: false })];
    expect((await dead.closed).code).to.equal(1006);
    await expectUndisturbed(alive);
  });

  it("says to requests that were under way when the media worker died that it did, and to go on here", async () => {
    await start();
    const client = await connected();
    const join = await client.request("join", await node.claim(client, createSessionKey()));
    expect(join.errorCode).to.equal(undefined);
    const { pid } = node.media.workers[0] ?? expect.fail("no worker runs");
    process.kill(pid, "SIGSTOP");
    const creating = client.request("createTransport", { direction: "send" });
    // Until it has reached the worker, which does not answer.
    await pause(200);
    process.kill(pid, "SIGKILL");
    expect(await creating).to.deep.include({
      errorCode: "worker_died",
      errorReason: "transport not created: the media worker died; join again",
    });
    const goodbye = (await client.notification("goodbye")).data;
    expect(goodbye).to.deep.include({ code: "worker_died", rejoin: "here" });
  });

  it("says goodbye when the node stops, and releases everything", async () => {
    await start();
    const client = await connected();
    node.stopping.abort();
    expect(await client.closed).to.deep.equal({ code: CLOSE_CODES.goodbye, reason: "node_closing" });
    expect(client.messages.at(-1)?.data).to.deep.equal({
      code: "node_closing",
      reason: "the node is shutting down",
      rejoin: "elsewhere",
    });
    await node.signaling.close();
    expect((await new RawClient(node.signaling.url).closed).code).to.equal(1006);
  });
});
