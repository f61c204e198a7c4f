/** What a scenario tells: its steps to whoever watches, and at the end one JSON line. */
import { isDeepStrictEqual } from "node:util";
import type { ContractTransactionResponse } from "ethers";
import { revertName } from "./reverts.js";

export class Story {
  readonly #facts: Record<string, unknown> = {};
  readonly #faults: string[] = [];
  readonly #startedAt = performance.now();

  constructor(readonly scenario: string) {}

  get ok(): boolean {
    return this.#faults.length === 0;
  }

  say(text: string): void {
    const seconds = ((performance.now() - this.#startedAt) / 1_000).toFixed(0).padStart(4);
    console.error(`${seconds} s  ${text}`);
  }

  /** For the JSON line. */
  tell(facts: Record<string, unknown>): void {
    Object.assign(this.#facts, facts);
  }

  /** Compares; addresses in any case, numbers of any kind. */
  expect(what: string, actual: unknown, expected: unknown): void {
    if (isDeepStrictEqual(comparable(actual), comparable(expected))) return;
    this.fault(`${what}: ${shown(actual)}, expected ${shown(expected)}`);
  }

  /** That the chain refuses something, for a reason. */
  async refused(
    what: string,
    error: string,
    attempt: () => Promise<ContractTransactionResponse>,
  ): Promise<void> {
    try {
      await (await attempt()).wait();
      this.fault(`${what} was not refused`);
    } catch (cause) {
      const name = revertName(cause);
      if (name !== error) this.fault(`${what} was refused by ${name}, expected ${error}`);
    }
  }

  fault(text: string): void {
    this.#faults.push(text);
    this.say(`WRONG: ${text}`);
  }

  /** The last line. */
  end(): string {
    const line = {
      scenario: this.scenario,
      ...this.#facts,
      seconds: Math.round((performance.now() - this.#startedAt) / 1_000),
      ...(this.ok ? {} : { problems: this.#faults }),
      ok: this.ok,
    };
    return JSON.stringify(line, (_key, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    );
  }
}

function comparable(value: unknown): unknown {
  if (typeof value === "bigint" || typeof value === "number") return value.toString();
  if (typeof value === "string") return value.toLowerCase();
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, comparable(member)]));
  }
  return value;
}

function shown(value: unknown): string {
  return value === undefined ? "nothing" : JSON.stringify(comparable(value));
}
