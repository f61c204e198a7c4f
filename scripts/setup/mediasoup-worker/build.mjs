/**
 * The worker, built from the source in mediasoup's npm package against the system's libraries. README.md here
 * says what is put in place of what, and why.
 */
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

import { runQuietly } from "../process.mjs";
import { say, SetupError } from "../report.mjs";
import { isUsableWorker, MEDIASOUP, readMediasoupPackage } from "./binary.mjs";
import { downloadLibsrtp } from "./libsrtp.mjs";
import { ensureRequirements } from "./requirements.mjs";

/** Our stand-ins for the libraries that the worker's build would download. */
const STAND_INS = join(dirname(fileURLToPath(import.meta.url)), "subprojects");

const CHANGES = [
  { file: "meson.build", from: "meson_version: '>= 1.1.0'", to: "meson_version: '>= 1.0.0'" },
  {
    file: "src/RTC/DtlsTransport.cpp",
    from: "(operationType == BIO_CB_RETURN) ?",
    to: "(operationType & BIO_CB_RETURN) ?",
  },
];

/** What users of libsrtp 2 include, in its source. */
const LIBSRTP_HEADERS = [
  "include/srtp.h",
  "crypto/include/auth.h",
  "crypto/include/cipher.h",
  "crypto/include/crypto_types.h",
];

/** The compiler takes up to about this much for one of the worker's files. */
const COMPILER_MEMORY_BYTES = 1.2 * 2 ** 30;

const PROGRESS_EVERY_MS = 10_000;

/**
 * The sources of mediasoup's package with our stand-ins and changes.
 *
 * @param {string} source the folder to make it in
 * @param {string} [libsrtp] a folder with the source of libsrtp 2, to be built along
 */
export function prepareSource(source, libsrtp) {
  cpSync(join(MEDIASOUP, "worker"), source, { recursive: true });
  // What an installation with install scripts may have left there.
  for (const leftover of ["out", "prebuild"])
    rmSync(join(source, leftover), { recursive: true, force: true });

  const subprojects = join(source, "subprojects");
  for (const name of readdirSync(STAND_INS)) {
    const wrap = readFileSync(join(subprojects, `${name}.wrap`), "utf8");
    const folder = /^directory *= *(.+)$/m.exec(wrap)?.[1];
    if (!folder) throw new Error(`${name}.wrap names no directory`);
    cpSync(join(STAND_INS, name), join(subprojects, folder), { recursive: true });
    if (name !== "libsrtp3" || libsrtp === undefined) continue;
    cpSync(libsrtp, join(subprojects, "libsrtp2"), { recursive: true });
    for (const header of LIBSRTP_HEADERS) {
      cpSync(join(libsrtp, header), join(subprojects, folder, "include/srtp2", basename(header)));
    }
  }

  for (const { file, from, to } of CHANGES) {
    const path = join(source, file);
    const text = readFileSync(path, "utf8");
    if (!text.includes(from)) throw new Error(`"${from}" was not found in mediasoup's worker/${file}`);
    writeFileSync(path, text.replace(from, to));
  }
}

/**
 * @param {string} line of ninja's output
 * @returns {number | undefined} the part of the work that is done, from 0 to 1
 */
export function progressIn(line) {
  const counts = /^\[(\d+)\/(\d+)\]/.exec(line);
  return counts ? Number(counts[1]) / Number(counts[2]) : undefined;
}

/** Says how far the build is, now and then. @returns {(line: string) => void} takes ninja's output */
function progressReporter() {
  let saidAt = performance.now();
  return (line) => {
    const progress = progressIn(line);
    if (progress === undefined || performance.now() - saidAt < PROGRESS_EVERY_MS) return;
    saidAt = performance.now();
    say(`building mediasoup's worker: ${Math.floor(progress * 100)} %`);
  };
}

/**
 * @param {string} workshop a folder to work in
 * @returns {Promise<string>} the worker's path
 */
export async function buildWorker(workshop) {
  const { version } = readMediasoupPackage();
  await ensureRequirements(version);

  const source = join(workshop, "worker");
  prepareSource(source, await downloadLibsrtp(workshop));
  const worker = join(workshop, "mediasoup-worker");
  const jobs = Math.max(1, Math.min(availableParallelism(), Math.floor(totalmem() / COMPILER_MEMORY_BYTES)));

  /** @type {(command: string, args: string[], onLine?: (line: string) => void) => Promise<void>} */
  const step = async (command, args, onLine) => {
    const { ok, output } = await runQuietly(command, args, { cwd: source, ...(onLine && { onLine }) });
    if (ok) return;
    process.stderr.write(output);
    throw new SetupError(
      `building mediasoup's worker failed at "${command} ${args.join(" ")}" (its output is above). ` +
        `MEDIASOUP_WORKER_BIN can name a mediasoup-worker ${version} from elsewhere instead.`,
    );
  };

  say(`building mediasoup's worker ${version} with ${jobs} compiler(s); once per machine, 6 to 15 minutes …`);
  const options = ["--wrap-mode=nodownload", "--buildtype=release", "-Db_ndebug=true"];
  await step("meson", ["setup", ...options, "build"]);
  // libwebrtc includes headers that are generated from mediasoup's schemas without saying so to Meson: they have
  // to be there before it is compiled.
  await step("ninja", ["-C", "build", "fbs/FBS/common.h"]);
  await step("ninja", ["-C", "build", "-j", String(jobs), "mediasoup-worker"], progressReporter());
  await step("strip", ["-o", worker, "build/mediasoup-worker"]);
  if (!isUsableWorker(worker)) {
    throw new SetupError(
      "mediasoup's worker was built and does not run here. That is a fault of this set-up: please report it. " +
        `MEDIASOUP_WORKER_BIN can name a mediasoup-worker ${version} from elsewhere instead.`,
    );
  }
  return worker;
}
