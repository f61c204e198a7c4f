/** Amounts on chain are whole gwei: 1e9 wei. */
export const WEI_PER_GWEI = 1_000_000_000n;

/** Prices are for 1e9 bytes. */
export const BYTES_PER_GB = 1_000_000_000n;

/** The highest quality and score. */
export const FULL_QUALITY = 10_000;

/** Largest value of the counters that the contracts keep in 64 bits. */
export const MAX_UINT64 = (1n << 64n) - 1n;

/** Rounds an amount in wei down to whole gwei. */
export function floorToGwei(amountWei: bigint): bigint {
  if (amountWei < 0n) throw new RangeError(`an amount is negative: ${amountWei} wei`);
  return amountWei - (amountWei % WEI_PER_GWEI);
}

/** Fee for bytes at a price, in wei, not yet rounded to gwei: bytes × priceWeiPerGB / 1e9. */
export function feeWei(bytesDelivered: bigint, priceWeiPerGB: bigint): bigint {
  if (bytesDelivered < 0n || priceWeiPerGB < 0n) {
    throw new RangeError(`negative bytes or price: ${bytesDelivered} bytes at ${priceWeiPerGB} wei per GB`);
  }
  return (bytesDelivered * priceWeiPerGB) / BYTES_PER_GB;
}

/** Score that goes with an amount, in wei: amount × quality / 10,000. */
export function scoreWei(amountWei: bigint, quality: number): bigint {
  if (!Number.isInteger(quality) || quality < 0 || quality > FULL_QUALITY) {
    throw new RangeError(`a quality is ${quality}: expected an integer from 0 to ${FULL_QUALITY}`);
  }
  return (amountWei * BigInt(quality)) / BigInt(FULL_QUALITY);
}
