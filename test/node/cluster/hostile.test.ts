import { randomUUID } from "node:crypto";
import { createSocket } from "node:dgram";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { WebSocket } from "ws";
import { LinkError } from "../../../node/cluster/linkError.js";
import { testPattern, testTone } from "../../../node/client/testMedia.js";
import { LINK_CLOSE_CODES, NODE_LINK_SUBPROTOCOL } from "../../../node/protocol/nodeLink.js";
import type { LinkNotice } from "../../../node/cluster/linkMessages.js";
import { eventually } from "../support/eventually.js";
import { addressOf, walletOf } from "../support/participants.js";
import { BareNode, TestRegistry } from "./support/BareNode.js";
import type { BareMember } from "./support/BareNode.js";
import { HostileNode, LINKED_ROOM } from "./support/HostileNode.js";

const pipeTo = (port: number) => ({
  ...{ id: randomUUID(), address: "127.0.0.1", port },
  srtp: { cryptoSuite: "AEAD_AES_256_GCM" as const, keyBase64: Buffer.alloc(44, 7).toString("base64") },
});

describe("what a hostile node can do", () => {
  const stops: (() => unknown)[] = [];
  let registry: TestRegistry;
  let node: BareNode;

  beforeEach(async () => {
    registry = new TestRegistry();
    const limits = {
      ...{ pipeCheckMs: 200, pipeConsentMs: 1_000, maxMembersPerNode: 3, maxTracksPerMember: 2 },
      ...{ messageBurst: 200, messagesPerSecond: 50 },
    };
    node = await BareNode.start(1n, registry, { limits });
  });
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await node.stop();
  });

  async function hostile(
    ...args: [options?: Parameters<typeof HostileNode.connect>[3]]
  ): Promise<HostileNode> {
    const one = await HostileNode.connect(66n, 1n, registry, ...args);
    stops.push(() => one.link.close(1000, "done"));
    return one;
  }

  async function publish(member: BareMember): Promise<void> {
    for (const test of [testPattern(), testTone()]) {
      stops.push(() => test.stop());
      await member.client.publish(test.track);
    }
  }

  async function refusal(work: Promise<unknown>): Promise<string> {
    return work.then(
      () => "taken",
      (error: unknown) => (error instanceof LinkError ? error.code : String(error)),
    );
  }

  const heard = (one: HostileNode, method: LinkNotice["method"]) =>
    one.notices.filter((notice) => notice.method === method).map(({ data }) => data);

  const identities = ({ link }: BareMember) => link.remotePeers.map(({ identity }) => identity).sort();

  it("cannot link with a key that is not its operator's, nor as a node that is not registered", async () => {
    const stranger = walletOf("stranger");
    expect(await refusal(hostile({ key: stranger }))).to.contain(`${LINK_CLOSE_CODES.refused}`);
    registry.operators.delete(66n);
    expect(await refusal(hostile({ registered: false }))).to.contain(`${LINK_CLOSE_CODES.refused}`);
    expect(node.links.status.links).to.deep.equal([]);
    await hostile();
    await eventually("with the right key it is linked", () => node.links.status.links.length === 1);
  });

  it("cannot keep others out by connections that say nothing", async () => {
    const url = `${String(await registry.endpointOf(1n))}link`;
    const silent = Array.from({ length: 40 }, () => new WebSocket(url, NODE_LINK_SUBPROTOCOL));
    const codes = await Promise.all(
      silent.map((socket) => new Promise<number>((resolve) => socket.once("close", resolve))),
    );
    expect(codes.every((code) => code === LINK_CLOSE_CODES.refused)).to.equal(true);
    await hostile();
  }).timeout(15_000);

  it("ends its own link by what is no message", async () => {
    for (const spoil of [
      (ws: WebSocket) => ws.send("{}"),
      (ws: WebSocket) => ws.send(Buffer.alloc(64)),
      (ws: WebSocket) => ws.send(Buffer.alloc(2)),
    ]) {
      const one = await hostile();
      spoil(one.socket);
      expect(await one.closed).to.equal(LINK_CLOSE_CODES.malformed);
    }
  });

  it("ends its own link by more messages than a node has to say", async () => {
    const one = await hostile();
    // It seals as the link does, but keeps to no pace.
    for (let count = 0; count < 2_000; count += 1) {
      one.say({ notification: true, method: "leaveRoom", data: { room: LINKED_ROOM } });
    }
    expect(await one.closed).to.equal(LINK_CLOSE_CODES.rateLimited);
  });

  it("learns nothing of a room in which it has nobody", async () => {
    const ada = await node.join("ada");
    await publish(ada);
    const one = await hostile();
    const room = LINKED_ROOM;
    const { membership, ...rest } = await one.member("eve");
    const forged = {
      "of another app's signer": { ...membership, grantSignature: membership.joinSignature },
      "who joined another node": (await one.member("ada", { nodeId: 1n })).membership,
      "of another room": (await one.member("eve", { room: "another" })).membership,
      "with another limit": { ...membership, grant: { ...membership.grant, maxBytesPerEpoch: 1n } },
      "who has expired": { ...membership, grant: { ...membership.grant, expiresAt: 1n } },
    };
    for (const [whose, claim] of Object.entries(forged)) {
      for (const method of ["enterRoom", "register"] as const) {
        const code = await refusal(one.link.request(method, { room, membership: claim }));
        expect(code, `${method} with a grant ${whose}`).to.equal("membership_invalid");
      }
    }
    expect(await refusal(one.link.request("addMember", { room, membership, ...rest }))).to.equal(
      "not_in_room",
    );
    const [track] = ada.client.place.peer.publications;
    const wanted = { room, id: track?.id ?? "", pipe: pipeTo(9) };
    expect(await refusal(one.link.request("pipeTrack", wanted))).to.equal("not_in_room");
    await pause(200);
    expect(one.requests).to.deep.equal([]);
    expect(one.notices).to.deep.equal([]);
    expect(await node.transports()).to.equal(2);
  });

  it("shows only those who came to it, as the app describes them", async () => {
    const ada = await node.join("ada");
    const one = await hostile();
    const room = LINKED_ROOM;
    await one.enter("eve");
    await eventually("eve is shown", () => identities(ada).join() === "eve");
    const claims = {
      "somebody of another node": await one.member("bob", { nodeId: 1n }),
      "another name": { ...(await one.member("bob")), details: '{"identity":"queen"}' },
      "who may not join": await one.member("bob", { permissions: { join: false } }),
    };
    for (const [what, member] of Object.entries(claims)) {
      expect(await refusal(one.link.request("addMember", { room, ...member })), what).to.equal(
        "membership_invalid",
      );
    }
    expect(identities(ada)).to.deep.equal(["eve"]);
    for (const name of ["bob", "cem"])
      await one.link.request("addMember", { room, ...(await one.member(name)) });
    const fourth = await one.member("dan");
    expect(await refusal(one.link.request("addMember", { room, ...fourth }))).to.equal("limit_reached");
  });

  it("cannot speak for a participant of ours, nor take a track's id", async () => {
    const ada = await node.join("ada");
    await publish(ada);
    const one = await hostile();
    await one.enter("eve");
    const eve = addressOf(walletOf("eve"));
    const [own] = ada.client.place.peer.publications;
    const track = { kind: "audio" as const, source: "microphone", paused: false };
    const offers = [
      { ...track, id: randomUUID(), peerId: ada.sessionKey },
      { ...track, id: own?.id ?? "", peerId: eve },
    ];
    for (const offer of offers) one.link.notify("track", { room: LINKED_ROOM, track: offer });
    one.link.notify("trackClosed", { room: LINKED_ROOM, id: own?.id ?? "" });
    one.link.notify("removeMember", { room: LINKED_ROOM, sessionKey: ada.sessionKey });
    await pause(300);
    expect(one.requests.filter(({ method }) => method === "pipeTrack")).to.deep.equal([]);
    expect(own?.closed).to.equal(false);
    expect(ada.client.place.room.publications).to.have.length(2);
  });

  it("may publish only what the grants of its participants allow", async () => {
    await node.join("ada");
    const one = await hostile();
    await one.enter("eve", { permissions: { publish: ["audio"], data: false } });
    const peerId = addressOf(walletOf("eve"));
    const offer = (kind: "audio" | "video") => {
      const track = { id: randomUUID(), peerId, kind, source: kind, paused: false };
      one.link.notify("track", { room: LINKED_ROOM, track });
    };
    offer("video");
    const channel = { id: randomUUID(), peerId, label: "chat", protocol: "" };
    one.link.notify("dataChannel", { room: LINKED_ROOM, channel });
    await pause(200);
    expect(one.requests.map(({ method }) => method)).not.to.include.members(["pipeTrack", "pipeData"]);
    for (let i = 0; i < 5; i += 1) offer("audio");
    await eventually("two are asked for", () => one.requests.some(({ method }) => method === "pipeTrack"));
    await pause(200);
    const asked = new Set(one.requests.flatMap((r) => (r.method === "pipeTrack" ? [r.data.id] : [])));
    expect(asked.size).to.equal(2);
  });

  it("cannot make us send media to a stranger: without an answer it ends", async () => {
    const ada = await node.join("ada");
    await publish(ada);
    const stranger = createSocket("udp4");
    let packets = 0;
    stranger.on("message", () => (packets += 1));
    await new Promise<void>((resolve) => stranger.bind(0, "127.0.0.1", resolve));
    stops.push(() => stranger.close());
    const { port } = stranger.address();
    const one = await hostile();
    await one.enter("eve");
    await eventually("it is told of the tracks", () => heard(one, "track").length === 2);
    const [track] = ada.client.place.peer.publications;
    const wanted = { room: LINKED_ROOM, id: track?.id ?? "", pipe: pipeTo(port) };
    await one.link.request("pipeTrack", wanted);
    await eventually("media goes out", () => packets > 10);
    await eventually("it ends", () => heard(one, "pipeClosed").length === 1);
    await pause(100);
    packets = 0;
    expect(await refusal(one.link.request("pipeTrack", { ...wanted, pipe: pipeTo(port) }))).to.equal(
      "failed",
    );
    await pause(500);
    expect(packets).to.equal(0);
  });

  it("does not hear what it may not receive", async () => {
    const ada = await node.join("ada");
    await publish(ada);
    const one = await hostile();
    await one.enter("eve", { permissions: { subscribe: false } });
    await eventually("it is shown ada", () => one.requests.some(({ method }) => method === "addMember"));
    await pause(200);
    expect(heard(one, "track")).to.deep.equal([]);
    const [track] = ada.client.place.peer.publications;
    const wanted = { room: LINKED_ROOM, id: track?.id ?? "", pipe: pipeTo(9) };
    expect(await refusal(one.link.request("pipeTrack", wanted))).to.equal("not_in_room");
  });

  it("does no harm by parameters that make no sense", async () => {
    const ada = await node.join("ada");
    const one = await hostile();
    await one.enter("eve");
    const room = LINKED_ROOM;
    const track = { id: randomUUID(), peerId: addressOf(walletOf("eve")), kind: "video" as const };
    // It answers {} to all that it is asked.
    one.link.notify("track", { room, track: { ...track, source: "camera", paused: false } });
    await eventually("its track is asked for", () =>
      one.requests.some(({ method }) => method === "pipeTrack"),
    );
    one.link.notify("release", { room, id: randomUUID() });
    one.link.notify("trackPaused", { room, id: randomUUID(), paused: true });
    one.link.notify("pipeClosed", { room, pipeId: randomUUID() });
    await pause(300);
    expect(one.link.open).to.equal(true);
    expect(ada.client.place.room.closed).to.equal(false);
    expect(ada.client.received).to.deep.equal([]);
  });
});
