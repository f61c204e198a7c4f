/**
 * Running other programs, so that a signal reaches each of them exactly once.
 *
 * Ctrl-C in a terminal goes to every process of the foreground group, and npm sends it to its child once more.
 * A program that shuts down at the first signal and gives up at the second would never shut down cleanly. So
 * children run in a session of their own, where the terminal's signal does not reach them, and it is passed on
 * from here, without the echo.
 */
import { spawn } from "node:child_process";

import { Interrupted } from "./report.mjs";

/** What is passed on for what arrives: a closed terminal is a reason to shut down like any other. */
const PASSED_ON = /** @type {const} */ ({ SIGINT: "SIGINT", SIGTERM: "SIGTERM", SIGHUP: "SIGTERM" });

const FOLLOW_PARENT = new URL("follow-parent.mjs", import.meta.url).href;

/** The same signal again within this time is an echo of the first, not a second request. */
const ECHO_MS = 1_000;

/** The npm that started this, if one did. */
const NPM = process.env.npm_lifecycle_event === undefined ? undefined : process.ppid;

/** How often to see whether it still lives. */
const NPM_CHECK_MS = 1_000;

/**
 * @typedef {object} Ending
 * @property {number | null} code the exit code; null when a signal ended the program
 * @property {NodeJS.Signals | null} signal the signal that ended the program
 * @property {NodeJS.Signals | null} interruptedBy the signal that arrived here and was passed on
 */

/**
 * Waits for a child's end, passing signals on to it meanwhile.
 *
 * @param {import("node:child_process").ChildProcess} child
 * @returns {Promise<Ending>}
 */
function supervise(child) {
  return new Promise((resolve, reject) => {
    /** @type {NodeJS.Signals | null} */
    let interruptedBy = null;
    let passedOnAt = -Infinity;

    /** @param {NodeJS.Signals} signal */
    const passOn = (signal) => {
      const now = performance.now();
      const isEcho = signal === interruptedBy && now - passedOnAt < ECHO_MS;
      if (isEcho) return;
      interruptedBy = signal;
      passedOnAt = now;
      child.kill(PASSED_ON[/** @type {keyof typeof PASSED_ON} */ (signal)]);
    };
    // An npm that is killed outright leaves this behind, which must not go on without it.
    const npmCheck = setInterval(() => {
      if (NPM === undefined || process.ppid === NPM) return;
      clearInterval(npmCheck);
      passOn("SIGTERM");
    }, NPM_CHECK_MS);

    const stopListening = () => {
      clearInterval(npmCheck);
      for (const signal of Object.keys(PASSED_ON)) process.removeListener(signal, passOn);
    };

    for (const signal of Object.keys(PASSED_ON)) process.on(signal, passOn);
    child.once("error", (error) => {
      stopListening();
      reject(error);
    });
    // At "close" all output has been read, where there is any to read.
    child.once(child.stdout ? "close" : "exit", (code, signal) => {
      stopListening();
      resolve({ code, signal, interruptedBy });
    });
  });
}

/**
 * Runs a tool on this terminal and waits for it. How it ended is the caller's to judge.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv }} [options]
 */
export function runInForeground(command, args, options = {}) {
  return supervise(spawn(command, args, { ...options, stdio: "inherit", detached: true }));
}

/**
 * Runs a program of the project, in TypeScript or JavaScript, on this terminal and waits for it.
 *
 * @param {string} node
 * @param {readonly string[]} fileAndArgs
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onOutput?: (text: string) => void }} [options] `onOutput` takes
 *   what the program says, instead of the terminal
 */
export function runProgram(node, fileAndArgs, { env = process.env, onOutput, ...options } = {}) {
  const preload = ["--import", FOLLOW_PARENT, "--import", "tsx"];
  const child = spawn(node, [...preload, ...fileAndArgs], {
    ...options,
    env: { ...env, DTEL_PARENT_PIPE: "3" },
    stdio: onOutput ? ["ignore", "pipe", "pipe", "pipe"] : ["inherit", "inherit", "inherit", "pipe"],
    detached: true,
  });
  if (onOutput) {
    child.stdout?.setEncoding("utf8").on("data", onOutput);
    child.stderr?.setEncoding("utf8").on("data", onOutput);
  }
  return supervise(child);
}

/**
 * Runs a step of set-up quietly: its output is returned, for use when it fails. A signal ends the step and then
 * throws {@link Interrupted}.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, onLine?: (line: string) => void }} [options]
 * @returns {Promise<{ ok: boolean, output: string }>}
 */
export async function runQuietly(command, args, { onLine, ...options } = {}) {
  const child = spawn(command, args, { ...options, stdio: ["ignore", "pipe", "pipe"], detached: true });
  let output = "";
  let line = "";
  /** @param {string} chunk */
  const collect = (chunk) => {
    output += chunk;
    if (!onLine) return;
    const lines = (line + chunk).split(/[\r\n]/);
    line = lines.pop() ?? "";
    lines.forEach((complete) => onLine(complete));
  };
  child.stdout.setEncoding("utf8").on("data", collect);
  child.stderr.setEncoding("utf8").on("data", collect);

  const ending = await supervise(child);
  if (ending.interruptedBy) throw new Interrupted(ending.interruptedBy);
  return { ok: ending.code === 0, output };
}
