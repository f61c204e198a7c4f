import { setTimeout as sleep } from "node:timers/promises";
import { BadNetwork } from "../calls/BadNetwork.js";
import { Call } from "../calls/Call.js";
import type { Part } from "../part.js";
import { NodeSfu } from "../sfu/NodeSfu.js";
import { median } from "../support/statistics.js";

/** Long enough for the client to miss its path and to look for a new one. */
const OUTAGE_MS = 12_000;
const REBIND_WATCH_MS = 15_000;
const ROUNDS = 5;

/** How long a picture stands still where the way to the node is lost, or changes. */
export const ice: Part = {
  name: "ice",
  summary: "the gap in decoded frames at an ICE restart and at a change of address",
  async run({ quick, report }) {
    const network = await BadNetwork.start({});
    try {
      const call = await Call.open([network.node], [network.url]);
      const { room, frames } = await call.join();
      await frames.firstSince(0);
      const reboundMs = performance.now();
      await network.rebind();
      await sleep(quick ? 500 : REBIND_WATCH_MS);
      await frames.firstSince(performance.now());
      report.figure("the client's address changes: longest pause", frames.longestPauseSince(reboundMs), "ms");
      if (!quick) {
        network.impair({ loss: 1 });
        await sleep(OUTAGE_MS);
        network.impair({});
        const backMs = performance.now();
        const frameMs = await frames.firstSince(backMs);
        const what = `after ${OUTAGE_MS / 1_000} s without a path, which restarts ICE: to the next frame`;
        report.figure(what, frameMs - backMs, "ms");
      }
      await room.leave();
      await call.close();
    } finally {
      await network.stop();
    }
  },
};

/** The worker that carries a call is killed: it starts again, and both ends come back by themselves. */
export const worker: Part = {
  name: "worker",
  summary: "from kill -9 of the media worker to the next decoded frame",
  async run({ quick, report }) {
    const node = await NodeSfu.start();
    try {
      const call = await Call.open([node]);
      const { room, frames } = await call.join();
      await frames.firstSince(0);
      const timesMs: number[] = [];
      for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) {
        const [pid] = (await node.vitals()).workerPids;
        if (pid === undefined) throw new Error("no worker runs");
        const killedMs = performance.now();
        process.kill(pid, "SIGKILL");
        timesMs.push((await frames.firstOfTrackSince(killedMs)) - killedMs);
        // A worker that dies again and again is started with growing pauses: that is not measured here.
        await sleep(quick ? 0 : 12_000);
      }
      report.figure(`half of ${timesMs.length} within`, median(timesMs), "ms");
      report.figure("the longest", Math.max(...timesMs), "ms");
      await room.leave();
      await call.close();
    } finally {
      await node.stop();
    }
  },
};

/** Ways in which a node ends without a word. */
const DEATHS = {
  /** The system says at once that nobody listens any more. */
  "killed (kill -9)": (node: NodeSfu) => node.kill(),
  /** Nothing answers, as where power or network fail. */
  "silent, as a machine without power": (node: NodeSfu) => node.freeze(),
};

/** The node that carries a call dies: both ends go on at another one. */
export const failover: Part = {
  name: "failover",
  summary: "from a node's death to the next decoded frame, by way of another node",
  async run({ quick, report }) {
    for (const [how, die] of Object.entries(DEATHS)) {
      const timesMs: number[] = [];
      for (let round = 0; round < (quick ? 1 : ROUNDS); round += 1) timesMs.push(await failoverMs(die));
      report.figure(`${how}: half of ${timesMs.length} within`, median(timesMs), "ms");
      report.figure(`${how}: the longest`, Math.max(...timesMs), "ms");
    }
  },
};

/** Of one call on the first of two nodes. */
async function failoverMs(die: (node: NodeSfu) => Promise<void>): Promise<number> {
  const nodes = [await NodeSfu.start({ nodeId: 7 }), await NodeSfu.start({ nodeId: 8 })] as const;
  try {
    const call = await Call.open(nodes);
    const { room, frames } = await call.join();
    await frames.firstSince(0);
    const diedMs = performance.now();
    await die(nodes[0]);
    const timeMs = (await frames.firstOfTrackSince(diedMs)) - diedMs;
    await room.leave();
    await call.close();
    return timeMs;
  } finally {
    await Promise.allSettled(nodes.map((node) => node.stop()));
  }
}
