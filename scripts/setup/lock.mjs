/**
 * A lock between processes of this machine: a file holding its owner's process id. An owner that died without
 * giving it back is noticed and its lock taken over.
 */
import { linkSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

import { say } from "./report.mjs";

const POLL_MS = 500;

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: alive, and another user's.
    return /** @type {NodeJS.ErrnoException} */ (error).code === "EPERM";
  }
}

/** @param {string} path */
function readOwner(path) {
  try {
    return Number(readFileSync(path, "utf8"));
  } catch {
    return undefined;
  }
}

/**
 * Makes `to` another name of `from`, unless `to` exists.
 *
 * @param {string} from
 * @param {string} to
 */
function linkUnlessExists(from, to) {
  try {
    linkSync(from, to);
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "EEXIST") return false;
    throw error;
  }
}

/**
 * Takes the lock away from a dead owner.
 *
 * @param {string} path
 * @param {number} deadOwner
 */
function breakLock(path, deadOwner) {
  const aside = `${path}.${process.pid}.stale`;
  try {
    renameSync(path, aside);
  } catch {
    return; // Another process was first.
  }
  // Between the look at the owner and the renaming, another process may have taken the lock over.
  if (readOwner(aside) !== deadOwner) linkUnlessExists(aside, path);
  rmSync(aside, { force: true });
}

/**
 * Does `work` while no other process holds the lock.
 *
 * @template T
 * @param {string} path
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withLock(path, work) {
  mkdirSync(dirname(path), { recursive: true });
  // Linked into place, so that nobody ever reads a lock without its owner in it.
  const claim = `${path}.${process.pid}`;
  writeFileSync(claim, String(process.pid));
  try {
    let saidSo = false;
    while (!linkUnlessExists(claim, path)) {
      const owner = readOwner(path);
      if (owner === undefined) continue; // Given back just now.
      if (!isAlive(owner)) {
        breakLock(path, owner);
        continue;
      }
      if (!saidSo)
        say(`waiting for another set-up to finish (process ${owner}; if it is none, delete ${path})`);
      saidSo = true;
      await sleep(POLL_MS);
    }
  } finally {
    rmSync(claim, { force: true });
  }
  try {
    return await work();
  } finally {
    rmSync(path, { force: true });
  }
}
