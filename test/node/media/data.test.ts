import { expect } from "chai";
import { MediaServer } from "../../../node/media/MediaServer.js";
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
});
