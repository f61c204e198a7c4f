import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { pino } from "pino";
import type { Logger } from "pino";
import { InvalidConfig, loadConfig } from "./config/load.js";
import { loadOperatorKey } from "./config/operatorKey.js";
import type { NodeConfig } from "./config/schema.js";
import { MediaServer } from "./media/MediaServer.js";
import { startNodeService } from "./operator/nodeService.js";
import { startPrivateServer } from "./operator/privateServer.js";
import { startSignaling } from "./signaling/signalingServer.js";

const USAGE = "usage: main.ts start --config <file.yaml>";

/** Runs a node until a signal asks it to stop; resolves when all is closed. */
async function start(config: NodeConfig, environment: NodeJS.ProcessEnv, log: Logger): Promise<void> {
  const stopped = stopSignal();
  const closers: (() => unknown)[] = [];
  try {
    const wallet = await loadOperatorKey(config, environment);
    const service = await startNodeService(config, wallet, log);
    closers.push(() => service.close());
    const { listen, port, workers = availableParallelism() } = config.media;
    const [first = { ip: "0.0.0.0" }] = listen;
    const media = await MediaServer.start({ workers, listen: { ...first, port }, logger: log });
    closers.push(() => media.close());
    const crippled = lastWorkerDeath(media);
    const signaling = await startSignaling({
      admission: service.admission,
      media,
      listen: config.public,
      limits: { maxConnectionsPerAddress: config.service.maxSessions },
      logger: log,
    });
    // Goodbye first: last receipts arrive through signaling while it closes.
    closers.push(() => signaling.close());
    const operator = await startPrivateServer(config.private, service, log);
    closers.push(() => operator.close());
    // The one line on standard output, for whoever started the node; the log goes to standard error.
    const ready = {
      ...{ ready: true, nodeId: config.nodeId.toString(), operator: wallet.address },
      ...{ url: signaling.url, port: signaling.port, privatePort: operator.port, media: media.ports },
    };
    process.stdout.write(`${JSON.stringify(ready)}\n`);
    log.info(ready, "the node is up");
    const reason = await Promise.race([stopped, crippled]);
    log.info({ reason: String(reason) }, "the node is shutting down");
    service.drain();
    if (reason instanceof Error) throw reason;
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

/** Resolves at the first SIGTERM or SIGINT; a second one ends the process at once. */
function stopSignal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve(signal));
  });
}

/**
 * Resolves when no media worker is left: the node ends with an error then, for its supervisor to start it again. While
 * there are others, the rooms of a dead worker open again on them.
 */
function lastWorkerDeath(media: MediaServer): Promise<Error> {
  let left = media.workers.length;
  return new Promise((resolve) => {
    media.on("workerdied", (_, cause) => {
      left -= 1;
      if (left === 0) resolve(new Error("all media workers died; start the node again", { cause }));
    });
  });
}

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { config: { type: "string" } },
    allowPositionals: true,
  });
  if (positionals.length !== 1 || positionals[0] !== "start" || values.config === undefined) {
    throw new InvalidConfig(USAGE);
  }
  const config = await loadConfig(values.config, process.env);
  const log = pino(
    { level: config.log.level, base: { node: config.nodeId.toString() } },
    pino.destination(2),
  );
  await start(config, process.env, log);
}

try {
  await main();
} catch (error) {
  const expected = error instanceof InvalidConfig || (error instanceof TypeError && "code" in error);
  process.stderr.write(
    `${expected ? error.message : error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  process.exitCode = 1;
}
