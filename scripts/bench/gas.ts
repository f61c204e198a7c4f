/**
 * Gas of the protocol's main actions, against the limits of the design and the figures of the last commit; and what peaq
 * may charge for the same, which counts the bytes of all code that is touched; and the contracts' runtime sizes.
 *
 *   npm run bench:gas               prints a table
 *   npm run bench:gas -- --json     prints one JSON object {action: gas}
 *   npm run bench:gas -- --check    fails where a figure differs from the snapshot
 *   npm run bench:gas -- --update   writes the snapshot
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { measure } from "./gas/actions.js";
import { LIMITS } from "./gas/limits.js";
import { runtimeSizes } from "./gas/sizes.js";

const SNAPSHOT = new URL("gas/snapshot.json", import.meta.url);
/** Keys, hashes and the leaves that a seed picks differ from run to run; a zero byte of calldata costs less. */
const TOLERANCE = 0.02;
const figuresSchema = z.record(z.string(), z.number());
const snapshotSchema = z.strictObject({ gas: figuresSchema, charged: figuresSchema, sizes: figuresSchema });
type Snapshot = z.output<typeof snapshotSchema>;

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
  },
});

const measured = Object.entries(await measure());
const present: Snapshot = {
  gas: Object.fromEntries(measured.map(([action, { gas }]) => [action, gas])),
  charged: Object.fromEntries(measured.map(([action, { charged }]) => [action, charged])),
  sizes: await runtimeSizes(),
};
if (options.json) console.log(JSON.stringify(present.gas));
else printTables(present);
if (options.update) await writeFile(SNAPSHOT, `${JSON.stringify(present, null, 2)}\n`);
if (options.check) await check(present);

function printTables({ gas, charged, sizes }: Snapshot): void {
  const limits: Record<string, number | undefined> = LIMITS;
  printRow("action", "gas", "at most", "ratio", "peaq may charge");
  for (const [action, used] of Object.entries(gas)) {
    const limit = limits[action];
    printRow(
      action,
      used.toLocaleString("en"),
      limit?.toLocaleString("en") ?? "",
      limit === undefined ? "" : (used / limit).toFixed(2),
      charged[action]?.toLocaleString("en") ?? "",
    );
  }
  console.log();
  printRow("contract", "bytes", "", "", "");
  for (const [name, size] of Object.entries(sizes)) {
    printRow(name, size.toLocaleString("en"), "", "", "");
  }
}

function printRow(name: string, figure: string, limit: string, ratio: string, charged: string): void {
  const line = name.padEnd(24) + figure.padStart(10) + limit.padStart(10) + ratio.padStart(8);
  console.log((line + charged.padStart(17)).trimEnd());
}

async function check(figures: Snapshot): Promise<void> {
  const snapshot = snapshotSchema.parse(JSON.parse(await readFile(SNAPSHOT, "utf8")));
  const differing = (["gas", "charged", "sizes"] as const).flatMap((column) => {
    const [was, is]: Record<string, number | undefined>[] = [snapshot[column], figures[column]];
    return [...new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})])]
      .filter((name) => differs(was?.[name], is?.[name]))
      .map((name) => `${column} of ${name} was ${was?.[name] ?? "not there"}, is ${is?.[name] ?? "gone"}`);
  });
  if (differing.length === 0) {
    console.log("gas: as in the snapshot");
    return;
  }
  for (const line of differing) console.error(`gas: ${line}`);
  console.error("gas: if that is meant, run `npm run bench:gas -- --update` and commit the snapshot");
  process.exitCode = 1;
}

function differs(was: number | undefined, is: number | undefined): boolean {
  return was === undefined || is === undefined || Math.abs(is - was) > was * TOLERANCE;
}
