import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { openDatabase } from "../../../../node/chain/sqlite.js";
import { parseAddress } from "../../../../node/protocol/hex.js";
import { ReceiptStore } from "../../../../node/service/receiptStore.js";
import { Fleet } from "../load/Fleet.js";
import type { Part, PartOptions } from "../part.js";
import { NodeSfu } from "../sfu/NodeSfu.js";
import { ATTACKS } from "../soak/attacks.js";
import { Caller } from "../soak/Caller.js";
import type { Acknowledged, CallerTotals } from "../soak/Caller.js";
import { residentBytes } from "../support/processes.js";
import { temporaryDirectory } from "../support/temporary.js";
import type { VitalFigures } from "../support/Vitals.js";

const ROOMS = 3;
const CALLERS_PER_ROOM = 4;
const LONGEST_CALL_MS = 15_000;
const WARM_UP_MS = 30_000;
const WORKER_KILLS = 4;
const ATTACK_PAUSE_MS = 250;
/** Within which the last calls and attacks end; each of their steps has a time-out of its own. */
const LAST_CALL_MS = 60_000;
/** After which all that was left behind must be gone: the longest of the node's own time-outs, and then some. */
const SETTLE_MS = 30_000;
/**
 * V8 gives new objects more and more room while many are made, 130 MB of it in ten minutes, and keeps it: next to that a
 * leak of native memory would not show.
 */
const SMALL_NEW_SPACE = "--max-semi-space-size=4";
const TIMEOUTS = { handshakeTimeoutMs: 3_000, resumeGraceMs: 3_000, pingIntervalMs: 3_000 };

/** What may be more in the end than after the warm-up. Files and memory that libraries keep are not given back at once. */
const TOLERANCE = { openFiles: 4, heapBytes: 12e6, residentBytes: 80e6, workerResidentBytes: 24e6 };

/** Ten minutes of what a node lives through, and then nothing of it may be left. */
export const soak: Part = {
  name: "soak",
  summary:
    "joins, leaves, floods, malformed messages, half-open sockets, killed workers: nothing leaks, no receipt is lost",
  onRequest: true,
  async run(options) {
    const { quick, report } = options;
    const runMs = quick ? 4_000 : options.minutes * 60_000;
    const databasePath = join(temporaryDirectory("soak"), "node.sqlite");
    const fleet = await Fleet.start();
    const node = await NodeSfu.start({ databasePath, epochsTurn: true, signaling: TIMEOUTS }, [
      SMALL_NEW_SPACE,
    ]);
    try {
      const totals: CallerTotals = { calls: 0, receipts: 0, failures: new Map() };
      const acknowledged: Acknowledged = new Map();
      const attacks = new Map<string, number>();
      const world = { node, fleet, totals, acknowledged, attacks, report };
      // What is loaded and compiled once is not a leak: so the same things happen before the first look.
      await live(world, quick ? 2_000 : WARM_UP_MS, 1);
      const before = await settled(node, quick ? 8_000 : SETTLE_MS);
      const workerBefore = await workerBytes(before);
      const kills = await live(
        world,
        runMs,
        quick ? 1 : Math.max(1, Math.min(WORKER_KILLS, options.minutes)),
      );
      const after = await settled(node, quick ? 8_000 : SETTLE_MS);
      const workerAfter = await workerBytes(after);
      await node.kill();

      report.figure("calls", totals.calls, "");
      report.figure("calls that broke, killed workers included", sum(totals.failures), "");
      for (const [what, count] of totals.failures) report.note(`  ${count} × ${what}`);
      report.figure("workers killed", kills, "");
      report.figure("attacks", sum(attacks), "");
      report.note(`  ${[...attacks].map(([name, count]) => `${count} × ${name}`).join(", ")}`);
      report.figure("receipts acknowledged", totals.receipts, "");
      judge(options, before, after);
      bounded(options, "worker's memory", workerBefore, workerAfter, TOLERANCE.workerResidentBytes);
      const lost = lostReceipts(databasePath, acknowledged);
      report.figure("acknowledged but not stored, after kill -9", lost, "receipts", "0");
      if (lost > 0) report.fail(`${lost} acknowledged receipts are not in the database`);
      if (!quick && (totals.calls === 0 || totals.receipts === 0)) report.fail("there were no calls");
    } finally {
      await Promise.allSettled([node.stop(), fleet.stop()]);
    }
  },
};

interface World extends Pick<PartOptions, "report"> {
  readonly node: NodeSfu;
  readonly fleet: Fleet;
  readonly totals: CallerTotals;
  readonly acknowledged: Acknowledged;
  readonly attacks: Map<string, number>;
}

