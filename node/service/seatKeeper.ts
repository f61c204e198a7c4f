import type { Logger } from "pino";
import type { BlockWatcher } from "../chain/blockWatcher.js";
import type { RingChain, RingSeat } from "../chain/ringChain.js";
import type { TransactionQueue } from "../chain/transactionQueue.js";
import type { EpochClock } from "../protocol/epochClock.js";
import type { SeatStore } from "./seatStore.js";

export interface SeatKeeperOptions {
  readonly ring: RingChain;
  readonly queue: Pick<TransactionQueue, "send">;
  readonly clock: EpochClock;
  readonly watcher: Pick<BlockWatcher, "onBlock" | "head">;
  readonly store: SeatStore;
  readonly log: Logger;
}

/** How this node stands in the audit ring, for its operator. */
export interface SeatStatus {
  readonly wanted: boolean;
  /** In the running epoch; undefined where the node has no seat, or it is not known yet. */
  readonly seat: number | undefined;
  /** From the epoch after the next one on. */
  readonly seatAhead: boolean;
  /** Why the node has no seat though it wants one. */
  readonly fault: string | undefined;
}

/** The chain is asked this often in an epoch, and as soon as an operator has changed his mind. */
const LOOKS_PER_EPOCH = 12;

/**
 * Keeps this node's seat in the audit ring as the operator wants it: takes one when the node is bonded and not in jail,
 * gives it up for maintenance, and has it weigh what the bond gives.
 */
export class SeatKeeper {
  readonly #options: SeatKeeperOptions;
  #unsubscribe: () => void = () => undefined;
  #running: Promise<void> | undefined;
  #nextLookSeconds = 0;
  #current: RingSeat | undefined;
  #latest: RingSeat | undefined;
  #known = false;
  #fault: string | undefined;
  #stopped = false;

  constructor(options: SeatKeeperOptions) {
    this.#options = options;
  }

  start(): void {
    this.#unsubscribe = this.#options.watcher.onBlock(() => this.#look());
    this.#look();
  }

  /** Begins nothing new; resolves when nothing is under way. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#unsubscribe();
    await this.#running;
  }

  get status(): SeatStatus {
    return {
      wanted: this.#options.store.wish.serve,
      seat: this.#current?.seat,
      seatAhead: this.#latest !== undefined,
      fault: this.#fault,
    };
  }

  /**
   * Whether the node takes joins: not in maintenance. As long as it has a seat it is audited, so it serves until
   * maintenance that was announced begins.
   */
  get takesJoins(): boolean {
    return this.#options.store.wish.serve || !this.#known || this.#current !== undefined;
  }

  /** Notes durably whether the node shall have a seat, and begins to see to it. */
  want(serve: boolean): void {
    this.#options.store.want(serve);
    this.#options.log.info({ serve }, serve ? "the node shall serve" : "the node shall go into maintenance");
    this.#nextLookSeconds = 0;
    this.#look();
  }

  #look(): void {
    const { watcher, clock, log } = this.#options;
    const { timestamp } = watcher.head;
    if (this.#stopped || this.#running !== undefined || timestamp < this.#nextLookSeconds) return;
    this.#nextLookSeconds = timestamp + clock.epochSeconds / LOOKS_PER_EPOCH;
    this.#running = this.#keep(clock.currentEpoch(timestamp * 1_000))
      .catch((error: unknown) => {
        if (!this.#stopped) log.warn({ err: error }, "the node's seat could not be kept; trying again");
      })
      .finally(() => {
        this.#running = undefined;
        // What was wanted meanwhile was not seen.
        if (this.#nextLookSeconds === 0) this.#look();
      });
  }

  async #keep(epoch: number): Promise<void> {
    const { ring, queue, store, log } = this.#options;
    [this.#current, this.#latest] = await Promise.all([ring.seatOf(ring.nodeId, epoch), ring.latestSeat()]);
    this.#known = true;
    const { serve, version } = store.wish;
    // After a crash the same name finds the transaction that was sent.
    const name = `${version}:${epoch}`;
    if (!serve && this.#latest !== undefined) {
      await queue.send(ring.drain(name));
      log.info({ epoch }, "the node leaves the audit ring");
    } else if (serve && this.#latest === undefined) {
      const fault = await ring.activationFault();
      this.#report(fault?.message);
      if (fault !== undefined) return;
      await queue.send(ring.activate(name));
      log.info({ epoch }, "the node takes a seat in the audit ring");
    } else if (serve && this.#latest !== undefined) {
      this.#report(undefined);
      const weight = await ring.weightNow();
      // Below the minimum bond it is 0, and the seat is anybody's to take away.
      if (weight === 0 || weight === this.#latest.weight) return;
      await queue.send(ring.refresh(epoch));
      log.info({ epoch, weight }, "the node's seat weighs what its bond gives");
    } else {
      this.#report(undefined);
      return;
    }
    this.#latest = await ring.latestSeat();
  }

  #report(fault: string | undefined): void {
    if (fault !== undefined && fault !== this.#fault)
      this.#options.log.warn({ fault }, "the node has no seat in the audit ring: no availability reward");
    this.#fault = fault;
  }
}
