import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { Wallet } from "ethers";
import { stringify } from "yaml";
import { AccessToken } from "../../../node/client/AccessToken.js";
import { useNodeWebrtc } from "../../../node/client/nodeWebrtc.js";
import { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import type { WebhookEvent } from "../../../node/protocol/webhook.js";
import { eventually } from "../support/eventually.js";
import { LocalChain } from "../support/localChain.js";
import { NodeProcess } from "../operator/support/nodeProcess.js";
import { WebhookEndpoint } from "../webhooks/support/WebhookEndpoint.js";

describe("what apps hear of rooms on a node that is killed", function () {
  this.timeout(90_000);
  let chain: LocalChain;
  let directory: string;
  let endpoint: WebhookEndpoint;
  let operator: Wallet;
  let app: Wallet;
  let configFile: string;
  const signer = new Wallet(Wallet.createRandom().privateKey);

  before(async function () {
    chain = await LocalChain.start({ keepsTime: true });
    const deployment = await chain.deploy();
    directory = await mkdtemp(join(tmpdir(), "dtelecom-killed-rooms-"));
    await writeFile(join(directory, "deployment.json"), JSON.stringify(deployment));
    operator = await chain.account();
    const nodeId = (await chain.node(operator)).toString();
    app = await chain.app(signer.address, { [nodeId]: "100" });
    endpoint = await WebhookEndpoint.start();
    configFile = join(directory, "node.yaml");
    await writeFile(
      configFile,
      stringify({
        ...{ nodeId, dataDirectory: "./data", deploymentFile: "./deployment.json" },
        chain: { rpcUrls: [chain.url], pollSeconds: 0.2 },
        public: { host: "127.0.0.1", port: 0 },
        private: { port: 0 },
        media: { listen: [{ ip: "127.0.0.1" }], port: 0, workers: 1 },
        payment: { allowPrivateVoucherUrls: true },
        webhooks: { allowPrivateUrls: true },
      }),
    );
  });
  after(async function () {
    await endpoint.close();
    await chain.close();
    await rm(directory, { recursive: true });
  });

  const start = () => NodeProcess.start(configFile, { DTEL_OPERATOR_KEY: operator.privateKey });

  async function enter(url: string, room: string, identity: string): Promise<Room> {
    const sessionKey = createSessionKey();
    const { chainId, addresses } = chain.deployment;
    const domain = typedDataDomain(BigInt(chainId), addresses.serviceAttestations);
    const token = await new AccessToken({ app: parseAddress(app.address), signerKey: signer, domain }).issue({
      ...{ sessionKey: parseAddress(sessionKey.address), room, identity, ttlSeconds: 600 },
      ...{ maxBytesPerEpoch: 1_000_000_000n, voucherUrl: "http://127.0.0.1:9/vouchers" },
      webhookUrl: endpoint.url,
    });
    return Room.connect({ url, room, token, sessionKey, rtc: useNodeWebrtc(), giveUpAfterMs: 0 });
  }

  /** Each event once: the kill may come before the node knows that the last one was delivered. */
  const told = (): WebhookEvent[] => [
    ...new Map(endpoint.received.map(({ event }) => [event.id, event])).values(),
  ];
  /** Of one room, in order. */
  const heard = (room: string): string[] =>
    told().flatMap((event) => {
      if (event.room !== room) return [];
      if (event.event === "participant_left") return [`${event.participant.identity} left: ${event.reason}`];
      if (event.event === "participant_joined") return [`${event.participant.identity} joined`];
      return [event.event];
    });

  it("is at its next start that everybody left and the rooms are over, once, with the time of the end", async function () {
    const killed = await start();
    const rooms: Room[] = [];
    try {
      rooms.push(
        await enter(killed.ready.url, "standup", "ada"),
        await enter(killed.ready.url, "standup", "bob"),
      );
      rooms.push(await enter(killed.ready.url, "retro", "eve"));
      await eventually("all joins are told", () => told().length === 5);
      await rooms[1]?.leave();
      await eventually("a leave is told", () => told().length === 6);
    } finally {
      killed.signal("SIGKILL");
      await killed.exited;
    }
    const killedAtMs = Date.now();
    await Promise.all(rooms.map((room) => room.leave()));
    await pause(2_000);

    const again = await start();
    try {
      await eventually("the ends are told", () => told().length === 6 + 4);
      expect(heard("standup")).to.deep.equal([
        ...["room_started", "ada joined", "bob joined", "bob left: left"],
        ...["ada left: node_interrupted", "room_finished"],
      ]);
      expect(heard("retro")).to.deep.equal([
        ...["room_started", "eve joined"],
        ...["eve left: node_interrupted", "room_finished"],
      ]);
      for (const { atMs } of told().slice(6)) expect(atMs).to.be.at.most(killedAtMs);
      // Rooms that begin anew are not mistaken for those, and end as they should.
      const room = await enter(again.ready.url, "standup", "ada");
      await room.leave();
      await eventually("the new room", () => heard("standup").length === 6 + 4);
      expect(heard("standup").slice(6)).to.deep.equal([
        ...["room_started", "ada joined", "ada left: left", "room_finished"],
      ]);
    } finally {
      expect(await again.stop()).to.equal(0);
    }
    const third = await start();
    await pause(500);
    expect(await third.stop()).to.equal(0);
    expect(told().length).to.equal(6 + 4 + 4);
  });
});
