/**
 * What the worker's build needs of the system, and getting it.
 */
import { spawnSync } from "node:child_process";

import { aptAccess, findProgram, installDebianPackages } from "../apt.mjs";
import { SetupError } from "../report.mjs";

/**
 * @typedef {object} Requirement
 * @property {string} debianPackage
 * @property {string} [program]
 * @property {string[]} [libraries] as pkg-config knows them
 */

/** @type {readonly Requirement[]} */
const REQUIREMENTS = [
  { debianPackage: "g++", program: "g++" },
  { debianPackage: "meson", program: "meson" },
  { debianPackage: "ninja-build", program: "ninja" },
  { debianPackage: "pkg-config", program: "pkg-config" },
  { debianPackage: "flatbuffers-compiler", program: "flatc" },
  { debianPackage: "libflatbuffers-dev", libraries: ["flatbuffers"] },
  { debianPackage: "libabsl-dev", libraries: ["absl_optional", "absl_strings"] },
  { debianPackage: "libsrtp2-dev", libraries: ["libsrtp2"] },
  { debianPackage: "libssl-dev", libraries: ["openssl"] },
  { debianPackage: "libuv1-dev", libraries: ["libuv"] },
];

/**
 * @param {object} system
 * @param {(program: string) => boolean} system.hasProgram
 * @param {(library: string) => boolean} system.hasLibrary
 * @returns {string[]} the Debian packages that have what is missing
 */
export function missingPackages({ hasProgram, hasLibrary }) {
  return REQUIREMENTS.filter(({ program, libraries = [] }) => {
    const isComplete = (!program || hasProgram(program)) && libraries.every(hasLibrary);
    return !isComplete;
  }).map(({ debianPackage }) => debianPackage);
}

/**
 * @param {readonly string[]} missing
 * @param {string} version mediasoup's
 */
export function cannotBuildMessage(missing, version) {
  return (
    `mediasoup's worker has to be built here, and for that these are missing (by their names in Debian): ` +
    `${missing.join(", ")}. Install them (as root: apt-get install ${missing.join(" ")}) and run this again; or ` +
    `set MEDIASOUP_WORKER_BIN to the path of a mediasoup-worker ${version} that runs on this system.`
  );
}

function findMissing() {
  return missingPackages({
    hasProgram: (program) => findProgram(program) !== undefined,
    hasLibrary: (library) => spawnSync("pkg-config", ["--exists", library], { stdio: "ignore" }).status === 0,
  });
}

/** @param {string} version mediasoup's */
export async function ensureRequirements(version) {
  const missing = findMissing();
  if (missing.length === 0) return;

  const access = aptAccess();
  if (access === "none") throw new SetupError(cannotBuildMessage(missing, version));
  const { output } = await installDebianPackages(missing, access);
  const stillMissing = findMissing();
  if (stillMissing.length === 0) return;
  process.stderr.write(output);
  throw new SetupError(cannotBuildMessage(stillMissing, version));
}
