import { execFile } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { threadTimes } from "./processes.js";

const run = promisify(execFile);
const SAMPLES_PER_SECOND = "299";
const MOST_LINES = 14;

/**
 * Where a process spends its time now, most first: functions by `perf` where it is installed and allowed, else threads by
 * the scheduler's count. One line each.
 */
export async function profile(pid: number, seconds: number): Promise<string[]> {
  const directory = await mkdtemp(join(tmpdir(), "bench-perf-"));
  const data = join(directory, "perf.data");
  try {
    await run("perf", [
      ...["record", "-F", SAMPLES_PER_SECOND, "-p", String(pid), "-o", data, "--"],
      ...["sleep", String(seconds)],
    ]);
    const { stdout } = await run("perf", [
      ...["report", "-i", data, "--stdio", "--sort", "dso,symbol", "--percent-limit", "1"],
    ]);
    const lines = stdout.split("\n").filter((line) => /^\s+\d+\.\d+%/.test(line));
    if (lines.length > 0) return lines.slice(0, MOST_LINES).map((line) => line.trim());
  } catch {
    // No perf, or no right to use it: threads then.
  } finally {
    await rm(directory, { recursive: true });
  }
  const before = await threadTimes(pid);
  await sleep(seconds * 1_000);
  const after = await threadTimes(pid);
  return [...after]
    .map(([thread, nanoseconds]) => ({
      thread,
      share: (nanoseconds - (before.get(thread) ?? 0)) / seconds / 1e7,
    }))
    .sort((a, b) => b.share - a.share)
    .slice(0, MOST_LINES)
    .map(({ thread, share }) => `${share.toFixed(1)}% of a core: thread ${thread}`);
}
