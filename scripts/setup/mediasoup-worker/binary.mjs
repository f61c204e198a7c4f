/**
 * Facts about worker binaries: what a usable one is, and where it is kept.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { ROOT, userCache } from "../paths.mjs";

/** The sources and facts of the installed mediasoup. */
export const MEDIASOUP = join(ROOT, "node_modules", "mediasoup");

/** What a worker ends with when it is not told its version, which says that it can run on this system. */
const EXIT_WITHOUT_VERSION = 41;

/** Raised where workers are to be built anew though mediasoup is the same: 2 has libsrtp with OpenSSL. */
const RECIPE = 2;

/** @typedef {{ version: string, repository: { url: string } }} MediasoupPackage */

export function readMediasoupPackage() {
  const text = readFileSync(join(MEDIASOUP, "package.json"), "utf8");
  return /** @type {MediasoupPackage} */ (JSON.parse(text));
}

/** @param {string} path */
export function isUsableWorker(path) {
  return (
    existsSync(path) &&
    spawnSync(path, [], { env: {}, stdio: "ignore", timeout: 10_000 }).status === EXIT_WITHOUT_VERSION
  );
}

/**
 * The worker's folder in the cache: binaries for different systems may share one, as home folders are shared.
 *
 * @param {object} system
 * @param {string} system.version mediasoup's
 * @param {string} system.platform
 * @param {string} system.arch
 * @param {boolean} system.isMusl
 */
export function cacheKey({ version, platform, arch, isMusl }) {
  return [`${version}.${RECIPE}`, platform, arch, ...(isMusl ? ["musl"] : [])].join("-");
}

function isMusl() {
  if (process.platform !== "linux") return false;
  const report = /** @type {{ header: { glibcVersionRuntime?: string } }} */ (process.report.getReport());
  return report.header.glibcVersionRuntime === undefined;
}

/** Where the cache has the worker for this system and the installed mediasoup, or is to have it. */
export function cachedWorkerPath() {
  const { version } = readMediasoupPackage();
  const key = cacheKey({ version, platform: process.platform, arch: process.arch, isMusl: isMusl() });
  return join(userCache(), "mediasoup-worker", key, "mediasoup-worker");
}
