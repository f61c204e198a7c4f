/**
 * The test suite: its parts, mostly one after another, and what they come to.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { ROOT } from "./paths.mjs";
import { runProgram } from "./process.mjs";
import { Interrupted, SetupError } from "./report.mjs";
import { add, format, judgePart } from "./test-summary.mjs";

const HERE = join("scripts", "setup");

/**
 * @typedef {object} Part
 * @property {(args: string[]) => string[]} command what Node is to run, given arguments for the test runner
 * @property {readonly Need[]} needs what must be there beside the packages and the contracts
 * @property {string} [beside] the part that it runs beside, if that is asked for too: both mostly wait
 */

/** @typedef {"indexer" | "worker" | "chromium"} Need */

/**
 * @param {string} kind
 * @returns {Part}
 */
const hardhat = (kind) => ({
  command: (args) => [join(HERE, "hardhat-tests.mjs"), kind, ...args],
  needs: [],
});

/**
 * @param {string} files the part's tests, where the command line names none
 * @param {Need[]} needs
 * @returns {Part}
 */
const mocha = (files, ...needs) => ({
  command: (args) => [
    join("node_modules", "mocha", "bin", "mocha.js"),
    // All settings are here: files that others may have put in the folder or above it have no say.
    ...["--no-config", "--no-package"],
    ...["--reporter", `./${join(HERE, "mocha-reporter.mjs")}`],
    ...["--timeout", "60000"],
    // A forgotten `.only` must not make a suite pass.
    ...(process.env.CI ? ["--forbid-only"] : []),
    ...args,
    ...(args.some((arg) => arg.endsWith(".ts")) ? [] : [files]),
  ],
  needs,
});

/** @param {string[]} folders */
function nodeTests(...folders) {
  return `test/node/{${folders.join(",")}}/**/*.test.ts`;
}

/**
 * In the order in which they run: quick and fundamental ones first.
 *
 * @satisfies {Record<string, Part>}
 */
export const PARTS = {
  setup: mocha("test/setup/**/*.test.ts"),
  contracts: hardhat("mocha"),
  solidity: hardhat("solidity"),
  node: mocha(nodeTests("protocol", "chain", "service", "operator", "webhooks", "faults"), "worker"),
  media: {
    ...mocha(nodeTests("media", "signaling", "client", "cluster", "bench"), "worker"),
    beside: "node",
  },
  indexer: mocha("test/indexer/**/*.test.ts", "indexer"),
  e2e: mocha("test/e2e/**/*.test.ts", "indexer", "worker", "chromium"),
};

/** @typedef {keyof typeof PARTS} PartName */

/**
 * @param {readonly string[]} args names of parts, then arguments for the test runner
 * @returns {{ names: PartName[], runnerArgs: string[] }}
 */
export function parseArguments(args) {
  /** @param {string} arg @returns {arg is PartName} */
  const isPart = (arg) => Object.hasOwn(PARTS, arg);
  const firstOther = args.findIndex((arg) => !isPart(arg));
  const end = firstOther === -1 ? args.length : firstOther;
  const named = args.slice(0, end).filter(isPart);
  const runnerArgs = args.slice(end);

  const [unknown] = runnerArgs;
  const known = Object.keys(PARTS).join(", ");
  const isForRunner = unknown !== undefined && (unknown.startsWith("-") || /\.(ts|sol)$/.test(unknown));
  if (unknown !== undefined && !(isForRunner && named.length === 1)) {
    throw new SetupError(
      `"${unknown}" is no part of the test suite (${known}). Files and options for the test runner go behind the ` +
        "name of the one part that they are for: npm test -- node --grep receipt",
    );
  }
  return { names: named.length > 0 ? named : Object.keys(PARTS).filter(isPart), runnerArgs };
}

/**
 * @param {readonly PartName[]} names
 * @param {Need} need
 */
export function anyNeeds(names, need) {
  return names.some((name) => PARTS[name].needs.includes(need));
}

/**
 * Runs the parts, prints the result as the last line, and returns whether all is well.
 *
 * @param {ReturnType<typeof parseArguments>} what
 * @param {string} node
 * @param {NodeJS.ProcessEnv} env
 */
export async function runTests({ names, runnerArgs }, node, env) {
  const folder = mkdtempSync(join(tmpdir(), "dtelecom-tests-"));
  try {
    /** @param {PartName} name @param {((text: string) => void)} [onOutput] */
    const run = async (name, onOutput) => {
      const summaryPath = join(folder, name);
      const ending = await runProgram(node, PARTS[name].command(runnerArgs), {
        cwd: ROOT,
        env: { ...env, DTEL_TEST_SUMMARY: summaryPath },
        ...(onOutput ? { onOutput } : {}),
      });
      if (ending.interruptedBy) throw new Interrupted(ending.interruptedBy);
      return { name, ...judgePart(readIfExists(summaryPath), ending) };
    };

    const results = [];
    for (const [first, ...others] of sideBySide(names)) {
      // Only one can have the terminal; what the others say is shown when it is done.
      const besides = others.map((name) => {
        let output = "";
        return { name, result: run(name, (text) => (output += text)), said: () => output };
      });
      printTitle(first);
      const all = Promise.all([run(first), ...besides.map(({ result }) => result)]);
      results.push(...(await all));
      for (const { name, said } of besides) {
        printTitle(name);
        process.stdout.write(said());
      }
    }

    console.log("\n── result ──\n");
    for (const { name, counts, problem } of results) {
      console.log(`${name.padEnd(10)} ${format(counts)}${problem ? ` — ${problem}` : ""}`);
    }
    const total = add(results.map(({ counts }) => counts));
    console.log(`\n${format(total)}`);
    return total.failed === 0;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Parts that run at the same time, together.
 *
 * @param {readonly PartName[]} names
 * @returns {[PartName, ...PartName[]][]}
 */
export function sideBySide(names) {
  /** @param {PartName} name @returns {string | undefined} */
  const besideOf = (name) => /** @type {Part} */ (PARTS[name]).beside;
  return names
    .filter((name) => !names.some((other) => other === besideOf(name)))
    .map((name) => [name, ...names.filter((other) => besideOf(other) === name)]);
}

/** @param {string} name */
function printTitle(name) {
  console.log(`\n── ${name} ${"─".repeat(60 - name.length)}\n`);
}

/** @param {string} path */
function readIfExists(path) {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined;
  }
}
