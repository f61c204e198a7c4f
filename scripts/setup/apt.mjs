/**
 * Debian's packages: whether set-up may install them, and doing it.
 */
import { spawnSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

import { runQuietly } from "./process.mjs";
import { say } from "./report.mjs";

/** @typedef {"root" | "sudo" | "none"} AptAccess */

/**
 * @param {string} name
 * @param {NodeJS.ProcessEnv} [env]
 * @returns {string | undefined} the program's path, if it is installed
 */
export function findProgram(name, env = process.env) {
  const folders = (env.PATH ?? "").split(delimiter).filter((folder) => folder !== "");
  return folders
    .map((folder) => join(folder, name))
    .find((path) => {
      try {
        accessSync(path, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

/**
 * @param {object} system
 * @param {boolean} system.hasApt
 * @param {number | undefined} system.userId
 * @param {() => boolean} system.sudoWorks asked only where it matters
 * @param {boolean} system.forbidden
 * @returns {AptAccess}
 */
export function decideAptAccess({ hasApt, userId, sudoWorks, forbidden }) {
  if (forbidden || !hasApt) return "none";
  if (userId === 0) return "root";
  return sudoWorks() ? "sudo" : "none";
}

/** @returns {AptAccess} */
export function aptAccess() {
  return decideAptAccess({
    hasApt: findProgram("apt-get") !== undefined,
    userId: process.getuid?.(),
    sudoWorks: () =>
      findProgram("sudo") !== undefined &&
      spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0,
    forbidden: Boolean(process.env.DTEL_NO_APT),
  });
}

/**
 * @param {readonly string[]} packages
 * @param {Exclude<AptAccess, "none">} access
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function installDebianPackages(packages, access) {
  const prefix = access === "sudo" ? ["sudo", "-n"] : [];
  /** @param {string[]} args */
  const aptGet = (...args) => {
    const [command, ...rest] = [...prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", ...args];
    return runQuietly(command ?? "env", rest);
  };
  const install = () => aptGet("install", "-y", "--no-install-recommends", ...packages);

  say(`installing Debian's ${packages.join(", ")} …`);
  const first = await install();
  if (first.ok) return first;
  // A fresh system has no package lists, and old lists name versions that are gone.
  const update = await aptGet("update");
  return update.ok ? await install() : update;
}
