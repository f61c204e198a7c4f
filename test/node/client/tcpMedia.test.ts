import { expect } from "chai";
import type { DataMessage } from "../../../node/client/dataMessage.js";
import type { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { eventually } from "../support/eventually.js";
import { TestNode } from "../support/testNode.js";
import { next, watchFrames } from "./roomTools.js";
import { TcpProxy } from "./tcpProxy.js";

/** As behind a firewall that lets no UDP through: at the address that the node announces, only TCP is answered. */
describe("Room's media over TCP", () => {
  const ANNOUNCED = "127.0.0.2";
  let node: TestNode;
  let proxy: TcpProxy;

  beforeEach(async () => {
    const addresses = [{ ip: "127.0.0.1", announcedAddress: ANNOUNCED }];
    node = await TestNode.start({ media: { listen: { addresses, port: 0 } } });
    const port = node.media.ports[0]?.tcp ?? 0;
    proxy = await TcpProxy.open(`http://127.0.0.1:${port}`, { address: ANNOUNCED, port });
  });

  afterEach(async () => {
    await node.stop();
    await proxy.close();
  });

  it("carries sound, pictures and data both ways, and client and node count the same bytes", async () => {
    const keys = [createSessionKey(), createSessionKey()];
    const rooms: Room[] = [];
    for (const sessionKey of keys) rooms.push(await node.join({ sessionKey }));
    const [alice, bob] = rooms;
    if (!alice || !bob) throw new Error("unreachable");
    const frames = rooms.map((room) => watchFrames(room));
    const stopMedia: (() => void)[] = [];
    for (const room of rooms) stopMedia.push(await node.publishTestMedia(room));
    const arrival = next(bob, "data");
    const chat = await alice.publishData("chat");
    const messages: DataMessage[] = [];
    (await arrival)[0].on("message", (message) => messages.push(message));
    await eventually("data arrives", async () => {
      await chat.send("hello");
      return messages.includes("hello");
    });
    await eventually("two seconds of frames on both sides", () => frames.every(({ count }) => count > 30));
    // Each of the two sends on one transport and receives on another.
    expect(proxy.connections).to.be.at.least(4);

    for (const stop of stopMedia) stop();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await Promise.all(rooms.map((room) => room.leave()));
    for (const { address } of keys) {
      const session = node.admission.session(address);
      await eventually("the node noticed", () => session.left);
      const signed = node.admission.receipt(address, 10)?.receipt;
      const [delivered, sent] = [Number(signed?.bytesDelivered), Number(session.bytesSent)];
      // As over UDP: half a percent for what is under way at the end.
      expect(delivered).to.be.greaterThan(10_000).and.at.most(sent);
      expect(delivered).to.be.closeTo(sent, sent / 200);
      expect(signed?.quality).to.be.greaterThan(9_000);
    }
  });

  it("goes on when the connections that carry it break", async () => {
    const [alice, bob] = [await node.join(), await node.join()];
    const frames = watchFrames(bob);
    await node.publishTestMedia(alice);
    await eventually("frames", () => frames.count > 10);
    const disconnected: unknown[] = [];
    for (const room of [alice, bob]) room.on("disconnected", (reason) => disconnected.push(reason));
    const before = proxy.connections;
    proxy.cut();
    const shown = frames.count;
    await eventually("frames again", () => frames.count > shown + 15, 30_000);
    expect(proxy.connections).to.be.greaterThan(before);
    expect(disconnected).to.deep.equal([]);
  });
});
