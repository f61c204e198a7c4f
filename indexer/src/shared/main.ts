import { createLog } from "./log";

const STOP_TIMEOUT_MS = 30_000;

/**
 * Runs a program until it ends or SIGINT or SIGTERM asks it to; a second signal ends it at once.
 * @param run Resolves when there is nothing left to do; must give up everything it holds when `signal` aborts.
 */
export function runMain(name: string, run: (signal: AbortSignal) => Promise<void>): void {
  const log = createLog(name);
  const stop = new AbortController();
  for (const name of ["SIGINT", "SIGTERM"] as const) {
    process.on(name, () => {
      if (stop.signal.aborted) process.exit(1);
      stop.abort(new Error(`Stopped by ${name}.`));
      setTimeout(() => {
        log.error(`Still not stopped after ${STOP_TIMEOUT_MS / 1_000} seconds: giving up.`);
        process.exit(1);
      }, STOP_TIMEOUT_MS).unref();
    });
  }
  // Whoever started this program through a pipe or with an IPC channel and is gone must not leave it behind.
  process.on("disconnect", () => stop.abort(new Error("The parent process is gone.")));
  run(stop.signal).then(
    () => process.exit(0),
    (error: unknown) => {
      if (stop.signal.aborted) process.exit(0);
      log.fatal({ err: error }, error instanceof Error ? error.message : String(error));
      process.exit(error instanceof ProgramError ? error.exitCode : 1);
    },
  );
}

/** An error with an exit code of its own, for whoever supervises the program. */
export class ProgramError extends Error {
  constructor(
    message: string,
    readonly exitCode: number,
  ) {
    super(message);
  }
}
