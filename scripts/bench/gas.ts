/**
 * Gas of the protocol's main actions, against the limits of the design and the figures of the last commit.
 *
 *   npm run bench:gas               prints a table
 *   npm run bench:gas -- --json     prints one JSON object {action: gas}
 *   npm run bench:gas -- --check    fails where a figure differs from the snapshot
 *   npm run bench:gas -- --update   writes the snapshot
 */
import { readFile, writeFile } from "node:fs/promises";
import { parseArgs } from "node:util";
import { z } from "zod";
import { LIMITS, measure } from "./gas/actions.js";
import type { GasFigures } from "./gas/actions.js";

const SNAPSHOT = new URL("gas/snapshot.json", import.meta.url);
/** Keys, hashes and the leaves that a seed picks differ from run to run; a zero byte of calldata costs less. */
const TOLERANCE = 0.02;

const { values: options } = parseArgs({
  options: {
    json: { type: "boolean", default: false },
    check: { type: "boolean", default: false },
    update: { type: "boolean", default: false },
  },
});

const figures = await measure();
if (options.json) console.log(JSON.stringify(figures));
else printTable(figures);
if (options.update) await writeFile(SNAPSHOT, `${JSON.stringify(figures, null, 2)}\n`);
if (options.check) await check(figures);

function printTable(figures: GasFigures): void {
  const limits: Record<string, number | undefined> = LIMITS;
  console.log(`${"action".padEnd(22)}${"gas".padStart(10)}${"at most".padStart(10)}${"ratio".padStart(8)}`);
  for (const [action, gas] of Object.entries(figures)) {
    const limit = limits[action];
    const ratio = limit === undefined ? "" : (gas / limit).toFixed(2);
    console.log(
      `${action.padEnd(22)}${gas.toLocaleString("en").padStart(10)}` +
        `${(limit?.toLocaleString("en") ?? "").padStart(10)}${ratio.padStart(8)}`,
    );
  }
}

async function check(figures: GasFigures): Promise<void> {
  const snapshot = z.record(z.string(), z.number()).parse(JSON.parse(await readFile(SNAPSHOT, "utf8")));
  const measured: Record<string, number | undefined> = figures;
  const actions = new Set([...Object.keys(snapshot), ...Object.keys(measured)]);
  const differing = [...actions].filter((action) => {
    const [was, is] = [snapshot[action], measured[action]];
    return was === undefined || is === undefined || Math.abs(is - was) > was * TOLERANCE;
  });
  if (differing.length === 0) {
    console.log("gas: as in the snapshot");
    return;
  }
  for (const action of differing) {
    console.error(`gas: ${action} was ${snapshot[action] ?? "not there"}, is ${measured[action] ?? "gone"}`);
  }
  console.error("gas: if that is meant, run `npm run bench:gas -- --update` and commit the snapshot");
  process.exitCode = 1;
}
