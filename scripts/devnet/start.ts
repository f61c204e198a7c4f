/** `npm start`: a whole network on this machine, until Ctrl-C or, unattended, until its epochs are settled. */
import { fileURLToPath } from "node:url";
import { loadParameters } from "../parameters/schema.js";
import { reportEpochs, settledEpochs } from "./epochs.js";
import { Network } from "./network.js";
import { parseOptions, USAGE } from "./options.js";
import type { DevnetOptions } from "./options.js";
import { portOr } from "./ports.js";
import { terminalProgress } from "./progress.js";
import { ROOMS } from "./rooms.js";
import { concludeRun } from "./summary.js";

const DIRECTORY = fileURLToPath(new URL("../../.devnet", import.meta.url));
const PARAMETERS = new URL("../parameters/devnet.json", import.meta.url);
/** One more than each node has auditors, so that epochs are audited. */
const NODES = 4;
const RPC_PORT = 8_545;
const API_PORT = 4_000;
/** As shells say it: 128 and the number of SIGINT. */
const EXIT_INTERRUPTED = 130;

const progress = terminalProgress();

/** Aborted when somebody wants this to end. */
function interruption(): AbortSignal {
  const interrupted = new AbortController();
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(name, () => {
      if (interrupted.signal.aborted) return;
      progress.say("stopping", "participants, nodes, app, indexer, chain");
      interrupted.abort(new Error(`stopped by ${name}`));
    });
  }
  return interrupted.signal;
}

/** Resolves to what was wrong in an unattended run; does not resolve but throw when it is interrupted. */
async function run(options: DevnetOptions, interrupted: AbortSignal): Promise<readonly string[]> {
  const startedAt = performance.now();
  const parameters = await loadParameters(PARAMETERS);
  progress.gap();
  const network = await Network.start({
    directory: DIRECTORY,
    parameters,
    nodeCount: NODES,
    rooms: ROOMS,
    rpcPort: options.rpcPort ?? (await portOr(RPC_PORT)),
    apiPort: options.port ?? (await portOr(API_PORT)),
    appPort: 0,
    progress,
    interrupted,
  });
  const ended = AbortSignal.any([interrupted, network.group.failure]);
  const nodeIds = network.nodes.map(({ nodeId }) => nodeId);
  let stopping: Promise<void> | undefined;
  try {
    progress.gap();
    progress.say("ready", `open ${network.apiUrl} to see the network and join a call; logs are in .devnet/`);
    if (options.epochs === undefined) {
      progress.say("", "Ctrl-C stops it");
      return await reportEpochs(network.watch, NODES, progress, ended);
    }
    const epochs = await settledEpochs(network.watch, nodeIds, options.epochs, progress, ended);
    const { summary, faults } = await concludeRun(network, parameters, epochs, progress);
    stopping = network.stop();
    await stopping;
    const problems = [...faults, ...network.group.problems()];
    progress.gap();
    for (const problem of problems) console.error(`wrong: ${problem}`);
    const seconds = Math.round((performance.now() - startedAt) / 1_000);
    console.log(JSON.stringify({ ...summary, seconds, ...(problems.length > 0 ? { problems } : {}) }));
    return problems;
  } finally {
    await (stopping ?? network.stop());
  }
}

async function main(): Promise<number> {
  const interrupted = interruption();
  let options: DevnetOptions | undefined;
  try {
    options = parseOptions(process.argv.slice(2));
    if (options.help) {
      console.log(USAGE);
      return 0;
    }
    return (await run(options, interrupted)).length === 0 ? 0 : 1;
  } catch (error) {
    // Ctrl-C is how a network that was to stay up is ended; an unattended run was to come to its own end.
    if (interrupted.aborted) return options?.epochs === undefined ? 0 : EXIT_INTERRUPTED;
    console.error(`\n${error instanceof Error ? error.message : String(error)}`);
    return 1;
  }
}

process.exitCode = await main();
