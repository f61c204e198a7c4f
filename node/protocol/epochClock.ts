/** The protocol's time base: epochs of a fixed length from a fixed genesis. The same formulas as `EpochClock.sol`. */
export interface EpochClock {
  /** Unix time at which epoch 0 begins, in seconds. */
  readonly genesisSeconds: number;
  /** Length of an epoch, in seconds. */
  readonly epochSeconds: number;
  /**
   * The epoch that contains a moment.
   * @param nowMs Unix time in milliseconds.
   * @throws RangeError before the genesis.
   */
  currentEpoch(nowMs: number): number;
  /** Unix time at which an epoch begins, in seconds. */
  startOf(epoch: number): number;
  /** Unix time at which an epoch ends and the next one begins, in seconds. */
  endOf(epoch: number): number;
  /** When an epoch can be attested: Unix time in seconds, `closesAt` itself outside. */
  commitWindowOf(epoch: number): { opensAt: number; closesAt: number };
  /** When a collection counts for an epoch: Unix time in seconds, `closesAt` itself outside. */
  collectionWindowOf(epoch: number): { opensAt: number; closesAt: number };
}

/**
 * Makes a clock.
 * @throws RangeError where the genesis is no positive integer or the epoch's length is not positive and even.
 */
export function createEpochClock(config: { genesisSeconds: number; epochSeconds: number }): EpochClock {
  const { genesisSeconds, epochSeconds } = config;
  if (!Number.isSafeInteger(genesisSeconds) || genesisSeconds <= 0) {
    throw new RangeError(`genesisSeconds is ${genesisSeconds}: expected a Unix time in seconds`);
  }
  if (!Number.isSafeInteger(epochSeconds) || epochSeconds <= 0 || epochSeconds % 2 !== 0) {
    throw new RangeError(`epochSeconds is ${epochSeconds}: expected a positive, even number of seconds`);
  }
  const startOf = (epoch: number): number => genesisSeconds + epoch * epochSeconds;
  const half = epochSeconds / 2;
  return {
    genesisSeconds,
    epochSeconds,
    currentEpoch(nowMs) {
      const epoch = Math.floor((nowMs / 1_000 - genesisSeconds) / epochSeconds);
      if (!(epoch >= 0))
        throw new RangeError(`the network begins at Unix time ${genesisSeconds} s, now is ${nowMs} ms`);
      return epoch;
    },
    startOf,
    endOf: (epoch) => startOf(epoch + 1),
    commitWindowOf: (epoch) => ({ opensAt: startOf(epoch + 1), closesAt: startOf(epoch + 1) + half }),
    collectionWindowOf: (epoch) => ({ opensAt: startOf(epoch) + half, closesAt: startOf(epoch + 1) + half }),
  };
}
