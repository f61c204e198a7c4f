import pino, { type Logger } from "pino";

export type { Logger };

/** A logger on stderr; stdout is left to the one ready line. The level comes from LOG_LEVEL. */
export function createLog(name: string): Logger {
  return pino({ name, level: process.env.LOG_LEVEL ?? "info" }, pino.destination({ dest: 2, sync: true }));
}

/** Tells the parent process, in one line of JSON on stdout, that the program does what it is for. */
export function reportReady(details: Record<string, unknown>): void {
  process.stdout.write(`${JSON.stringify({ ready: true, ...details })}\n`);
}
