import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Address, SignedReceipt } from "../../../../node/protocol/typedData.js";
import type { JoinClaim } from "../../../../node/signaling/admission.js";
import type { NodeReply, NodeRequest } from "./nodeRequests.js";

const FIXTURE = fileURLToPath(new URL("operatorProcess.ts", import.meta.url));
const CLOCK = new URL("shiftedClock.ts", import.meta.url).href;

const lineSchema = z.looseObject({ level: z.number(), msg: z.string().default("") });
export type LogLine = z.infer<typeof lineSchema>;
const statusSchema = z.looseObject({
  healthy: z.boolean(),
  problems: z.array(z.string()),
  queue: z.array(z.unknown()),
});
const replySchema = z.object({
  id: z.number(),
  value: z.unknown().optional(),
  failed: z.string().optional(),
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
  readonly #asked = new Map<number, (reply: NodeReply) => void>();
  #nextId = 1;

  private constructor(child: ChildProcess) {
    this.#child = child;
    this.exited = new Promise((resolve) => {
      child.once("close", (code: number | null, signal: NodeJS.Signals | null) =>
        resolve(code ?? signal ?? "SIGKILL"),
      );
    });
    child.on("message", (message) => {
      const reply = replySchema.parse(message);
      this.#asked.get(reply.id)?.(reply);
      this.#asked.delete(reply.id);
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
      serialization: "advanced",
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
    if (this.#child.connected) this.#child.send({ id: 0, clockOffsetMs: offsetMs });
  }

  /** Whether it has logged something. */
  said(message: string | RegExp): boolean {
    return this.log.some(({ msg }) =>
      typeof message === "string" ? msg.includes(message) : message.test(msg),
    );
  }

  /** What an operator would see. */
  async status(): Promise<StatusReport> {
    return statusSchema.parse(await this.#ask({ what: "status" }));
  }

  /** Lets a participant in. @throws Error where the node refuses. */
  async join(claim: JoinClaim): Promise<void> {
    await this.#ask({ what: "join", claim });
  }

  /**
   * Hands in a participant's receipt for as much as was sent to it; resolves to the bytes that are acknowledged.
   * @throws Error where the node refuses.
   */
  async submit(sessionKey: Address, receipt: SignedReceipt): Promise<bigint> {
    const { bytesDelivered: bytesSent } = receipt.receipt;
    return z.bigint().parse(await this.#ask({ what: "receipt", sessionKey, bytesSent, receipt }));
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

  async #ask(request: NodeRequest): Promise<unknown> {
    const id = this.#nextId++;
    const reply = new Promise<NodeReply>((resolve) => this.#asked.set(id, resolve));
    this.#child.send({ id, request });
    const ended = this.exited.then((how) => ({ id, failed: `the node ended with ${how}` }));
    const { value, failed }: NodeReply = await Promise.race([reply, ended]);
    if (failed !== undefined) throw new Error(failed);
    return value;
  }

  #note(line: string): void {
    try {
      this.log.push(lineSchema.parse(JSON.parse(line)));
    } catch {
      this.output += `${line}\n`;
    }
  }
}
