import { createHash } from "node:crypto";
import { cp, lstat, mkdir, rename, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import type { PostgresBinaries } from "./binaries";
import type { SystemUser } from "./systemUser";

/**
 * Where root started the program in a place that only root may enter (such as /root), Postgres' own user reaches
 * neither its programs nor its data. Both then live below the system's folder for temporary files.
 */
export async function reachableBinaries(
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
): Promise<PostgresBinaries> {
  if (await canReach(binaries.root, user)) return binaries;
  const root = join(tmpdir(), `dtelecom-postgres-programs-${shortHash(binaries.root)}`);
  if (!(await exists(root))) {
    const fresh = `${root}.${process.pid}`;
    await cp(binaries.root, fresh, { recursive: true, verbatimSymlinks: true });
    await rename(fresh, root).catch(async (error: unknown) => {
      await rm(fresh, { recursive: true, force: true });
      // Another process may have been quicker.
      if (!(await exists(root))) throw error;
    });
  }
  await checkOwner(root, user);
  return { root, initdb: join(root, "bin", "initdb"), postgres: join(root, "bin", "postgres") };
}

/** The folder to keep data in: the one asked for, or a stand-in that the user can reach. It exists afterwards. */
export async function reachableDirectory(directory: string, user: SystemUser | undefined): Promise<string> {
  const wanted = resolve(directory);
  await mkdir(wanted, { recursive: true });
  if (await canReach(wanted, user)) return wanted;
  const standIn = join(tmpdir(), `dtelecom-postgres-data-${shortHash(wanted)}`);
  await mkdir(standIn, { recursive: true, mode: 0o700 });
  await checkOwner(standIn, user);
  return standIn;
}

/** Whether every folder on the way may be entered by others, or belongs to the user. */
async function canReach(path: string, user: SystemUser | undefined): Promise<boolean> {
  if (user === undefined) return true;
  for (let folder = dirname(path); ; folder = dirname(folder)) {
    const { mode, uid } = await stat(folder);
    if ((mode & 0o001) === 0 && uid !== user.uid) return false;
    if (folder === dirname(folder)) return true;
  }
}

/** In a folder that all may write to, somebody else may have been there first. */
async function checkOwner(path: string, user: SystemUser | undefined): Promise<void> {
  const found = await lstat(path);
  const isOurs = found.uid === process.getuid?.() || found.uid === user?.uid;
  if (!found.isDirectory() || !isOurs || (found.mode & 0o022) !== 0) {
    throw new Error(`${path} is not a folder that only this user may change: remove it, or set DB_URL.`);
  }
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function shortHash(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
