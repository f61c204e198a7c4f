import { MediaError } from "./mediaError.js";
import type { MediaErrorCode } from "./mediaError.js";

interface Held {
  readonly id: string;
  readonly closed: boolean;
  once(event: "closed", listener: () => void): unknown;
}

/** What one participant has of a kind, up to a limit. What is being made counts too; what closes is let go. */
export class Holdings<T extends Held> {
  readonly #held = new Map<string, T>();
  readonly #most: number;
  readonly #refusal: MediaErrorCode;
  readonly #what: string;
  #making = 0;

  /** `what` completes "a participant … at a time", "publishes at most 4 data channels" for example. */
  constructor(most: number, refusal: MediaErrorCode, what: string) {
    this.#most = most;
    this.#refusal = refusal;
    this.#what = what;
  }

  get size(): number {
    return this.#held.size;
  }

  get all(): readonly T[] {
    return [...this.#held.values()];
  }

  get(id: string): T | undefined {
    return this.#held.get(id);
  }

  /** Throws what `make` throws, and `MediaError` above the limit. */
  async add(make: () => Promise<T>): Promise<T> {
    if (this.#held.size + this.#making >= this.#most) {
      throw new MediaError(this.#refusal, `a participant ${this.#what} at a time`);
    }
    this.#making += 1;
    try {
      const made = await make();
      if (!made.closed) {
        this.#held.set(made.id, made);
        made.once("closed", () => this.#held.delete(made.id));
      }
      return made;
    } finally {
      this.#making -= 1;
    }
  }
}
