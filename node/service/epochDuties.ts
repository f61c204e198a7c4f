import type { Logger } from "pino";
import type { BlockWatcher, Head } from "../chain/blockWatcher.js";
import { TransactionReverted } from "../chain/reverts.js";
import type { EpochClock } from "../protocol/epochClock.js";
import type { Duty, DutyResult } from "./duties/duty.js";
import type { EpochStore } from "./epochStore.js";

export interface EpochDutiesOptions {
  readonly duties: readonly Duty[];
  readonly clock: EpochClock;
  readonly watcher: Pick<BlockWatcher, "onBlock" | "head">;
  readonly epochs: EpochStore;
  /** Told when nothing is left to do for an epoch. */
  readonly onSettled: (epoch: number) => void;
  readonly log: Logger;
  readonly now?: () => number;
}

/** Epochs that the chain remembers; what is older cannot be claimed any more. */
const REACHABLE_EPOCHS = 250;
/** Epochs looked after at once, so that a long absence is caught up with step by step, oldest first. */
const EPOCHS_AT_ONCE = 8;
const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 30_000;

interface Task {
  running: Promise<void> | undefined;
  done: boolean;
  notBeforeMs: number;
  failures: number;
}

/**
 * Sees to it that every duty is done for every epoch that is over, those missed while the node was down included.
 * Duties ask the chain what is done; this only asks them, with each block, and leaves those that fail some rest.
 */
export class EpochDuties {
  readonly #options: EpochDutiesOptions;
  readonly #now: () => number;
  readonly #firstEpoch: number;
  readonly #tasks = new Map<string, Task>();
  readonly #failures = new Map<string, number>();
  #unsubscribe: () => void = () => undefined;
  #stopped = false;

  constructor(options: EpochDutiesOptions) {
    this.#options = options;
    this.#now = options.now ?? Date.now;
    this.#firstEpoch = options.epochs.firstEpoch(this.#chainEpoch(options.watcher.head));
  }

  start(): void {
    this.#unsubscribe = this.#options.watcher.onBlock((head) => this.#advance(head));
    this.#advance(this.#options.watcher.head);
  }

  /** Begins nothing new; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await Promise.allSettled([...this.#tasks.values()].flatMap(({ running = [] }) => running));
  }

  /** How often each duty has failed in this run, by its name; refusals by the contracts count too. */
  get failures(): ReadonlyMap<string, number> {
    return this.#failures;
  }

  /** Asks all duties of the epochs that are not settled once more: the chain may have lost what was done. */
  askAgain(): void {
    for (const task of this.#tasks.values()) task.done = false;
  }

  /** Epochs with something left to do, oldest first. */
  get open(): number[] {
    const current = this.#chainEpoch(this.#options.watcher.head);
    const first = Math.max(this.#firstEpoch, current - REACHABLE_EPOCHS);
    return this.#options.epochs.unsettled(first, current - 1);
  }

  #advance(head: Head): void {
    if (this.#stopped) return;
    const current = this.#chainEpoch(head);
    const open = this.open;
    // The newest ones have windows that close: they never wait for old ones.
    const urgent = open.filter((epoch) => epoch >= current - 2);
    const old = open.filter((epoch) => epoch < current - 2).slice(0, EPOCHS_AT_ONCE);
    for (const epoch of [...urgent, ...old]) {
      const tasks = this.#options.duties.map((duty) => this.#attempt(duty, epoch));
      if (!tasks.every(({ done }) => done)) continue;
      this.#options.epochs.markSettled(epoch);
      for (const duty of this.#options.duties) this.#tasks.delete(taskKey(duty, epoch));
      this.#options.onSettled(epoch);
    }
  }

  #attempt(duty: Duty, epoch: number): Task {
    const key = taskKey(duty, epoch);
    const task: Task = this.#tasks.get(key) ?? {
      running: undefined,
      done: false,
      notBeforeMs: 0,
      failures: 0,
    };
    this.#tasks.set(key, task);
    if (!task.done && task.running === undefined && this.#now() >= task.notBeforeMs) {
      task.running = this.#run(duty, epoch, task).finally(() => (task.running = undefined));
    }
    return task;
  }

  async #run(duty: Duty, epoch: number, task: Task): Promise<void> {
    let result: DutyResult;
    try {
      result = await duty.run(epoch);
      task.failures = 0;
    } catch (error) {
      if (this.#stopped) return;
      task.failures += 1;
      this.#failures.set(duty.name, (this.#failures.get(duty.name) ?? 0) + 1);
      task.notBeforeMs = this.#now() + Math.min(FIRST_PAUSE_MS * 2 ** (task.failures - 1), LONGEST_PAUSE_MS);
      this.#report(duty, epoch, task.failures, error);
      return;
    }
    task.done = result === "done";
  }

  #report(duty: Duty, epoch: number, failures: number, error: unknown): void {
    const { log } = this.#options;
    // Somebody else was quicker, or a window has just moved: the duty asks the chain again.
    if (error instanceof TransactionReverted && failures <= 3) {
      log.debug({ duty: duty.name, epoch, reason: error.reason }, "refused by the contracts; asking again");
    } else {
      log.warn({ err: error, duty: duty.name, epoch, failures }, "a duty failed; trying again");
    }
  }

  #chainEpoch(head: Head): number {
    return this.#options.clock.currentEpoch(head.timestamp * 1_000);
  }
}

function taskKey(duty: Duty, epoch: number): string {
  return `${duty.name}:${epoch}`;
}
