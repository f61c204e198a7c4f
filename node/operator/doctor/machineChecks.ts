import { readFile, statfs } from "node:fs/promises";
import { dirname } from "node:path";
import { messageOf, fail, ok, warn } from "./finding.js";
import type { Finding } from "./finding.js";

const WANTED_NODE_MAJOR = 24;
const GIGABYTE = 1e9;
/** The store grows by about 1 kB for each session and epoch; and a full disk stops service. */
const LEAST_DISK_BYTES = 1 * GIGABYTE;
const WANTED_DISK_BYTES = 5 * GIGABYTE;
/** Each participant takes one file here, and each TCP candidate one in the worker. */
const WANTED_OPEN_FILES = 4_096;

export async function checkMachine(dataDirectory: string): Promise<Finding[]> {
  return [
    checkNodeVersion(process.versions.node),
    await checkDisk(dataDirectory),
    ...(await checkOpenFiles()),
  ];
}

export function checkNodeVersion(version: string): Finding {
  return Number(version.split(".")[0]) >= WANTED_NODE_MAJOR
    ? ok("node-version", `Node ${version}`)
    : fail("node-version", `Node ${version}`, `install Node ${WANTED_NODE_MAJOR} or newer`);
}

async function checkDisk(directory: string): Promise<Finding> {
  try {
    const { bavail, bsize } = await statfs(directory);
    const free = bavail * bsize;
    const found = `${(free / GIGABYTE).toFixed(1)} GB are free for ${directory}`;
    if (free < LEAST_DISK_BYTES)
      return fail("disk", found, "make room: receipts that cannot be stored are lost");
    return free < WANTED_DISK_BYTES ? warn("disk", found, "make room soon") : ok("disk", found);
  } catch (error) {
    const parent = dirname(directory);
    // Created at the first start.
    if (parent !== directory) return checkDisk(parent);
    return fail("disk", messageOf(error), "dataDirectory must be on a disk that can be written");
  }
}

async function checkOpenFiles(): Promise<Finding[]> {
  let limits: string;
  try {
    limits = await readFile("/proc/self/limits", "utf8");
  } catch {
    return []; // Not Linux.
  }
  const soft = /^Max open files\s+(\S+)/m.exec(limits)?.[1];
  if (soft === undefined) return [];
  const enough = soft === "unlimited" || Number(soft) >= WANTED_OPEN_FILES;
  return [
    enough
      ? ok("open-files", `${soft} files may be open`)
      : warn("open-files", `only ${soft} files may be open`, "raise it: LimitNOFILE in the unit, ulimit -n"),
  ];
}
