import { fork } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { z } from "zod";

const requestSchema = z.object({ id: z.number(), method: z.string(), data: z.unknown() });
const answerSchema = z.object({ id: z.number(), ok: z.boolean(), data: z.unknown() });

export type Handlers = Readonly<Record<string, (data: unknown) => unknown>>;

/** Ends a child that does not end by itself when it is told to. */
const STOP_TIMEOUT_MS = 5_000;

/** A process of the bench and requests to it. It ends with this one, whatever becomes of this one. */
export class ChildRpc {
  readonly #child: ChildProcess;
  readonly #pending = new Map<number, { resolve: (data: unknown) => void; reject: (error: Error) => void }>();
  #nextId = 0;

  /** @param program a module that calls `serveRpc`. */
  static async start(
    program: URL,
    args: readonly string[] = [],
    execArgv: readonly string[] = [],
  ): Promise<ChildRpc> {
    const child = fork(program, args, {
      // Not this process's own flags: some of them are for the program that it runs.
      execArgv: ["--import", "tsx", ...execArgv],
      // Numbers in receipts are bigints.
      serialization: "advanced",
    });
    const rpc = new ChildRpc(child);
    await rpc.call("ready");
    return rpc;
  }

  private constructor(child: ChildProcess) {
    this.#child = child;
    child.on("message", (message) => this.#answered(answerSchema.parse(message)));
    child.once("exit", (code, signal) => {
      const error = new Error(`a process of the bench ended: ${signal ?? `exit code ${code}`}`);
      for (const { reject } of this.#pending.values()) reject(error);
      this.#pending.clear();
    });
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("the process did not start");
    return this.#child.pid;
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null;
  }

  async call(method: string, data?: unknown): Promise<unknown> {
    if (!this.running || !this.#child.connected) throw new Error(`${method}: the process has ended`);
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#child.send({ id, method, data });
    });
  }

  /** At once, as a power failure would. */
  async kill(): Promise<void> {
    if (!this.running) return;
    const ended = once(this.#child, "exit");
    this.#child.kill("SIGKILL");
    await ended;
  }

  async stop(): Promise<void> {
    if (!this.running) return;
    const ended = once(this.#child, "exit");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_TIMEOUT_MS);
    this.#child.disconnect();
    await ended;
    clearTimeout(timer);
  }

  #answered({ id, ok, data }: z.output<typeof answerSchema>): void {
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (ok) pending?.resolve(data);
    else pending?.reject(new Error(String(data)));
  }
}

/** The child's end: answers requests until the parent lets go or is gone; then `stop` runs and the process ends. */
export function serveRpc(handlers: Handlers, stop: () => Promise<unknown> = () => Promise.resolve()): void {
  process.on("message", (message) => {
    const { id, method, data } = requestSchema.parse(message);
    void answer(id, method, data);
  });
  process.once("disconnect", () => {
    stop().then(
      () => process.exit(0),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });

  async function answer(id: number, method: string, data: unknown): Promise<void> {
    try {
      const handler = handlers[method];
      if (!handler && method !== "ready") throw new Error(`no method ${method}`);
      reply({ id, ok: true, data: await handler?.(data) });
    } catch (error) {
      reply({ id, ok: false, data: error instanceof Error ? (error.stack ?? error.message) : String(error) });
    }
  }
}

function reply(message: z.output<typeof answerSchema>): void {
  if (process.connected) process.send?.(message);
}
