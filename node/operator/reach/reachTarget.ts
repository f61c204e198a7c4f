import type { Router } from "mediasoup/types";
import { z } from "zod";
import type { MediaWorker } from "../../media/MediaWorker.js";

/** A media port that answers STUN for a while, so that others can try whether it can be reached. */
export const reachTargetSchema = z.strictObject({
  udp: z.int().min(1).max(65_535),
  tcp: z.int().min(1).max(65_535),
  usernameFragment: z.string().min(4).max(256),
  password: z.string().min(22).max(256),
});
export type ReachTarget = z.infer<typeof reachTargetSchema>;

export interface ReachTargets {
  /** One for each worker. */
  readonly targets: readonly ReachTarget[];
  close(): void;
}

/**
 * Opens a transport on the port of each worker, which answers STUN binding requests as any participant's would; there
 * is no media behind it. Closes by itself when the time is over.
 */
export async function openReachTargets(
  workers: readonly MediaWorker[],
  lifetimeMs: number,
): Promise<ReachTargets> {
  const routers: Router[] = [];
  const close = (): void => {
    clearTimeout(timer);
    for (const router of routers) router.close();
  };
  const timer = setTimeout(close, lifetimeMs);
  timer.unref();
  try {
    const targets = await Promise.all(
      workers.map(async (worker) => {
        const router = await worker.createRouter();
        routers.push(router);
        const { iceParameters } = await router.createWebRtcTransport({
          webRtcServer: worker.webRtcServer,
          enableTcp: true,
        });
        const { usernameFragment, password } = iceParameters;
        return { ...worker.ports, usernameFragment, password };
      }),
    );
    return { targets, close };
  } catch (error) {
    close();
    throw error;
  }
}
