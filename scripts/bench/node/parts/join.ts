import { setTimeout as sleep } from "node:timers/promises";
import { BadNetwork } from "../calls/BadNetwork.js";
import { Call } from "../calls/Call.js";
import type { Part } from "../part.js";
import type { Report } from "../Report.js";
import { NodeSfu } from "../sfu/NodeSfu.js";
import { quantile } from "../support/statistics.js";

const FULL = { loopback: 30, relayed: 30 };
const QUICK = { loopback: 1, relayed: 1 };
const KEY_FRAME_PAUSE_MS = 1_200;
const IMPAIRMENT = { delayMs: 50, loss: 0.02 };

/** Libwebrtc clients of the SDK, one after the other, into a room where somebody sends a picture already. */
export const join: Part = {
  name: "join",
  summary: "from connecting to the first decoded frame, with libwebrtc",
  async run({ quick, report }) {
    const { loopback, relayed } = quick ? QUICK : FULL;
    const near = await NodeSfu.start();
    try {
      await measure(report, "loopback", loopback, await Call.open([near]));
    } finally {
      await near.stop();
    }
    const far = await BadNetwork.start(IMPAIRMENT);
    try {
      await measure(report, "50 ms each way, 2 % loss", relayed, await Call.open([far.node], [far.url]));
    } finally {
      await far.stop();
    }
  },
};

async function measure(report: Report, where: string, joins: number, call: Call): Promise<void> {
  // The first one finds everything cold.
  await call.timeToFirstFrame();
  const timesMs: number[] = [];
  for (let count = 0; count < joins; count += 1) {
    // A key frame is asked for once a second at most: who comes right after another would measure that.
    await sleep(KEY_FRAME_PAUSE_MS);
    timesMs.push(await call.timeToFirstFrame());
  }
  await call.close();
  report.figure(`${where}: half of ${joins} within`, quantile(timesMs, 0.5), "ms");
  report.figure(`${where}: 95 % within`, quantile(timesMs, 0.95), "ms");
}
