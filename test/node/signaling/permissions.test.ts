import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "chai";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { eventually } from "../support/eventually.js";
import { Stage, codeOf } from "./support/stage.js";

describe("permissions of a grant", () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.open();
  });

  afterEach(() => stage.close());

  it("join: who may not is refused, and leaves no session behind", async () => {
    const client = await stage.connected();
    const claim = await stage.node.claim(client, createSessionKey(), { permissions: { join: false } });
    expect((await client.request("join", claim)).errorCode).to.equal("join_not_permitted");
    expect((await client.closed).reason).to.equal("join_not_permitted");
    expect(client.messages.at(-1)?.data).to.deep.include({ code: "join_not_permitted", rejoin: "no" });
    expect(stage.node.admission.sessions.map(({ left }) => left)).to.deep.equal([true]);
    expect(stage.node.media.peerCount).to.equal(0);
  });

  it("publish: by kind", async () => {
    const alice = await stage.joined("alice", { permissions: { publish: ["audio"] } });
    await alice.publish(stage.tone());
    expect(await codeOf(alice.publish(stage.picture()))).to.equal("permission_denied");
    const bob = await stage.joined("bob", { permissions: { publish: false } });
    expect(await codeOf(bob.publish(stage.tone()))).to.equal("permission_denied");
    const carol = await stage.joined("carol", { permissions: { publish: [], data: false } });
    expect(await carol.refused("createTransport", { direction: "send" })).to.equal("permission_denied");
  });

  it("data: who may not send receives all the same", async () => {
    const alice = await stage.joined("alice");
    const bob = await stage.joined("bob", { permissions: { data: false } });
    await bob.receive();
    expect(await codeOf(bob.openChannel("chat"))).to.equal("permission_denied");
    const channel = await alice.openChannel("chat");
    await eventually("bob has the channel", () => bob.dataConsumers.size === 1);
    const [received] = bob.dataConsumers.values();
    const messages: unknown[] = [];
    received?.on("message", (message: unknown) => messages.push(message));
    await eventually("the channel is open", () => channel.readyState === "open");
    // What is sent before the node has heard that bob is ready is not kept for him.
    await eventually("bob reads", () => {
      channel.send("hello");
      return messages.includes("hello");
    });
    await alice.request("closeDataProducer", { dataProducerId: channel.id });
    expect((await bob.client.notification("dataProducerClosed")).data).to.deep.equal({
      dataProducerId: channel.id,
    });
  });

  it("subscribe: who may not gets no transport to receive on", async () => {
    const alice = await stage.joined("alice", { permissions: { subscribe: false } });
    expect(await codeOf(alice.receive())).to.equal("permission_denied");
  });

  it("hidden: sees and hears, publishes and sends nothing, and nobody is told", async () => {
    const alice = await stage.joined("alice");
    const ghost = await stage.joined("ghost", { permissions: { hidden: true } });
    const bob = await stage.joined("bob");
    await ghost.receive();
    await alice.publish(stage.tone());
    await eventually("the ghost hears", async () => (await ghost.bytesReceived()) > 0);
    expect(await codeOf(ghost.publish(stage.tone()))).to.equal("permission_denied");
    expect(await codeOf(ghost.openChannel("chat"))).to.equal("permission_denied");

    await Promise.all([ghost.client.end(), bob.client.end()]);
    expect((await bob.resume()).peers.map(({ identity }) => identity)).to.deep.equal(["alice"]);
    expect((await ghost.resume()).peers.map(({ identity }) => identity)).to.deep.equal(["alice", "bob"]);
    ghost.client.socket.close(1000);
    await eventually("the ghost is gone", () => stage.node.signaling.participants === 2);
    const told = (one: typeof alice) => [
      ...one.client.received("peerJoined"),
      ...one.client.received("peerLeft"),
    ];
    expect(told(alice)).to.deep.equal([{ peerId: bob.key.address, identity: "bob" }]);
    expect(told(bob)).to.deep.equal([]);
  });

  it("lets a client choose layers, priority and key frames of what it receives, and pause it", async () => {
    const [alice, bob] = [await stage.joined("alice"), await stage.joined("bob")];
    await bob.receive();
    await alice.publish(stage.picture());
    await eventually("bob sees alice", async () => (await bob.bytesReceived()) > 5_000);
    const [consumerId = ""] = bob.consumers.keys();
    await bob.request("setPreferredLayers", { consumerId, preferred: { spatialLayer: 0 } });
    await bob.request("setConsumerPriority", { consumerId, priority: 200 });
    await bob.request("requestKeyFrame", { consumerId });
    expect(await bob.refused("setConsumerPriority", { consumerId, priority: 0 })).to.equal("invalid_request");
    expect(await bob.refused("pauseConsumer", { consumerId: "none" })).to.equal("not_found");

    await bob.request("pauseConsumer", { consumerId });
    const session = stage.node.admission.session(bob.key.address);
    // Two readings of the meter for what was under way; then nothing for several more.
    await sleep(600);
    const metered = session.bytesSent;
    await sleep(1_000);
    expect(session.bytesSent).to.equal(metered);
    await bob.request("resumeConsumer", { consumerId });
    await eventually("it goes on", () => session.bytesSent > metered + 1_000n);
  });
});
