/** What is expensive to ask and may be some seconds old; the last answer stands in where asking fails. */
export class AgedCache<T> {
  readonly #ask: () => Promise<T>;
  readonly #maxAgeMs: number;
  #last: { readonly value: T; readonly atMs: number } | undefined;
  #asking: Promise<T> | undefined;

  constructor(maxAgeMs: number, ask: () => Promise<T>) {
    this.#maxAgeMs = maxAgeMs;
    this.#ask = ask;
  }

  /** undefined where it was never known. Never rejects. */
  async get(): Promise<T | undefined> {
    if (this.#last !== undefined && Date.now() - this.#last.atMs < this.#maxAgeMs) return this.#last.value;
    this.#asking ??= this.#ask().finally(() => (this.#asking = undefined));
    try {
      this.#last = { value: await this.#asking, atMs: Date.now() };
    } catch {
      // That the chain cannot be asked is said elsewhere.
    }
    return this.#last?.value;
  }
}
