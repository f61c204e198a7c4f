/** Finds reports of errors in the log lines of the devnet's processes. */
import { z } from "zod";

const pinoError = z.object({ level: z.int().min(50).max(60), msg: z.string().default("") });
/** Subsquid's logger: levels 0 (trace) to 5 (fatal). */
const subsquidError = z.object({ level: z.int().min(4).max(5), ns: z.string(), msg: z.string().default("") });
const errorLine = z.union([pinoError, subsquidError]);

/** What Node prints for errors that nobody caught. */
const UNCAUGHT = /UnhandledPromiseRejection|^Uncaught |triggerUncaughtException|MaxListenersExceededWarning/;

/** The error that a line reports, in one line; undefined where it reports none. */
export function problemIn(line: string): string | undefined {
  if (!line.startsWith("{")) return UNCAUGHT.test(line) ? line : undefined;
  let record: unknown;
  try {
    record = JSON.parse(line);
  } catch {
    return undefined;
  }
  return errorLine.safeParse(record).success ? line.slice(0, 500) : undefined;
}
