import { Audience } from "../load/Audience.js";
import type { RunFigures } from "../load/Audience.js";
import { startFleets } from "../load/Fleet.js";
import type { Fleets } from "../load/Fleet.js";
import type { Part, PartOptions } from "../part.js";
import { JanusSfu, janusVersion } from "../sfu/JanusSfu.js";
import { NodeSfu } from "../sfu/NodeSfu.js";
import type { Sfu } from "../sfu/Sfu.js";
import { pin } from "../support/processes.js";
import { profile } from "../support/profile.js";

const FULL = { first: 50, step: 50, finest: 10, most: 1_000, seconds: 5 };
const QUICK = { first: 3, step: 3, finest: 3, most: 3, seconds: 1 };
const MOST_LOSS = 0.01;
const WANTED_RATIO = 1.5;

const MEDIA_CORE = 0;
const OTHER_CORE = 1;

interface Limit {
  /** The most subscribers that got all but 1 % of the packets. */
  readonly subscribers: number;
  /** Of the whole process, or both, at the fewest subscribers: there it is the same for all whatever their limits are. */
  readonly cpuPerPacketUs: number;
  /** Where the time goes at the limit. */
  readonly profile: readonly string[];
}

/** How many subscribers one core serves: ours, signaling included, and Janus, in its default form and in its best. */
export const janus: Part = {
  name: "janus",
  summary: "subscribers at less than 1 % loss on one core, against Janus's VideoRoom",
  async run(options) {
    const { quick, report } = options;
    const version = await janusVersion();
    if (version === undefined) {
      report.note(
        "skipped: Janus is not installed. On Debian: apt-get install --no-install-recommends janus",
      );
      return;
    }
    const fleets = await startFleets();
    try {
      await pin(process.pid, OTHER_CORE);
      for (const { pid } of [fleets.active, fleets.parked]) await pin(pid, OTHER_CORE);
      const ours = await limitOf(await NodeSfu.start(), fleets, options);
      const threads = await limitOf(await JanusSfu.start(), fleets, options);
      const loop = await limitOf(await JanusSfu.start({ eventLoops: 1 }), fleets, options);
      const best = threads.subscribers > loop.subscribers ? threads : loop;
      for (const [what, limit] of [
        ["dTelecom node", ours],
        [`Janus ${version}, a thread for each`, threads],
        [`Janus ${version}, one event loop`, loop],
      ] as const) {
        report.figure(`${what}: subscribers`, limit.subscribers, "");
        report.figure(
          `${what}: CPU per packet at ${quick ? QUICK.first : FULL.first} subscribers`,
          limit.cpuPerPacketUs,
          "µs",
        );
      }
      const cpu = Math.min(threads.cpuPerPacketUs, loop.cpuPerPacketUs) / ours.cpuPerPacketUs;
      report.ratio("CPU per packet, Janus at its best to node", cpu);
      const ratio = ours.subscribers / best.subscribers;
      report.ratio("subscribers, node to Janus at its best", ratio, `at least ${WANTED_RATIO}`);
      if (ratio < WANTED_RATIO && !quick) {
        for (const [what, { profile: lines }] of [
          ["the node's worker", ours],
          ["Janus", best],
        ] as const) {
          report.note(`where ${what} spends its time:`);
          for (const line of lines) report.note(`  ${line}`);
        }
      }
    } finally {
      await Promise.allSettled([fleets.active.stop(), fleets.parked.stop()]);
    }
  },
};

/** Adds subscribers until packets are lost, and then narrows the limit down. */
async function limitOf(sfu: Sfu, fleets: Fleets, { quick, report }: PartOptions): Promise<Limit> {
  const { first, step, finest, most, seconds } = quick ? QUICK : FULL;
  try {
    await pin(sfu.mediaPid, MEDIA_CORE);
    if (sfu.driverPid !== undefined) await pin(sfu.driverPid, MEDIA_CORE);
    const audience = await Audience.open(sfu, fleets);
    const runAt = async (size: number): Promise<RunFigures> => {
      await audience.growTo(size);
      await audience.shrinkTo(size);
      // Threads that came with the participants.
      await pin(sfu.mediaPid, MEDIA_CORE);
      const run = await audience.run(seconds);
      // A burst of load from elsewhere is no limit: it must be reached twice.
      return run.loss < MOST_LOSS ? run : audience.run(seconds);
    };
    let cpuPerPacketUs = Number.NaN;
    let profileAtLimit: readonly string[] = [];
    // So many get everything, and so many do not.
    let [passes, fails] = [0, most + finest];
    while (fails - passes > finest) {
      const halfWay = passes + Math.floor((fails - passes) / 2 / finest) * finest;
      const size = fails > most ? passes + (passes === 0 ? first : step) : halfWay;
      if (size > most) break;
      const run = await runAt(size);
      if (size === first) {
        cpuPerPacketUs = (1_000 * (run.mediaCpuMs + (run.driverCpuMs ?? 0))) / run.packets;
      }
      if (run.loss < MOST_LOSS) {
        passes = size;
        continue;
      }
      const core = (run.mediaCpuMs + (run.driverCpuMs ?? 0)) / (10 * run.seconds);
      report.note(
        `${sfu.name}: ${(100 * run.loss).toFixed(1)} % loss at ${size} subscribers, with ${core.toFixed(0)} % of the core used`,
      );
      if (fails > most) {
        const profiled = profile(sfu.mediaPid, seconds);
        await audience.run(seconds + 1);
        profileAtLimit = await profiled;
      }
      fails = size;
    }
    await audience.close();
    return { subscribers: passes, cpuPerPacketUs, profile: profileAtLimit };
  } finally {
    await sfu.stop();
  }
}
