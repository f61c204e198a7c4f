import type { Logger } from "pino";
import type { BlockWatcher, Head } from "../../chain/blockWatcher.js";
import type { EpochClock } from "../../protocol/epochClock.js";
import type { AuditPlanner } from "./auditPlanner.js";
import { roundScore } from "./auditScore.js";
import type { AuditStore } from "./auditStore.js";
import type { MediaProbe } from "./mediaProbe.js";
import type { NodeDirectory } from "./nodeDirectory.js";

export interface AuditorOptions {
  readonly clock: EpochClock;
  readonly watcher: Pick<BlockWatcher, "onBlock" | "head">;
  readonly planner: Pick<AuditPlanner, "planOf">;
  readonly directory: Pick<NodeDirectory, "endpointOf">;
  readonly store: AuditStore;
  readonly probe: MediaProbe;
  /** Longest time that a probe takes, in milliseconds: none begins so late that it could outlast its round. */
  readonly longestProbeMs: number;
  readonly log: Logger;
  /** From 0 to below 1; tests set it. */
  readonly random?: () => number;
  /** This machine's clock: Unix time in milliseconds. */
  readonly now?: () => number;
}

/** Targets end audits with the epoch by their own clocks: what fails so shortly before is put down to that. */
const EPOCH_END_SLACK_MS = 2_000;

/** Rounds of an epoch. In each one each target is audited once, at a moment of its own that nobody can know. */
export const AUDIT_ROUNDS = 3;
/** More at once would measure each other. */
const PROBES_AT_ONCE = 2;

interface Round {
  readonly epoch: number;
  readonly round: number;
  /** Targets that wait, with Unix times in seconds; undefined until it is known whom to audit. */
  due: Map<bigint, number> | undefined;
}

/** Audits in each epoch, a few times, the nodes that are this one's to audit: as participants with real media. */
export class Auditor {
  readonly #options: AuditorOptions;
  readonly #random: () => number;
  readonly #now: () => number;
  readonly #running = new Set<Promise<void>>();
  #round: Round | undefined;
  #planning: Promise<void> | undefined;
  #unsubscribe: () => void = () => undefined;
  #stopped = false;

  constructor(options: AuditorOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
    this.#now = options.now ?? Date.now;
  }

  start(): void {
    this.#unsubscribe = this.#options.watcher.onBlock((head) => this.#look(head));
    this.#look(this.#options.watcher.head);
  }

  /** Begins nothing new; resolves when nothing is under way. Whoever gave `probe` ends what it does. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await Promise.all([this.#planning, ...this.#running]);
  }

  #look({ timestamp }: Head): void {
    if (this.#stopped) return;
    const round = this.#roundAt(timestamp);
    if (round.due === undefined) {
      this.#planning ??= this.#plan(round, timestamp)
        .catch((error: unknown) => this.#warn(error, round.epoch))
        .finally(() => (this.#planning = undefined));
      return;
    }
    for (const [target, dueSeconds] of round.due) {
      if (timestamp < dueSeconds || this.#running.size >= PROBES_AT_ONCE) continue;
      round.due.delete(target);
      // One that had to wait for others may come too late to be over in time.
      if (this.#isOver(round.epoch, this.#options.longestProbeMs)) continue;
      const running = this.#audit(round, target)
        .catch((error: unknown) => this.#warn(error, round.epoch))
        .finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }

  #roundAt(timestamp: number): Round {
    const { clock } = this.#options;
    const epoch = clock.currentEpoch(timestamp * 1_000);
    const index = Math.floor((timestamp - clock.startOf(epoch)) / (clock.epochSeconds / AUDIT_ROUNDS));
    const round = Math.min(AUDIT_ROUNDS - 1, index);
    if (this.#round?.epoch !== epoch || this.#round.round !== round)
      this.#round = { epoch, round, due: undefined };
    return this.#round;
  }

  /** Gives each target its moment in what is left of the round. */
  async #plan(round: Round, timestamp: number): Promise<void> {
    const { clock, planner, store, longestProbeMs } = this.#options;
    const { epoch } = round;
    const plan = await planner.planOf(epoch);
    const roundEnds = clock.startOf(epoch) + ((round.round + 1) * clock.epochSeconds) / AUDIT_ROUNDS;
    const reservedSeconds = (longestProbeMs + EPOCH_END_SLACK_MS) / 1_000;
    const leftSeconds = Math.max(0, roundEnds - reservedSeconds - timestamp);
    const waiting = plan?.targets.filter((target) => !store.hasRound(epoch, target, round.round)) ?? [];
    round.due = new Map(waiting.map((target) => [target, timestamp + leftSeconds * this.#random()]));
  }

  async #audit({ epoch, round }: Round, target: bigint): Promise<void> {
    const { directory, store, probe, log } = this.#options;
    const endpoint = directory.endpointOf(target);
    if (endpoint === undefined) throw new Error(`the logs do not say where node ${target} listens`);
    const found = await probe({ nodeId: target, endpoint, epoch });
    // What was cut off by this node's own end, or by the epoch's, says nothing about the other.
    if (this.#stopped) return;
    if (found.fault !== undefined && this.#isOver(epoch, EPOCH_END_SLACK_MS)) return;
    store.putRound(epoch, target, round, found);
    const details = { epoch, round, target: target.toString(), endpoint, score: roundScore(found), ...found };
    if (found.fault === undefined) log.debug(details, "node audited");
    else log.info(details, "audited node does not serve");
  }

  /** Whether an epoch will be over in a while, by the chain's clock or by this machine's. */
  #isOver(epoch: number, inMs: number): boolean {
    const { clock, watcher } = this.#options;
    return Math.max(watcher.head.timestamp * 1_000, this.#now()) + inMs >= clock.endOf(epoch) * 1_000;
  }

  #warn(error: unknown, epoch: number): void {
    if (!this.#stopped) this.#options.log.warn({ err: error, epoch }, "an audit failed on this node's side");
  }
}
