import { once } from "node:events";
import wrtc from "@roamhq/wrtc";
import type { Wallet } from "ethers";
import { expect } from "chai";
import { Disconnected, RequestRefused } from "../../../node/client/errors.js";
import type { Room, RoomEvents } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { testTone } from "../../../node/client/testMedia.js";
import type { RemoteTrack } from "../../../node/client/tracks.js";
import { JoinRefused, SessionEnded } from "../../../node/protocol/refusals.js";
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import type { SignedReceipt } from "../../../node/protocol/typedData.js";
import { LossyRelay } from "../../../scripts/devnet/lossyRelay.js";
import { eventually } from "../support/eventually.js";
import { TestNode } from "../support/testNode.js";
import type { TestNodeOptions } from "../support/testNode.js";

describe("Room", () => {
  let node: TestNode;

  async function start(options: TestNodeOptions = {}): Promise<void> {
    node = await TestNode.start(options);
  }

  afterEach(async () => {
    await node.stop();
  });

  function next<E extends keyof RoomEvents>(room: Room, event: E): Promise<RoomEvents[E]> {
    return new Promise((resolve) => room.once(event, (...args: RoomEvents[E]) => resolve(args)));
  }

  /** Counts the frames that a room's video tracks show. */
  function countFrames(room: Room): () => number {
    let frames = 0;
    const watch = ({ kind, mediaTrack }: RemoteTrack) => {
      if (kind !== "video") return;
      const sink = new wrtc.nonstandard.RTCVideoSink(mediaTrack);
      sink.onframe = () => (frames += 1);
      room.once("disconnected", () => sink.stop());
    };
    for (const track of room.tracks) watch(track);
    room.on("track", watch);
    return () => frames;
  }

  async function failure(action: Promise<unknown>): Promise<unknown> {
    return action.then(
      () => undefined,
      (error: unknown) => error,
    );
  }

  it("carries sound and pictures both ways, and client and node count the same bytes", async () => {
    await start();
    const [aliceKey, bobKey] = [createSessionKey(), createSessionKey()];
    const alice = await node.join({ sessionKey: aliceKey, issue: { identity: "alice", name: "Alice" } });
    const arrival = next(alice, "participantJoined");
    const bob = await node.join({ sessionKey: bobKey, issue: { identity: "bob", metadata: "{}" } });
    expect(await arrival).to.deep.equal([{ peerId: bobKey.address, identity: "bob", metadata: "{}" }]);
    expect(bob.participants).to.deep.equal([{ peerId: aliceKey.address, identity: "alice", name: "Alice" }]);

    const receipts: bigint[] = [];
    bob.on("receipt", ({ receipt }) => receipts.push(receipt.bytesDelivered));
    const frames = [countFrames(alice), countFrames(bob)];
    const stopMedia = [await node.publishTestMedia(alice), await node.publishTestMedia(bob)];
    await eventually("a second of frames on both sides", () => frames.every((count) => count() > 15));
    expect(bob.tracks.map(({ kind, source }) => `${kind} ${source}`).sort()).to.deep.equal([
      "audio microphone",
      "video camera",
    ]);
    await eventually("three receipts", () => receipts.length >= 3);
    expect([...receipts].sort((a, b) => Number(a - b))).to.deep.equal(receipts);

    for (const stop of stopMedia) stop();
    await new Promise((resolve) => setTimeout(resolve, 300));
    await Promise.all([alice.leave(), bob.leave()]);
    for (const key of [aliceKey, bobKey]) {
      const session = node.admission.session(key.address);
      await eventually("the node noticed", () => session.left);
      const signed = node.admission.receipt(key.address, 10)?.receipt;
      // The same packets counted on both ends of a loopback; half a percent for what is under way at the end.
      expect(Number(signed?.bytesDelivered)).to.be.greaterThan(20_000);
      expect(Number(signed?.bytesDelivered)).to.be.closeTo(
        Number(session.bytesSent),
        Number(session.bytesSent) / 200,
      );
      expect(Number(signed?.bytesDelivered)).to.be.at.most(Number(session.bytesSent));
      expect(signed?.quality).to.be.within(9_500, 10_000);
    }
    expect([node.media.roomCount, node.media.peerCount, node.signaling.connections]).to.deep.equal([0, 0, 0]);
  });

  it("tells the others of pauses and ends of tracks, and of who leaves", async () => {
    await start();
    const alice = await node.join({ issue: { identity: "alice" } });
    const bob = await node.join({ issue: { identity: "bob" } });
    const tone = testTone();
    try {
      const arrival = next(bob, "track");
      const local = await alice.publish(tone.track, "flute");
      const [remote] = await arrival;
      expect(remote).to.include({ id: local.id, kind: "audio", source: "flute", paused: false });
      expect(remote.participant.identity).to.equal("alice");

      expect((await next(bob, "activeSpeaker"))[0].identity).to.equal("alice");

      const paused = next(bob, "trackPaused");
      await alice.pause(local);
      expect([(await paused)[0], remote.paused]).to.deep.equal([remote, true]);
      const resumed = next(bob, "trackResumed");
      await alice.resume(local);
      expect([(await resumed)[0], remote.paused]).to.deep.equal([remote, false]);

      const ended = next(bob, "trackEnded");
      await alice.unpublish(local);
      expect((await ended)[0]).to.equal(remote);
      expect([bob.tracks, alice.localTracks]).to.deep.equal([[], []]);

      const left = next(bob, "participantLeft");
      await alice.leave();
      expect((await left)[0].identity).to.equal("alice");
    } finally {
      tone.stop();
    }
  });

  it("goes on from its last receipt when the same key joins again, and ends the former connection", async () => {
    await start();
    await node.publishTestMedia(await node.join());
    const sessionKey = createSessionKey();
    const first = await node.join({ sessionKey });
    await eventually("bytes", () => first.received.bytesDelivered > 20_000n);
    const replaced = next(first, "disconnected");
    const again = await node.join({ sessionKey });
    const [{ code }] = await replaced;
    expect(code).to.equal("replaced");
    const former = node.admission.sessions.at(-2);
    const before = node.admission.session(sessionKey.address).lastReceipt?.receipt.bytesDelivered ?? 0n;
    expect(former?.left).to.equal(true);
    expect(Number(before)).to.be.greaterThan(0);
    expect(again.received.bytesDelivered).to.equal(before);
    const [receipt] = await next(again, "receipt");
    expect(Number(receipt.receipt.bytesDelivered)).to.be.greaterThan(Number(before));
    expect(node.media.peerCount).to.equal(2);
  });

  it("signs a last receipt for the old epoch and counts from zero in the new one", async () => {
    await start({ epochSeconds: 4 });
    await node.publishTestMedia(await node.join());
    const sessionKey = createSessionKey();
    const room = await node.join({ sessionKey });
    const receipts: SignedReceipt[] = [];
    room.on("receipt", (receipt) => receipts.push(receipt));
    const [epoch] = await next(room, "epoch");
    const [last] = receipts.slice(-1);
    expect(last?.receipt.epoch).to.equal(epoch - 1);
    const atTurn = node.admission.session(sessionKey.address).bytesSent;
    expect(Number(last?.receipt.bytesDelivered)).to.be.closeTo(Number(atTurn), Number(atTurn) / 5);
    await next(room, "receipt");
    expect(room.received.epoch).to.equal(epoch);
    expect(Number(room.received.bytesDelivered)).to.be.lessThan(Number(last?.receipt.bytesDelivered));
    await room.leave();
    const session = node.admission.session(sessionKey.address);
    await eventually("the node noticed", () => session.left);
    const signed = [epoch - 1, epoch, epoch + 1].map(
      (one) => node.admission.receipt(sessionKey.address, one)?.receipt.bytesDelivered ?? 0n,
    );
    const total = Number(signed.reduce((sum, bytes) => sum + bytes, 0n));
    // What was under way at the turn and at the end is a larger part of so short a call on a busy machine.
    expect(total).to.be.closeTo(Number(session.bytesSent), Number(session.bytesSent) / 20);
  });

  describe("is refused", () => {
    beforeEach(() => start());

    async function refusal(join: Promise<Room>): Promise<string> {
      const error = await failure(join);
      expect(error).to.be.instanceOf(JoinRefused);
      await eventually("released", () => node.signaling.connections === 0);
      return error instanceof JoinRefused ? error.code : "";
    }

    it("with a grant that has expired", async () => {
      const issue = { ttlSeconds: 60, nowMs: Date.now() - 61_000 };
      expect(await refusal(node.join({ issue }))).to.equal("grant_expired");
    });

    it("with a grant for another room", async () => {
      expect(await refusal(node.join({ room: "elsewhere" }))).to.equal("grant_room_mismatch");
    });

    it("with a session key that the grant does not name", async () => {
      const token = await node.token(createSessionKey());
      expect(await refusal(node.join({ token }))).to.equal("join_signature_invalid");
    });

    it("with details that the app did not sign", async () => {
      const sessionKey = createSessionKey();
      const token = await node.token(sessionKey);
      const details = token.details.replace(sessionKey.address, "somebody else");
      expect(await refusal(node.join({ sessionKey, token: { ...token, details } }))).to.equal(
        "grant_details_mismatch",
      );
    });

    it("with a grant signed by somebody else", async () => {
      const sessionKey = createSessionKey();
      const [token, other] = [await node.token(sessionKey), await node.token(createSessionKey())];
      const { grantSignature } = other;
      expect(await refusal(node.join({ sessionKey, token: { ...token, grantSignature } }))).to.equal(
        "grant_signer_unknown",
      );
    });

    it("while the app does not pay", async () => {
      node.admission.refusal = new JoinRefused("app_unpaid", "the app owes too much");
      const error = await failure(node.join());
      expect(error)
        .to.be.instanceOf(JoinRefused)
        .and.include({ code: "app_unpaid", message: "the app owes too much" });
    });

    it("tracks, where the grant's permissions allow to publish only", async () => {
      const permissions = { publish: true, subscribe: false, data: true };
      const room = await node.join({ issue: { permissions } });
      await node.publishTestMedia(room);
      await node.publishTestMedia(await node.join());
      const listener = await node.join();
      await eventually("both reach a third", () => listener.tracks.length === 4);
      expect(room.tracks).to.deep.equal([]);
    });

    it("publishing, where the grant's permissions do not allow it", async () => {
      const permissions = { publish: false, subscribe: true, data: true };
      const room = await node.join({ issue: { permissions } });
      const tone = testTone();
      const error = await failure(room.publish(tone.track));
      tone.stop();
      expect(error).to.be.instanceOf(RequestRefused).and.include({ code: "permission_denied" });
    });
  });

  it("refuses a node of another network, or another node, before it signs anything", async () => {
    await start();
    const { nodeId, domain } = node.admission;
    const { verifyingContract } = domain;
    for (const expect_ of [
      { nodeId: nodeId + 1n },
      { domain: typedDataDomain(1n, verifyingContract) },
      { domain: typedDataDomain(domain.chainId, node.admission.app) },
    ]) {
      const signed: string[] = [];
      const wallet = createSessionKey();
      const sessionKey = {
        address: wallet.address,
        signTypedData: (...args: Parameters<Wallet["signTypedData"]>) => {
          signed.push("signed");
          return wallet.signTypedData(...args);
        },
      };
      const error = await failure(node.join({ sessionKey, expect: expect_ }));
      expect(error).to.be.instanceOf(Disconnected).and.include({ code: "node_not_trusted" });
      expect(signed).to.deep.equal([]);
    }
    await node.join({ expect: { nodeId, domain } });
  });

  it("hears why the node stops serving it, after a last receipt", async () => {
    await start();
    await node.publishTestMedia(await node.join());
    const sessionKey = createSessionKey();
    // No receipt but the last one.
    const room = await node.join({ sessionKey, receiptIntervalMs: 60_000, giveUpAfterMs: 0 });
    const session = node.admission.session(sessionKey.address);
    await eventually("bytes", () => session.bytesSent > 10_000n);
    session.end(new SessionEnded("app_unpaid", "the app owes too much"));
    const [reason] = await next(room, "disconnected");
    expect(reason).to.include({ code: "app_unpaid", message: "the app owes too much" });
    await eventually("the node noticed", () => session.left);
    const signed = node.admission.receipt(sessionKey.address, 10)?.receipt.bytesDelivered;
    expect(Number(signed)).to.be.closeTo(Number(session.bytesSent), Number(session.bytesSent) / 20);
  });

  it("hears that the node stops, after a last receipt", async () => {
    await start();
    await node.publishTestMedia(await node.join());
    const sessionKey = createSessionKey();
    const room = await node.join({ sessionKey, receiptIntervalMs: 60_000, giveUpAfterMs: 0 });
    const session = node.admission.session(sessionKey.address);
    await eventually("bytes", () => session.bytesSent > 10_000n);
    node.stopping.abort();
    const [{ code }] = await next(room, "disconnected");
    expect(code).to.equal("node_closing");
    expect(node.admission.receipt(sessionKey.address, 10)).not.to.equal(undefined);
  });

  it("hears that the media worker died", async () => {
    await start();
    const room = await node.join({ giveUpAfterMs: 0 });
    const [worker] = node.media.workers;
    const died = once(node.media, "workerdied");
    process.kill(worker?.pid ?? 0, "SIGKILL");
    await died;
    expect((await next(room, "disconnected"))[0].code).to.equal("worker_died");
  });

  it("gives up, or leaves, when its caller's signal is aborted", async () => {
    await start();
    expect(await failure(node.join({ signal: AbortSignal.abort() }))).to.include({ name: "AbortError" });
    const early = new AbortController();
    const sessionKey = createSessionKey();
    const token = await node.token(sessionKey);
    const joining = failure(node.join({ sessionKey, token, signal: early.signal }));
    early.abort();
    expect(await joining)
      .to.be.instanceOf(Disconnected)
      .and.include({ code: "left" });
    const late = new AbortController();
    const room = await node.join({ signal: late.signal });
    late.abort();
    expect((await next(room, "disconnected"))[0].code).to.equal("left");
  });

  it("fails where nobody listens", async () => {
    await start();
    await node.signaling.close();
    const error = await failure(node.join());
    expect(error).to.be.instanceOf(Disconnected).and.include({ code: "connection_lost" });
  });

  it("signs for less, and of less quality, on a bad network", async () => {
    // Participants reach the node through the relay: another loopback address, the same port.
    await start({
      media: { listen: { addresses: [{ ip: "127.0.0.1", announcedAddress: "127.0.0.2" }], port: 0 } },
    });
    const port = node.media.ports[0]?.udp ?? 0;
    const relay = await LossyRelay.open({ address: "127.0.0.2", port }, "127.0.0.1");
    try {
      const sessionKey = createSessionKey();
      const publisher = await node.join();
      const room = await node.join({ sessionKey });
      const frames = countFrames(room);
      await node.publishTestMedia(publisher);
      await eventually("frames", () => frames() > 15);
      await next(room, "receipt");
      expect(room.received.quality).to.be.greaterThan(9_500);
      const [good, sentGood] = [room.received, node.admission.session(sessionKey.address).bytesSent];

      relay.impair({ loss: 0.1, delayMs: 80, jitterMs: 10 });
      await eventually(
        "as much again",
        () => room.received.bytesDelivered > 3n * good.bytesDelivered,
        20_000,
      );
      expect(room.received.quality).to.be.lessThan(8_500);
      await room.leave();
      const session = node.admission.session(sessionKey.address);
      await eventually("the node noticed", () => session.left);
      const signed = node.admission.receipt(sessionKey.address, 10)?.receipt.bytesDelivered ?? 0n;
      const [received, sent] = [signed - good.bytesDelivered, session.bytesSent - sentGood];
      expect(Number(received) / Number(sent)).to.be.within(0.7, 0.98);
    } finally {
      await node.stop();
      await relay.close();
    }
  });
});
