/**
 * The arithmetic and the words of a test run's result. Pure.
 */

/** @typedef {{ passed: number, failed: number, skipped: number }} Counts */

/**
 * @typedef {object} PartResult
 * @property {Counts} counts
 * @property {string} [problem] what went wrong beside tests that failed
 */

/**
 * What a part of the suite has come to.
 *
 * @param {string | undefined} summary what its reporter wrote; nothing if the run broke off
 * @param {{ code: number | null, signal: string | null }} ending of its process
 * @returns {PartResult}
 */
export function judgePart(summary, ending) {
  const counts = summary === undefined ? undefined : parseCounts(summary);
  if (!counts) {
    return { counts: { passed: 0, failed: 1, skipped: 0 }, problem: `broke off (${describe(ending)})` };
  }
  if (counts.failed > 0) return { counts };
  if (ending.code !== 0) {
    const problem = `all tests passed, and then the run failed (${describe(ending)})`;
    return { counts: { ...counts, failed: 1 }, problem };
  }
  if (counts.passed === 0) return { counts: { ...counts, failed: 1 }, problem: "ran no test" };
  return { counts };
}

/** @param {{ code: number | null, signal: string | null }} ending */
function describe({ code, signal }) {
  return signal ?? `exit code ${code}`;
}

/**
 * @param {string} summary
 * @returns {Counts | undefined}
 */
function parseCounts(summary) {
  /** @type {unknown} */
  let parsed;
  try {
    parsed = JSON.parse(summary);
  } catch {
    return undefined; // Killed while writing it.
  }
  const { passed, failed, skipped } = /** @type {Record<string, unknown>} */ (parsed ?? {});
  const isCount = (/** @type {unknown} */ value) =>
    typeof value === "number" && Number.isInteger(value) && value >= 0;
  if (!isCount(passed) || !isCount(failed) || !isCount(skipped)) return undefined;
  return /** @type {Counts} */ ({ passed, failed, skipped });
}

/** @param {readonly Counts[]} parts @returns {Counts} */
export function add(parts) {
  /** @param {keyof Counts} key */
  const total = (key) => parts.reduce((sum, counts) => sum + counts[key], 0);
  return { passed: total("passed"), failed: total("failed"), skipped: total("skipped") };
}

/** @param {Counts} counts */
export function format({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}
