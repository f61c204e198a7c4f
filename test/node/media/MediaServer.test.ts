import { createServer, isIP } from "node:net";
import { once } from "node:events";
import { expect } from "chai";
import { MediaServer } from "../../../node/media/MediaServer.js";
import type { MediaServerOptions } from "../../../node/media/MediaServer.js";
import type { Subscription } from "../../../node/media/Subscription.js";
import { eventually } from "../support/eventually.js";
import { silent } from "../support/testNode.js";
import { opusTrack } from "./opusTrack.js";
import { refusal } from "./refusal.js";

const LOOPBACK = { addresses: [{ ip: "127.0.0.1" }], port: 0 };

describe("MediaServer", () => {
  const servers: MediaServer[] = [];

  async function start(options: Partial<MediaServerOptions> = {}): Promise<MediaServer> {
    const server = await MediaServer.start({ workers: 1, listen: LOOPBACK, logger: silent, ...options });
    servers.push(server);
    return server;
  }

  afterEach(async () => {
    await Promise.all(servers.splice(0).map((server) => server.close()));
  });

  it("puts those who ask for the same room at the same time into one, which closes with the last of them", async () => {
    const media = await start();
    const places = await Promise.all(["a", "b", "c"].map((peerId) => media.join("room", peerId)));
    const [first] = places;
    expect(new Set(places.map(({ room }) => room)).size).to.equal(1);
    expect([media.roomCount, media.peerCount]).to.deep.equal([1, 3]);

    const reasons: string[] = [];
    first?.room.once("closed", (reason) => reasons.push(reason));
    for (const { peer } of places) peer.close();
    expect(reasons).to.deep.equal(["empty"]);
    expect([media.roomCount, media.peerCount]).to.deep.equal([0, 0]);

    const again = await media.join("room", "a");
    expect(again.room).not.to.equal(first?.room);
    expect(await refusal(() => media.join("room", "a"))).to.equal("peer_exists");
  });

  it("spreads rooms over its workers, each with ports of its own", async () => {
    const media = await start({ workers: 2 });
    const [one, two] = [await media.join("one", "a"), await media.join("two", "a")];
    expect(one.room.worker).not.to.equal(two.room.worker);
    expect(new Set(media.ports.flatMap(({ udp }) => udp)).size).to.equal(2);
    expect(new Set(media.ports.flatMap(({ tcp }) => tcp)).size).to.equal(2);
  });

  it("announces the configured address and the worker's ports", async () => {
    const media = await start({
      listen: { addresses: [{ ip: "127.0.0.1", announcedAddress: "node.example" }], port: 0 },
    });
    const { peer } = await media.join("room", "a");
    const { iceCandidates } = await peer.createSendTransport();
    const [ports] = media.ports;
    expect(iceCandidates.map(({ protocol, address, port }) => ({ protocol, address, port }))).to.deep.equal([
      { protocol: "udp", address: "node.example", port: ports?.udp },
      { protocol: "tcp", address: "node.example", port: ports?.tcp },
    ]);
  });

  it("announces an address of this machine where it listens on all of them", async () => {
    const media = await start({ listen: { addresses: [{ ip: "0.0.0.0" }, { ip: "::" }], port: 0 } });
    const { peer } = await media.join("room", "a");
    const { iceCandidates } = await peer.createSendTransport();
    expect(iceCandidates.map(({ address }) => isIP(address))).to.deep.equal([4, 6, 4, 6]);
    for (const { address } of iceCandidates) expect(address).not.to.be.oneOf(["0.0.0.0", "::"]);
  });

  it("refuses rooms, peers and tracks above its limits, and takes new ones when old ones go", async () => {
    const media = await start({
      limits: { maxRooms: 1, maxPeers: 3, maxPeersPerRoom: 2, maxPublicationsPerPeer: 1 },
    });
    const { peer } = await media.join("one", "a");
    const other = await media.join("one", "b");
    expect(await refusal(() => media.join("one", "c"))).to.equal("peer_limit");
    expect(await refusal(() => media.join("two", "a"))).to.equal("room_limit");
    expect(media.peerCount).to.equal(2);

    const { id } = await peer.createSendTransport();
    const track = await peer.publish(id, opusTrack());
    expect(await refusal(() => peer.publish(id, opusTrack()))).to.equal("track_limit");
    track.close();
    await peer.publish(id, opusTrack());

    other.peer.close();
    await media.join("one", "c");
  });

  it("offers each track once, paused, to those who come before it and to those who come after", async () => {
    const media = await start();
    const publisher = (await media.join("room", "publisher")).peer;
    const early = (await media.join("room", "early")).peer;
    const { room, peer: late } = await media.join("room", "late");
    const offers: [string, Subscription][] = [];
    for (const peer of [publisher, early, late]) {
      peer.on("subscribed", (subscription) => offers.push([peer.id, subscription]));
    }
    await early.createReceiveTransport(room.rtpCapabilities);
    const { id } = await publisher.createSendTransport();
    const offeredEarly = once(early, "subscribed");
    const track = await publisher.publish(id, opusTrack());
    await offeredEarly;
    const offeredLate = once(late, "subscribed");
    await late.createReceiveTransport(room.rtpCapabilities);
    await offeredLate;
    expect(offers.map(([peerId, { publication }]) => [peerId, publication.id])).to.deep.equal([
      ["early", track.id],
      ["late", track.id],
    ]);

    const closed = Promise.all(offers.map(([, subscription]) => once(subscription, "closed")));
    publisher.close();
    await closed;
  });

  it("offers nothing of who leaves while publishing", async () => {
    const media = await start();
    const [ada, bob] = [await media.join("room", "ada"), await media.join("room", "bob")];
    const { id } = await ada.peer.createSendTransport();
    const data = { sctpStreamParameters: { streamId: 0 }, label: "", protocol: "" };
    const publishing = [() => ada.peer.publish(id, opusTrack()), () => ada.peer.publishData(id, data)].map(
      refusal,
    );
    await new Promise((resolve) => setImmediate(resolve));
    ada.peer.close();
    expect(await Promise.all(publishing)).to.deep.equal(["closed", "closed"]);
    expect([bob.room.publications, bob.room.dataPublications]).to.deep.equal([[], []]);
  });

  it("limits how many tracks a peer receives", async () => {
    const media = await start({ limits: { maxSubscriptionsPerPeer: 1 } });
    const publisher = (await media.join("room", "publisher")).peer;
    const { room, peer } = await media.join("room", "receiver");
    const { id } = await publisher.createSendTransport();
    const [first, second] = [
      await publisher.publish(id, opusTrack()),
      await publisher.publish(id, opusTrack()),
    ];
    const offered = once(peer, "subscribed");
    await peer.createReceiveTransport(room.rtpCapabilities);
    await offered;
    expect(await refusal(() => peer.subscribe(second))).to.equal("subscription_limit");
    expect(first.closed).to.equal(false);
  });

  it("refuses a second transport of a kind, unknown ids, and parameters that cannot be", async () => {
    const media = await start();
    const { peer } = await media.join("room", "a");
    const { id } = await peer.createSendTransport();
    expect(await refusal(() => peer.createSendTransport())).to.equal("transport_exists");
    expect(await refusal(() => peer.restartIce("unknown"))).to.equal("not_found");
    expect(await refusal(() => peer.publish("unknown", opusTrack()))).to.equal("not_found");
    expect(await refusal(() => peer.publication("unknown"))).to.equal("not_found");
    expect(await refusal(() => peer.subscription("unknown"))).to.equal("not_found");
    const codecs = [{ mimeType: "audio/unheard-of", payloadType: 111, clockRate: 48_000 }];
    const track = { ...opusTrack(), rtpParameters: { codecs } };
    expect(await refusal(() => peer.publish(id, track))).to.equal("invalid_parameters");
    const fingerprints = [{ algorithm: "sha-256" as const, value: "AB" }];
    expect(await refusal(() => peer.connectTransport("unknown", { fingerprints }))).to.equal("not_found");
    await peer.connectTransport(id, { fingerprints });
    expect(await refusal(() => peer.connectTransport(id, { fingerprints }))).to.equal("failed");

    peer.close();
    expect(await refusal(() => peer.createReceiveTransport({}))).to.equal("closed");
    expect(await refusal(() => peer.publish(id, opusTrack()))).to.equal("closed");
    expect(await peer.bytesSent()).to.equal(0n);
  });

  it("closes the rooms of a worker that died, says so, and goes on with the others", async () => {
    const media = await start({ workers: 2 });
    const lost = await media.join("lost", "a");
    const kept = await media.join("kept", "b");
    const died = once(media, "workerdied");
    const closed = once(lost.room, "closed");
    process.kill(lost.room.worker.pid, "SIGKILL");
    expect((await died)[0]).to.equal(lost.room.worker);
    expect(await closed).to.deep.equal(["worker_died"]);
    expect([lost.peer.closed, kept.peer.closed, media.roomCount]).to.deep.equal([true, false, 1]);
    expect(await refusal(() => lost.peer.createSendTransport())).to.equal("closed");
    expect(await lost.peer.bytesSent()).to.equal(0n);

    const moved = await media.join("lost", "a");
    expect(moved.room.worker.closed).to.equal(false);
  });

  it("lets nobody in once it is closed", async () => {
    const media = await start();
    await media.join("room", "a");
    await media.close();
    expect(await refusal(() => media.join("room", "a"))).to.equal("closed");
    expect([media.roomCount, media.peerCount]).to.deep.equal([0, 0]);
  });

  it("offers what comes from participants on other nodes, as long as it lasts", async () => {
    const media = await start();
    const [ada, bob] = [await media.join("room", "ada"), await media.join("room", "bob")];
    const { room } = ada;
    const offers: [string, string, string][] = [];
    for (const { peer } of [ada, bob]) {
      peer.on("subscribed", ({ publication }) =>
        offers.push([peer.id, publication.peerId, publication.source]),
      );
      peer.on("subscribedData", ({ publication }) =>
        offers.push([peer.id, publication.peerId, publication.label]),
      );
      await peer.createReceiveTransport(room.rtpCapabilities);
    }
    const local: unknown[] = [];
    room.on("published", (publication) => local.push(publication));
    const transport = await room.router.createPlainTransport({
      listenInfo: { protocol: "udp", ip: "127.0.0.1" },
      enableSctp: true,
    });
    const { kind, rtpParameters } = opusTrack();
    const producer = await transport.produce({ kind, rtpParameters });
    // A participant who has moved here from there does not receive itself.
    const remote = room.addRemote({ peerId: "ada", source: "microphone", producer });
    const dataProducer = await transport.produceData({
      label: "chat",
      sctpStreamParameters: { streamId: 0 },
    });
    room.addRemoteData({ peerId: "carol", dataProducer });
    await eventually("both are offered", () => offers.length === 3);
    expect(offers).to.have.deep.members([
      ["bob", "ada", "microphone"],
      ["ada", "carol", "chat"],
      ["bob", "carol", "chat"],
    ]);
    expect(local).to.deep.equal([]);
    expect(room.publications).to.deep.equal([remote]);
    transport.close();
    expect([room.publications, room.dataPublications]).to.deep.equal([[], []]);
    await eventually("the offers are gone", () => bob.peer.subscriptions.length === 0);
  });

  it("says which port is taken, and leaves no worker running", async () => {
    const blocker = createServer();
    blocker.listen(0, "127.0.0.1");
    await once(blocker, "listening");
    const address = blocker.address();
    const port = typeof address === "object" && address ? address.port : 0;
    try {
      const failure = await MediaServer.start({
        workers: 2,
        listen: { ...LOOPBACK, port: port - 1 },
        logger: silent,
      }).then(
        () => undefined,
        (error: unknown) => error,
      );
      expect(failure).to.be.instanceOf(Error);
      expect(String(failure)).to.match(/could not listen on 127\.0\.0\.1, port \d+/);
    } finally {
      blocker.close();
      await once(blocker, "close");
    }
  });
});
