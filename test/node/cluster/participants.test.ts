import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import wrtc from "@roamhq/wrtc";
import { expect } from "chai";
import type { LocalTrack, RemoteTrack } from "../../../node/client/tracks.js";
import { RoomService } from "../../../node/client/RoomService.js";
import type { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { testPattern, testTone } from "../../../node/client/testMedia.js";
import { eventually } from "../support/eventually.js";
import { addressOf } from "../support/participants.js";
import type { JoinOptions } from "../support/testNode.js";
import { TestRegistry, operatorKeyOf } from "./support/BareNode.js";
import { ClusterNode } from "./support/ClusterNode.js";

/** The whole way: SDK, signaling, links, media. */
describe("participants of one room on several nodes", () => {
  const stops: (() => unknown)[] = [];
  const nodes: ClusterNode[] = [];
  let registry: TestRegistry;

  beforeEach(() => (registry = new TestRegistry()));
  afterEach(async () => {
    for (const stop of stops.splice(0)) await stop();
    await Promise.all(nodes.splice(0).map((node) => node.stop()));
  });

  async function node(nodeId: bigint): Promise<ClusterNode> {
    const started = await ClusterNode.start(nodeId, registry);
    nodes.push(started);
    return started;
  }

  function join({ node: there }: ClusterNode, identity: string, more: JoinOptions = {}): Promise<Room> {
    return there.join({ ...more, issue: { identity, homes: [1n], ...more.issue } });
  }

  async function publish(room: Room): Promise<LocalTrack[]> {
    const tracks = [testPattern(), testTone()];
    for (const track of tracks) stops.push(() => track.stop());
    return Promise.all(tracks.map(({ track }) => room.publish(track)));
  }

  /** Counts the frames that a room's video tracks show. */
  function countFrames(room: Room): () => number {
    let frames = 0;
    const watch = ({ kind, mediaTrack }: RemoteTrack) => {
      if (kind !== "video") return;
      const sink = new wrtc.nonstandard.RTCVideoSink(mediaTrack);
      sink.onframe = () => (frames += 1);
      stops.push(() => sink.stop());
    };
    for (const track of room.tracks) watch(track);
    room.on("track", watch);
    return () => frames;
  }

  const identities = ({ participants }: Room) => participants.map(({ identity }) => identity).sort();

  it("see and hear each other, and each node counts what it delivered to its own", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const keys = { ada: createSessionKey(), bob: createSessionKey(), eve: createSessionKey() };
    const ada = await join(a, "ada", { sessionKey: keys.ada });
    const bob = await join(b, "bob", { sessionKey: keys.bob });
    const eve = await join(b, "eve", { sessionKey: keys.eve });
    await eventually("they know each other", () => {
      return identities(ada).join() === "bob,eve" && identities(bob).join() === "ada,eve";
    });
    const frames = [countFrames(ada), countFrames(bob), countFrames(eve)];
    await publish(ada);
    await publish(bob);
    await eventually("frames arrive", () => frames.every((count) => count() > 30));
    expect(ada.nodeId).to.equal(1n);
    expect(bob.nodeId).to.equal(2n);
    for (const stop of stops.splice(0)) await stop();
    await pause(500);
    await Promise.all([ada.leave(), bob.leave(), eve.leave()]);

    for (const [at, names] of [
      [a, ["ada"]],
      [b, ["bob", "eve"]],
    ] as const) {
      const { admission } = at.node;
      // Nobody is served at a node but those who joined it, whatever goes over its pipes.
      expect(admission.sessions.map(({ sessionKey }) => sessionKey).sort()).to.deep.equal(
        names.map((name) => keys[name].address).sort(),
      );
      for (const name of names) {
        const session = admission.session(keys[name].address);
        await eventually("the node noticed", () => session.left);
        const signed = admission.receipt(keys[name].address, 10)?.receipt;
        expect(signed?.nodeId).to.equal(at.nodeId);
        expect(Number(signed?.bytesDelivered)).to.be.greaterThan(20_000);
        expect(Number(signed?.bytesDelivered)).to.be.closeTo(
          Number(session.bytesSent),
          Number(session.bytesSent) / 200,
        );
      }
    }
    // Eve receives ada over the pipe and bob from her own node; ada receives bob alone.
    const bytesOf = (at: ClusterNode, name: keyof typeof keys) =>
      Number(at.node.admission.session(keys[name].address).bytesSent);
    const fromBoth = bytesOf(b, "eve");
    const fromOne = bytesOf(a, "ada") + bytesOf(b, "bob");
    // Roughly: they did not begin at the same moment.
    expect(fromBoth).to.be.closeTo(fromOne, fromOne / 4);
    await eventually("nothing is left", () => a.node.media.roomCount + b.node.media.roomCount === 0);
  });

  it("are muted and sent away by the app wherever they are", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const [ada, bob] = [await join(a, "ada"), await join(b, "bob")];
    const [video] = await publish(ada);
    await eventually("bob receives ada", () => bob.tracks.length === 2);
    const { app, signer, domain } = a.node.admission;
    const service = new RoomService({ app, signerKey: signer, domain, nodes: [b.node.signaling.url] });
    await service.muteTrack("standup", video?.id ?? "");
    await eventually("ada is told", () => video?.muted === true);
    await eventually("bob is told", () => bob.tracks.find(({ id }) => id === video?.id)?.paused === true);
    await service.unmuteTrack("standup", video?.id ?? "");
    await eventually("it goes on", () => bob.tracks.find(({ id }) => id === video?.id)?.paused === false);
    const gone = new Promise((resolve) => ada.once("disconnected", resolve));
    const [peer] = bob.participants;
    await service.removeParticipant("standup", peer?.peerId ?? "");
    await gone;
    await eventually("bob is alone", () => bob.participants.length === 0 && bob.tracks.length === 0);
  });

  it("are moderated by an admin on another node, and by nobody else", async () => {
    const [a, b] = [await node(1n), await node(2n)];
    const ada = await join(a, "ada");
    const bob = await join(b, "bob");
    const admin = await join(b, "admin", { issue: { permissions: { admin: true } } });
    const [video] = await publish(ada);
    await eventually("the admin receives ada", () => admin.tracks.length === 2);
    const refused = await bob.moderate("mute", video?.id ?? "").then(
      () => "done",
      () => "refused",
    );
    expect(refused).to.equal("refused");
    await admin.moderate("mute", video?.id ?? "");
    await eventually("ada is muted", () => video?.muted === true);
    await admin.moderate("close", "");
    await eventually("all are gone", () => a.node.media.roomCount + b.node.media.roomCount === 0);
  });

  it("go on at another node where theirs is killed, and are the same to the others", async () => {
    const [a, c] = [await node(1n), await node(3n)];
    const { process: killed, url } = await nodeProcess(2n);
    const ada = await join(a, "ada");
    // As a client with a list of nodes: first the one that will die.
    const bob = await join(c, "bob", { url: [url, c.node.signaling.url] });
    expect(bob.nodeId).to.equal(2n);
    const frames = countFrames(ada);
    await publish(bob);
    await eventually("ada sees bob", () => frames() > 10);
    killed.kill("SIGKILL");
    await eventually("bob has moved", () => bob.nodeId === 3n, 20_000);
    const before = frames();
    await eventually("ada sees bob again", () => frames() > before + 10, 20_000);
    await eventually("each is there once", () => {
      return identities(ada).join() === "bob" && identities(bob).join() === "ada" && ada.tracks.length === 2;
    });
  });

  /** A node that can be killed. */
  async function nodeProcess(nodeId: bigint): Promise<{ process: ChildProcess; url: string }> {
    const others = [...registry.endpoints].map(([id, endpoint]) => `${id}=${endpoint}`);
    const file = fileURLToPath(new URL("support/nodeProcess.ts", import.meta.url));
    const child = spawn(process.execPath, ["--import", "tsx", file, nodeId.toString(), ...others], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    stops.push(() => child.kill("SIGKILL"));
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const url = line.toString().trim();
    registry.endpoints.set(nodeId, url);
    registry.operators.set(nodeId, addressOf(operatorKeyOf(nodeId)));
    return { process: child, url };
  }
});
