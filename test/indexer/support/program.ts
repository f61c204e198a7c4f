/** Programs that a test starts, waits for and ends. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

export const ROOT = fileURLToPath(new URL("../../..", import.meta.url));

const readyLine = z.looseObject({ ready: z.literal(true) });
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 20_000;
const LOG_CHARACTERS = 20_000;

export interface Program {
  readonly pid: number;
  /** What it wrote to stderr, the newest of it. */
  readonly log: () => string;
  /** The ready line; rejects where the program ends before it. */
  readonly ready: Promise<z.infer<typeof readyLine>>;
  /** Resolves when the program ended, with its exit code; null where a signal ended it. */
  readonly exited: Promise<number | null>;
  /** Ends it; resolves with its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/** Starts a Node program and hears of it until it ends; nothing else of this process' environment reaches it. */
export function startProgram(
  args: readonly string[],
  environment: Readonly<Record<string, string>> = {},
): Program {
  const child = spawn(process.execPath, args, {
    cwd: ROOT,
    env: { PATH: process.env.PATH, HOME: process.env.HOME, LOG_LEVEL: "info", ...environment },
    stdio: ["ignore", "pipe", "pipe", "ipc"],
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${args.join(" ")} could not be started`);
  let log = "";
  child.stderr?.on("data", (chunk: Buffer) => (log = (log + chunk.toString()).slice(-LOG_CHARACTERS)));
  const exited = once(child, "close").then(([code]) => z.int().nullable().parse(code));
  const ready = new Promise<z.infer<typeof readyLine>>((resolve, reject) => {
    const fail = (reason: string): void => reject(new Error(`${args.join(" ")} ${reason}:\n${log}`));
    const timer = setTimeout(() => fail(`is not ready after ${START_TIMEOUT_MS} ms`), START_TIMEOUT_MS);
    void exited.then((code) => fail(`ended with code ${code}`)).finally(() => clearTimeout(timer));
    if (child.stdout === null) throw new Error("no stdout");
    createInterface(child.stdout).on("line", (line) => {
      const parsed = readyLine.safeParse(parseJson(line));
      if (!parsed.success) return;
      clearTimeout(timer);
      resolve(parsed.data);
    });
  });
  // A test that expects a program to fail waits for its end, not for its start.
  ready.catch(() => undefined);
  return {
    pid,
    log: () => log,
    ready,
    exited,
    async stop(signal = "SIGTERM") {
      if (child.exitCode === null && child.signalCode === null) child.kill(signal);
      const timer = setTimeout(() => child.kill("SIGKILL"), STOP_TIMEOUT_MS);
      return exited.finally(() => clearTimeout(timer));
    },
  };
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
