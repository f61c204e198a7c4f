#!/usr/bin/env node
/**
 * The operator's command line. Runs on any Node from 20 on: where it is older than what the node needs, the one that
 * npm brought along takes over, as for the project's other commands. mediasoup's worker comes from the project's cache
 * unless MEDIASOUP_WORKER_BIN names one.
 */
import { spawn } from "node:child_process";
import console from "node:console";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { cachedWorkerPath } from "../../scripts/setup/mediasoup-worker/binary.mjs";
import { findNode } from "../../scripts/setup/node24.mjs";

/** What a supervisor or an operator sends to the node. */
const FORWARDED = /** @type {const} */ (["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR2"]);

const main = join(dirname(dirname(fileURLToPath(import.meta.url))), "main.ts");
const worker = cachedWorkerPath();
if (process.env.MEDIASOUP_WORKER_BIN === undefined && existsSync(worker)) {
  process.env.MEDIASOUP_WORKER_BIN = worker;
}

try {
  const node = findNode();
  if (node === process.execPath) {
    const { register } = await import("tsx/esm/api");
    register();
    await import(main);
  } else {
    await runIn(node);
  }
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

/** @param {string} node */
async function runIn(node) {
  const child = spawn(node, ["--import", import.meta.resolve("tsx"), main, ...process.argv.slice(2)], {
    stdio: "inherit",
  });
  for (const signal of FORWARDED) process.on(signal, () => child.kill(signal));
  await new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("exit", (code, signal) => {
      // Ended by a signal that it does not handle: 128 and its number, as shells have it, is not known here by name.
      process.exitCode = code ?? (signal === null ? 1 : 143);
      resolve(undefined);
    });
  });
}
