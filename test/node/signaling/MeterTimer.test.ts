import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { testTone } from "../../../node/client/testMedia.js";
import type { TestTrack } from "../../../node/client/testMedia.js";
import { MediaServer } from "../../../node/media/MediaServer.js";
import { MeterTimer } from "../../../node/signaling/MeterTimer.js";
import type { Metered } from "../../../node/signaling/MeterTimer.js";
import { MediaClient } from "../media/MediaClient.js";
import { eventually } from "../support/eventually.js";
import { silent } from "../support/testNode.js";

const INTERVAL_MS = 200;

describe("MeterTimer", () => {
  let media: MediaServer;
  let clients: MediaClient[];
  let tone: TestTrack;
  let timer: MeterTimer | undefined;
  let readings: number;
  let metered: bigint[];

  /** A listener who hears a tone, and what its timer asks and meters. */
  async function start(): Promise<Metered> {
    const [ada, bob] = [
      await MediaClient.join(media, "room", "ada"),
      await MediaClient.join(media, "room", "bob"),
    ];
    clients = [ada, bob];
    await bob.receive();
    await ada.publish(tone.track);
    const { peer } = bob.place;
    await eventually("the tone arrives", async () => (await peer.bytesSent()) > 1_000n);
    [readings, metered] = [0, []];
    const counted: Metered = {
      bytesSent: (options) => {
        readings += 1;
        return peer.bytesSent(options);
      },
      get latestBytesSent() {
        return peer.latestBytesSent;
      },
    };
    timer = new MeterTimer(counted, INTERVAL_MS, (bytesSent) => metered.push(bytesSent));
    return peer;
  }

  beforeEach(async () => {
    tone = testTone();
    media = await MediaServer.start({
      ...{ workers: 1, listen: { addresses: [{ ip: "127.0.0.1" }], port: 0 }, logger: silent },
      // Nothing else reads what is sent.
      sampleIntervalMs: 60_000,
    });
  });

  afterEach(async () => {
    timer?.stop();
    for (const client of clients) client.close();
    tone.stop();
    await media.close();
  });

  it("reads at each interval where nobody else does, until it is stopped", async () => {
    await start();
    await pause(6.5 * INTERVAL_MS);
    // Where it waited for a reading to become old that it made itself, there would be half as many.
    expect(readings).to.be.within(4, 6);
    expect(metered).to.have.length(readings);
    expect(new Set(metered).size).to.equal(readings);
    timer?.stop();
    const after = readings;
    await pause(3 * INTERVAL_MS);
    expect([readings, metered.length]).to.deep.equal([after, after]);
  });

  it("asks nothing while others read often enough, and meters what they read", async () => {
    const peer = await start();
    const read: bigint[] = [];
    const end = performance.now() + 5 * INTERVAL_MS;
    while (performance.now() < end) {
      read.push(await peer.bytesSent({ exact: true }));
      await pause(INTERVAL_MS / 10);
    }
    expect(readings).to.equal(0);
    expect(metered.length).to.be.at.least(2);
    expect(read).to.include.members(metered);
  });
});
