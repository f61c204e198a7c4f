/** What a check compared, and what differs. */
import { isDeepStrictEqual } from "node:util";

interface Row {
  readonly section: string;
  readonly what: string;
  readonly expected: string;
  readonly actual: string;
  readonly ok: boolean;
}

export class CheckReport {
  readonly #rows: Row[] = [];

  /** Compares two values; addresses and hexadecimal in any case. */
  same(section: string, what: string, expected: unknown, actual: unknown): void {
    const [left, right] = [plain(expected), plain(actual)];
    this.#rows.push({
      section,
      what,
      expected: shown(left),
      actual: shown(right),
      ok: isDeepStrictEqual(left, right),
    });
  }

  /** Compares with what a chain says, which may be that it cannot. */
  async reads(section: string, what: string, expected: unknown, actual: Promise<unknown>): Promise<void> {
    this.same(
      section,
      what,
      expected,
      await actual.catch((error: unknown) => `no answer: ${messageOf(error)}`),
    );
  }

  get differences(): readonly string[] {
    return this.#rows
      .filter(({ ok }) => !ok)
      .map(({ section, what, expected, actual }) => `${section}: ${what} is ${actual}, expected ${expected}`);
  }

  /** A line for each section, and one for each difference. */
  table(): string {
    const sections = new Map<string, Row[]>();
    for (const row of this.#rows) sections.set(row.section, [...(sections.get(row.section) ?? []), row]);
    const lines = [...sections].flatMap(([section, rows]) => {
      const wrong = rows.filter(({ ok }) => !ok);
      const head = `${section.padEnd(12)} ${String(rows.length).padStart(4)} compared  ${
        wrong.length === 0 ? "all agree" : `${wrong.length} DIFFER`
      }`;
      return [
        head,
        ...wrong.map(
          ({ what, expected, actual }) => `  ${what}\n    expected ${expected}\n    found    ${actual}`,
        ),
      ];
    });
    return lines.join("\n");
  }
}

/** Numbers as bigint, hexadecimal in lower case, structs by name: whatever library they come from. */
function plain(value: unknown): unknown {
  if (typeof value === "number") return BigInt(value);
  if (typeof value === "string") return /^0x[0-9a-fA-F]*$/.test(value) ? value.toLowerCase() : value;
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value)
        .map(([key, member]) => [key, plain(member)] as const)
        .toSorted(([a], [b]) => (a < b ? -1 : 1)),
    );
  }
  return value;
}

function shown(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return value.toString();
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === "bigint" ? member.toString() : member,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
}
