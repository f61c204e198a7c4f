import { readdirSync } from "node:fs";
import { z } from "zod";
import type { MediaServer } from "../../../../node/media/MediaServer.js";
import type { SignalingServer } from "../../../../node/signaling/signalingServer.js";

/** What a node has open and in memory; what nobody uses any more must be gone from it. */
export const vitalsSchema = z.object({
  rooms: z.number(),
  peers: z.number(),
  connections: z.number(),
  workerPids: z.array(z.number()),
  /** Objects that rooms and participants have in the workers. */
  workerObjects: z.number(),
  openFiles: z.number(),
  /** After a garbage collection, where the process was started with `--expose-gc`. */
  heapBytes: z.number(),
  residentBytes: z.number(),
  /** Errors that nobody caught, in words. */
  unhandled: z.array(z.string()),
});
export type VitalFigures = z.output<typeof vitalsSchema>;

/** A worker that does nothing has its WebRTC server. */
const SERVER_OBJECTS = 1;

/** Reads them from inside the node's process, and collects the errors that nobody caught. */
export class Vitals {
  readonly #unhandled: string[] = [];

  constructor() {
    for (const event of ["uncaughtException", "unhandledRejection"] as const) {
      process.on(event, (error: unknown) => {
        this.#unhandled.push(
          `${event}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
        );
      });
    }
  }

  async read(media: MediaServer, signaling: SignalingServer): Promise<VitalFigures> {
    // Twice, and after a turn of the event loop: what ended just now is freed by then.
    for (let round = 0; round < 2; round += 1) {
      globalThis.gc?.();
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    const { heapUsed, rss } = process.memoryUsage();
    return {
      rooms: media.roomCount,
      peers: media.peerCount,
      connections: signaling.connections,
      workerPids: media.workers.map(({ pid }) => pid),
      workerObjects: await workerObjects(media),
      openFiles: readdirSync("/proc/self/fd").length,
      heapBytes: heapUsed,
      residentBytes: rss,
      unhandled: this.#unhandled,
    };
  }
}

/** Objects that rooms and participants have in the workers: routers, pipes between them, transports and what is on them. */
async function workerObjects(media: MediaServer): Promise<number> {
  const dumps = await Promise.all(media.workers.map((worker) => worker.dump()));
  return dumps.reduce(
    (sum, { routers, pipes, objects }) => sum + routers + pipes + objects - SERVER_OBJECTS,
    0,
  );
}
