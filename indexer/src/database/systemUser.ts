import { execFile } from "node:child_process";
import { promisify } from "node:util";

const run = promisify(execFile);

/** Whom a child process runs as. */
export interface SystemUser {
  readonly uid: number;
  readonly gid: number;
}

const NAME = "postgres";

/**
 * Whom Postgres runs as. It refuses to run as root: there, that is the system's user "postgres", made if missing.
 * @returns undefined where this process' own user will do.
 */
export async function postgresUser(): Promise<SystemUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  const existing = await lookUp();
  if (existing !== undefined) return existing;
  await run("useradd", [
    "--system",
    "--user-group",
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    NAME,
  ]).catch((error: unknown) => {
    throw new Error(
      `Postgres does not run as root, and the user "${NAME}" could not be made. Make it, run as another user, or set DB_URL to a Postgres of your own.`,
      { cause: error },
    );
  });
  const made = await lookUp();
  if (made === undefined) throw new Error(`The user "${NAME}" was made but cannot be found.`);
  return made;
}

async function lookUp(): Promise<SystemUser | undefined> {
  try {
    const [uid, gid] = await Promise.all([run("id", ["-u", NAME]), run("id", ["-g", NAME])]);
    return { uid: Number(uid.stdout), gid: Number(gid.stdout) };
  } catch {
    return undefined;
  }
}
