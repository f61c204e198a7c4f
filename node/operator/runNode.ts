import { availableParallelism } from "node:os";
import type { Wallet } from "ethers";
import type { Logger } from "pino";
import type { NodeConfig } from "../config/schema.js";
import { MediaServer } from "../media/MediaServer.js";
import { startSignaling } from "../signaling/signalingServer.js";
import { startNodeService } from "./nodeService.js";
import { startPrivateServer } from "./privateServer.js";
import { StopRequests } from "./stopRequests.js";

export interface RunOptions {
  readonly config: NodeConfig;
  readonly wallet: Wallet;
  readonly log: Logger;
  /** Called once participants can join, with what whoever started the node wants to know. */
  readonly onReady: (ready: object) => void;
}

/** Puts a node together and runs it until a signal or the operator asks it to stop; resolves when all is closed. */
export async function runNode({ config, wallet, log, onReady }: RunOptions): Promise<void> {
  const stops = new StopRequests();
  const closers: (() => unknown)[] = [() => stops.close()];
  try {
    const service = await startNodeService(config, wallet, log);
    closers.push(() => service.close());
    const { listen, port, workers = availableParallelism() } = config.media;
    const media = await MediaServer.start({ workers, listen: { addresses: listen, port }, logger: log });
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
    const ready = {
      ...{ ready: true, nodeId: config.nodeId.toString(), operator: wallet.address },
      ...{ url: signaling.url, port: signaling.port, privatePort: operator.port, media: media.ports },
    };
    onReady(ready);
    log.info(ready, "the node is up");
    const reason = await Promise.race([stops.first, crippled]);
    log.info({ reason: String(reason) }, "the node is shutting down");
    service.drain();
    if (reason instanceof Error) throw reason;
  } finally {
    for (const close of closers.reverse()) await close();
  }
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
