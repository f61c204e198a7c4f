/**
 * Speed and endurance of the media node: figures, and ratios measured side by side in the same run.
 *
 *   npm run bench:node                        all parts but the soak
 *   npm run bench:node -- media receipts      some parts
 *   npm run bench:node -- soak --minutes 10   joins, floods and killed workers; fails where something leaks or is lost
 *   npm run bench:node -- --quick             the smallest form of each, to see that it works
 *   npm run bench:node -- --json              one JSON object on standard output
 */
import { parseArgs } from "node:util";
import { PARTS } from "./node/parts.js";
import { Report } from "./node/Report.js";

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
    minutes: { type: "string", default: "10" },
  },
});

const unknown = positionals.filter((name) => !PARTS.some((part) => part.name === name));
const minutes = Number(options.minutes);
if (unknown.length > 0 || !(minutes > 0)) {
  const parts = PARTS.map(({ name, summary }) => `  ${name.padEnd(10)} ${summary}`).join("\n");
  const problem =
    unknown.length > 0 ? `There is no part ${unknown.join(", ")}.` : "--minutes takes a number.";
  console.error(`${problem} The parts are:\n${parts}`);
  process.exit(2);
}

if (process.env["MEDIASOUP_WORKER_BIN"] === undefined) {
  console.error(
    "MEDIASOUP_WORKER_BIN is not set: npm run bench:node provides mediasoup's worker, and sets it.",
  );
  process.exit(2);
}

// What was started ends with this process.
process.once("SIGINT", () => process.exit(130));
process.once("SIGTERM", () => process.exit(143));

const report = new Report({ quiet: options.json });
const chosen = PARTS.filter(({ name, onRequest = false }) =>
  positionals.length === 0 ? !onRequest : positionals.includes(name),
);
for (const part of chosen) {
  report.begin(part.name, part.summary);
  await part.run({ quick: options.quick, minutes, report });
}
if (options.json) console.log(JSON.stringify({ figures: report.figures, notes: report.notes }));
// Native WebRTC objects that are still in memory crash a process that frees them as it ends.
process.exit(report.failed ? 1 : 0);
