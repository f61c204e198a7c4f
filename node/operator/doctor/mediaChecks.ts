import { availableParallelism } from "node:os";
import { pino } from "pino";
import { z } from "zod";
import type { NodeConfig } from "../../config/schema.js";
import { MediaServer } from "../../media/MediaServer.js";
import type { WorkerProbe } from "../../media/workerProbe.js";
import type { PrivateClient } from "../privateClient.js";
import { openReachTargets, reachTargetSchema } from "../reach/reachTarget.js";
import type { ReachTarget } from "../reach/reachTarget.js";
import { fail, messageOf, ok } from "./finding.js";
import type { Finding } from "./finding.js";

/** How long media ports answer STUN for the test from outside. */
export const REACH_LIFETIME_MS = 60_000;

/** Media workers on the node's own ports, tested, with targets for the test from outside. */
export interface TestedMedia {
  readonly findings: readonly Finding[];
  readonly targets: readonly ReachTarget[];
  close(): Promise<void>;
}

const NOTHING_TO_CLOSE = (): Promise<void> => Promise.resolve();

/** Starts workers as the node would; for a node that does not run. */
export async function startMediaForTest(config: NodeConfig, signal: AbortSignal): Promise<TestedMedia> {
  const { listen, port, workers = availableParallelism() } = config.media;
  let media: MediaServer;
  try {
    const logger = pino({ enabled: false });
    media = await MediaServer.start({ workers, listen: { addresses: listen, port }, logger });
  } catch (error) {
    const change =
      "see media.listen, media.port and media.workers; MEDIASOUP_WORKER_BIN names mediasoup's worker";
    return { findings: [fail("media", messageOf(error), change)], targets: [], close: NOTHING_TO_CLOSE };
  }
  try {
    const findings = [selfTestFinding(await media.probe(signal))];
    const opened = await openReachTargets(media.workers, REACH_LIFETIME_MS);
    return {
      ...{ findings, targets: opened.targets },
      close: async () => {
        opened.close();
        await media.close();
      },
    };
  } catch (error) {
    await media.close();
    throw error;
  }
}

const testedSchema = z.looseObject({
  selfTest: z.array(
    z.discriminatedUnion("ok", [
      z.object({ pid: z.number(), ok: z.literal(true), roundTripMs: z.number() }),
      z.object({ pid: z.number(), ok: z.literal(false), error: z.string() }),
    ]),
  ),
  targets: z.array(reachTargetSchema),
});

/** Has a running node test its workers and open targets on their ports. */
export async function testRunningMedia(client: PrivateClient): Promise<TestedMedia> {
  const { status, body } = await client.ask("POST", "/media-test");
  const tested = testedSchema.safeParse(body);
  if (status !== 200 || !tested.success) {
    const change = "look into the node's log";
    return {
      findings: [fail("media", `the node did not test its media: HTTP ${status}`, change)],
      targets: [],
      close: NOTHING_TO_CLOSE,
    };
  }
  const { selfTest, targets } = tested.data;
  return { findings: [selfTestFinding(selfTest)], targets, close: NOTHING_TO_CLOSE };
}

function selfTestFinding(probes: readonly WorkerProbe[]): Finding {
  const broken = probes.flatMap((probe) => (probe.ok ? [] : [`worker ${probe.pid}: ${probe.error}`]));
  if (probes.length === 0) return fail("media", "no media worker runs", "look into the node's log");
  if (broken.length > 0)
    return fail("media", broken.join("; "), "restart the node; is this machine overloaded?");
  const slowest = Math.max(...probes.map((probe) => (probe.ok ? probe.roundTripMs : 0)));
  return ok("media", `${probes.length} workers forward media, within ${slowest.toFixed(1)} ms`);
}
