/** A rate limit: up to `capacity` at once, refilled evenly at `perSecond`. */
export class TokenBucket {
  readonly #capacity: number;
  readonly #perSecond: number;
  readonly #nowMs: () => number;
  #tokens: number;
  #updatedMs: number;

  /** @param nowMs A clock that never goes back, in milliseconds. */
  constructor(capacity: number, perSecond: number, nowMs: () => number = () => performance.now()) {
    this.#capacity = capacity;
    this.#perSecond = perSecond;
    this.#nowMs = nowMs;
    this.#tokens = capacity;
    this.#updatedMs = nowMs();
  }

  /** Whether none is left. */
  get empty(): boolean {
    this.#refill();
    return this.#tokens < 1;
  }

  /** Takes one; false where none is left. */
  take(): boolean {
    if (this.empty) return false;
    this.#tokens -= 1;
    return true;
  }

  #refill(): void {
    const nowMs = this.#nowMs();
    const refill = ((nowMs - this.#updatedMs) / 1_000) * this.#perSecond;
    this.#tokens = Math.min(this.#capacity, this.#tokens + refill);
    this.#updatedMs = nowMs;
  }
}
