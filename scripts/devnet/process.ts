/** Child processes of a devnet: started with a log file each, watched, and stopped within a time limit. */
import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { createWriteStream } from "node:fs";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import type { z } from "zod";
import { problemIn } from "./logLine.js";

const REPOSITORY = fileURLToPath(new URL("../..", import.meta.url));
const STOP_MS = 10_000;
const TAIL_LINES = 20;
/** Programs that are also run by people say that they are ready on their standard output, in JSON. */
const READY_LINE = '{"ready":true';

export interface ProcessSpec {
  /** Short and unique, for progress lines and the log file. */
  readonly name: string;
  /** A TypeScript file of this repository, relative to its root; or a JavaScript one. */
  readonly script: string;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  readonly logFile: string;
  /** How long it may take to stop before it is killed. */
  readonly stopMs?: number;
}

export interface ProcessEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Nobody had asked it to stop. */
  readonly unexpected: boolean;
}

/** Told of every process, so that none outlives the supervisor. */
export interface Watcher {
  watch(pid: number): void;
  forget(pid: number): void;
}

export class ManagedProcess {
  readonly name: string;
  readonly exited: Promise<ProcessEnd>;
  readonly #child: ChildProcess;
  readonly #spec: ProcessSpec;
  readonly #tail: string[] = [];
  readonly #problems: string[] = [];
  readonly #inbox: unknown[] = [];
  readonly #listeners = new Set<() => void>();
  #stopping = false;
  #ended = false;

  constructor(spec: ProcessSpec, watcher: Watcher) {
    this.name = spec.name;
    this.#spec = spec;
    const loader = spec.script.endsWith(".ts") ? ["--import", "tsx"] : [];
    this.#child = spawn(process.execPath, [...loader, spec.script, ...(spec.args ?? [])], {
      cwd: REPOSITORY,
      env: { ...process.env, ...spec.env },
      // A group of its own: Ctrl-C in the terminal must reach the supervisor only, which stops all in order.
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const { pid } = this.#child;
    if (pid !== undefined) watcher.watch(pid);

    const log = createWriteStream(spec.logFile, { flags: "a" });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        log.write(`${line}\n`);
        this.#tail.push(line);
        if (this.#tail.length > TAIL_LINES) this.#tail.shift();
        const problem = problemIn(line);
        if (problem !== undefined) this.#problems.push(problem);
        if (stream === this.#child.stdout && line.startsWith(READY_LINE)) this.#take(JSON.parse(line));
      });
    }
    this.#child.on("message", (message) => this.#take(message));
    this.exited = new Promise((resolve) => {
      const settle = (code: number | null, signal: NodeJS.Signals | null) => {
        this.#ended = true;
        if (pid !== undefined) watcher.forget(pid);
        log.end();
        resolve({ code, signal, unexpected: !this.#stopping });
        this.#notify();
      };
      // "close" comes after the last line of output, "exit" may come before it.
      this.#child.once("close", settle);
      this.#child.once("error", (error) => {
        this.#tail.push(String(error));
        if (pid === undefined) settle(null, null);
      });
    });
  }

  get pid(): number | undefined {
    return this.#child.pid;
  }

  get running(): boolean {
    return !this.#ended;
  }

  /** Errors that the process reported in its log, oldest first. */
  get problems(): readonly string[] {
    return this.#problems;
  }

  /** Adds an error that somebody else noticed. */
  report(problem: string): void {
    this.#problems.push(problem);
  }

  /** The last lines it wrote. */
  get tail(): string {
    return this.#tail.join("\n");
  }

  send(message: Readonly<Record<string, unknown>>): void {
    this.#child.send(message);
  }

  /**
   * Takes the next message of the process that matches.
   * @throws Error when it ends first or the time is over, with the last lines it wrote.
   */
  async receive<T>(schema: z.ZodType<T>, timeoutMs: number): Promise<T> {
    const deadline = Date.now() + timeoutMs;
    for (;;) {
      for (const [index, message] of this.#inbox.entries()) {
        const parsed = schema.safeParse(message);
        if (!parsed.success) continue;
        this.#inbox.splice(index, 1);
        return parsed.data;
      }
      if (this.#ended) throw new Error(`${this.name} ended before it was ready:\n${this.tail}`);
      const left = deadline - Date.now();
      if (left <= 0) throw new Error(`${this.name} was not ready within ${timeoutMs} ms:\n${this.tail}`);
      await this.#nextChange(left);
    }
  }

  /** Takes every message that matches, those that came before included. */
  onMessage<T>(schema: z.ZodType<T>, take: (message: T) => void): void {
    const drain = () => {
      for (let index = 0; index < this.#inbox.length;) {
        const parsed = schema.safeParse(this.#inbox[index]);
        if (!parsed.success) index += 1;
        else {
          this.#inbox.splice(index, 1);
          take(parsed.data);
        }
      }
    };
    this.#listeners.add(drain);
    drain();
  }

  /** Ends it with SIGTERM, or with SIGKILL when that takes too long; resolves when it is gone. */
  async stop(): Promise<ProcessEnd> {
    this.#stopping = true;
    if (!this.#ended) {
      this.#signal("process", "SIGTERM");
      const timer = setTimeout(() => {
        this.#problems.push(`did not stop within ${this.#spec.stopMs ?? STOP_MS} ms and was killed`);
        this.#signal("group", "SIGKILL");
      }, this.#spec.stopMs ?? STOP_MS);
      await this.exited;
      clearTimeout(timer);
    }
    return this.exited;
  }

  /** Ends it as a crash or a power cut would: without a chance to tidy up. */
  async kill(): Promise<void> {
    this.#stopping = true;
    this.#signal("process", "SIGKILL");
    await this.exited;
  }

  /** Children that it has, like mediasoup's workers, are for it to stop: only the last resort is for the group. */
  #signal(target: "process" | "group", signal: NodeJS.Signals): void {
    const { pid } = this.#child;
    if (pid === undefined || this.#ended) return;
    try {
      process.kill(target === "group" ? -pid : pid, signal);
    } catch {
      // It ended between the check and the call.
    }
  }

  #take(message: unknown): void {
    this.#inbox.push(message);
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }

  #nextChange(timeoutMs: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        this.#listeners.delete(done);
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#listeners.add(done);
    });
  }
}

/** Starts the process that ends the others when this one dies without having done so. */
export function startReaper(): Watcher & { close(): Promise<void> } {
  const child = spawn(process.execPath, [fileURLToPath(new URL("reaper.ts", import.meta.url))], {
    detached: true,
    stdio: ["ignore", "ignore", "ignore", "ipc"],
  });
  child.unref();
  child.channel?.unref();
  return {
    watch: (pid) => child.send({ watch: pid }),
    forget: (pid) => {
      if (child.connected) child.send({ forget: pid });
    },
    close: async () => {
      if (child.exitCode !== null) return;
      child.ref();
      const exited = once(child, "exit");
      child.disconnect();
      await exited;
    },
  };
}
