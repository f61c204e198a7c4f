import { isIPv6 } from "node:net";
import { availableParallelism } from "node:os";
import { setTimeout as pause } from "node:timers/promises";
import type { Wallet } from "ethers";
import type { Logger } from "pino";
import { createRoomLinks } from "../cluster/createRoomLinks.js";
import type { ClusterLinks } from "../cluster/createRoomLinks.js";
import type { NodeConfig } from "../config/schema.js";
import { MediaServer } from "../media/MediaServer.js";
import { PublicUrlPolicy } from "../service/publicUrl.js";
import { startSignaling } from "../signaling/signalingServer.js";
import type { SignalingServer } from "../signaling/signalingServer.js";
import { HealthMonitor } from "./health/healthMonitor.js";
import { countedAdmission } from "./metrics/countedAdmission.js";
import { NodeMetrics } from "./metrics/nodeMetrics.js";
import { startNodeService } from "./nodeService.js";
import type { NodeService } from "./nodeService.js";
import { startPrivateServer } from "./privateServer.js";
import { reachRoute } from "./reach/reachRoute.js";
import { StopRequests } from "./stopRequests.js";
import type { StopRequest } from "./stopRequests.js";
import { VERSION } from "./version.js";

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
  const closers: Closer[] = [{ part: "signals", close: () => stops.close() }];
  try {
    const metrics = new NodeMetrics();
    const service = await startNodeService(config, wallet, log);
    closers.push({ part: "service", close: () => service.close() });
    const media = await startMedia(config, log);
    closers.push({ part: "media", close: () => media.close() });
    media.on("workerdied", () => metrics.workerDied());
    const links = config.cluster.enabled ? linksOf(config, wallet, service, log) : undefined;
    closers.push({ part: "links", close: () => links?.close() });
    const health = new HealthMonitor({ media, log, writeToStore: () => service.writeToStore() });
    await health.start();
    closers.push({ part: "health", close: () => health.stop() });
    const signaling = await startSignaling({
      admission: countedAdmission(service.admission, metrics),
      media,
      listen: config.public,
      trustedProxies: config.public.trustedProxies,
      limits: { maxConnectionsPerAddress: config.service.maxSessions },
      observer: service.webhooks,
      links,
      upgrades: links === undefined ? [] : [links.upgrade],
      routes: [
        reachRoute({
          ...{ nodeId: config.nodeId, domain: service.domain, log },
          operatorOf: (nodeId) => service.finder.operatorOf(nodeId),
          allowPrivate: config.cluster.allowPrivateEndpoints || config.audits.allowPrivateEndpoints,
        }),
      ],
      version: VERSION,
      logger: log,
    });
    // Goodbye first: last receipts arrive through signaling while it closes.
    closers.push({ part: "signaling", close: () => signaling.close() });
    const status = () => service.status();
    metrics.observe({ media, health, status, version: VERSION });
    const operator = await startPrivateServer(config.private, {
      ...{ service, media, health, metrics, signaling, links, log },
      stop: (deadlineMs) => stops.ask({ kind: "drained", by: "the operator", deadlineMs }),
    });
    closers.push({ part: "private port", close: () => operator.close() });
    const ready = {
      ...{ ready: true, nodeId: config.nodeId.toString(), operator: wallet.address },
      ...{ url: signaling.url, port: signaling.port, privatePort: operator.port, media: media.ports },
    };
    onReady(ready);
    log.info(ready, "the node is up");
    const request = await stops.first;
    log.info(request, "the node is shutting down");
    await sayGoodbye(request, { service, signaling, hurry: stops.hurry, log });
  } finally {
    for (const { part, close } of closers.reverse()) await closeInTime(part, close, log);
  }
}

/** A part of a node, and what closes it. */
interface Closer {
  readonly part: string;
  readonly close: () => unknown;
}

/** How long a part may take to close: whatever hangs, the others are closed too, and the process ends. */
const CLOSE_MS = 5_000;

/** What is on disk stays so: all that matters was written before it was acknowledged. */
async function closeInTime(part: string, close: () => unknown, log: Logger): Promise<void> {
  const deadline = new AbortController();
  const late = pause(CLOSE_MS, "late", { signal: deadline.signal }).catch(() => "closed");
  try {
    if ((await Promise.race([close(), late])) === "late")
      log.error({ part, waitedMs: CLOSE_MS }, "it did not close in time and is left behind");
  } catch (error) {
    log.error({ err: error, part }, "it did not close as it should");
  } finally {
    deadline.abort();
  }
}

function startMedia({ media }: NodeConfig, logger: Logger): Promise<MediaServer> {
  const { listen, port, workers = availableParallelism(), maxOutgoingMegabitsPerSecond } = media;
  const { maxRooms, maxPeers, maxPeersPerRoom, maxSubscriptionsPerWorker, maxDataMessageBytes } = media;
  return MediaServer.start({
    ...{ workers, listen: { addresses: listen, port }, logger },
    limits: {
      ...{ maxRooms, maxPeers, maxPeersPerRoom, maxSubscriptionsPerWorker, maxDataMessageBytes },
      maxIncomingBitsPerSecond: media.maxIncomingKilobitsPerSecond * 1_000,
      ...(maxOutgoingMegabitsPerSecond === undefined
        ? {}
        : { maxOutgoingBitsPerSecond: maxOutgoingMegabitsPerSecond * 1_000_000 }),
    },
  });
}

function linksOf(
  { nodeId, cluster, media }: NodeConfig,
  wallet: Wallet,
  { finder, admission, domain }: NodeService,
  logger: Logger,
): ClusterLinks {
  const policy = new PublicUrlPolicy({
    protocols: ["ws:", "wss:"],
    allowPrivate: cluster.allowPrivateEndpoints,
  });
  return createRoomLinks({
    ...{ nodeId, domain, finder, logger, signer: wallet },
    isAppSigner: (app, signer) => admission.isAppSigner(app, signer),
    endpointFault: (url) => policy.faultResolved(url),
    addressFault: (ip) => policy.fault(isIPv6(ip) ? `ws://[${ip}]/` : `ws://${ip}/`),
    listen: { addresses: media.listen, ports: cluster.ports },
  });
}

/** Moves participants elsewhere, where that was asked for and nobody is in a hurry since. */
async function sayGoodbye(
  request: StopRequest,
  parts: { service: NodeService; signaling: SignalingServer; hurry: AbortSignal; log: Logger },
): Promise<void> {
  const { service, signaling, hurry, log } = parts;
  if (request.kind === "drained") {
    try {
      await signaling.drain(request.deadlineMs, hurry);
      log.info({ left: signaling.participants }, "participants have moved");
    } catch (error) {
      if (!hurry.aborted) throw error;
    }
  }
  service.drain();
}
