/**
 * Makes sure of a mediasoup worker that runs on this system. README.md here has the order of attempts and why.
 */
import { chmodSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";

import { withLock } from "../lock.mjs";
import { say, SetupError } from "../report.mjs";
import { cachedWorkerPath, isUsableWorker } from "./binary.mjs";
import { buildWorker } from "./build.mjs";
import { downloadWorker } from "./prebuilt.mjs";

/** @returns {Promise<string>} the worker's path */
export async function ensureWorker() {
  const configured = process.env.MEDIASOUP_WORKER_BIN;
  if (configured) {
    if (isUsableWorker(configured)) return configured;
    throw new SetupError(
      `MEDIASOUP_WORKER_BIN is ${configured}, which is not a mediasoup-worker that runs on this system. ` +
        "Correct it, or unset it and set-up will get one.",
    );
  }

  const cached = cachedWorkerPath();
  if (isUsableWorker(cached)) return cached;

  const folder = dirname(cached);
  return await withLock(`${folder}.lock`, async () => {
    if (isUsableWorker(cached)) return cached;
    // Beside its destination, so that the finished worker can be moved there at once. Nobody else works in it
    // while the lock is held; what is there was left by a set-up that was killed.
    const workshop = join(folder, "in-progress");
    rmSync(workshop, { recursive: true, force: true });
    mkdirSync(workshop, { recursive: true });
    try {
      const worker = (await downloadWorker(workshop)) ?? (await buildWorker(workshop));
      chmodSync(worker, 0o755);
      renameSync(worker, cached);
    } finally {
      rmSync(workshop, { recursive: true, force: true });
    }
    say(`mediasoup's worker is ready: ${cached}`);
    return cached;
  });
}
