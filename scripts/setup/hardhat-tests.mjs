/**
 * Runs Hardhat's tests of one kind as `hardhat test <kind>` does, and hands over the counts, which that only prints:
 *
 *     node --import tsx scripts/setup/hardhat-tests.mjs mocha|solidity [--grep <pattern>] [file…]
 */
import { parseArgs } from "node:util";

// For the type of its part of Hardhat's configuration.
import "@nomicfoundation/hardhat-mocha";
import hre from "hardhat";

import CountingReporter from "./mocha-reporter.mjs";
import { finishRun } from "./test-finish.mjs";

const { values, positionals } = parseArgs({ options: { grep: { type: "string" } }, allowPositionals: true });
const [kind, ...testFiles] = positionals;
if (kind !== "mocha" && kind !== "solidity") throw new Error(`"${kind}" is no kind of Hardhat's tests`);

// Mocha's counts come from our reporter: those in the task's result have skipped tests among the passed.
if (kind === "mocha") hre.config.test.mocha.reporter = CountingReporter;

const result = /** @type {{ success: boolean, value?: RunResult, error?: RunResult }} */ (
  await hre.tasks.getTask(["test", kind]).run({ testFiles, ...values })
);

// The Solidity task's summary is empty unless it runs as a part of `hardhat test`; the single results are there.
if (kind === "solidity") {
  const { suiteResults } = /** @type {RunResult} */ (result.value ?? result.error);
  const tests = suiteResults.flatMap((suite) => suite.testResults);
  /** @param {string} status */
  const count = (status) => tests.filter((test) => test.status === status).length;
  finishRun({ passed: count("Success"), failed: count("Failure"), skipped: count("Skipped") });
}
if (!result.success) process.exitCode = 1;

/** @typedef {{ suiteResults: { testResults: { status: string }[] }[] }} RunResult */
