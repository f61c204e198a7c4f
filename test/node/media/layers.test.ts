import { setTimeout as pause } from "node:timers/promises";
import { isDeepStrictEqual } from "node:util";
import { expect } from "chai";
import { testPattern } from "../../../node/client/testMedia.js";
import type { TestTrack } from "../../../node/client/testMedia.js";
import { MediaServer } from "../../../node/media/MediaServer.js";
import type { Subscription } from "../../../node/media/Subscription.js";
import type { Layers } from "../../../node/protocol/mediaParameters.js";
import { LossyRelay } from "../../../scripts/devnet/lossyRelay.js";
import { eventually } from "../support/eventually.js";
import { silent } from "../support/testNode.js";
import { MediaClient } from "./MediaClient.js";
import { SIMULCAST } from "./simulcast.js";
import { SvcSource } from "./SvcSource.js";

/** Behind a relay: the node announces the relay's address. */
const RELAYED = { ip: "127.0.0.1", announcedAddress: "127.0.0.2" };

interface Call {
  readonly receiver: MediaClient;
  readonly subscription: Subscription;
}

describe("layers", () => {
  const clients: MediaClient[] = [];
  const tracks: TestTrack[] = [];
  let media: MediaServer | undefined;
  let relay: LossyRelay | undefined;
  let source: SvcSource | undefined;

  async function start(address: { ip: string; announcedAddress?: string }): Promise<MediaServer> {
    const listen = { addresses: [address], port: 0 };
    media = await MediaServer.start({ workers: 1, listen, logger: silent });
    return media;
  }

  /** A publisher of simulcast video and one who receives it. */
  async function call(server: MediaServer): Promise<Call> {
    const [ada, bob] = [
      await MediaClient.join(server, "room", "ada"),
      await MediaClient.join(server, "room", "bob"),
    ];
    clients.push(ada, bob);
    const pattern = testPattern({ width: 640, height: 360, framesPerSecond: 15 });
    tracks.push(pattern);
    await ada.publish(pattern.track, SIMULCAST);
    await bob.receive();
    await eventually("the track is received", () => bob.received.length === 1);
    const [received] = bob.received;
    if (!received) throw new Error("unreachable");
    return { receiver: bob, subscription: received.subscription };
  }

  /** Width of the pictures that are decoded just now. */
  async function frameWidth(receiver: MediaClient): Promise<number> {
    let width = 0;
    (await receiver.receiveReport()).forEach((entry: { frameWidth?: number }) => {
      width = Math.max(width, entry.frameWidth ?? 0);
    });
    return width;
  }

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    for (const track of tracks.splice(0)) track.stop();
    source?.stop();
    await relay?.close();
    await media?.close();
    [source, relay, media] = [undefined, undefined, undefined];
  });

  it("of a simulcast track: the best arrives, less where less is preferred, nothing while it is paused", async () => {
    const { receiver, subscription } = await call(await start({ ip: "127.0.0.1" }));
    const changes: (Layers | undefined)[] = [];
    subscription.on("layerschanged", (layers) => changes.push(layers));
    expect(subscription.layers).to.deep.equal({ spatial: 2, temporal: 3 });
    await eventually("the large picture arrives", async () => (await frameWidth(receiver)) === 640);

    await subscription.setPreferredLayers({ spatialLayer: 0 });
    await eventually("the small picture arrives", async () => (await frameWidth(receiver)) === 320);
    expect(subscription.currentLayers?.spatialLayer).to.equal(0);
    await subscription.setPreferredLayers({ spatialLayer: 7, temporalLayer: 7 });
    await eventually("the large picture arrives again", async () => (await frameWidth(receiver)) === 640);
    expect(changes.map((layers) => layers?.spatialLayer)).to.include.members([0, 1]);
    await subscription.setPriority(200);
    await subscription.requestKeyFrame();

    await subscription.pause();
    const { peer } = receiver.place;
    const before = await peer.bytesSent();
    await pause(500);
    expect(await peer.bytesSent()).to.equal(before);
    await subscription.resume();
    await eventually("more arrives", async () => (await peer.bytesSent()) > before + 10_000n);
  });

  it("of an SVC track: those above the preferred ones are taken out of the stream", async () => {
    const server = await start({ ip: "127.0.0.1" });
    const bob = await MediaClient.join(server, "room", "bob");
    clients.push(bob);
    const { room, peer } = bob.place;
    source = await SvcSource.start(room.router);
    room.addRemote({ peerId: "ada", source: "camera", producer: source.producer });
    await bob.receive();
    await eventually("the track is received", () => bob.received.length === 1);
    const [received] = bob.received;
    const subscription = received?.subscription;
    expect(subscription?.layers).to.deep.equal({ spatial: 2, temporal: 2 });
    const arrives = (layers: Layers) => () => isDeepStrictEqual(subscription?.currentLayers, layers);
    const bytesPerSecond = async () => {
      const before = await peer.bytesSent();
      await pause(1_000);
      return Number((await peer.bytesSent()) - before);
    };
    await eventually("all layers arrive", arrives({ spatialLayer: 1, temporalLayer: 1 }));
    const all = await bytesPerSecond();
    await subscription?.setPreferredLayers({ spatialLayer: 0, temporalLayer: 0 });
    await eventually("the lowest layers arrive", arrives({ spatialLayer: 0, temporalLayer: 0 }));
    expect(await bytesPerSecond()).to.be.below(all / 4);
    await subscription?.setPreferredLayers({ spatialLayer: 1 });
    await eventually("all layers arrive again", arrives({ spatialLayer: 1, temporalLayer: 1 }));
  });

  it("go down where the network loses packets, and up when it is well again", async () => {
    const server = await start(RELAYED);
    const [ports] = server.ports;
    relay = await LossyRelay.open({ address: "127.0.0.2", port: ports?.udp ?? 0 }, "127.0.0.1");
    const { receiver, subscription } = await call(server);
    const spatialLayer = () => subscription.currentLayers?.spatialLayer;
    await eventually("the large picture arrives", async () => (await frameWidth(receiver)) === 640);
    relay.impair({ loss: 0.3 });
    await eventually("a lower layer is sent", () => (spatialLayer() ?? -1) < 1, 30_000);
    relay.impair({});
    await eventually("the higher layer is sent again", () => spatialLayer() === 1, 30_000);
  });
});
