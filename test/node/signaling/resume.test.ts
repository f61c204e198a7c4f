import { expect } from "chai";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { SessionEnded } from "../../../node/protocol/refusals.js";
import { CLOSE_CODES } from "../../../node/protocol/signaling.js";
import { eventually } from "../support/eventually.js";
import type { TestNode, TestNodeOptions } from "../support/testNode.js";
import type { RawParticipant } from "./support/RawParticipant.js";
import { Stage } from "./support/stage.js";

describe("resuming a session", () => {
  let stage: Stage;
  let node: TestNode;

  async function start(limits: TestNodeOptions["limits"] = {}): Promise<void> {
    stage = await Stage.open({ limits });
    node = stage.node;
  }

  /** Waits until more has arrived than now. */
  async function expectFlow(one: RawParticipant): Promise<void> {
    const before = await one.bytesReceived();
    await eventually("more arrives", async () => (await one.bytesReceived()) > before + 1_000);
  }

  afterEach(() => stage.close());

  it("goes on with media that flowed and was metered meanwhile, and the room noticed nothing", async () => {
    await start();
    const [alice, bob, carol] = [
      await stage.joined("alice"),
      await stage.joined("bob"),
      await stage.joined("carol"),
    ];
    await bob.receive();
    const producer = await alice.publish(stage.tone(), "flute");
    await eventually("bob hears alice", () => bob.consumers.size === 1);
    await expectFlow(bob);

    await Promise.all([alice.client.end(), bob.client.end()]);
    await eventually("the node noticed", () => node.signaling.connections === 1);
    const session = node.admission.session(bob.key.address);
    const metered = session.bytesSent;
    await expectFlow(bob);
    await eventually("the meter goes on", () => session.bytesSent > metered);

    const state = await bob.resume();
    expect(state).to.deep.include({
      epoch: 10,
      producerIds: [],
      dataProducerIds: [],
      dataConsumerIds: [],
      consumers: [{ consumerId: [...bob.consumers.keys()][0], producerPaused: false }],
      homeNodeId: 7n,
    });
    expect(state.peers.map(({ identity }) => identity).sort()).to.deep.equal(["alice", "carol"]);
    expect(state.transportIds).to.have.length(1);
    expect((await alice.resume()).producerIds).to.deep.equal([producer.id]);
    await expectFlow(bob);
    expect(node.admission.sessions.map(({ left }) => left)).to.deep.equal([false, false, false]);
    expect(carol.client.received("peerLeft")).to.deep.equal([]);
    expect(carol.client.received("peerJoined")).to.deep.equal([]);

    await alice.request("closeProducer", { producerId: producer.id });
    await bob.client.notification("producerClosed");
    expect(bob.client.received("producerClosed")).to.deep.equal([{ producerId: producer.id }]);
  });

  it("catches up with tracks, pauses, mutes and people", async () => {
    await start();
    const [alice, bob, dave] = [
      await stage.joined("alice"),
      await stage.joined("bob"),
      await stage.joined("dave"),
    ];
    await bob.receive();
    const first = await alice.publish(stage.tone(), "flute");
    await eventually("bob hears the flute", () => bob.consumers.size === 1);
    // This offer reaches bob, who never answers it.
    bob.takesOffers = false;
    const second = await alice.publish(stage.tone(), "drum");
    const unanswered = await bob.client.message("the drum", ({ data }) => holds(data, second.id));
    await bob.client.end();
    await eventually("the node noticed", () => node.signaling.connections === 2);

    const third = await alice.publish(stage.tone(), "horn");
    await alice.request("pauseProducer", { producerId: first.id });
    dave.client.socket.close(1000);
    await stage.joined("erin");
    await eventually("dave left", () => node.signaling.participants === 3);

    bob.takesOffers = true;
    const state = await bob.resume();
    expect(state.consumers.map(({ producerPaused }) => producerPaused)).to.deep.equal([true]);
    expect(state.peers.map(({ identity }) => identity).sort()).to.deep.equal(["alice", "erin"]);
    await eventually("bob has all three", () => bob.consumers.size === 3);
    const offers = [...bob.consumers.values()];
    expect(offers.map(({ producerId }) => producerId).sort()).to.deep.equal(
      [first.id, second.id, third.id].sort(),
    );
    const [drum] = offers.filter(({ producerId }) => producerId === second.id);
    expect(holds(unanswered.data, drum?.id ?? ""), "offered anew, under another id").to.equal(false);
    expect(bob.client.received("producerClosed")).to.deep.equal([]);
    await expectFlow(bob);
  });

  it("is for the holder of the session key only", async () => {
    await start();
    const alice = await stage.joined("alice");
    await alice.client.end();
    const thief = await stage.connected();
    const forged = await node.resumption(thief, alice.key, "standup", createSessionKey());
    expect((await thief.request("resume", forged)).errorCode).to.equal("join_signature_invalid");
    expect(await thief.closed).to.deep.equal({ code: CLOSE_CODES.goodbye, reason: "join_signature_invalid" });

    const [eavesdropper, replayer] = [await stage.connected(), await stage.connected()];
    const seen = await node.resumption(eavesdropper, alice.key);
    expect((await replayer.request("resume", seen)).errorCode).to.equal("join_signature_invalid");
    expect((await alice.resume()).peers).to.deep.equal([]);
  });

  it("takes a session over whose old socket looks alive", async () => {
    await start();
    const alice = await stage.joined("alice");
    const old = alice.client;
    await alice.resume();
    expect(await old.closed).to.deep.equal({ code: CLOSE_CODES.goodbye, reason: "resumed" });
    expect(old.messages.at(-1)?.data).to.deep.include({ code: "resumed", rejoin: "no" });
    expect(await alice.refused("restartIce", { transportId: "none" })).to.equal("not_found");
    expect([node.signaling.participants, node.media.peerCount]).to.deep.equal([1, 1]);
  });

  it("ends where nobody resumes in time, with a last meter; the client joins on the same connection", async () => {
    await start({ resumeGraceMs: 300 });
    const [alice, bob] = [await stage.joined("alice"), await stage.joined("bob")];
    await alice.client.end();
    const session = node.admission.session(alice.key.address);
    expect((await bob.client.notification("peerLeft")).data).to.deep.equal({ peerId: alice.key.address });
    await eventually("the session is left", () => session.left);
    expect(node.media.peerCount).to.equal(1);

    const client = await stage.connected();
    const claim = await node.resumption(client, alice.key);
    expect((await client.request("resume", claim)).errorCode).to.equal("session_unknown");
    expect((await client.request("resume", claim)).errorCode).to.equal("already_joined");
    const answer = await client.request("join", await node.claim(client, alice.key));
    expect(answer.errorCode).to.equal(undefined);
    expect((await client.request("resume", claim)).errorCode).to.equal("already_joined");
  });

  it("knows no session of another room, of who left, or of who was sent away", async () => {
    await start();
    const [alice, bob, carol] = [
      await stage.joined("alice"),
      await stage.joined("bob"),
      await stage.joined("carol"),
    ];
    await Promise.all([alice.client.end(), carol.client.end()]);
    bob.client.socket.close(1000);
    const session = node.admission.session(bob.key.address);
    await eventually("bob is gone", () => session.left);
    node.admission.session(carol.key.address).end(new SessionEnded("app_unpaid", "no vouchers"));
    for (const [key, room] of [
      [alice.key, "retro"],
      [bob.key, "standup"],
      [carol.key, "standup"],
    ] as const) {
      const client = await stage.connected();
      const claim = await node.resumption(client, key, room);
      expect((await client.request("resume", claim)).errorCode).to.equal("session_unknown");
    }
    await alice.resume();
  });

  it("gives way to a join with the same key", async () => {
    await start();
    const [alice, bob] = [await stage.joined("alice"), await stage.joined("bob")];
    await alice.client.end();
    const client = await stage.connected();
    await client.request("join", await node.claim(client, alice.key));
    expect(node.admission.sessions.map(({ left }) => left)).to.deep.equal([true, false, false]);
    await bob.client.notification("peerJoined");
    expect(
      bob.client.messages.flatMap(({ method }) => (method?.startsWith("peer") ? [method] : [])),
    ).to.deep.equal(["peerLeft", "peerJoined"]);
    expect(node.media.peerCount).to.equal(2);
  });

  it("keeps so many without a socket, and gives up the one that was so longest", async () => {
    await start({ maxSuspended: 1 });
    const [alice, bob] = [await stage.joined("alice"), await stage.joined("bob")];
    await alice.client.end();
    await eventually("the node noticed", () => node.signaling.connections === 1);
    await bob.client.end();
    await eventually("alice is given up", () => node.admission.session(alice.key.address).left);
    expect((await bob.resume()).peers).to.deep.equal([]);
  });
});

/** Whether an offer names a producer or consumer. */
function holds(data: unknown, id: string): boolean {
  return id !== "" && JSON.stringify(data ?? null).includes(id);
}
