import { once } from "node:events";
import { expect } from "chai";
import { testTone } from "../../../node/client/testMedia.js";
import type { TestTrack } from "../../../node/client/testMedia.js";
import type { MediaLimits } from "../../../node/media/limits.js";
import type { MediaError } from "../../../node/media/mediaError.js";
import { MediaServer } from "../../../node/media/MediaServer.js";
import type { Peer } from "../../../node/media/Peer.js";
import { eventually } from "../support/eventually.js";
import { silent } from "../support/testNode.js";
import { MediaClient } from "./MediaClient.js";
import { refusal } from "./refusal.js";

describe("media limits", () => {
  const clients: MediaClient[] = [];
  const tracks: TestTrack[] = [];
  let media: MediaServer;

  async function start(limits: Partial<MediaLimits>): Promise<void> {
    media = await MediaServer.start({
      workers: 1,
      listen: { addresses: [{ ip: "127.0.0.1" }], port: 0 },
      limits,
      sampleIntervalMs: 100,
      logger: silent,
    });
  }

  async function join(id: string): Promise<MediaClient> {
    const client = await MediaClient.join(media, "room", id);
    clients.push(client);
    return client;
  }

  /** Somebody speaks and somebody listens. */
  async function call(): Promise<{ ada: MediaClient; bob: MediaClient }> {
    const [ada, bob] = [await join("ada"), await join("bob")];
    await bob.receive();
    const tone = testTone();
    tracks.push(tone);
    await ada.publish(tone.track);
    await eventually("the tone arrives", async () => (await bob.place.peer.bytesSent()) > 1_000n);
    return { ada, bob };
  }

  const expelled = (peer: Peer) => new Promise<MediaError>((resolve) => peer.once("expelled", resolve));

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const track of tracks.splice(0)) track.stop();
    await media.close();
  });

  it("let nobody in while more is sent than may be, or more tracks than the workers may carry", async () => {
    await start({ maxOutgoingBitsPerSecond: 10_000 });
    const { ada } = await call();
    await eventually("the rate is measured", () => media.load.outgoingBitsPerSecond > 10_000);
    expect(await refusal(() => media.join("room", "carol"))).to.equal("bandwidth_limit");
    const [worker] = media.load.workers;
    expect(worker?.cpuShare).to.be.within(0.000_1, 1);
    ada.close();
    await eventually("it is quiet", () => media.load.outgoingBitsPerSecond === 0);
    (await media.join("room", "carol")).peer.close();
    await media.close();

    await start({ maxSubscriptionsPerWorker: 1 });
    await call();
    expect(await refusal(() => media.join("other", "carol"))).to.equal("load_limit");
    expect(await refusal(() => media.join("room", "carol"))).to.equal("load_limit");
  });

  it("stop who goes on sending more packets than it may, and say so", async () => {
    await start({ maxIncomingPacketsPerSecond: 20 });
    const { ada, bob } = await call();
    const { peer } = ada.place;
    const error = await expelled(peer);
    expect(error.code).to.equal("packet_limit");
    expect(error.message).to.match(/sends \d+ packets per second and may send 20/);
    expect(peer.publications).to.deep.equal([]);
    await eventually("the others receive it no longer", () => bob.place.peer.subscriptions.length === 0);
    const transportId = "whichever";
    const data = { sctpStreamParameters: { streamId: 1 }, label: "", protocol: "" };
    expect(await refusal(() => peer.publishData(transportId, data))).to.equal("packet_limit");
  });

  it("stop who goes on sending more bits than it may", async () => {
    await start({ maxIncomingBitsPerSecond: 50_000, maxDataMessageBytes: 16_384 });
    const ada = await join("ada");
    const channel = await ada.publishData({ label: "flood" });
    const timer = setInterval(() => channel.send("x".repeat(4_096)), 50);
    try {
      const error = await expelled(ada.place.peer);
      expect(error.code).to.equal("bitrate_limit");
      expect(ada.place.peer.dataPublications).to.deep.equal([]);
    } finally {
      clearInterval(timer);
    }
  });

  it("hold for data channels: how many, and how large their messages", async () => {
    await start({
      maxDataPublicationsPerPeer: 1,
      maxDataSubscriptionsPerPeer: 1,
      maxDataMessageBytes: 1_000,
    });
    const [ada, bob, carol] = [await join("ada"), await join("bob"), await join("carol")];
    const { peer } = ada.place;
    const { id, sctpParameters } = await peer.createSendTransport();
    expect(sctpParameters).to.deep.equal({
      port: 5000,
      maxSendMessageSize: 1_000,
      maxReceiveMessageSize: 1_000,
    });
    const data = { sctpStreamParameters: { streamId: 1 }, label: "", protocol: "" };
    await peer.publishData(id, data);
    expect(await refusal(() => peer.publishData(id, data))).to.equal("data_channel_limit");
    const none = { ...data, sctpStreamParameters: {} };
    expect(await refusal(() => bob.place.peer.publishData("unknown", none))).to.equal("not_found");

    const offered = once(carol.place.peer, "subscribedData");
    await carol.place.peer.createReceiveTransport(carol.place.room.rtpCapabilities);
    await offered;
    const [first] = peer.dataPublications;
    if (!first) throw new Error("nothing is published");
    expect(await refusal(() => carol.place.peer.subscribeData(first))).to.equal("data_channel_limit");
    first.close();
    await eventually("there is room again", () => carol.place.peer.dataSubscriptions.length === 0);
    await peer.publishData(id, { ...data, sctpStreamParameters: { streamId: 2 } });
  });
});
