import type { ChildProcess } from "node:child_process";
import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "pg";
import { findPostgres } from "./binaries";
import { initialise, launch, readPassword, USER } from "./cluster";
import { reachableBinaries, reachableDirectory } from "./reachable";
import { postgresUser } from "./systemUser";

export interface DatabaseOptions {
  /** Folder of the database; made on first use. One process at a time may use it. */
  readonly directory: string;
  /** TCP port on 127.0.0.1; a free one by default. */
  readonly port?: number;
}

/** A Postgres that runs for this program. */
export interface RunningDatabase {
  /** postgres:// URL with user and password. */
  readonly url: string;
  readonly port: number;
  readonly pid: number;
  /** Where it keeps its data: the folder asked for, or one that Postgres' own user can reach. */
  readonly directory: string;
  /** Resolves with a reason when the server ended without being asked to; never while it runs. */
  readonly failed: Promise<string>;
  /** Ends open transactions and the server; resolves when it is gone. Safe to call twice. */
  stop(): Promise<void>;
}

const DATABASE = "postgres";
const START_TIMEOUT_MS = 60_000;
const LEFTOVER_TIMEOUT_MS = 3_000;
const STOP_TIMEOUT_MS = 20_000;

/**
 * Starts the Postgres that npm installed, on 127.0.0.1 alone, with its data in a folder; takes over one that a killed
 * run left behind there.
 * @throws Error with the server's own words where it does not start.
 */
export async function startDatabase(options: DatabaseOptions): Promise<RunningDatabase> {
  const user = await postgresUser();
  const directory = await reachableDirectory(options.directory, user);
  const binaries = await reachableBinaries(await findPostgres(), user);
  const data = join(directory, "data");
  const passwordFile = join(directory, "password");
  const password = await readPassword(passwordFile);
  await initialise(binaries, user, { data, passwordFile, directory });

  const left = await findLeftover(data);
  if (left !== undefined) {
    const url = urlOf(password, left.port);
    // Where it does not answer, the number is another process' now, and Postgres will see to the rest.
    const answers = await waitUntilAccepting(url, LEFTOVER_TIMEOUT_MS, () => undefined).then(
      () => true,
      () => false,
    );
    if (answers) return handleOf({ url, directory, ...left }, undefined);
  }

  const port = options.port ?? (await freePort());
  const logPath = join(directory, "postgres.log");
  const server = launch(binaries, user, { data, port, logPath });
  const { pid } = server;
  if (pid === undefined) throw new Error(`Postgres (${binaries.postgres}) could not be started.`);
  const url = urlOf(password, port);
  let ended: string | undefined;
  server.once("exit", (code, signal) => (ended = `Postgres ended (${signal ?? `exit code ${code}`})`));
  server.once("error", (error) => (ended = `Postgres could not be started: ${error.message}`));
  try {
    await waitUntilAccepting(url, START_TIMEOUT_MS, () => ended);
  } catch (error) {
    server.kill("SIGQUIT");
    const log = await readFile(logPath, "utf8").catch(() => "");
    throw new Error(`${error instanceof Error ? error.message : String(error)}\n${log.slice(-2_000)}`, {
      cause: error,
    });
  }
  return handleOf({ url, port, pid, directory }, server);
}

function urlOf(password: string, port: number): string {
  return `postgres://${USER}:${password}@127.0.0.1:${port}/${DATABASE}`;
}

/** A server that still runs on the data, by the file that Postgres keeps there. */
async function findLeftover(data: string): Promise<{ pid: number; port: number } | undefined> {
  const lines = (await readFile(join(data, "postmaster.pid"), "utf8").catch(() => "")).split("\n");
  const pid = Number(lines[0]);
  const port = Number(lines[3]);
  if (!Number.isInteger(pid) || pid <= 0 || !Number.isInteger(port) || port <= 0) return undefined;
  return isAlive(pid) ? { pid, port } : undefined;
}

async function waitUntilAccepting(
  url: string,
  timeoutMs: number,
  failure: () => string | undefined,
): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000 });
    client.on("error", () => undefined);
    try {
      await client.connect();
      await client.query("SELECT 1");
      return;
    } catch (error) {
      const reason = failure();
      if (reason !== undefined) throw new Error(reason, { cause: error });
      if (Date.now() > deadline) {
        throw new Error(`Postgres does not answer after ${timeoutMs / 1_000} seconds.`, {
          cause: error,
        });
      }
    } finally {
      await client.end().catch(() => undefined);
    }
    await sleep(50);
  }
}

function handleOf(
  place: Pick<RunningDatabase, "url" | "port" | "pid" | "directory">,
  server: ChildProcess | undefined,
): RunningDatabase {
  const { pid } = place;
  let stopping: Promise<void> | undefined;
  const failed = new Promise<string>((resolve) => {
    server?.once("exit", (code, signal) => {
      if (stopping === undefined) resolve(`Postgres ended by itself (${signal ?? `exit code ${code}`}).`);
    });
  });
  const stop = async (): Promise<void> => {
    // SIGINT is Postgres' fast shutdown: open transactions are rolled back. SIGQUIT gives up on order.
    for (const signal of ["SIGINT", "SIGQUIT"] as const) {
      if (!isAlive(pid)) return;
      process.kill(pid, signal);
      const deadline = Date.now() + STOP_TIMEOUT_MS;
      while (isAlive(pid) && Date.now() < deadline) await sleep(20);
    }
    if (isAlive(pid)) throw new Error(`Postgres (process ${pid}) does not stop.`);
  };
  return { ...place, failed, stop: () => (stopping ??= stop()) };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

async function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", reject);
    probe.listen(0, "127.0.0.1", () => {
      const address = probe.address();
      probe.close(() => {
        if (typeof address === "object" && address !== null) resolve(address.port);
        else reject(new Error("No free port."));
      });
    });
  });
}
