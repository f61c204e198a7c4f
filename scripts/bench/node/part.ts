import type { Report } from "./Report.js";

export interface PartOptions {
  /** The smallest form, to see that it works; its figures mean little. */
  readonly quick: boolean;
  /** How long the soak lasts. */
  readonly minutes: number;
  readonly report: Report;
}

/** One part of the bench. */
export interface Part {
  readonly name: string;
  readonly summary: string;
  /** Runs only where it is named. */
  readonly onRequest?: boolean;
  run(options: PartOptions): Promise<void>;
}
