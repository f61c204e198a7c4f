import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";

const FIXTURE = fileURLToPath(new URL("operatorProcess.ts", import.meta.url));
const CLOCK = new URL("shiftedClock.ts", import.meta.url).href;

const lineSchema = z.looseObject({ level: z.number(), msg: z.string().default("") });
export type LogLine = z.infer<typeof lineSchema>;
const statusSchema = z.looseObject({
  healthy: z.boolean(),
  problems: z.array(z.string()),
  queue: z.array(z.unknown()),
});
export type StatusReport = z.infer<typeof statusSchema>;

export interface NodeProcessOptions {
  readonly configPath: string;
  readonly operatorKey: string;
  /** How far the node's clock is ahead of this machine's. */
  readonly clockOffsetMs: number;
}

/** A node's process, from its start to whatever end it takes. */
export class NodeProcess {
  readonly log: LogLine[] = [];
  /** What it wrote to standard error that is no log. */
  output = "";
  /** Resolves with its exit code, or the signal that ended it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once("close", (code: number | null, signal: NodeJS.Signals | null) =>
        resolve(code ?? signal ?? "SIGKILL"),
      );
    });
    if (child.stderr !== null)
      createInterface({ input: child.stderr }).on("line", (line) => this.#note(line));
  }

  /** Resolves when the node has started. @throws Error with its output where it ends instead. */
  static async start({ configPath, operatorKey, clockOffsetMs }: NodeProcessOptions): Promise<NodeProcess> {
    const child = spawn(process.execPath, ["--import", "tsx", "--import", CLOCK, FIXTURE, configPath], {
      env: {
        ...process.env,
        ...{ DTEL_OPERATOR_KEY: operatorKey, CLOCK_OFFSET_MS: String(clockOffsetMs) },
        // Most of a short life goes by with reading code.
        NODE_COMPILE_CACHE: join(dirname(configPath), "compiled"),
      },
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const node = new NodeProcess(child);
    const { stdout } = child;
    if (stdout === null) throw new Error("the process has no standard output");
    const started = once(createInterface({ input: stdout }), "line").then(() => true);
    if (!(await Promise.race([started, node.exited.then(() => false)])))
      throw new Error(`the node did not start: ${node.output}`);
    return node;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** Sets its clock apart from this machine's. */
  setClock(offsetMs: number): void {
    if (this.#child.connected) this.#child.send({ clockOffsetMs: offsetMs });
  }

  /** Whether it has logged something. */
  said(message: string | RegExp): boolean {
    return this.log.some(({ msg }) =>
      typeof message === "string" ? msg.includes(message) : message.test(msg),
    );
  }

  /** What an operator would see. */
  async status(): Promise<StatusReport> {
    const answer = once(this.#child, "message");
    this.#child.send("status");
    const [message]: unknown[] = await answer;
    return z.object({ status: statusSchema }).parse(message).status;
  }

  /** kill -9. */
  async kill(): Promise<void> {
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  /** Asks it to close. @throws Error where it does not end well. */
  async stop(): Promise<void> {
    this.#child.kill("SIGTERM");
    const code = await this.exited;
    if (code !== 0) throw new Error(`the node ended with ${code}: ${this.output}`);
  }

  #note(line: string): void {
    try {
      this.log.push(lineSchema.parse(JSON.parse(line)));
    } catch {
      this.output += `${line}\n`;
    }
  }
}
