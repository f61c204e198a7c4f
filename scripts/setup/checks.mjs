/**
 * What looks at the code without running it.
 */
import { ROOT } from "./paths.mjs";
import { runInForeground } from "./process.mjs";
import { Interrupted } from "./report.mjs";

/** @type {Record<"lint" | "format" | "typecheck", readonly (readonly [string, ...string[]])[]>} */
const CHECKS = {
  lint: [
    ["eslint", "--max-warnings", "0", "."],
    ["solhint", "--noPoster", "--max-warnings", "0", "contracts/**/*.sol"],
    ["prettier", "--check", "--log-level", "warn", "."],
  ],
  format: [["prettier", "--write", "--log-level", "warn", "."]],
  typecheck: [
    ["tsc", "-p", "."],
    ["tsc", "-p", "scripts/setup"],
    ["tsc", "-p", "indexer", "--noEmit"],
    ["tsc", "-p", "indexer/dashboard", "--noEmit"],
  ],
};

/**
 * Runs all of a kind, also after one has failed, so that one run shows everything.
 *
 * @param {keyof typeof CHECKS} kind
 * @param {NodeJS.ProcessEnv} env
 */
export async function runChecks(kind, env) {
  let ok = true;
  for (const [program, ...args] of CHECKS[kind]) {
    console.log(`${kind}: ${[program, ...args].join(" ")}`);
    const { code, interruptedBy } = await runInForeground(program, args, { cwd: ROOT, env });
    if (interruptedBy) throw new Interrupted(interruptedBy);
    ok &&= code === 0;
  }
  return ok;
}
