/**
 * mediasoup's ready-made worker, from where mediasoup's own installer gets it (its npm-scripts.mjs).
 *
 * That installer is not used itself: it waits for a silent host without end, and when it gets no binary it goes
 * on to a build that downloads more.
 */
import { writeFileSync } from "node:fs";
import { release } from "node:os";
import { join } from "node:path";

import { runQuietly } from "../process.mjs";
import { say } from "../report.mjs";
import { isUsableWorker, readMediasoupPackage } from "./binary.mjs";

/** How long the host may be silent, before its answer and during it. */
const SILENCE_MS = 20_000;

/**
 * @param {object} system
 * @param {string} system.version
 * @param {string} system.repository as in mediasoup's package.json
 * @param {string} system.platform
 * @param {string} system.arch
 * @param {string} system.osRelease
 * @param {string | undefined} [system.baseUrl] used instead of the repository's releases
 */
export function prebuiltUrl({ version, repository, platform, arch, osRelease, baseUrl }) {
  const base = baseUrl ?? `${repository.replace(/^git\+/, "").replace(/\.git$/, "")}/releases/download`;
  const kernel = platform === "linux" ? `-kernel${osRelease.split(".")[0]}` : "";
  return `${base}/${version}/mediasoup-worker-${version}-${platform}-${arch}${kernel}.tgz`;
}

/**
 * @param {string} url
 * @returns {Promise<Buffer>}
 */
async function download(url) {
  const silence = new AbortController();
  const timer = setTimeout(() => silence.abort(new Error("no answer")), SILENCE_MS);
  try {
    const response = await fetch(url, { signal: silence.signal });
    if (!response.ok || !response.body) throw new Error(`the answer was ${response.status}`);
    const body = response.body.getReader();
    /** @type {Uint8Array[]} */
    const chunks = [];
    for (let part = await body.read(); !part.done; part = await body.read()) {
      timer.refresh();
      chunks.push(part.value);
    }
    return Buffer.concat(chunks);
  } finally {
    clearTimeout(timer);
  }
}

/** The innermost reason: fetch's own errors only say that it failed. @param {unknown} error @returns {string} */
function reasonOf(error) {
  if (!(error instanceof Error)) return String(error);
  return error.cause ? reasonOf(error.cause) : error.message;
}

/**
 * @param {string} workshop a folder to work in
 * @returns {Promise<string | undefined>} the worker's path, if there is one that runs on this system
 */
export async function downloadWorker(workshop) {
  if (process.env.MEDIASOUP_SKIP_WORKER_PREBUILT_DOWNLOAD) return undefined;

  const { version, repository } = readMediasoupPackage();
  const url = prebuiltUrl({
    version,
    repository: repository.url,
    platform: process.platform,
    arch: process.arch,
    osRelease: release(),
    baseUrl: process.env.MEDIASOUP_WORKER_PREBUILT_DOWNLOAD_BASE_URL,
  });
  say(`looking for mediasoup's ready-made worker ${version} …`);
  try {
    const archive = join(workshop, "worker.tgz");
    writeFileSync(archive, await download(url));
    const { ok, output } = await runQuietly("tar", ["-xzf", archive, "-C", workshop, "mediasoup-worker"]);
    if (!ok) throw new Error(output.trim());
  } catch (error) {
    say(`it could not be had from ${url} (${reasonOf(error)})`);
    return undefined;
  }
  const worker = join(workshop, "mediasoup-worker");
  if (isUsableWorker(worker)) return worker;
  say("it does not run on this system");
  return undefined;
}
