import type { Logger } from "pino";
import type { BlockWatcher, Head } from "../../chain/blockWatcher.js";
import type { EpochClock } from "../../protocol/epochClock.js";
import type { AuditPlanner } from "./auditPlanner.js";
import type { AuditStore } from "./auditStore.js";
import type { NodeDirectory } from "./nodeDirectory.js";

export interface ReachabilityProberOptions {
  readonly clock: EpochClock;
  readonly watcher: Pick<BlockWatcher, "onBlock" | "head">;
  readonly planner: Pick<AuditPlanner, "planOf">;
  readonly directory: Pick<NodeDirectory, "endpointOf">;
  readonly store: AuditStore;
  /** Tries an endpoint; resolves to why the node is not reached there, undefined where it is. */
  readonly probe: (endpoint: string, nodeId: bigint) => Promise<string | undefined>;
  readonly log: Logger;
  /** From 0 to below 1; tests set it. */
  readonly random?: () => number;
}

/** Rounds of probes in an epoch, each at a moment that nobody can know. */
export const PROBE_ROUNDS = 3;
/** The rest of a round is for the probes to end in it. */
const USED_PART_OF_ROUND = 0.8;

interface Round {
  readonly epoch: number;
  readonly round: number;
  /** Unix time in seconds. */
  readonly dueSeconds: number;
  done: boolean;
}

/** Tries in each epoch, a few times, whether the nodes that this one audits can be reached by participants. */
export class ReachabilityProber {
  readonly #options: ReachabilityProberOptions;
  readonly #random: () => number;
  #round: Round | undefined;
  #running: Promise<void> | undefined;
  #unsubscribe: () => void = () => undefined;
  #stopped = false;

  constructor(options: ReachabilityProberOptions) {
    this.#options = options;
    this.#random = options.random ?? Math.random;
  }

  start(): void {
    this.#unsubscribe = this.#options.watcher.onBlock((head) => this.#look(head));
    this.#look(this.#options.watcher.head);
  }

  /** Begins nothing new; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await this.#running;
  }

  #look({ timestamp }: Head): void {
    if (this.#stopped || this.#running !== undefined) return;
    const round = this.#roundAt(timestamp);
    if (round.done || timestamp < round.dueSeconds) return;
    this.#running = this.#probeAll(round)
      .catch((error: unknown) => {
        if (this.#stopped) return;
        this.#options.log.warn(
          { err: error, epoch: round.epoch },
          "audits failed; trying again with the next block",
        );
      })
      .finally(() => (this.#running = undefined));
  }

  /** The round that a moment is in. What is left of it when the node starts is enough for a moment in it. */
  #roundAt(timestamp: number): Round {
    const { clock } = this.#options;
    const epoch = clock.currentEpoch(timestamp * 1_000);
    const roundSeconds = clock.epochSeconds / PROBE_ROUNDS;
    const round = Math.min(PROBE_ROUNDS - 1, Math.floor((timestamp - clock.startOf(epoch)) / roundSeconds));
    if (this.#round?.epoch === epoch && this.#round.round === round) return this.#round;
    const latest = clock.startOf(epoch) + (round + USED_PART_OF_ROUND) * roundSeconds;
    const dueSeconds = timestamp + Math.max(0, latest - timestamp) * this.#random();
    this.#round = { epoch, round, dueSeconds, done: false };
    return this.#round;
  }

  async #probeAll(round: Round): Promise<void> {
    const { planner, store } = this.#options;
    const { epoch } = round;
    const plan = await planner.planOf(epoch);
    const targets = plan?.targets.filter((target) => !store.hasProbe(epoch, target, round.round)) ?? [];
    await Promise.all(targets.map((target) => this.#probe(round, target)));
    round.done = true;
  }

  async #probe({ epoch, round }: Round, target: bigint): Promise<void> {
    const { directory, store, probe, log } = this.#options;
    const endpoint = directory.endpointOf(target);
    if (endpoint === undefined) throw new Error(`the logs do not say where node ${target} listens`);
    const fault = await probe(endpoint, target);
    // What was cut off by this node's own end says nothing about the other.
    if (this.#stopped) return;
    store.putProbe(epoch, target, round, fault === undefined);
    const details = { epoch, target: target.toString(), endpoint, fault };
    if (fault === undefined) log.debug(details, "audited node answers");
    else log.info(details, "audited node does not answer");
  }
}
