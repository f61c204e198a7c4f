/** Blocks asked for at once. */
const BLOCKS_AT_ONCE = 2_000;
/** Providers allow different numbers of blocks and logs: what fails is asked for in halves, down to this. */
const FEWEST_BLOCKS_AT_ONCE = 8;

/** The parts in which a range of blocks is read, both ends included. */
export function* partsOf(fromBlock: number, toBlock: number): Generator<{ from: number; to: number }> {
  for (let from = fromBlock; from <= toBlock; from += BLOCKS_AT_ONCE)
    yield { from, to: Math.min(from + BLOCKS_AT_ONCE - 1, toBlock) };
}

/** Reads one part, in halves where the provider finds it too much. */
export async function readPart<T>(
  from: number,
  to: number,
  ask: (from: number, to: number) => Promise<readonly T[]>,
): Promise<T[]> {
  try {
    return [...(await ask(from, to))];
  } catch (error) {
    if (to - from < FEWEST_BLOCKS_AT_ONCE) throw error;
    const middle = Math.floor((from + to) / 2);
    return [...(await readPart(from, middle, ask)), ...(await readPart(middle + 1, to, ask))];
  }
}

/** Reads a range of blocks part by part. */
export async function readInParts<T>(
  fromBlock: number,
  toBlock: number,
  ask: (from: number, to: number) => Promise<readonly T[]>,
): Promise<T[]> {
  const found: T[] = [];
  for (const { from, to } of partsOf(fromBlock, toBlock)) found.push(...(await readPart(from, to, ask)));
  return found;
}
