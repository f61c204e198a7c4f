/** The folder of a devnet: emptied at each start, used by one supervisor at a time. */
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

const LOCK = "supervisor.pid";

/**
 * Empties the folder and takes it.
 * @throws Error when a devnet that runs uses it.
 */
export async function claimDirectory(directory: string): Promise<void> {
  const owner = Number(await readFile(join(directory, LOCK), "utf8").catch(() => "0"));
  if (owner > 0 && owner !== process.pid && isAlive(owner)) {
    throw new Error(`a devnet is running already in ${directory} (process ${owner}); stop it first`);
  }
  await rm(directory, { recursive: true, force: true });
  await mkdir(directory, { recursive: true });
  await writeFile(join(directory, LOCK), String(process.pid));
}

/** Lets go of the folder; what is in it stays for whoever wants to look. */
export async function releaseDirectory(directory: string): Promise<void> {
  await rm(join(directory, LOCK), { force: true });
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
