import type { Batch } from "./batch";

/** A log as it came from the chain, and where it came from. */
export interface ChainLog {
  /** Unique, sorts by block and position. */
  readonly id: string;
  readonly address: string;
  readonly topics: string[];
  readonly data: string;
  readonly transactionHash: string;
}

/** When and where something happened. */
export interface Moment {
  /** Unique id of the log. */
  readonly id: string;
  readonly block: number;
  readonly timestamp: Date;
  /** Unix time of the block. */
  readonly seconds: number;
  readonly txHash: string;
}

/** Applies one kind of event to the entities of a batch. */
export interface Handler {
  readonly topic: string;
  apply(log: ChainLog, at: Moment, batch: Batch): Promise<void>;
}

/** Where something happened, as entities of single events say it. */
export function placeOf({
  block,
  timestamp,
  txHash,
}: Moment): Pick<Moment, "block" | "timestamp" | "txHash"> {
  return { block, timestamp, txHash };
}

/** A Unix time from an event. */
export function toDate(seconds: bigint | number): Date {
  return new Date(Number(seconds) * 1_000);
}

/** Ties a generated event to what it changes. */
export function on<Event>(
  event: { readonly topic: string; decode(log: { topics: string[]; data: string }): Event },
  change: (event: Event, at: Moment, batch: Batch) => Promise<void>,
): Handler {
  return {
    topic: event.topic,
    apply: (log, at, batch) => change(event.decode(log), at, batch),
  };
}

/**
 * A number that the contracts keep small (epochs, periods, blocks) from an event's 256 bits.
 * @throws RangeError where it does not fit the database's 32 bits: no correct deployment emits that.
 */
export function toInt(value: bigint): number {
  if (value < 0n || value > 0x7fff_ffffn)
    throw new RangeError(`${value} is out of range for an event of this kind.`);
  return Number(value);
}

/** Text from the chain as Postgres can hold it: without NUL, which it refuses. */
export function toText(value: string): string {
  return value.replaceAll("\0", "\uFFFD");
}
