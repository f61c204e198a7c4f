/**
 * Runs one of the project's tasks, after making sure of everything it needs:
 *
 *     node scripts/setup/run.mjs <task> [argument…]
 *
 * This and all it imports run on a machine that has only Node 20 and npm, before anything is installed.
 */
import { ensureBuild } from "./build.mjs";
import { runChecks } from "./checks.mjs";
import { ensureChromium } from "./chromium.mjs";
import { projectEnvironment } from "./environment.mjs";
import { ensureWorker } from "./mediasoup-worker/ensure.mjs";
import { ensurePackages } from "./packages.mjs";
import { ROOT } from "./paths.mjs";
import { runProgram } from "./process.mjs";
import { Interrupted, say, SetupError } from "./report.mjs";
import { anyNeeds, parseArguments, runTests } from "./test.mjs";

/**
 * Sets up the packages, the contracts, and what else is needed.
 *
 * @param {object} needed
 * @param {boolean} [needed.worker]
 * @param {boolean} [needed.indexer]
 * @param {boolean} [needed.chromium]
 */
async function setUp({ worker = true, indexer = true, chromium = false } = {}) {
  const { node } = await ensurePackages();
  const env = projectEnvironment({
    node,
    worker: worker ? await ensureWorker() : undefined,
    chromium: chromium ? await ensureChromium() : undefined,
  });
  await ensureBuild(indexer ? ["contracts", "indexer", "dashboard"] : ["contracts"], env);
  return { node, env };
}

/** Sets up what compilers and linters look at. */
async function setUpSources() {
  const { env } = await setUp({ worker: false });
  return env;
}

/**
 * Runs a program of the project, written in TypeScript or JavaScript, and ends as it ends.
 *
 * @param {readonly string[]} fileAndArgs
 */
async function execute(fileAndArgs) {
  const { node, env } = await setUp();
  const { code, signal } = await runProgram(node, fileAndArgs, { cwd: ROOT, env });
  if (signal) throw new Interrupted(signal);
  process.exitCode = code ?? 1;
}

/** @param {boolean} ok */
function endWith(ok) {
  process.exitCode = ok ? 0 : 1;
}

/** @type {Record<string, { what: string, run: (args: string[]) => Promise<void> }>} */
const TASKS = {
  setup: {
    what: "install and build everything",
    run: async () => {
      await setUp();
      say("all is ready");
    },
  },
  build: {
    what: "compile the contracts and the indexer, if they changed",
    run: async () => {
      await setUpSources();
    },
  },
  start: {
    what: "start a network on this machine",
    run: (args) => execute(["scripts/devnet/start.ts", ...args]),
  },
  exec: {
    what: "run a script: exec <file> [argument…]",
    run: (args) => execute(args),
  },
  test: {
    what: "run the tests: test [part…]",
    run: async (args) => {
      const tests = parseArguments(args);
      /** @param {import("./test.mjs").Need} need */
      const needs = (need) => anyNeeds(tests.names, need);
      const { node, env } = await setUp({
        worker: needs("worker"),
        indexer: needs("indexer"),
        chromium: needs("chromium"),
      });
      endWith(await runTests(tests, node, env));
    },
  },
  lint: {
    what: "check the code's style",
    run: async () => endWith(await runChecks("lint", await setUpSources())),
  },
  typecheck: {
    what: "check the types",
    run: async () => endWith(await runChecks("typecheck", await setUpSources())),
  },
  format: {
    what: "put the code into its style",
    run: async () => endWith(await runChecks("format", await setUpSources())),
  },
};

/** @param {string | undefined} name */
function findTask(name) {
  if (name !== undefined && Object.hasOwn(TASKS, name)) return TASKS[name];
  const list = Object.entries(TASKS).map(([task, { what }]) => `  ${task.padEnd(10)} ${what}`);
  throw new SetupError(`say which of these to do:\n${list.join("\n")}`);
}

const [name, ...args] = process.argv.slice(2);
try {
  await findTask(name)?.run(args);
} catch (error) {
  if (error instanceof Interrupted) {
    // Nothing listens any more, so this ends the process as the signal would have.
    process.kill(process.pid, error.signal);
  } else if (error instanceof SetupError) {
    console.error(`setup: ${error.message}`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
