/** The newest block that the node knows of. */
export interface Head {
  readonly number: number;
  /** Unix time in seconds. */
  readonly timestamp: number;
}

/** What a watcher asks: an ethers provider. */
export interface BlockSource {
  getBlock(tag: "latest"): Promise<(Head & { readonly hash?: string | null }) | null>;
}

/** Blocks whose hashes are remembered, to tell a reorganised chain from an endpoint that lags behind. */
const REMEMBERED_BLOCKS = 256;

export interface BlockWatcherOptions {
  readonly periodMs: number;
  readonly onError: (error: unknown) => void;
  /** Told each time that no new block has come for so long, though the source answers. */
  readonly stale?: { readonly afterMs: number; readonly onStale: () => void };
}

/** Asks for the newest block at a steady pace: one request a period for the whole node, whoever wants to know. */
export class BlockWatcher {
  readonly #provider: BlockSource;
  readonly #periodMs: number;
  readonly #onError: (error: unknown) => void;
  readonly #stale: BlockWatcherOptions["stale"];
  #newBlockAtMs = performance.now();
  readonly #listeners = new Set<(head: Head) => void>();
  readonly #hashes = new Map<number, string>();
  #head: Head | undefined;
  #timer: NodeJS.Timeout | undefined;
  #running = false;

  constructor(provider: BlockSource, { periodMs, onError, stale }: BlockWatcherOptions) {
    this.#provider = provider;
    this.#periodMs = periodMs;
    this.#onError = onError;
    this.#stale = stale;
  }

  /** @throws Error before the first block arrived. */
  get head(): Head {
    if (this.#head === undefined) throw new Error("the chain's newest block is not known yet");
    return this.#head;
  }

  /** Resolves when the first block has arrived. */
  async start(): Promise<void> {
    this.#running = true;
    await this.#poll();
    this.#schedule();
  }

  /** Calls back for each new block; after a reorganisation that may be a lower one. Returns what ends it. */
  onBlock(listener: (head: Head) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  stop(): void {
    this.#running = false;
    clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #schedule(): void {
    if (!this.#running) return;
    this.#timer = setTimeout(() => {
      this.#poll()
        .catch((error: unknown) => {
          if (this.#running) this.#onError(error);
        })
        .finally(() => this.#schedule());
    }, this.#periodMs);
  }

  async #poll(): Promise<void> {
    const block = await this.#provider.getBlock("latest");
    if (block === null || !this.#running) return;
    // An endpoint that lags behind must not turn time back. One that has another block of a height that was seen is on
    // another branch: that one counts from now on, lower though it may be.
    if (this.#head !== undefined && block.number <= this.#head.number && !this.#isReplaced(block)) {
      this.#noteStandstill();
      return;
    }
    this.#newBlockAtMs = performance.now();
    this.#remember(block);
    this.#head = { number: block.number, timestamp: block.timestamp };
    for (const listener of this.#listeners) listener(this.#head);
  }

  #noteStandstill(): void {
    if (this.#stale === undefined || performance.now() - this.#newBlockAtMs < this.#stale.afterMs) return;
    this.#newBlockAtMs = performance.now();
    this.#stale.onStale();
  }

  #isReplaced({ number, hash }: { number: number; hash?: string | null }): boolean {
    const known = this.#hashes.get(number);
    return known !== undefined && typeof hash === "string" && known !== hash;
  }

  #remember({ number, hash }: { number: number; hash?: string | null }): void {
    for (const seen of this.#hashes.keys())
      if (seen >= number || seen < number - REMEMBERED_BLOCKS) this.#hashes.delete(seen);
    if (typeof hash === "string") this.#hashes.set(number, hash);
  }
}
