/** A value that differs between the index and the chain. */
export interface Mismatch {
  /** Which value, as "entity id: field". */
  readonly what: string;
  readonly graphql: string;
  readonly chain: string;
}

type Value = string | number | bigint | boolean | null | undefined;

/** Collects what was compared. */
export class Findings {
  compared = 0;
  readonly mismatches: Mismatch[] = [];

  /** Compares the values of one thing, field by field. */
  compare(
    what: string,
    graphql: Readonly<Record<string, Value>>,
    chain: Readonly<Record<string, Value>>,
  ): void {
    for (const field of Object.keys({ ...graphql, ...chain })) {
      this.compared += 1;
      const [ours, theirs] = [String(graphql[field]), String(chain[field])];
      if (ours !== theirs) this.mismatches.push({ what: `${what}: ${field}`, graphql: ours, chain: theirs });
    }
  }
}
