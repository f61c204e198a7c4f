/** All processes of one devnet: started in order of dependence, stopped in the opposite order. */
import { ManagedProcess, startReaper } from "./process.js";
import type { ProcessSpec } from "./process.js";

/** A process ended that should have gone on. */
export class ProcessDied extends Error {
  constructor(process: ManagedProcess, code: number | null, signal: string | null) {
    const how = signal === null ? `with exit code ${code ?? "unknown"}` : `by ${signal}`;
    super(`${process.name} ended unexpectedly ${how}. Its last lines:\n${process.tail}`);
    this.name = "ProcessDied";
  }
}

export class ProcessGroup {
  readonly #reaper = startReaper();
  readonly #running: ManagedProcess[] = [];
  readonly #started: ManagedProcess[] = [];
  readonly #failure = new AbortController();

  /** Aborted, with a `ProcessDied` as the reason, as soon as a process ends that nobody stopped. */
  get failure(): AbortSignal {
    return this.#failure.signal;
  }

  start(spec: ProcessSpec): ManagedProcess {
    const process = new ManagedProcess(spec, this.#reaper);
    this.#running.push(process);
    this.#started.push(process);
    void process.exited.then(({ code, signal, unexpected }) => {
      const index = this.#running.indexOf(process);
      if (index !== -1) this.#running.splice(index, 1);
      if (unexpected) this.#failure.abort(new ProcessDied(process, code, signal));
    });
    return process;
  }

  /** Errors that processes reported so far, each with the name of its process. */
  problems(): string[] {
    return this.#started.flatMap(({ name, problems }) => problems.map((problem) => `${name}: ${problem}`));
  }

  /** Stops everything, last started first. */
  async stop(): Promise<void> {
    for (const process of [...this.#running].reverse()) {
      const { code, signal } = await process.stop();
      if (code !== 0 && signal !== "SIGKILL") {
        process.report(`ended with ${signal ?? `exit code ${code ?? "unknown"}`} when it was stopped`);
      }
    }
    await this.#reaper.close();
  }
}
