import type { AppAccount } from "../chain/nodeChain.js";
import type { Address } from "../protocol/hex.js";

interface Entry {
  account: Promise<AppAccount>;
  askedAtMs: number;
}

/** What the chain says about apps, at most so old. */
export class AppAccounts {
  readonly #ask: (app: Address) => Promise<AppAccount>;
  readonly #maxAgeMs: number;
  readonly #now: () => number;
  readonly #entries = new Map<Address, Entry>();
  readonly #latest = new Map<Address, AppAccount>();

  constructor(ask: (app: Address) => Promise<AppAccount>, maxAgeMs: number, now: () => number = Date.now) {
    this.#ask = ask;
    this.#maxAgeMs = maxAgeMs;
    this.#now = now;
  }

  /** An app's account, asked again where what is known is too old. Rejects where the chain cannot be asked. */
  async get(app: Address): Promise<AppAccount> {
    const known = this.#entries.get(app);
    if (known !== undefined && this.#now() - known.askedAtMs <= this.#maxAgeMs) return known.account;
    const account = this.#ask(app);
    const entry = { account, askedAtMs: this.#now() };
    this.#entries.set(app, entry);
    try {
      this.#latest.set(app, await account);
    } catch (error) {
      // The next one asks again; what was known before remains known.
      if (this.#entries.get(app) === entry) this.#entries.delete(app);
      throw error;
    }
    return account;
  }

  /** What is known without asking, however old; undefined where nothing is. */
  latest(app: Address): AppAccount | undefined {
    return this.#latest.get(app);
  }

  /** Asks again next time: something was collected. */
  expire(app: Address): void {
    this.#entries.delete(app);
  }
}
