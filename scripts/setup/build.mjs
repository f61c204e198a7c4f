/**
 * What is generated from the sources before anything runs: the contracts' artifacts and types, the indexer, and the
 * page that its API serves.
 */
import { existsSync } from "node:fs";
import { join, relative } from "node:path";

import { filesIn, fingerprint, noteAt } from "./fingerprint.mjs";
import { withLock } from "./lock.mjs";
import { NOTES, ROOT } from "./paths.mjs";
import { runQuietly } from "./process.mjs";
import { say, SetupError } from "./report.mjs";

/**
 * @typedef {object} Step
 * @property {"contracts" | "indexer" | "dashboard"} name
 * @property {string} what said while it is done
 * @property {readonly [string, ...string[]]} command
 * @property {string[]} from what it is made from
 * @property {(path: string) => boolean} [include] what of that
 * @property {string[]} to what it makes
 */

/** @type {readonly Step[]} */
const STEPS = [
  {
    name: "contracts",
    what: "compiling the contracts",
    command: ["hardhat", "build"],
    // Hardhat compiles the Solidity tests together with the contracts.
    from: ["contracts", "test/contracts", "hardhat.config.ts", "remappings.txt", "package-lock.json"],
    include: (path) => !/^test\/.*\.ts$/.test(path),
    to: ["artifacts", "types/contracts"],
  },
  {
    name: "indexer",
    what: "building the indexer",
    command: ["npm", "run", "--silent", "build:indexer"],
    // Its ABI modules are made from the contracts.
    from: ["indexer", "contracts", "hardhat.config.ts", "package-lock.json"],
    include: (path) => !/^indexer\/(lib|dashboard|src\/abi|src\/model\/generated|node_modules)$/.test(path),
    to: ["indexer/lib"],
  },
  {
    name: "dashboard",
    what: "building the dashboard",
    command: ["tsx", "scripts/devnet/buildDashboard.ts"],
    from: [
      "indexer/dashboard",
      "node/client",
      "node/protocol",
      "scripts/devnet/app/tokenExchange.ts",
      "scripts/devnet/buildDashboard.ts",
      "package-lock.json",
    ],
    include: (path) => path !== "indexer/dashboard/dist",
    to: ["indexer/dashboard/dist"],
  },
];

/** @param {Step} step */
function fingerprintOf({ from, include = () => true }) {
  const files = filesIn(
    from.map((path) => join(ROOT, path)),
    (path) => include(relative(ROOT, path)),
  );
  return fingerprint(files);
}

/**
 * @param {Step} step
 * @param {NodeJS.ProcessEnv} env
 */
async function ensureStep(step, env) {
  const note = noteAt(join(NOTES, step.name));
  const isDone = () =>
    step.to.every((path) => existsSync(join(ROOT, path))) && note.says(fingerprintOf(step));
  if (isDone()) return;

  await withLock(join(NOTES, `${step.name}.lock`), async () => {
    if (isDone()) return;
    say(`${step.what} …`);
    // Taken first: what is edited meanwhile is built the next time.
    const wanted = fingerprintOf(step);
    const [program, ...args] = step.command;
    const { ok, output } = await runQuietly(program, args, { cwd: ROOT, env });
    if (!ok) {
      process.stderr.write(output);
      throw new SetupError(`${step.what} failed ("${step.command.join(" ")}"; its output is above).`);
    }
    note.write(wanted);
  });
}

/**
 * @param {readonly Step["name"][]} names
 * @param {NodeJS.ProcessEnv} env for the tools: with the project's Node first in the path
 */
export async function ensureBuild(names, env) {
  for (const step of STEPS) {
    if (names.includes(step.name)) await ensureStep(step, env);
  }
}
