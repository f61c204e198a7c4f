import { expect } from "chai";
import { MediaServer } from "../../../node/media/MediaServer.js";
import { LossyRelay } from "../../../scripts/devnet/lossyRelay.js";
import { eventually } from "../support/eventually.js";
import { silent } from "../support/testNode.js";
import { MediaClient } from "./MediaClient.js";

describe("data channels", () => {
  const clients: MediaClient[] = [];
  let media: MediaServer;

  async function join(id: string): Promise<MediaClient> {
    const client = await MediaClient.join(media, "room", id);
    clients.push(client);
    return client;
  }

  beforeEach(async () => {
    media = await MediaServer.start({
      workers: 1,
      listen: { addresses: [{ ip: "127.0.0.1" }], port: 0 },
      logger: silent,
    });
  });

  afterEach(async () => {
    for (const client of clients.splice(0)) client.close();
    await media.close();
  });

  it("reach everybody else in the room, and both sides count the same bytes", async () => {
    const [ada, bob] = [await join("ada"), await join("bob")];
    await bob.receive();
    const sent = await ada.publishData({ label: "chat", protocol: "text" });
    await eventually("the channel is offered", () => bob.receivedData.length === 1);
    const [channel] = bob.receivedData;
    expect([channel?.label, channel?.protocol]).to.deep.equal(["chat", "text"]);
    const texts: string[] = [];
    channel?.on("message", (message: string) => texts.push(message));
    await eventually("the channel is open", () => {
      sent.send("hello");
      return texts.length > 0;
    });
    const long = "grüezi".repeat(1_000);
    sent.send(long);
    await eventually("the long message arrives", () => texts.at(-1) === long);

    let counted = 0;
    (await bob.receiveReport()).forEach((entry: { type: string; bytesReceived?: number }) => {
      if (entry.type === "data-channel") counted += entry.bytesReceived ?? 0;
    });
    const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
    expect(counted).to.equal(bytes);
    expect(await bob.place.peer.bytesSent({ exact: true })).to.equal(BigInt(bytes));

    // What comes just before the end counts too.
    sent.send("bye");
    await eventually("the last message arrives", () => texts.at(-1) === "bye");
    ada.place.peer.close();
    await eventually("the channel closes", () => bob.place.peer.dataSubscriptions.length === 0);
    expect(await bob.place.peer.finish()).to.equal(BigInt(bytes + 3));
    expect(bob.errors).to.deep.equal([]);
  });

  it("end where somebody takes the messages too slowly, and what was not sent is not counted", async () => {
    await media.close();
    media = await MediaServer.start({
      workers: 1,
      listen: { addresses: [{ ip: "127.0.0.1", announcedAddress: "127.0.0.2" }], port: 0 },
      limits: { maxIncomingBitsPerSecond: 1_000_000_000 },
      logger: silent,
    });
    const relay = await LossyRelay.open(
      { address: "127.0.0.2", port: media.ports[0]?.udp ?? 0 },
      "127.0.0.1",
    );
    try {
      const bob = await join("bob");
      await bob.receive();
      const { room, peer } = bob.place;
      // The sender is on no network at all, so that only the receiver's can be bad.
      const transport = await room.router.createDirectTransport();
      const dataProducer = await transport.produceData({ label: "flood" });
      room.addRemoteData({ peerId: "ada", dataProducer });
      let received = 0;
      await eventually("the channel is offered", () => bob.receivedData.length === 1);
      bob.receivedData[0]?.on("message", () => (received += 1));
      await eventually("it is open", () => {
        dataProducer.send("hello");
        return received > 0;
      });
      relay.impair({ loss: 1 });
      const message = Buffer.alloc(32 * 1024, 1);
      await eventually("the channel ends", () => {
        for (let count = 0; count < 8; count += 1) dataProducer.send(message);
        return peer.dataSubscriptions.length === 0;
      });
      // Not the two megabytes that were waiting for it: at most a congestion window.
      expect(await peer.bytesSent({ exact: true })).to.be.below(500_000n);
    } finally {
      await relay.close();
    }
  });
});
