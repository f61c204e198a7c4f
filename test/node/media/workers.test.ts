import { once } from "node:events";
import { createServer } from "node:net";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { testPattern, testTone } from "../../../node/client/testMedia.js";
import type { TestTrack } from "../../../node/client/testMedia.js";
import { MediaServer } from "../../../node/media/MediaServer.js";
import type { MediaServerOptions } from "../../../node/media/MediaServer.js";
import { eventually } from "../support/eventually.js";
import { silent } from "../support/testNode.js";
import { MediaClient } from "./MediaClient.js";
import { opusTrack } from "./opusTrack.js";
import { SIMULCAST } from "./simulcast.js";

const LOOPBACK_UDP = { protocol: "udp", ip: "127.0.0.1" } as const;

describe("media workers", () => {
  const clients: MediaClient[] = [];
  const tracks: TestTrack[] = [];
  let media: MediaServer;

  async function start(options: Partial<MediaServerOptions> = {}): Promise<void> {
    const listen = { addresses: [{ ip: "127.0.0.1" }], port: 0 };
    media = await MediaServer.start({ workers: 2, listen, logger: silent, ...options });
  }

  async function join(id: string): Promise<MediaClient> {
    const client = await MediaClient.join(media, "room", id);
    clients.push(client);
    return client;
  }

  /** Apart from each one's WebRTC server. */
  async function workersEmpty(): Promise<boolean> {
    const dumps = await Promise.all(media.workers.map((worker) => worker.dump()));
    return dumps.every(({ routers, pipes, objects }) => routers === 0 && pipes === 0 && objects === 1);
  }

  function published(track: TestTrack): MediaStreamTrack {
    tracks.push(track);
    return track.track;
  }

  const hears = (client: MediaClient, peerId: string, kind: "audio" | "video") =>
    eventually(`${kind} of ${peerId} arrives`, async () => {
      const received = client.received.find(
        ({ subscription }) => subscription.publication.peerId === peerId && subscription.kind === kind,
      );
      if (!received) return false;
      let packets = 0;
      (await client.receiveReport()).forEach(
        (entry: { trackIdentifier?: string; packetsReceived?: number }) => {
          if (entry.trackIdentifier === received.consumer.track.id) packets = entry.packetsReceived ?? 0;
        },
      );
      return packets > 5;
    });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const track of tracks.splice(0)) track.stop();
    await media.close();
  });

  it("share a room once one is full: all receive each other, and the pipes go with those who needed them", async () => {
    await start({ limits: { maxSubscriptionsPerWorker: 1 } });
    const [ada, bob] = [await join("ada"), await join("bob")];
    await Promise.all([ada.receive(), bob.receive()]);
    await ada.publish(published(testPattern({ width: 640, height: 360 })), SIMULCAST);
    await hears(bob, "ada", "video");
    const carol = await join("carol");
    expect(carol.place.peer.site.worker).not.to.equal(ada.place.peer.site.worker);
    expect(carol.place.room).to.equal(ada.place.room);
    await carol.receive();
    const speaks = once(ada.place.room, "activespeaker");
    await carol.publish(published(testTone()));
    await Promise.all([
      hears(carol, "ada", "video"),
      hears(ada, "carol", "audio"),
      hears(bob, "carol", "audio"),
    ]);

    // Who speaks is found out across workers.
    // Layers are there on the other worker as on the first.
    const camera = carol.received.find(({ subscription }) => subscription.kind === "video")?.subscription;
    expect(camera?.layers).to.deep.equal({ spatial: 2, temporal: 3 });
    await camera?.setPreferredLayers({ spatialLayer: 0 });
    await eventually("the lower layer arrives", () => camera?.currentLayers?.spatialLayer === 0);

    expect(await speaks).to.deep.equal(["carol"]);

    const sent = await carol.publishData({ label: "chat" });
    await eventually("the channel is offered", () => bob.receivedData.length === 1);
    const texts: string[] = [];
    bob.receivedData[0]?.on("message", (text: string) => texts.push(text));
    await eventually("data arrives", () => {
      sent.send("hello");
      return texts.includes("hello");
    });

    const second = carol.place.peer.site;
    const { router } = ada.place.room;
    const consumersOf = async () =>
      (await router.dump()).mapProducerIdConsumerIds.flatMap(({ values }) => values).length;
    const before = await consumersOf();
    carol.close();
    await eventually("its router closes", () => second.router.closed);
    await eventually("the pipes close", async () => (await consumersOf()) < before);
    await eventually("only one subscription is left", () => media.load.subscriptions === 1);
    expect([...clients.flatMap(({ errors }) => errors)]).to.deep.equal([]);
  });

  it("are loaded by pipes too: new rooms go where less is sent and received", async () => {
    await start();
    // A participant of another node, whose tracks come over a pipe to a room with one listener here.
    const { room } = (await join("ada")).place;
    const other = room.worker;
    const pipe = await room.router.createPipeTransport({ listenInfo: LOOPBACK_UDP, enableSctp: true });
    const producers = await Promise.all(
      [0, 1, 2].map(() => {
        const { kind, rtpParameters } = opusTrack();
        return pipe.produce({ kind, rtpParameters });
      }),
    );
    const layers = [{ ssrc: 1 }, { ssrc: 2 }];
    const codecs = [{ mimeType: "video/VP8", payloadType: 101, clockRate: 90_000 }];
    await pipe.produce({ kind: "video", rtpParameters: { codecs, encodings: layers } });
    await pipe.produceData({ label: "chat", sctpStreamParameters: { streamId: 0 } });
    expect([other.load.pipedStreams, other.load.sentStreams, other.load.score]).to.deep.equal([5, 0, 7]);

    // Six participants weigh less than that, so that all go to the other worker.
    const places = await Promise.all([1, 2, 3, 4, 5, 6].map((name) => media.join(`room ${name}`, "bob")));
    expect(places.filter(({ room: { worker } }) => worker === other)).to.deep.equal([]);

    // What is sent over pipes counts towards what a worker may send.
    const [first] = producers;
    if (!first) throw new Error("nothing is piped");
    const back = await room.router.createPipeTransport({ listenInfo: LOOPBACK_UDP });
    await back.consume({ producerId: first.id });
    expect([other.load.pipedStreams, other.load.sentStreams]).to.deep.equal([6, 1]);
    const { pipedStreams } = media.load.workers.find(({ pid }) => pid === other.pid) ?? {};
    expect(pipedStreams).to.equal(6);

    // And no longer when it is over.
    first.close();
    await eventually("what was sent of it ends", () => other.load.sentStreams === 0);
    expect(other.load.pipedStreams).to.equal(4);
    pipe.close();
    expect([other.load.pipedStreams, other.load.score]).to.deep.equal([0, 1]);
    expect((await media.join("last", "bob")).room.worker).to.equal(other);
  });

  it("send no more than they may, what they send each other included", async () => {
    await start({ limits: { maxSubscriptionsPerWorker: 2 } });
    const [ada, bob] = [await join("ada"), await join("bob")];
    await Promise.all([ada.receive(), bob.receive()]);
    await ada.publish(published(testTone()));
    await hears(bob, "ada", "audio");
    const { worker } = ada.place.room;
    expect(worker.load.sentStreams).to.equal(1);
    // As to a listener on another node.
    const { room } = ada.place;
    const pipe = await room.router.createPipeTransport({ listenInfo: LOOPBACK_UDP });
    await pipe.consume({ producerId: room.publications[0]?.id ?? "" });
    expect(worker.load.sentStreams).to.equal(2);
    expect((await join("carol")).place.peer.site.worker).not.to.equal(worker);
  });

  it("say that they died to those whose requests were under way, in words of ours", async () => {
    await start({ workers: 1 });
    const { place } = await join("ada");
    const { id } = await place.peer.createSendTransport();
    process.kill(place.room.worker.pid, "SIGSTOP");
    const refused = [
      () => place.peer.publish(id, opusTrack()),
      () => place.peer.createReceiveTransport(place.room.rtpCapabilities),
    ].map((request) => request().then(() => "none", String));
    process.kill(place.room.worker.pid, "SIGKILL");
    expect(await Promise.all(refused)).to.deep.equal([
      "MediaError: track not published: the media worker died; join again",
      "MediaError: transport not created: the media worker died; join again",
    ]);
  });

  it("hold nothing more when all have left, however often they come and go", async () => {
    await start({ limits: { maxSubscriptionsPerWorker: 4 } });
    for (let round = 0; round < 10; round += 1) {
      const places = await Promise.all(["a", "b", "c", "d"].map((id) => media.join(`room${round % 3}`, id)));
      await Promise.all(
        places.map(async ({ room, peer }) => {
          await peer.createReceiveTransport(room.rtpCapabilities);
          const { id } = await peer.createSendTransport();
          await peer.publish(id, opusTrack());
          await peer.publishData(id, { sctpStreamParameters: { streamId: 0 }, label: "", protocol: "" });
        }),
      );
      // Half of them without waiting for what is still under way.
      if (round % 2 === 0) await eventually("all is offered", () => media.load.subscriptions >= 12);
      const [first, ...others] = places;
      first?.peer.close();
      await Promise.all(others.map(({ peer }) => peer.finish()));
    }
    await eventually("nothing is left on the workers", workersEmpty);
    await eventually(
      "nothing is counted",
      () => media.load.subscriptions + media.load.dataSubscriptions === 0,
    );
    const { workers, ...load } = media.load;
    const nothing = { rooms: 0, peers: 0, publications: 0, dataPublications: 0 };
    expect(load).to.deep.include({ ...nothing, subscriptions: 0, dataSubscriptions: 0 });
    expect(workers.map(({ peers }) => peers)).to.deep.equal([0, 0]);
    expect([media.roomCount, media.peerCount]).to.deep.equal([0, 0]);
  });

  it("are started again on the same ports when their process is killed, and take participants as before", async () => {
    await start({ workers: 1 });
    const [ports] = media.ports;
    for (let death = 1; death <= 3; death += 1) {
      const ada = await join(`ada${death}`);
      const [worker] = media.workers;
      if (!worker) throw new Error("no worker runs");
      const closed = once(ada.place.room, "closed");
      const restarted = once(media, "workerrestarted");
      process.kill(worker.pid, "SIGKILL");
      expect(await closed).to.deep.equal(["worker_died"]);
      // Whoever joins before it runs again waits for it.
      const bob = await join(`bob${death}`);
      await restarted;
      expect(media.ports).to.deep.equal([ports]);
      await bob.receive();
      const carol = await join(`carol${death}`);
      await carol.publish(published(testTone()));
      await hears(bob, `carol${death}`, "audio");
      bob.close();
      carol.close();
    }
    expect([media.roomCount, media.peerCount]).to.deep.equal([0, 0]);
  });

  it("wait for their port where somebody else has it meanwhile", async () => {
    await start({ workers: 1 });
    const [worker] = media.workers;
    if (!worker) throw new Error("no worker runs");
    const thief = createServer();
    const stolen = once(thief, "listening");
    media.once("workerdied", () => thief.listen(worker.ports.tcp, "127.0.0.1"));
    let restarts = 0;
    media.on("workerrestarted", () => (restarts += 1));
    process.kill(worker.pid, "SIGKILL");
    await stolen;
    await pause(600);
    expect([restarts, media.workers.length, media.load.workers.length]).to.deep.equal([0, 0, 0]);
    const joining = media.join("room", "ada");
    thief.close();
    expect((await joining).room.worker.ports).to.deep.equal(worker.ports);
    expect(restarts).to.equal(1);
  });

  it("that hang are killed and started again", async () => {
    await start({ workers: 1, hangTimeoutMs: 500 });
    const { room } = await media.join("room", "ada");
    const closed = once(room, "closed");
    const restarted = once(media, "workerrestarted");
    process.kill(room.worker.pid, "SIGSTOP");
    expect(await closed).to.deep.equal(["worker_died"]);
    await restarted;
    const { peer } = await media.join("room", "ada");
    await peer.createSendTransport();
    peer.close();
  });

  it("take a room that is on several with them when one dies", async () => {
    await start({ limits: { maxSubscriptionsPerWorker: 1 } });
    const [ada, bob] = [await join("ada"), await join("bob")];
    await bob.receive();
    await ada.publish(published(testTone()));
    await hears(bob, "ada", "audio");
    const { room, peer } = (await join("carol")).place;
    expect(peer.site.worker).not.to.equal(room.worker);
    const closed = once(room, "closed");
    process.kill(peer.site.worker.pid, "SIGKILL");
    expect(await closed).to.deep.equal(["worker_died"]);
    expect([ada, bob].map(({ place }) => place.peer.closed)).to.deep.equal([true, true]);
    expect([media.roomCount, media.peerCount]).to.deep.equal([0, 0]);
    await eventually("nothing is left on the workers", workersEmpty);
  });

  it("listen on IPv4 and IPv6 with one port, and media comes over either", async () => {
    await start({ workers: 1, listen: { addresses: [{ ip: "127.0.0.1" }, { ip: "::1" }], port: 0 } });
    const { peer } = await media.join("candidates", "a");
    const { iceCandidates } = await peer.createSendTransport();
    const [ports] = media.ports;
    expect(iceCandidates.map(({ protocol, address, port }) => [protocol, address, port])).to.deep.equal([
      ["udp", "127.0.0.1", ports?.udp],
      ["udp", "::1", ports?.udp],
      ["tcp", "127.0.0.1", ports?.tcp],
      ["tcp", "::1", ports?.tcp],
    ]);
    await media.close();

    await start({ workers: 1, listen: { addresses: [{ ip: "::1" }], port: 0 } });
    const [ada, bob] = [await join("ada"), await join("bob")];
    await bob.receive();
    await ada.publish(published(testTone()));
    await hears(bob, "ada", "audio");
  });

  it("are probed with real packets, and nothing of it stays", async () => {
    await start();
    const probes = await media.probe(AbortSignal.timeout(10_000));
    expect(probes.map(({ pid, ok }) => [pid, ok])).to.deep.equal(media.workers.map(({ pid }) => [pid, true]));
    for (const probe of probes) expect(probe.ok && probe.roundTripMs).to.be.within(0, 1_000);
    const again = await Promise.all(
      Array.from({ length: 5 }, () => media.probe(AbortSignal.timeout(10_000))),
    );
    expect(again.flat().every(({ ok }) => ok)).to.equal(true);
    await eventually("nothing is left on the workers", workersEmpty);

    // A worker that hangs is found out.
    const [hung] = media.workers;
    if (!hung) throw new Error("no worker runs");
    process.kill(hung.pid, "SIGSTOP");
    try {
      const found = await media.probe(AbortSignal.timeout(20_000));
      expect(found.map(({ ok }) => ok)).to.deep.equal([false, true]);
    } finally {
      process.kill(hung.pid, "SIGCONT");
    }
  });
});
