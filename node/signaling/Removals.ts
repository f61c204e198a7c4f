import type { Address } from "../protocol/typedData.js";

/** Removals that are remembered; beyond it the oldest is forgotten first. */
const MAX_REMOVALS = 10_000;

/** Whom moderators removed from which rooms, and until when they may not come back. */
export class Removals {
  readonly #untilMs = new Map<string, number>();

  add(app: Address, room: string, sessionKey: string, untilMs: number): void {
    const key = keyOf(app, room, sessionKey);
    this.#untilMs.delete(key);
    this.#untilMs.set(key, untilMs);
    if (this.#untilMs.size <= MAX_REMOVALS) return;
    const [oldest] = this.#untilMs.keys();
    if (oldest !== undefined) this.#untilMs.delete(oldest);
  }

  has(app: Address, room: string, sessionKey: string): boolean {
    const key = keyOf(app, room, sessionKey);
    const untilMs = this.#untilMs.get(key);
    if (untilMs === undefined) return false;
    if (untilMs > Date.now()) return true;
    this.#untilMs.delete(key);
    return false;
  }
}

function keyOf(app: Address, room: string, sessionKey: string): string {
  return `${app} ${sessionKey.toLowerCase()} ${room}`;
}
