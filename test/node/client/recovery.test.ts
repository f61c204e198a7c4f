import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import type { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { testTone } from "../../../node/client/testMedia.js";
import { SessionEnded } from "../../../node/protocol/refusals.js";
import { eventually } from "../support/eventually.js";
import { TestNode } from "../support/testNode.js";
import type { TestNodeOptions } from "../support/testNode.js";
import { next, watchFrames } from "./roomTools.js";
import { TcpProxy } from "./tcpProxy.js";

describe("Room, when its connection is lost", () => {
  let nodes: TestNode[];
  let proxies: TcpProxy[];

  beforeEach(() => {
    [nodes, proxies] = [[], []];
  });

  afterEach(async () => {
    // Nodes first: they wait for no participant that is on its way elsewhere.
    await Promise.all(nodes.map((node) => node.stop()));
    await Promise.all(proxies.map((proxy) => proxy.close()));
  });

  async function startNode(options: TestNodeOptions = {}): Promise<TestNode> {
    const node = await TestNode.start(options);
    nodes.push(node);
    return node;
  }

  async function proxyOf(node: TestNode): Promise<TcpProxy> {
    const proxy = await TcpProxy.open(node.signaling.url);
    proxies.push(proxy);
    return proxy;
  }

  /** What a room says of its connection, in order. */
  function connectionEvents(room: Room): string[] {
    const events: string[] = [];
    room.on("reconnecting", ({ code }) => events.push(code));
    room.on("reconnected", ({ how }) => events.push(how));
    room.on("disconnected", ({ code }) => events.push(`disconnected ${code}`));
    return events;
  }

  it("resumes where its socket breaks: media flows on, nothing is counted twice, nothing is lost", async () => {
    const node = await startNode();
    const proxy = await proxyOf(node);
    const sessionKey = createSessionKey();
    const publisher = await node.join({ issue: { identity: "publisher" } });
    const stopMedia = await node.publishTestMedia(publisher);
    const room = await node.join({ sessionKey, url: proxy.url });
    await node.publishTestMedia(room);
    const [events, frames, heard] = [connectionEvents(room), watchFrames(room), watchFrames(publisher)];
    await eventually("frames", () => frames.count > 10 && heard.count > 10 && room.tracks.length === 2);
    const [tracks, ids] = [room.tracks, room.localTracks.map(({ id }) => id)];

    const lost = next(room, "reconnecting");
    proxy.closed = true;
    proxy.cut();
    await lost;
    const during = [frames.count, heard.count];
    const other = await node.join({ issue: { identity: "latecomer" } });
    await node.publishTestMedia(other);
    await publisher.pause(
      publisher.localTracks.find(({ kind }) => kind === "audio") ?? expect.fail("no sound"),
    );
    await eventually(
      "frames flow without signaling",
      () => frames.count > (during[0] ?? 0) + 10 && heard.count > (during[1] ?? 0) + 10,
    );
    proxy.closed = false;
    const [back] = await next(room, "reconnected");
    expect(back).to.deep.equal({ how: "resumed", url: proxy.url });

    expect(room.tracks.filter((track) => tracks.includes(track))).to.have.length(2);
    expect(room.localTracks.map(({ id }) => id)).to.deep.equal(ids);
    expect(room.participants.map(({ identity }) => identity)).to.include("latecomer");
    await eventually("the latecomer's tracks", () => room.tracks.length === 4);
    await eventually("the pause", () => room.tracks.some(({ kind, paused }) => kind === "audio" && paused));
    await next(room, "receipt");
    stopMedia();
    await other.leave();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await room.leave();
    expect(events).to.deep.equal(["connection_lost", "resumed", "disconnected left"]);
    expect(
      node.admission.sessions.filter(({ sessionKey: key }) => key === sessionKey.address),
    ).to.have.length(1);
    const session = node.admission.session(sessionKey.address);
    await eventually("the node noticed", () => session.left);
    const signed = node.admission.receipt(sessionKey.address, 10)?.receipt.bytesDelivered ?? 0n;
    expect(Number(signed)).to.be.closeTo(Number(session.bytesSent), Number(session.bytesSent) / 200);
    expect(signed <= session.bytesSent).to.equal(true);
  });

  it("signs for each epoch what came in it, also where the epoch turns while the socket is broken", async () => {
    const node = await startNode({ epochSeconds: 6 });
    const proxy = await proxyOf(node);
    await node.publishTestMedia(await node.join());
    const sessionKey = createSessionKey();
    const room = await node.join({ sessionKey, url: proxy.url });
    await next(room, "epoch");
    const { epoch } = room.received;
    const { clock } = node.admission;
    await new Promise((resolve) => setTimeout(resolve, clock.endOf(epoch) * 1_000 - 1_500 - Date.now()));
    const sentBefore = node.admission.session(sessionKey.address).bytesSent;
    proxy.closed = true;
    proxy.cut();
    await new Promise((resolve) => setTimeout(resolve, clock.endOf(epoch) * 1_000 + 1_000 - Date.now()));
    proxy.closed = false;
    expect((await next(room, "reconnected"))[0].how).to.equal("resumed");
    await next(room, "receipt");
    await eventually("the old epoch's last receipt", () => {
      const signed = node.admission.receipt(sessionKey.address, epoch)?.receipt.bytesDelivered ?? 0n;
      const former = node.admission.receipt(sessionKey.address, epoch - 1)?.receipt.bytesDelivered ?? 0n;
      return signed + former > sentBefore;
    });
    await room.leave();
    const session = node.admission.session(sessionKey.address);
    await eventually("the node noticed", () => session.left);
    const total = [epoch - 1, epoch, epoch + 1]
      .map((one) => node.admission.receipt(sessionKey.address, one)?.receipt.bytesDelivered ?? 0n)
      .reduce((sum, bytes) => sum + bytes, 0n);
    expect(Number(total)).to.be.closeTo(Number(session.bytesSent), Number(session.bytesSent) / 50);
  });

  it("joins again where the node has given the session up, and goes on from its last receipt", async () => {
    const node = await startNode({ limits: { resumeGraceMs: 300 } });
    const proxy = await proxyOf(node);
    await node.publishTestMedia(await node.join());
    const sessionKey = createSessionKey();
    const room = await node.join({ sessionKey, url: proxy.url });
    const [events, frames] = [connectionEvents(room), watchFrames(room)];
    await next(room, "receipt");
    proxy.closed = true;
    proxy.cut();
    const session = node.admission.session(sessionKey.address);
    await eventually("given up", () => session.left);
    const before = node.admission.receipt(sessionKey.address, 10)?.receipt.bytesDelivered ?? 0n;
    proxy.closed = false;
    await next(room, "reconnected");
    expect(events).to.deep.equal(["connection_lost", "rejoined"]);
    expect(room.received.bytesDelivered >= before).to.equal(true);
    const shown = frames.count;
    await eventually("frames again", () => frames.count > shown + 10);
    const [{ receipt }] = await next(room, "receipt");
    expect(receipt.bytesDelivered > before).to.equal(true);
  });

  it("notices a socket that is dead without saying so", async () => {
    const node = await startNode();
    const proxy = await proxyOf(node);
    const room = await node.join({ url: proxy.url });
    const events = connectionEvents(room);
    proxy.stall();
    await eventually("resumed", () => events.includes("resumed"), 30_000);
    expect(events).to.deep.equal(["timeout", "resumed"]);
  });

  it("renews a token that is used up, where the app says how", async () => {
    const node = await startNode();
    const sessionKey = createSessionKey();
    const reasons: string[] = [];
    const room = await node.join({
      sessionKey,
      renewToken: ({ code }) => {
        reasons.push(code);
        return node.token(sessionKey, { maxBytesPerEpoch: 20_000_000_000n });
      },
    });
    const events = connectionEvents(room);
    node.admission.session(sessionKey.address).end(new SessionEnded("grant_limit_reached", "used up"));
    await next(room, "reconnected");
    expect([reasons, events]).to.deep.equal([["grant_limit_reached"], ["grant_limit_reached", "rejoined"]]);
    expect(node.admission.session(sessionKey.address).grant.maxBytesPerEpoch).to.equal(20_000_000_000n);
  });

  it("gives up after a time, and says why", async () => {
    const node = await startNode();
    const proxy = await proxyOf(node);
    const room = await node.join({ url: proxy.url, giveUpAfterMs: 1_000 });
    const over = next(room, "disconnected");
    proxy.closed = true;
    proxy.cut();
    const [reason] = await over;
    expect(reason.code).to.equal("gave_up");
    expect(reason.cause).to.include({ code: "connection_lost" });
  });

  it("joins again where the media worker died, and frames are decoded again both ways", async () => {
    const node = await startNode();
    const rooms = [await node.join(), await node.join()];
    const events = rooms.map(connectionEvents);
    const frames = rooms.map(watchFrames);
    for (const room of rooms) await node.publishTestMedia(room);
    await eventually("frames on both sides", () => frames.every(({ count }) => count > 5));
    const before = rooms.map((room) => ({
      tracks: room.tracks,
      locals: room.localTracks,
      ids: room.localTracks.map(({ id }) => id),
    }));
    const [worker] = node.media.workers;
    const died = once(node.media, "workerdied");
    process.kill(worker?.pid ?? 0, "SIGKILL");
    await died;
    await eventually("both joined again", () => events.every((one) => one.includes("rejoined")), 25_000);
    const counts = frames.map(({ count }) => count);
    await eventually(
      "new frames on both sides",
      () => frames.every(({ count }, i) => count > (counts[i] ?? 0) + 15),
      25_000,
    );
    for (const [i, room] of rooms.entries()) {
      expect(events[i]).to.deep.equal(["worker_died", "rejoined"]);
      expect(room.localTracks).to.deep.equal(before[i]?.locals);
      expect(room.localTracks.map(({ id }) => id)).not.to.have.members(before[i]?.ids ?? []);
      expect(room.tracks).to.have.length(2);
      for (const track of room.tracks) expect(before[i]?.tracks).not.to.include(track);
      expect(room.participants).to.have.length(1);
    }
    expect(node.media.peerCount).to.equal(2);
  });

  it("moves to another node where its own stops, counts there from zero, and leaves a last receipt behind", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const url = [first.signaling.url, second.signaling.url];
    const keys = [createSessionKey(), createSessionKey()];
    const rooms: Room[] = [];
    for (const sessionKey of keys) rooms.push(await first.join({ sessionKey, url }));
    const events = rooms.map(connectionEvents);
    const frames = rooms.map(watchFrames);
    for (const room of rooms) await first.publishTestMedia(room);
    await eventually("frames on both sides", () => frames.every(({ count }) => count > 15));
    first.stopping.abort();
    await eventually("both moved", () => events.every((one) => one.includes("moved")), 25_000);
    const counts = frames.map(({ count }) => count);
    await eventually(
      "new frames on both sides",
      () => frames.every(({ count }, i) => count > (counts[i] ?? 0) + 15),
      25_000,
    );
    for (const [i, room] of rooms.entries()) {
      expect(events[i]).to.deep.equal(["node_closing", "moved"]);
      expect(room.url).to.equal(second.signaling.url);
      const key = keys[i]?.address ?? "";
      const [left, now] = [first.admission.session(key), second.admission.session(key)];
      const signed = first.admission.receipt(key, 10)?.receipt.bytesDelivered ?? 0n;
      expect(Number(signed)).to.be.closeTo(Number(left.bytesSent), Number(left.bytesSent) / 50);
      await eventually("receipts for the other node", () => second.admission.receipt(key, 10) !== undefined);
      expect(Number(room.received.bytesDelivered)).to.be.at.most(Number(now.bytesSent) + 100_000);
    }
  });

  it("goes elsewhere where the node is gone without a word", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const proxy = await proxyOf(first);
    const room = await first.join({ url: [proxy.url, second.signaling.url] });
    const events = connectionEvents(room);
    proxy.closed = true;
    proxy.cut();
    await eventually("moved", () => events.includes("moved"), 20_000);
    expect(events).to.deep.equal(["connection_lost", "moved"]);
  });

  it("keeps its session where no node can be reached, and resumes it", async () => {
    const [first, second] = [await startNode(), await startNode()];
    const [near, far] = [await proxyOf(first), await proxyOf(second)];
    const room = await first.join({ url: [near.url, far.url] });
    const events = connectionEvents(room);
    for (const proxy of [near, far]) proxy.closed = true;
    const tried = far.refused;
    near.cut();
    await eventually("the other one was tried", () => far.refused > tried, 10_000);
    near.closed = false;
    await eventually("resumed", () => events.length === 2, 10_000);
    expect(events).to.deep.equal(["connection_lost", "resumed"]);
    expect(room.url).to.equal(near.url);
  });

  it("publishes all the same where the media worker dies under the request", async () => {
    const node = await startNode();
    const room = await node.join();
    const events = connectionEvents(room);
    const { pid } = node.media.workers[0] ?? expect.fail("no worker runs");
    const tone = testTone();
    try {
      process.kill(pid, "SIGSTOP");
      const publishing = room.publish(tone.track);
      // Until the request has reached the worker, which does not answer.
      await pause(200);
      process.kill(pid, "SIGKILL");
      const local = await publishing;
      expect(node.media.rooms.flatMap(({ publications }) => publications.map(({ id }) => id))).to.deep.equal([
        local.id,
      ]);
      expect(events).to.deep.equal(["worker_died", "rejoined"]);
    } finally {
      tone.stop();
    }
  });

  it("is over where every node would refuse", async () => {
    const node = await startNode();
    const sessionKey = createSessionKey();
    const room = await node.join({ sessionKey });
    const events = connectionEvents(room);
    const over = next(room, "disconnected");
    node.admission.session(sessionKey.address).end(new SessionEnded("grant_limit_reached", "used up"));
    expect((await over)[0].code).to.equal("grant_limit_reached");
    expect(events).to.deep.equal(["disconnected grant_limit_reached"]);
  });
});
