import { isIPv6 } from "node:net";
import { TokenBucket } from "./TokenBucket.js";

/** Addresses that are remembered; who was quiet longest is forgotten first, with a full bucket by then or soon. */
const MAX_ADDRESSES = 10_000;

/** A rate limit for each address. */
export class AddressLimiter {
  readonly #buckets = new Map<string, TokenBucket>();
  readonly #capacity: number;
  readonly #perSecond: number;

  constructor(capacity: number, perSecond: number) {
    this.#capacity = capacity;
    this.#perSecond = perSecond;
  }

  /** Whether an address has none left. */
  isEmpty(address: string): boolean {
    return this.#buckets.get(networkOf(address))?.empty ?? false;
  }

  /** Takes one of an address's tokens; false where none is left. */
  take(address: string): boolean {
    const key = networkOf(address);
    const bucket = this.#buckets.get(key) ?? new TokenBucket(this.#capacity, this.#perSecond);
    this.#buckets.delete(key);
    this.#buckets.set(key, bucket);
    if (this.#buckets.size > MAX_ADDRESSES) {
      const [oldest] = this.#buckets.keys();
      if (oldest !== undefined) this.#buckets.delete(oldest);
    }
    return bucket.take();
  }
}

/** What one party holds: an IPv4 address, or the /64 of an IPv6 address, which comes with 2^64 of them. */
export function networkOf(address: string): string {
  const mapped = /^::ffff:([0-9.]+)$/i.exec(address)?.[1];
  if (mapped !== undefined) return mapped;
  if (!isIPv6(address)) return address;
  const [head = "", tail] = (address.split("%")[0] ?? "").split("::");
  const groups = head === "" ? [] : head.split(":");
  if (tail !== undefined) {
    const after = tail === "" ? [] : tail.split(":");
    while (groups.length + after.length < 8) groups.push("0");
    groups.push(...after);
  }
  return `${groups.slice(0, 4).join(":")}::/64`;
}
