import type { RpcClient } from "@subsquid/rpc-client";
import { EventEmitter, once } from "node:events";
import { z } from "zod";

const blockSchema = z.object({
  number: z.string().transform(Number),
  hash: z.string(),
});

/** The newest block of the chain, as it is now. */
export interface ChainHead {
  readonly height: number;
  readonly hash: string;
}

/**
 * Yields the chain's newest block whenever it is another one: asked for at an interval and, over WebSocket, as soon as
 * the chain announces it. Ends with the client: its next call throws when it was closed.
 */
export async function* followHeads(rpc: RpcClient, pollMs: number): AsyncGenerator<ChainHead> {
  const announcements = new EventEmitter();
  const subscription = rpc.supportsNotifications() ? subscribe(rpc, announcements) : undefined;
  try {
    for (let last: string | undefined; ;) {
      // Listening begins before the question is asked: what is announced in between must not be missed.
      const announced = once(announcements, "head", { signal: AbortSignal.timeout(pollMs) });
      announced.catch(() => undefined);
      const answer: unknown = await rpc.call("eth_getBlockByNumber", ["latest", false]);
      const { number: height, hash } = blockSchema.parse(answer);
      if (hash !== last) {
        last = hash;
        yield { height, hash };
      }
      await announced.catch(() => undefined);
    }
  } finally {
    subscription?.close();
  }
}

function subscribe(rpc: RpcClient, announcements: EventEmitter): { close(): void } {
  return rpc.subscribe({
    method: "eth_subscribe",
    params: ["newHeads"],
    notification: "eth_subscription",
    unsubscribe: "eth_unsubscribe",
    onMessage: () => announcements.emit("head"),
    // The interval goes on, and the library subscribes again.
    onError: () => undefined,
    resubscribeOnConnectionLoss: true,
  });
}
