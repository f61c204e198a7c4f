import { runCommandLine } from "./operator/commandLine.js";
import { ProcessTerminal } from "./operator/terminal.js";

// The command line's entry; `bin/dtelecom-node.mjs` runs it under a Node that is new enough.
const aborter = new AbortController();
process.exitCode = await runCommandLine(process.argv.slice(2), {
  environment: process.env,
  terminal: new ProcessTerminal(),
  signal: aborter.signal,
});
