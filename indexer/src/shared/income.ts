import type { EpochClock } from "./clock";

/** A pool's income on its way; amounts in wei, whole gwei, as `INodeStaking.IncomeStream` has them in gwei. */
export interface IncomeStream {
  streaming: bigint;
  arriving: bigint;
  vested: bigint;
  /** Unix time up to which income has vested; undefined before the first touch. */
  updatedAtSeconds: number | undefined;
}

const GWEI = 1_000_000_000n;

/**
 * A stream moved on to a moment, as `IncomeVesting.sol` does: what arrives in an epoch vests evenly over the next one,
 * rounded down to gwei; the remainder vests as the epoch ends.
 */
export function advanceIncome(
  stream: Readonly<IncomeStream>,
  nowSeconds: number,
  clock: EpochClock,
): IncomeStream {
  const { streaming, arriving, vested, updatedAtSeconds: updatedAt } = stream;
  const epoch = clock.epochAt(nowSeconds);
  const lastEpoch = updatedAt === undefined ? epoch : clock.epochAt(updatedAt);
  if (epoch === lastEpoch) {
    const since = updatedAt ?? nowSeconds;
    const now = part(streaming, nowSeconds - since, clock.startOf(epoch + 1) - since);
    return { streaming: streaming - now, arriving, vested: vested + now, updatedAtSeconds: nowSeconds };
  }
  if (epoch === lastEpoch + 1) {
    const now = part(arriving, nowSeconds - clock.startOf(epoch), clock.epochSeconds);
    return {
      streaming: arriving - now,
      arriving: 0n,
      vested: vested + streaming + now,
      updatedAtSeconds: nowSeconds,
    };
  }
  return { streaming: 0n, arriving: 0n, vested: vested + streaming + arriving, updatedAtSeconds: nowSeconds };
}

function part(amountWei: bigint, passedSeconds: number, wholeSeconds: number): bigint {
  const amountGwei = amountWei / GWEI;
  return ((amountGwei * BigInt(passedSeconds)) / BigInt(wholeSeconds)) * GWEI;
}

/** What shares of a pool are worth, in wei, whole gwei: as `NodeStaking.sol` reckons, with its virtual shares. */
export function worthOfShares(
  shares: bigint,
  pool: { readonly assets: bigint; readonly shares: bigint },
): bigint {
  return ((shares * (pool.assets / GWEI + 1n)) / (pool.shares + 1_000n)) * GWEI;
}
