import { createEpochClock } from "../../../node/protocol/epochClock.js";
import type { EpochClock } from "../../../node/protocol/epochClock.js";
import { networkHelpers } from "./chain.js";

/** Moves the chain's time in epochs. Offsets are seconds from an epoch's start. */
export class TestClock {
  readonly #clock: EpochClock;

  constructor(
    readonly genesisSeconds: number,
    readonly epochSeconds: number,
  ) {
    this.#clock = createEpochClock({ genesisSeconds, epochSeconds });
  }

  /** Half an epoch: the length of the commit window. */
  get half(): number {
    return this.epochSeconds / 2;
  }

  startOf(epoch: number): number {
    return this.#clock.startOf(epoch);
  }

  /** The epoch of the newest block. */
  async now(): Promise<number> {
    return this.#clock.currentEpoch((await networkHelpers.time.latest()) * 1_000);
  }

  /** Mines a block at this moment. */
  async goTo(epoch: number, offset = 0): Promise<void> {
    await networkHelpers.time.increaseTo(this.startOf(epoch) + offset);
  }

  /** The next block, and with it the next transaction, has exactly this time. */
  async nextBlockAt(epoch: number, offset = 0): Promise<void> {
    await networkHelpers.time.setNextBlockTimestamp(this.startOf(epoch) + offset);
  }

  /** Mines a block at this moment, counted from the start of the unbonding period. */
  async goToPeriod(period: number, unbondingSeconds: number, offset = 0): Promise<void> {
    await networkHelpers.time.increaseTo(this.genesisSeconds + period * unbondingSeconds + offset);
  }
}
