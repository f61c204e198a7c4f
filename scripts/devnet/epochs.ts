/** Watching a devnet's epochs: what is said about them, and when enough of them are settled. */
import { formatEther } from "ethers";
import type { EpochRecord, EpochWatch } from "./epochWatch.js";
import type { Progress } from "./progress.js";

/** How long after its regular time an epoch may be settled before that counts as a fault, in epochs. */
const PATIENCE_EPOCHS = 1.5;

/** Says of each epoch once what was attested and once what was paid. */
class EpochReporter {
  readonly #watch: EpochWatch;
  readonly #nodes: number;
  readonly #progress: Progress;
  readonly #attested = new Set<number>();
  readonly #settled = new Set<number>();

  constructor(watch: EpochWatch, nodes: number, progress: Progress) {
    this.#watch = watch;
    this.#nodes = nodes;
    this.#progress = progress;
  }

  update(): void {
    for (const record of this.#watch.epochs) {
      if (record.attested.size === this.#nodes && !this.#attested.has(record.epoch)) {
        this.#attested.add(record.epoch);
        this.#say(record, attestedWords(record));
      }
      if (record.claimed.size === this.#nodes && !this.#settled.has(record.epoch)) {
        this.#settled.add(record.epoch);
        this.#say(record, settledWords(record));
      }
    }
  }

  #say({ epoch, attested }: EpochRecord, words: string): void {
    this.#progress.say(`epoch ${epoch}`, `${attested.size} of ${this.#nodes} nodes ${words}`);
  }
}

function attestedWords({ attested }: EpochRecord): string {
  const totals = [...attested.values()];
  const sessions = totals.reduce((sum, one) => sum + one.sessions, 0n);
  const bytes = totals.reduce((sum, one) => sum + one.bytesDelivered, 0n);
  return `attested ${sessions} sessions, ${(Number(bytes) / 1e6).toFixed(2)} MB`;
}

function settledWords({ claimed, proven }: EpochRecord): string {
  const claims = [...claimed.values()];
  const work = claims.reduce((sum, claim) => sum + claim.work, 0n);
  const availability = claims.reduce((sum, claim) => sum + claim.availability, 0n);
  const fees = claims.reduce((sum, claim) => sum + claim.fees, 0n);
  return `paid, ${proven.size} after a proof: ${dtel(fees)} fees, ${dtel(work)} for work, ${dtel(availability)} for stake`;
}

function dtel(wei: bigint): string {
  return `${Number(formatEther(wei)).toPrecision(4)} DTEL`;
}

/** Goes on saying what happens until the signal is aborted; then throws its reason. */
export async function reportEpochs(
  watch: EpochWatch,
  nodes: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<never> {
  const reporter = new EpochReporter(watch, nodes, progress);
  await watch.until(() => {
    reporter.update();
    return false;
  }, signal);
  throw new Error("unreachable: the condition never holds");
}

/**
 * Waits for whole epochs of service, from the next one on, to be settled: attested and claimed by every node, fees
 * burned and paid out, rewards minted.
 * @returns Their numbers.
 * @throws Error naming what is missing when they are not settled in time; the signal's reason when it is aborted.
 */
export async function settledEpochs(
  watch: EpochWatch,
  nodeIds: readonly bigint[],
  count: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<number[]> {
  const first = watch.epochAt(Date.now()) + 1;
  const epochs = Array.from({ length: count }, (_, index) => first + index);
  const last = first + count - 1;
  const lengthMs = watch.startOfMs(1) - watch.startOfMs(0);
  // The seed comes in the second half of the next epoch, and proofs have half an epoch after it.
  const regularEndMs = watch.startOfMs(last + 2) + lengthMs / 2;
  const deadlineMs = regularEndMs + PATIENCE_EPOCHS * lengthMs;
  progress.say("service", `epochs ${first} to ${last} count; settled about ${clockTime(regularEndMs)}`);

  const reporter = new EpochReporter(watch, nodeIds.length, progress);
  await watch.until(() => {
    reporter.update();
    const missing = whatIsMissing(watch, nodeIds, epochs);
    if (missing.length > 0 && Date.now() > deadlineMs) {
      const lines = missing.map((line) => `  ${line}`).join("\n");
      throw new Error(`the epochs were not settled in time:\n${lines}`);
    }
    return missing.length === 0;
  }, signal);
  return epochs;
}

/** What has to happen yet until the epochs are settled; in words. */
function whatIsMissing(watch: EpochWatch, nodeIds: readonly bigint[], epochs: readonly number[]): string[] {
  const missing = epochs.flatMap((epoch) => {
    const record = watch.epoch(epoch);
    const ofNodes = nodeIds.flatMap((nodeId) => {
      if (!record.attested.has(nodeId)) return [`node ${nodeId} did not attest epoch ${epoch}`];
      if (!record.seedDrawn) return [`nobody drew the seed of epoch ${epoch}`];
      return record.claimed.has(nodeId) ? [] : [`node ${nodeId} did not claim epoch ${epoch}`];
    });
    const isFlushed = record.flushed || record.collected === 0n;
    return isFlushed ? ofNodes : [...ofNodes, `nobody flushed the fees of epoch ${epoch}`];
  });
  const last = Math.max(...epochs);
  const credited = [...watch.epochs]
    .filter(({ epoch }) => epoch <= last)
    .reduce((sum, record) => sum + record.credited, 0n);
  return watch.fees.minted < credited
    ? [...missing, "nobody minted the rewards that were credited"]
    : missing;
}

function clockTime(ms: number): string {
  return new Date(ms).toLocaleTimeString("en-GB");
}
