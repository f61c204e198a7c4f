import { once } from "node:events";
import { expect } from "chai";
import { WebSocketServer } from "ws";
import type { WebSocket } from "ws";
import { AccessToken } from "../../../node/client/AccessToken.js";
import { Disconnected } from "../../../node/client/errors.js";
import { EpochRefused } from "../../../node/client/ReceiptKeeper.js";
import { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { toWire } from "../../../node/protocol/schemas.js";
import { TestAdmission } from "../support/TestAdmission.js";

/** A node that says what a test makes it say. */
describe("a node that does not keep to the protocol", () => {
  const { app, signer, domain, nodeId, clock } = new TestAdmission();
  const welcome = {
    ...{ nodeId, domain, nonce: `0x${"ab".repeat(32)}` },
    ...{
      genesisSeconds: clock.genesisSeconds,
      epochSeconds: clock.epochSeconds,
      epoch: 10,
      serverTimeMs: Date.now(),
    },
  };
  let server: WebSocketServer;

  beforeEach(async () => {
    server = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(server, "listening");
  });

  afterEach(async () => {
    for (const client of server.clients) client.terminate();
    server.close();
    await once(server, "close");
  });

  function notification(method: string, data: unknown): string {
    return JSON.stringify(toWire({ notification: true, method, data }));
  }

  /** Joins a node that talks like this; returns what comes of it. */
  async function joining(talk: (socket: WebSocket) => void): Promise<unknown> {
    server.on("connection", talk);
    const address = server.address();
    if (typeof address !== "object" || !address) throw new Error("no port");
    const sessionKey = createSessionKey();
    const token = await new AccessToken({ app, signerKey: signer, domain }).issue({
      ...{
        sessionKey: parseAddress(sessionKey.address),
        room: "standup",
        ttlSeconds: 60,
        maxBytesPerEpoch: 1n,
      },
      ...{ identity: "alice", voucherUrl: "https://app.example/" },
    });
    return Room.connect({ url: `ws://127.0.0.1:${address.port}/`, room: "standup", token, sessionKey }).then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  /** Answers a join with this. */
  function answering(answer: unknown): (socket: WebSocket) => void {
    return (socket) => {
      socket.send(notification("welcome", welcome));
      socket.once("message", () =>
        socket.send(JSON.stringify({ response: true, id: 0, ok: true, data: answer })),
      );
    };
  }

  const cases: [string, (socket: WebSocket) => void][] = [
    ["is no JSON", (socket) => socket.send("hello")],
    ["is binary", (socket) => socket.send(Buffer.from("{}"), { binary: true })],
    ["is too large", (socket) => socket.send(JSON.stringify("x".repeat(2_000_000)))],
    ["is out of shape", (socket) => socket.send('{"request":true}')],
    [
      "is a welcome of another network",
      (socket) => socket.send(notification("welcome", { ...welcome, domain: { ...domain, name: "other" } })),
    ],
    ["is an answer out of shape", answering({ peers: [] })],
  ];
  for (const [what, talk] of cases) {
    it(`is left where what it says ${what}`, async () => {
      const error = await joining(talk);
      expect(error).to.be.instanceOf(Disconnected).and.include({ code: "node_not_trusted" });
    });
  }

  it("is left where its epoch is not near this machine's", async () => {
    const error = await joining(answering({ epoch: 12, routerRtpCapabilities: {}, peers: [] }));
    expect(error).to.be.instanceOf(EpochRefused);
  });

  it("is left where it goes away in the middle", async () => {
    const error = await joining((socket) => socket.terminate());
    expect(error).to.be.instanceOf(Disconnected).and.include({ code: "connection_lost" });
  });

  it("may say more than this client knows", async () => {
    const error = await joining((socket) => {
      socket.send(notification("weather", { sky: "blue" }));
      answering({ peers: [] })(socket);
    });
    expect(error).to.be.instanceOf(Disconnected).and.include({ code: "node_not_trusted" });
    expect(String(error)).to.include('answer to "join"');
  });
});
