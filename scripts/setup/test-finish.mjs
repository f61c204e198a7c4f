import { writeFileSync } from "node:fs";

/** @typedef {import("./test-summary.mjs").Counts} Counts */

/** How long a test process may take to end by itself once its tests are done. */
const GRACE_MS = 30_000;

/**
 * To be called in a test process when its tests are done: hands the counts over, and sees to it that the process
 * ends. It must end by itself, for tests leave nothing running behind; one that does not is failed.
 *
 * @param {Counts} counts
 */
export function finishRun(counts) {
  handOver(counts);
  // Unreferenced: it comes to be called only if something else keeps the process alive.
  setTimeout(() => {
    const left = [...new Set(process.getActiveResourcesInfo())].join(", ");
    console.error(`The tests are done, but the process does not end: they left something running (${left}).`);
    // Not by the exit code alone: Mocha sets its own when the process exits.
    handOver({ ...counts, failed: counts.failed + 1 });
    process.exit(1);
  }, GRACE_MS).unref();
}

/** @param {Counts} counts */
function handOver(counts) {
  const path = process.env.DTEL_TEST_SUMMARY;
  if (path) writeFileSync(path, JSON.stringify(counts));
}
