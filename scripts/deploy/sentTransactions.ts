/**
 * What was signed, written down before it was sent.
 *
 * Ignition records a transaction's hash only after the chain has taken it. A process that is killed between the two
 * would send the transaction once more with the next nonce: a second contract that nobody knows of, or a call that
 * fails because it was done. So the signer writes each transaction down first, and a resumed deployment finds it.
 */
import { closeSync, existsSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { z } from "zod";

const entrySchema = z.object({
  nonce: z.int().nonnegative(),
  hash: z.string(),
  raw: z.string(),
  maxFeePerGas: z.coerce.bigint(),
  maxPriorityFeePerGas: z.coerce.bigint(),
});

export type SentTransaction = z.output<typeof entrySchema>;

export class SentTransactions {
  readonly #file: string;
  /** The last one of each nonce. */
  readonly #byNonce = new Map<number, SentTransaction>();

  constructor(file: string) {
    this.#file = file;
    if (!existsSync(file)) return;
    for (const line of readFileSync(file, "utf8").split("\n")) {
      const entry = entrySchema.safeParse(parseJson(line));
      // A line that was cut off belongs to a transaction that was not sent.
      if (entry.success) this.#byNonce.set(entry.data.nonce, entry.data);
    }
  }

  ofNonce(nonce: number): SentTransaction | undefined {
    return this.#byNonce.get(nonce);
  }

  /** On disk when this returns. */
  add(transaction: SentTransaction): void {
    this.#byNonce.set(transaction.nonce, transaction);
    const line = JSON.stringify(transaction, (_key, value: unknown) =>
      typeof value === "bigint" ? value.toString() : value,
    );
    const descriptor = openSync(this.#file, "a", 0o600);
    try {
      writeSync(descriptor, `${line}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    return undefined;
  }
}
