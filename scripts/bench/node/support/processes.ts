import { execFile } from "node:child_process";
import { readFile, readdir } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { promisify } from "node:util";

const run = promisify(execFile);

/** CPU time that a process has used, in milliseconds: the scheduler's count of its threads, to the nanosecond. */
export async function cpuTimeMs(pid: number): Promise<number> {
  let total = 0;
  for (const nanoseconds of (await threadTimes(pid)).values()) total += nanoseconds;
  return total / 1e6;
}

/** CPU time in nanoseconds by thread, as `name (tid)`. */
export async function threadTimes(pid: number): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for (const tid of await readdir(`/proc/${pid}/task`)) {
    try {
      const name = (await readFile(`/proc/${pid}/task/${tid}/comm`, "utf8")).trim();
      const [onCpu = "0"] = (await readFile(`/proc/${pid}/task/${tid}/schedstat`, "utf8")).split(" ");
      times.set(`${name} (${tid})`, Number(onCpu));
    } catch {
      // The thread ended between the list and the look: what it used is lost, and little.
    }
  }
  return times;
}

/** Memory of a process that is in RAM, in bytes. */
export async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? Number.NaN) * 1_024;
}

export async function openFiles(pid: number): Promise<number> {
  return (await readdir(`/proc/${pid}/fd`)).length;
}

/** Binds all threads of a process to one core. Does nothing where there is one core only, or no `taskset`. */
export async function pin(pid: number, core: number): Promise<boolean> {
  if (availableParallelism() < 2) return false;
  try {
    await run("taskset", ["-a", "-c", "-p", String(core), String(pid)]);
    return true;
  } catch {
    return false;
  }
}

/** Datagrams that came for each local UDP port and that nobody read: dropped, since the port's buffer is full. */
export async function droppedDatagrams(): Promise<Map<number, number>> {
  const drops = new Map<number, number>();
  for (const line of (await readFile("/proc/net/udp", "utf8")).split("\n").slice(1)) {
    const fields = line.trim().split(/\s+/);
    const port = fields[1]?.split(":")[1];
    const dropped = fields.at(-1);
    if (port !== undefined && dropped !== undefined) drops.set(Number.parseInt(port, 16), Number(dropped));
  }
  return drops;
}
