import type { Deployment } from "./deployment";

/** The protocol's time base, as `EpochClock.sol` has it. Times are Unix seconds. */
export class EpochClock {
  readonly genesisSeconds: number;
  readonly epochSeconds: number;
  readonly epochBlocks: number;

  constructor(deployment: Pick<Deployment, "genesisSeconds" | "epochSeconds" | "epochBlocks">) {
    this.genesisSeconds = deployment.genesisSeconds;
    this.epochSeconds = deployment.epochSeconds;
    this.epochBlocks = deployment.epochBlocks;
  }

  /** The epoch that contains a moment; negative before genesis. */
  epochAt(timestampSeconds: number): number {
    return Math.floor((timestampSeconds - this.genesisSeconds) / this.epochSeconds);
  }

  /** When an epoch begins. */
  startOf(epoch: number): number {
    return this.genesisSeconds + epoch * this.epochSeconds;
  }
}
