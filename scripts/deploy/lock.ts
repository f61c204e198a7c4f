/** One process at a time works on a deployment's directory. */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

const LOCK = "deployer.pid";

/**
 * Takes the directory, from a process that is gone if need be. Returns what lets go of it.
 * @throws Error when a process that runs has it.
 */
export function lockDirectory(directory: string): () => void {
  mkdirSync(directory, { recursive: true });
  const path = join(directory, LOCK);
  try {
    writeFileSync(path, String(process.pid), { flag: "wx" });
  } catch {
    const owner = Number(readFileSync(path, "utf8"));
    if (owner !== process.pid && isAlive(owner)) {
      throw new Error(`process ${owner} is deploying from ${directory} already`);
    }
    writeFileSync(path, String(process.pid));
  }
  return () => rmSync(path, { force: true });
}

function isAlive(pid: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0) return false;
  try {
    return process.kill(pid, 0);
  } catch (error) {
    // It runs, and is somebody else's.
    return error instanceof Error && "code" in error && error.code === "EPERM";
  }
}
