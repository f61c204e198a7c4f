/**
 * Line coverage of `contracts/` by its tests in TypeScript: prints a table, leaves `coverage/html` and `coverage/lcov.info`.
 * Instrumented code costs more gas and is larger, so the tests that measure just that are left out.
 *
 * In a copy of the project: the tests' typed factories, too, hold instrumented code afterwards.
 *
 *     npm run coverage
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { glob } from "node:fs/promises";

const LEFT_OUT = ["test/contracts/scale/", "test/contracts/attacks/", "test/contracts/deployment/"];

const files = [];
for await (const file of glob("test/contracts/**/*.test.ts")) {
  if (!LEFT_OUT.some((folder) => file.startsWith(folder))) files.push(file);
}
const child = spawn("hardhat", ["test", "mocha", "--coverage", ...files.sort()], {
  stdio: "inherit",
  env: { ...process.env, DTEL_COVERAGE: "1" },
});
await once(child, "exit");
process.exitCode = child.exitCode ?? 1;
