import type { Logger } from "pino";
import { Unanswered } from "./SignalingSocket.js";
import type { SignalingSocket } from "./SignalingSocket.js";

/** What is prepared for a participant and waits for its client to take it: a track, or a data channel. */
export interface Offerable {
  readonly id: string;
  once(event: "closed", listener: () => void): unknown;
  close(): void;
}

export interface OffersOptions<T extends Offerable> {
  /** Asks the client; resolves when it has taken the offer and all is ready, rejects where it does not take it. */
  readonly offer: (item: T, socket: SignalingSocket) => Promise<void>;
  /** Whether its publisher is known to the client by now. */
  readonly known: (item: T) => boolean;
  /** Makes the same offer under another id, which comes by `add`. */
  readonly renew: (item: T) => Promise<unknown>;
  /** Something that the client may know of has ended by itself. */
  readonly ended: (item: T) => void;
  readonly logger: Logger;
}

type State = "waiting" | "asked" | "taken";

/**
 * What is offered to a participant. An offer waits for a socket; one that the client took stands while sockets come and
 * go; one that broke off in between is made anew on the next socket, since nobody knows how far the client got with it.
 */
export class Offers<T extends Offerable> {
  readonly #options: OffersOptions<T>;
  readonly #items = new Map<string, { readonly item: T; state: State }>();
  #socket: SignalingSocket | undefined;

  constructor(options: OffersOptions<T>) {
    this.#options = options;
  }

  /** Those that the client took. */
  get taken(): readonly T[] {
    return [...this.#items.values()].filter(({ state }) => state === "taken").map(({ item }) => item);
  }

  add(item: T): void {
    this.#items.set(item.id, { item, state: "waiting" });
    item.once("closed", () => {
      const state = this.#items.get(item.id)?.state;
      this.#items.delete(item.id);
      if (state === "asked" || state === "taken") this.#options.ended(item);
    });
    this.#offer(item.id);
  }

  /** Offers what waits. */
  attach(socket: SignalingSocket): void {
    this.#socket = socket;
    const brokenOff = [...this.#items.values()].filter(({ state }) => state === "asked");
    this.retry();
    for (const { item } of brokenOff) {
      this.#close(item);
      this.#options.renew(item).catch((error: unknown) => this.#dropped(item, error));
    }
  }

  detach(): void {
    this.#socket = undefined;
  }

  /** Offers what waited for its publisher to become known. */
  retry(): void {
    for (const id of [...this.#items.keys()]) this.#offer(id);
  }

  #offer(id: string): void {
    const entry = this.#items.get(id);
    const socket = this.#socket;
    if (entry?.state !== "waiting" || !socket || !this.#options.known(entry.item)) return;
    entry.state = "asked";
    this.#options.offer(entry.item, socket).then(
      () => (entry.state = "taken"),
      (error: unknown) => {
        // The next socket hears of it again.
        if (error instanceof Unanswered) return;
        this.#dropped(entry.item, error);
        this.#close(entry.item);
      },
    );
  }

  #close(item: T): void {
    this.#items.delete(item.id);
    item.close();
  }

  #dropped(item: T, error: unknown): void {
    this.#options.logger.debug({ err: error, offerId: item.id }, "offer not taken");
  }
}
