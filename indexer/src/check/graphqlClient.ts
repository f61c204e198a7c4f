import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";

const answerSchema = z.object({
  data: z.record(z.string(), z.unknown()).nullish(),
  errors: z.array(z.object({ message: z.string() })).optional(),
});

const statusSchema = z.object({ height: z.int(), hash: z.string() });

/** The block that an answer includes. */
export type IndexedHead = z.infer<typeof statusSchema>;

/** A list to read: its query name, the fields of each entity and, if not all are wanted, a filter. */
export interface List<Row> {
  readonly fields: string;
  readonly where?: string;
  readonly row: z.ZodType<Row>;
}

type Lists = Readonly<Record<string, List<unknown>>>;
type Rows<L extends Lists> = { readonly [Name in keyof L]: readonly z.infer<L[Name]["row"]>[] };

const PAGE = 150;
/** Lists in one operation: more would be refused for what they could return. */
const LISTS_AT_ONCE = 14;
const MAX_ATTEMPTS = 20;

/** The head moved on between two pages. */
class HeadMoved extends Error {}

/**
 * Reads whole lists, all from one head: page by page of several lists at once, as long as the head stays the same, from
 * the beginning where it does not.
 * @throws Error with the API's own words, or where the head never stays long enough.
 */
export async function readLists<L extends Lists>(
  url: string,
  lists: L,
  signal?: AbortSignal,
): Promise<{ head: IndexedHead; rows: Rows<L> }> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    try {
      return await readOnce(url, lists, signal);
    } catch (error) {
      if (!(error instanceof HeadMoved)) throw error;
    }
    // A random pause, so that attempts do not fall into step with the blocks.
    await sleep(Math.random() * 300, undefined, { signal });
  }
  throw new Error(`The index moved on in each of ${MAX_ATTEMPTS} attempts to read it whole.`);
}

/** The newest block in the index; undefined before the first. */
export async function readHead(url: string, signal?: AbortSignal): Promise<IndexedHead | undefined> {
  const { squidStatus } = await query(url, "{ squidStatus { height hash } }", signal);
  return statusSchema.nullable().parse(squidStatus) ?? undefined;
}

async function readOnce<L extends Lists>(
  url: string,
  lists: L,
  signal: AbortSignal | undefined,
): Promise<{ head: IndexedHead; rows: Rows<L> }> {
  const rows: Record<string, unknown[]> = Object.fromEntries(Object.keys(lists).map((name) => [name, []]));
  const lastIds = new Map<string, string>();
  let head: IndexedHead | undefined;
  let waiting = Object.keys(lists);
  while (waiting.length > 0) {
    const names = waiting.slice(0, LISTS_AT_ONCE);
    const parts = names.map((name) => pageOf(name, lists[name], lastIds.get(name)));
    const data = await query(url, `{ squidStatus { height hash } ${parts.join(" ")} }`, signal);
    const now = statusSchema.parse(data.squidStatus);
    if (head !== undefined && head.hash !== now.hash) throw new HeadMoved();
    head = now;
    const unfinished = names.filter((name) => {
      const page = z.array(z.looseObject({ id: z.string() })).parse(data[name]);
      rows[name]?.push(...page.map((row) => lists[name]?.row.parse(row)));
      const last = page.at(-1);
      if (last !== undefined) lastIds.set(name, last.id);
      return page.length === PAGE;
    });
    waiting = [...unfinished, ...waiting.slice(names.length)];
  }
  if (head === undefined) throw new Error("There was nothing to read.");
  // Each row was parsed by its list's own schema above.
  return { head, rows: rows as Rows<L> };
}

function pageOf(name: string, list: List<unknown> | undefined, after: string | undefined): string {
  const filters = [list?.where, after === undefined ? undefined : `id_gt: ${JSON.stringify(after)}`];
  const where = filters.filter((filter) => filter !== undefined).join(", ");
  return `${name}(limit: ${PAGE}, orderBy: id_ASC, where: {${where}}) { id ${list?.fields} }`;
}

async function query(
  url: string,
  text: string,
  signal: AbortSignal | undefined,
): Promise<Record<string, unknown>> {
  const timeout = AbortSignal.timeout(30_000);
  const response = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json", accept: "application/json" },
    body: JSON.stringify({ query: text }),
    signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
  });
  const answer = answerSchema.parse(await response.json());
  if (answer.errors !== undefined || answer.data == null) {
    const reasons = answer.errors?.map(({ message }) => message).join("; ") ?? `HTTP ${response.status}`;
    throw new Error(`The API at ${url} refused a query: ${reasons}`);
  }
  return answer.data;
}
