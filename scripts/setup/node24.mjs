/**
 * Which Node runs the project. It needs Node 24: `node:sqlite` without a flag, and Hardhat 3. Where the system's
 * is older, npm has brought one along.
 */
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";

import { ROOT } from "./paths.mjs";
import { SetupError } from "./report.mjs";

export const WANTED_MAJOR = 24;

/**
 * @param {object} candidates
 * @param {string | undefined} candidates.bundled npm's Node, where it works on this machine
 * @param {{ path: string, version: string }} candidates.current the Node that runs this
 * @returns {string | undefined} the path of the Node to use
 */
export function chooseNode({ bundled, current }) {
  if (bundled) return bundled;
  return Number(current.version.split(".")[0]) >= WANTED_MAJOR ? current.path : undefined;
}

/** @returns {string | undefined} */
function findBundledNode() {
  const path = join(ROOT, "node_modules", `node-${process.platform}-${process.arch}`, "bin", "node");
  if (path === process.execPath) return path;
  // Built for glibc: on another C library it is there and does not run.
  const works = existsSync(path) && spawnSync(path, ["--version"], { stdio: "ignore" }).status === 0;
  return works ? path : undefined;
}

/** To be asked for once the npm packages are installed. */
export function findNode() {
  const node = chooseNode({
    bundled: findBundledNode(),
    current: { path: process.execPath, version: process.versions.node },
  });
  if (node) return node;
  throw new SetupError(
    `this needs Node ${WANTED_MAJOR} or newer; here is ${process.versions.node}, and npm has no Node for ` +
      `${process.platform}-${process.arch} that works on this system. Install Node ${WANTED_MAJOR} and run it again.`,
  );
}