/** Lets all of it happen for a time; resolves to the workers that were killed, once everybody has gone. */
async function live(world: World, milliseconds: number, kills: number): Promise<number> {
  const { node, attacks, report } = world;
  const over = AbortSignal.timeout(milliseconds);
  const endsAtMs = performance.now() + milliseconds;
  const callers = Array.from(
    { length: ROOMS * CALLERS_PER_ROOM },
    (_, index) =>
      new Caller({
        ...world,
        room: `soak-${index % ROOMS}`,
        random: Math.random,
        longestCallMs: Math.min(LONGEST_CALL_MS, milliseconds),
      }),
  );
  const calls = callers.map((caller) => caller.run(over));
  const attackers = Object.entries(ATTACKS).map(async ([name, attack]) => {
    while (!over.aborted) {
      await attack(node.url).catch((error: unknown) => report.fail(`${name}: ${String(error)}`));
      attacks.set(name, (attacks.get(name) ?? 0) + 1);
      await sleep(ATTACK_PAUSE_MS);
    }
  });
  let killed = 0;
  for (let kill = 0; kill < kills; kill += 1) {
    await sleep(milliseconds / (kills + 1), undefined, { signal: over }).catch(() => undefined);
    if (over.aborted) break;
    const [pid] = (await node.vitals()).workerPids;
    if (pid !== undefined) process.kill(pid, "SIGKILL");
    killed += 1;
  }
  const late = sleep(endsAtMs - performance.now() + LAST_CALL_MS, true, { ref: false });
  if (await Promise.race([Promise.all([...calls, ...attackers]).then(() => false), late])) {
    report.fail(
      `calls or attacks did not end within ${LAST_CALL_MS / 1_000} s: a request was never answered`,
    );
    for (const { doing } of callers) report.note(`  a caller is ${doing}`);
  }
  return killed;
}

/** The vitals once nobody is left, or as they are when the time is up. */
async function settled(node: NodeSfu, milliseconds: number): Promise<VitalFigures> {
  const untilMs = performance.now() + milliseconds;
  for (;;) {
    const vitals = await node.vitals();
    const { rooms, peers, connections, workerObjects } = vitals;
    if (rooms + peers + connections + workerObjects === 0 || performance.now() > untilMs) {
      // Sockets that the other side has closed are given back a moment later.
      await sleep(1_000);
      return node.vitals();
    }
    await sleep(500);
  }
}

function judge(options: PartOptions, before: VitalFigures, after: VitalFigures): void {
  const { report } = options;
  for (const [what, count] of [
    ["rooms", after.rooms],
    ["participants", after.peers],
    ["connections", after.connections],
    ["objects in the workers", after.workerObjects],
  ] as const) {
    report.figure(`${what} left`, count, "", "0");
    if (count > 0) report.fail(`${count} ${what} are left though nobody is there`);
  }
  bounded(options, "open files", before.openFiles, after.openFiles, TOLERANCE.openFiles);
  bounded(options, "JavaScript heap", before.heapBytes, after.heapBytes, TOLERANCE.heapBytes);
  bounded(options, "node's memory", before.residentBytes, after.residentBytes, TOLERANCE.residentBytes);
  report.figure("errors that nobody caught", after.unhandled.length, "", "0");
  for (const error of after.unhandled) report.fail(error);
}

/** Prints a figure as it was and as it is, and fails where it rose by more than is tolerated. */
function bounded(
  { report }: PartOptions,
  what: string,
  before: number,
  after: number,
  tolerance: number,
): void {
  const [unit, divisor] = tolerance > 1_000 ? ["MB", 1e6] : ["", 1];
  report.figure(`${what} before`, before / divisor, unit);
  report.figure(`${what} after`, after / divisor, unit, `at most ${tolerance / divisor} ${unit} more`.trim());
  if (after > before + tolerance) report.fail(`${what} rose from ${before} to ${after}`);
}

async function workerBytes({ workerPids }: VitalFigures): Promise<number> {
  return sum(new Map((await Promise.all(workerPids.map(residentBytes))).entries()));
}

function sum(counts: ReadonlyMap<unknown, number>): number {
  return [...counts.values()].reduce((total, count) => total + count, 0);
}

function lostReceipts(databasePath: string, acknowledged: Acknowledged): number {
  const database = openDatabase(databasePath);
  try {
    const store = new ReceiptStore(database);
    return [...acknowledged].filter(([entry, bytes]) => {
      const [key = "", epoch] = entry.split(" ");
      return (store.get(Number(epoch), parseAddress(key))?.bytesDelivered ?? 0n) < bytes;
    }).length;
  } finally {
    database.close();
  }
}
