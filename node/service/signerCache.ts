import type { Address } from "../protocol/hex.js";

/** How long the chain's "no" is believed: an app may be about to register the key. */
const REFUSED_FOR_MS = 5_000;
const MAX_ENTRIES = 10_000;

interface Entry {
  readonly answer: Promise<boolean>;
  readonly askedAtMs: number;
  refused: boolean;
}

/** Remembers which keys sign grants for which apps, by epoch: the chain is asked once. */
export class SignerCache {
  readonly #ask: (app: Address, signer: Address, epoch: number) => Promise<boolean>;
  readonly #now: () => number;
  readonly #entries = new Map<string, Entry>();

  constructor(
    ask: (app: Address, signer: Address, epoch: number) => Promise<boolean>,
    now: () => number = Date.now,
  ) {
    this.#ask = ask;
    this.#now = now;
  }

  /** Whether grants by this key count in an epoch, as the chain said when first asked. Rejects where it cannot be asked. */
  async isSigner(app: Address, signer: Address, epoch: number): Promise<boolean> {
    const key = `${epoch}:${app}:${signer}`;
    const known = this.#entries.get(key);
    if (known !== undefined && !(known.refused && this.#now() - known.askedAtMs > REFUSED_FOR_MS)) {
      return known.answer;
    }
    this.#makeRoom();
    const answer = this.#ask(app, signer, epoch);
    const entry: Entry = { answer, askedAtMs: this.#now(), refused: false };
    this.#entries.set(key, entry);
    try {
      entry.refused = !(await answer);
    } catch (error) {
      this.#entries.delete(key);
      throw error;
    }
    return answer;
  }

  /** Forgets epochs before this one. */
  prune(epoch: number): void {
    for (const key of this.#entries.keys())
      if (Number(key.slice(0, key.indexOf(":"))) < epoch) this.#entries.delete(key);
  }

  #makeRoom(): void {
    const oldest = this.#entries.keys().next();
    if (this.#entries.size >= MAX_ENTRIES && oldest.value !== undefined) this.#entries.delete(oldest.value);
  }
}
