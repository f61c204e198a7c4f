import { spawn, type ChildProcess } from "node:child_process";
import { randomBytes } from "node:crypto";
import { closeSync, openSync } from "node:fs";
import { chmod, chown, readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { PostgresBinaries } from "./binaries";
import type { SystemUser } from "./systemUser";

/** The database's superuser; its password is made with the folder. */
export const USER = "dtelecom";

/** The password of a folder's database, made on first use. */
export async function readPassword(path: string): Promise<string> {
  const known = await readFile(path, "utf8").catch(() => "");
  if (known !== "") return known.trim();
  const password = randomBytes(18).toString("hex");
  await writeFile(path, `${password}\n`, { mode: 0o600 });
  return password;
}

/** Makes the database folder where there is none: aside and then renamed, so that a killed run leaves no half of it. */
export async function initialise(
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
  paths: { data: string; passwordFile: string; directory: string },
): Promise<void> {
  const version = await readFile(join(paths.data, "PG_VERSION"), "utf8").catch(() => undefined);
  if (user !== undefined) {
    await chown(paths.directory, user.uid, user.gid);
    await chown(paths.passwordFile, user.uid, user.gid);
  }
  if (version !== undefined) return;
  await Promise.all([chmod(binaries.initdb, 0o755), chmod(binaries.postgres, 0o755)]).catch(() => undefined);
  const fresh = `${paths.data}.new`;
  await rm(fresh, { recursive: true, force: true });
  await new Promise<void>((resolve, reject) => {
    const child = spawn(
      binaries.initdb,
      [
        `--pgdata=${fresh}`,
        `--username=${USER}`,
        `--pwfile=${paths.passwordFile}`,
        "--auth=scram-sha-256",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
      ],
      { ...user, cwd: paths.directory, stdio: ["ignore", "pipe", "pipe"] },
    );
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    child.once("error", reject);
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Error(`Postgres could not make its folder ${paths.data}:\n${output.slice(-2_000)}`));
    });
  });
  await rename(fresh, paths.data);
}

/** Starts the server on a folder that was made before. */
export function launch(
  binaries: PostgresBinaries,
  user: SystemUser | undefined,
  options: { data: string; port: number; logPath: string },
): ChildProcess {
  const log = openSync(options.logPath, "w");
  try {
    const settings = {
      listen_addresses: "127.0.0.1",
      unix_socket_directories: "",
      // A crash of the machine may lose the last moments, which are read from the chain again; it corrupts nothing.
      synchronous_commit: "off",
    };
    return spawn(
      binaries.postgres,
      [
        "-D",
        options.data,
        "-p",
        String(options.port),
        ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
      ],
      // A process group of its own: Ctrl-C is for its owner, who then stops it in order.
      { ...user, cwd: options.data, detached: true, stdio: ["ignore", log, log] },
    );
  } finally {
    closeSync(log);
  }
}
