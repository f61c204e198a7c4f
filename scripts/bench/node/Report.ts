/** One line of the bench: what, how much, in which unit, and what is wanted of it. */
export interface Figure {
  readonly part: string;
  readonly what: string;
  readonly value: number;
  readonly unit: string;
  readonly wanted?: string;
}

/** Figures as they come, printed as a table or kept to be printed as JSON. */
export class Report {
  readonly #quiet: boolean;
  readonly #figures: Figure[] = [];
  readonly #notes: string[] = [];
  #part = "";
  #failed = false;

  constructor({ quiet }: { quiet: boolean }) {
    this.#quiet = quiet;
  }

  get figures(): readonly Figure[] {
    return this.#figures;
  }

  get notes(): readonly string[] {
    return this.#notes;
  }

  /** Whether a part found something lost or leaked. */
  get failed(): boolean {
    return this.#failed;
  }

  begin(part: string, summary: string): void {
    this.#part = part;
    if (!this.#quiet) console.log(`\n${part}: ${summary}`);
  }

  figure(what: string, value: number, unit: string, wanted?: string): void {
    this.#figures.push({ part: this.#part, what, value, unit, ...(wanted !== undefined && { wanted }) });
    if (this.#quiet) return;
    const digits = Math.abs(value) >= 1_000 ? 0 : Math.abs(value) >= 10 ? 1 : 3;
    const amount = value.toLocaleString("en", { maximumFractionDigits: digits });
    console.log(`  ${what.padEnd(62)} ${`${amount} ${unit}`.padStart(18)}  ${wanted ?? ""}`.trimEnd());
  }

  ratio(what: string, value: number, wanted?: string): void {
    this.figure(what, value, "×", wanted);
  }

  note(text: string): void {
    this.#notes.push(`${this.#part}: ${text}`);
    if (!this.#quiet) console.log(`  ${text}`);
  }

  /** Something that must not be: the bench ends with exit code 1. */
  fail(text: string): void {
    this.#failed = true;
    this.note(`FAILED: ${text}`);
  }
}
