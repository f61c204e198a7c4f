import { Audience } from "../load/Audience.js";
import type { RunFigures } from "../load/Audience.js";
import { startFleets } from "../load/Fleet.js";
import { BareSfu } from "../sfu/BareSfu.js";
import { NodeSfu } from "../sfu/NodeSfu.js";
import type { Part } from "../part.js";
import { pin, residentBytes } from "../support/processes.js";
import { median } from "../support/statistics.js";

const FULL = { sizes: [50, 100, 200], rounds: 7, seconds: 2.5 };
const QUICK = { sizes: [4], rounds: 1, seconds: 1 };

/** Ours between two bare workers, whose difference says how exact the comparison is. */
const SIDES = ["bare", "node", "again"] as const;
type Side = (typeof SIDES)[number];

/** The worker under measurement gets this core, everything else the other. */
const MEDIA_CORE = 0;
const OTHER_CORE = 1;

/**
 * CPU per forwarded packet and memory per subscriber of our node against a mediasoup worker that is driven bare. Both run
 * side by side with the same audience, and are given media in turns: bare, node, bare, node, …
 */
export const media: Part = {
  name: "media",
  summary: "CPU per forwarded packet and memory per subscriber, against bare mediasoup",
  async run({ quick, report }) {
    const { sizes, rounds, seconds } = quick ? QUICK : FULL;
    const [fleets, bare, node, again] = await Promise.all([
      startFleets(),
      BareSfu.start(),
      NodeSfu.start(),
      BareSfu.start(),
    ]);
    try {
      await pin(process.pid, OTHER_CORE);
      for (const { pid } of [fleets.active, fleets.parked]) await pin(pid, OTHER_CORE);
      await pin(node.driverPid, OTHER_CORE);
      for (const { mediaPid } of [bare, node, again]) await pin(mediaPid, MEDIA_CORE);
      const audiences = {
        bare: await Audience.open(bare, fleets),
        node: await Audience.open(node, fleets),
        again: await Audience.open(again, fleets),
      };
      const empty = await memoryOf(bare, node);
      for (const size of sizes) {
        for (const audience of Object.values(audiences)) await audience.growTo(size);
        const runs: Record<Side, RunFigures[]> = { bare: [], node: [], again: [] };
        if (!quick) for (const audience of Object.values(audiences)) await audience.run(1);
        for (let round = 0; round < rounds; round += 1) {
          // Each goes first as often as the others: what one leaves in caches and clock rates evens out.
          for (let turn = 0; turn < SIDES.length; turn += 1) {
            const side = SIDES[(round + turn) % SIDES.length] ?? "bare";
            runs[side].push(await audiences[side].run(seconds));
          }
        }
        const memory = await memoryOf(bare, node);
        const cpu = {
          bare: cpuPerPacketUs([...runs.bare, ...runs.again]),
          node: cpuPerPacketUs(runs.node),
        };
        const noise = cpuPerPacketUs(runs.again) / cpuPerPacketUs(runs.bare);
        const kilobytes = {
          bare: (memory.bare - empty.bare) / size / 1_024,
          node: (memory.node - empty.node) / size / 1_024,
        };
        const at = `${size} subscribers`;
        report.figure(`${at}: worker CPU per packet, bare`, cpu.bare, "µs");
        report.figure(`${at}: worker CPU per packet, node`, cpu.node, "µs");
        report.ratio(`${at}: CPU per packet, node to bare`, cpu.node / cpu.bare, "at most 1.05");
        report.ratio(`${at}: CPU per packet, one bare worker to another: the noise`, noise);
        report.figure(`${at}: worker memory per subscriber, bare`, kilobytes.bare, "KB");
        report.figure(`${at}: worker memory per subscriber, node`, kilobytes.node, "KB");
        report.ratio(
          `${at}: memory per subscriber, node to bare`,
          kilobytes.node / kilobytes.bare,
          "at most 1.10",
        );
        report.figure(
          `${at}: the node's own process, heap per subscriber`,
          (memory.heap - empty.heap) / size / 1_024,
          "KB",
        );
        report.figure(
          `${at}: the node's own process, of one core`,
          100 * median(runs.node.map(driverShare)),
          "%",
        );
        for (const side of ["bare", "node"] as const) {
          const packetsPerSecond = median(runs[side].map(({ packets, seconds: s }) => packets / s));
          report.figure(`${at}: packets forwarded, ${side}`, packetsPerSecond, "packets/s");
          report.figure(`${at}: loss, ${side}`, 100 * median(runs[side].map(({ loss }) => loss)), "%");
          report.figure(`${at}: worker, of one core, ${side}`, 100 * median(runs[side].map(mediaShare)), "%");
        }
      }
      report.note(`SRTP profile: ${audiences.bare.profileName} and ${audiences.node.profileName}`);
    } finally {
      await Promise.allSettled([
        bare.stop(),
        node.stop(),
        again.stop(),
        fleets.active.stop(),
        fleets.parked.stop(),
      ]);
    }
  },
};

function cpuPerPacketUs(runs: readonly RunFigures[]): number {
  return median(runs.map(({ mediaCpuMs, packets }) => (1_000 * mediaCpuMs) / packets));
}

function mediaShare({ mediaCpuMs, seconds }: RunFigures): number {
  return mediaCpuMs / 1_000 / seconds;
}

function driverShare({ driverCpuMs = 0, seconds }: RunFigures): number {
  return driverCpuMs / 1_000 / seconds;
}

async function memoryOf(bare: BareSfu, node: NodeSfu): Promise<{ bare: number; node: number; heap: number }> {
  return {
    bare: await residentBytes(bare.mediaPid),
    node: await residentBytes(node.mediaPid),
    heap: (await node.vitals()).heapBytes,
  };
}
