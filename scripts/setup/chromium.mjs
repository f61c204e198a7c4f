/**
 * Chromium, for the tests that drive the real web page. They are skipped without it.
 */
import { existsSync } from "node:fs";

import { aptAccess, findProgram, installDebianPackages } from "./apt.mjs";
import { say } from "./report.mjs";

/** @typedef {import("./apt.mjs").AptAccess} AptAccess */

/**
 * A browser is a lot to put on somebody's system unasked: it is done where that is expected, on a CI machine, or
 * where the person is root and so has put nobody else in charge of the system.
 *
 * @param {AptAccess} access
 * @param {boolean} isCi
 */
export function mayInstallChromium(access, isCi) {
  return access === "root" || (access === "sudo" && isCi);
}

/** @returns {string | undefined} */
function findChromium() {
  const configured = process.env.CHROMIUM_BIN;
  if (configured && existsSync(configured)) return configured;
  return findProgram("chromium") ?? findProgram("chromium-browser");
}

/** @returns {Promise<string | undefined>} its path, if there is one */
export async function ensureChromium() {
  const found = findChromium();
  if (found) return found;

  const access = aptAccess();
  const isCi = Boolean(process.env.CI) && process.env.CI !== "false";
  if (access !== "none" && mayInstallChromium(access, isCi)) {
    const { ok } = await installDebianPackages(["chromium"], access);
    const installed = findChromium();
    if (ok && installed) return installed;
  }
  say("no Chromium here: the browser tests will be skipped (apt-get install chromium, or set CHROMIUM_BIN)");
  return undefined;
}
