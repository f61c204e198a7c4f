const PERCENT = 130n;

/** What a transaction is given, by what `eth_estimateGas` says: with room, as state may change until it is mined. */
export function withGasMargin(estimate: bigint): bigint {
  return (estimate * PERCENT) / 100n;
}
