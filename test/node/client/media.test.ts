import { createHash, randomBytes } from "node:crypto";
import { expect } from "chai";
import type { DataMessage } from "../../../node/client/dataMessage.js";
import { Disconnected, RequestRefused } from "../../../node/client/errors.js";
import type { LocalData } from "../../../node/client/LocalData.js";
import type { RemoteData } from "../../../node/client/RemoteData.js";
import type { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { testPattern, testTone } from "../../../node/client/testMedia.js";
import type { TestTrack } from "../../../node/client/testMedia.js";
import { eventually } from "../support/eventually.js";
import { TestNode } from "../support/testNode.js";
import { failure, next, watchFrames } from "./roomTools.js";

describe("Room's media and data", () => {
  let node: TestNode;
  const tracks: TestTrack[] = [];

  beforeEach(async () => {
    node = await TestNode.start();
  });

  afterEach(async () => {
    for (const track of tracks.splice(0)) track.stop();
    await node.stop();
  });

  function pattern(width: number, height: number): MediaStreamTrack {
    const test = testPattern({ width, height, framesPerSecond: 15 });
    tracks.push(test);
    return test.track;
  }

  /** A room that publishes and one that receives, and the track as received. */
  async function call(...publication: Parameters<Room["publish"]>) {
    const [sender, receiver] = [await node.join(), await node.join()];
    const arrival = next(receiver, "track");
    const frames = watchFrames(receiver);
    const local = await sender.publish(...publication);
    const [remote] = await arrival;
    return { sender, receiver, local, remote, frames };
  }

  describe("layers", () => {
    it("of simulcast: as many as suit the picture, the one that is preferred, and back", async () => {
      const { receiver, remote, frames } = await call(pattern(640, 360), { simulcast: true });
      expect(remote.layerCounts).to.deep.equal({ spatial: 2, temporal: 3 });
      await eventually("the full picture", () => frames.width === 640, 20_000);
      const changed = next(receiver, "trackLayersChanged");
      await remote.setPreferredLayers({ spatialLayer: 0, temporalLayer: 2 });
      await eventually("the small picture", () => frames.width === 320, 25_000);
      expect((await changed)[0]).to.equal(remote);
      await eventually("it is told", () => remote.layers?.spatialLayer === 0);
      await remote.setPreferredLayers({ spatialLayer: 1 });
      await eventually("the full picture again", () => frames.width === 640, 25_000);
    });

    it("of VP9 SVC", async () => {
      const { remote, frames } = await call(pattern(640, 360), { simulcast: true, codec: "VP9" });
      expect(remote.layerCounts).to.deep.equal({ spatial: 3, temporal: 3 });
      await eventually("pictures", () => frames.count > 10, 20_000);
    });

    it("are asked for with the track's other wishes: priority, key frames, none at all", async () => {
      const { receiver, remote, frames } = await call(pattern(320, 180), { maxBitrate: 200_000 });
      expect(remote.layerCounts).to.equal(undefined);
      await remote.setPriority(200);
      await remote.requestKeyFrame();
      await eventually("pictures", () => frames.count > 10);
      await remote.setEnabled(false);
      await new Promise((resolve) => setTimeout(resolve, 300));
      const [shown, bytes] = [frames.count, receiver.received.bytesDelivered];
      await new Promise((resolve) => setTimeout(resolve, 1_200));
      expect(frames.count).to.be.at.most(shown + 1);
      expect(Number(receiver.received.bytesDelivered - bytes)).to.be.lessThan(12_000);
      await remote.setEnabled(true);
      await eventually("pictures again", () => frames.count > shown + 10);
    });

    it("are refused where there are none such", async () => {
      const { sender } = await call(pattern(320, 180), { simulcast: [{ maxBitrate: 100_000 }] });
      const odd = await failure(sender.publish(pattern(320, 180), { simulcast: [] }));
      expect(odd).to.be.instanceOf(RangeError);
      expect(sender.localTracks).to.have.length(1);
    });
  });

  describe("data channels", () => {
    async function open(label: string, options?: Parameters<Room["publishData"]>[1]) {
      const [sender, receiver] = [await node.join(), await node.join()];
      const arrival = next(receiver, "data");
      const local = await sender.publishData(label, options);
      const [remote] = await arrival;
      return { sender, receiver, local, remote, messages: collect(remote) };
    }

    /** Until a receiver has answered the node's offer, what is sent does not reach it. */
    async function reaches(local: LocalData, messages: DataMessage[]): Promise<void> {
      for (let i = 0; messages.length === 0; i += 1) {
        if (i === 100) throw new Error("nothing arrives");
        await local.send("");
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      await local.send("begin");
      await eventually("it began", () => messages.includes("begin"));
      messages.length = 0;
    }

    function collect(remote: RemoteData): DataMessage[] {
      const messages: DataMessage[] = [];
      remote.on("message", (message) => messages.push(message));
      return messages;
    }

    it("carry text and bytes both ways, in order and unchanged, and both sides count the same bytes", async () => {
      const keys = [createSessionKey(), createSessionKey()];
      const rooms: Room[] = [];
      for (const sessionKey of keys) rooms.push(await node.join({ sessionKey }));
      const [ada, bob] = rooms;
      if (!ada || !bob) throw new Error("unreachable");
      const arrivals = [next(ada, "data"), next(bob, "data")];
      const locals: LocalData[] = [];
      for (const room of rooms) locals.push(await room.publishData("chat", { protocol: "json" }));
      const remotes = (await Promise.all(arrivals)).map(([remote]) => remote);
      const received = remotes.map(collect);
      expect(remotes.map(({ label, protocol }) => [label, protocol])).to.deep.equal([
        ["chat", "json"],
        ["chat", "json"],
      ]);
      for (const [i, local] of locals.entries()) await reaches(local, received[1 - i] ?? []);
      const messages: DataMessage[] = [];
      for (let i = 0; i < 200; i += 1) {
        messages.push(i % 2 ? `grüße ${i} ${"€".repeat(i)}` : new Uint8Array(randomBytes(1 + 37 * i)));
      }
      for (const message of messages) await Promise.all(locals.map((local) => local.send(message)));
      await eventually("all arrived", () => received.every(({ length }) => length === 200));
      for (const one of received) expect(one).to.deep.equal(messages);
      const sent = messages.reduce((sum, message) => sum + Buffer.from(message).length, 0);
      await Promise.all(rooms.map((room) => room.leave()));
      for (const { address } of keys) {
        const session = node.admission.session(address);
        await eventually("the node noticed", () => session.left);
        // With the few bytes of before.
        expect(Number(session.bytesSent)).to.be.within(sent + "begin".length, sent + 200);
        expect(node.admission.receipt(address, 10)?.receipt.bytesDelivered).to.equal(session.bytesSent);
      }
    });

    // Less in all than the node keeps for a receiver: one that falls further behind loses the channel.
    it("hold a sender back that is faster than the network, and lose nothing", async () => {
      const PARTS = 24;
      const { local, messages, receiver, sender } = await open("file");
      await reaches(local, messages);
      const hash = createHash("sha256");
      let most = 0;
      const sent = Array.from({ length: PARTS }, async () => {
        const part = new Uint8Array(randomBytes(64 * 1024));
        hash.update(part);
        await local.send(part);
        most = Math.max(most, local.bufferedAmount);
      });
      await Promise.all(sent);
      expect(most).to.be.at.most(1024 * 1024 + 64 * 1024);
      await eventually("all of it arrived", () => messages.length === PARTS, 30_000);
      const arrived = createHash("sha256");
      for (const message of messages) arrived.update(message);
      expect(arrived.digest("hex")).to.equal(hash.digest("hex"));
      expect(await failure(local.send("x".repeat(300_000)))).to.be.instanceOf(RangeError);
      const closed = new Promise<void>((resolve) => receiver.data[0]?.once("closed", resolve));
      await sender.unpublishData(local);
      await closed;
      expect(receiver.data).to.deep.equal([]);
      expect(await failure(local.send("late"))).to.be.instanceOf(Disconnected);
    });

    it("come as they are asked for", async () => {
      const { local, remote, messages } = await open("game", { maxRetransmits: 0 });
      expect(remote.label).to.equal("game");
      await reaches(local, messages);
      await local.send("jump");
      await eventually("it arrived", () => messages.length === 1);
    });

    it("are opened again where the media worker died", async () => {
      const { sender, receiver, local } = await open("chat");
      const back = [next(sender, "reconnected"), next(receiver, "reconnected")];
      const messages: DataMessage[] = [];
      receiver.on("data", (remote) => remote.on("message", (message) => messages.push(message)));
      process.kill(node.media.workers[0]?.pid ?? 0, "SIGKILL");
      await Promise.all(back);
      await eventually("the channel again", () => receiver.data.length === 1);
      await reaches(local, messages);
    });

    it("are refused where the grant does not allow them", async () => {
      const room = await node.join({ issue: { permissions: { data: false } } });
      expect(room.permissions).to.include({ data: false, publish: true, admin: false });
      const error = await failure(room.publishData("chat"));
      expect(error).to.be.instanceOf(RequestRefused).and.include({ code: "permission_denied" });
    });
  });

  describe("moderation", () => {
    it("mutes and unmutes a track, for everybody, and tells its publisher", async () => {
      const admin = await node.join({ issue: { permissions: { admin: true } } });
      const frames = watchFrames(admin);
      const arrival = next(admin, "track");
      const room = await node.join();
      const local = await room.publish(pattern(320, 180));
      const [remote] = await arrival;
      await eventually("frames", () => frames.count > 5);
      const muted = next(room, "trackMuted");
      const silenced = next(admin, "trackPaused");
      await admin.moderate("mute", remote.id);
      expect([(await muted)[0], local.muted]).to.deep.equal([local, true]);
      expect((await silenced)[0]).to.equal(remote);
      const unmuted = next(room, "trackMuted");
      await admin.moderate("unmute", remote.id);
      await unmuted;
      expect(local.muted).to.equal(false);
      const shown = frames.count;
      await eventually("frames again", () => frames.count > shown + 5);
    });

    it("removes a participant, who does not come back, and closes the room", async () => {
      const admin = await node.join({ issue: { permissions: { admin: true } } });
      const key = createSessionKey();
      const room = await node.join({ sessionKey: key });
      const removed = next(room, "disconnected");
      await admin.moderate("remove", key.address);
      expect((await removed)[0].code).to.equal("removed_by_moderator");
      expect(await failure(node.join({ sessionKey: key }))).to.include({ code: "removed_by_moderator" });
      const closed = next(admin, "disconnected");
      await admin.moderate("close", "");
      expect((await closed)[0].code).to.equal("room_closed");
    });

    it("is for admins only", async () => {
      const [room, other] = [await node.join(), await node.join()];
      const tone = testTone();
      tracks.push(tone);
      const { id } = await other.publish(tone.track);
      const error = await failure(room.moderate("mute", id));
      expect(error).to.be.instanceOf(RequestRefused).and.include({ code: "permission_denied" });
    });
  });
});
