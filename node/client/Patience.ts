/** A node that cannot be reached is left for another one after so long: longer while its media still flows. */
const KEEP_TO_NODE_MS = { flowing: 5_000, silent: 1_500 };
/** A connection that lasted so long was a good one; before, the next loss belongs to the same trouble. */
const STABLE_AFTER_MS = 10_000;
const BACKOFF = { firstMs: 250, mostMs: 2_000 };

/** How long to wait between attempts to come back, how long to keep to a node, and when to give up. */
export class Patience {
  /** After so long without a node all is given up. */
  readonly giveUpAfterMs: number;
  #attempt = 0;
  #connectedAtMs = 0;
  #troubleSinceMs: number | undefined;
  #lostAtMs = 0;

  constructor(giveUpAfterMs: number) {
    this.giveUpAfterMs = giveUpAfterMs;
  }

  connected(): void {
    this.#connectedAtMs = Date.now();
  }

  lost(): void {
    this.#lostAtMs = Date.now();
    if (this.#lostAtMs - this.#connectedAtMs > STABLE_AFTER_MS) {
      this.#attempt = 0;
      this.#troubleSinceMs = undefined;
    }
    this.#troubleSinceMs ??= this.#lostAtMs;
  }

  /** Whether all attempts together have taken too long. */
  get exhausted(): boolean {
    return Date.now() - (this.#troubleSinceMs ?? Date.now()) > this.giveUpAfterMs;
  }

  /** Whether it is time to go to another node, where there is one. */
  exhaustedWithNode(mediaFlows: boolean): boolean {
    const { flowing, silent } = KEEP_TO_NODE_MS;
    return Date.now() - this.#lostAtMs >= (mediaFlows ? flowing : silent);
  }

  /**
   * How long to wait before the next attempt: longer each time, but not when another node is gone to, and not beyond the
   * moment when that may be decided.
   */
  backoffMs(moving: boolean): number {
    const { firstMs, mostMs } = BACKOFF;
    const attempt = this.#attempt;
    this.#attempt += 1;
    // A little spread: others have lost the same node.
    if (attempt === 0 || moving) return Math.random() * firstMs;
    const delayMs = Math.min(mostMs, firstMs * 2 ** attempt) * (0.5 + Math.random() / 2);
    const untilSilentMs = this.#lostAtMs + KEEP_TO_NODE_MS.silent - Date.now();
    return untilSilentMs > 0 ? Math.min(delayMs, untilSilentMs) : delayMs;
  }
}
