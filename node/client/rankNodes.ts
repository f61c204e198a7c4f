import { z } from "zod";
import { boundedFetch } from "./boundedFetch.js";

export interface ProbeOptions {
  /** How long one node may take, in all. */
  readonly timeoutMs?: number | undefined;
  /** How many are asked at the same time. */
  readonly concurrency?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** What a node said of itself, or did not. */
export interface ProbedNode {
  readonly url: string;
  /** `refusing`: it answered that it takes nobody now; `silent`: no answer that could be read. */
  readonly state: "accepting" | "refusing" | "silent";
  /** Of the faster of two requests; infinite where it did not answer. */
  readonly roundTripTimeMs: number;
}

/** A node that takes participants, and how far away it is. */
export interface RankedNode {
  readonly url: string;
  readonly roundTripTimeMs: number;
}

const DEFAULT_TIMEOUT_MS = 3_000;
const DEFAULT_CONCURRENCY = 8;
const MAX_HEALTH_BYTES = 16 * 1024;

/** The members of a node's `GET /health` that are read. */
const healthSchema = z.looseObject({ accepting: z.boolean() });

/**
 * Which of some nodes take participants, fastest first: asks each for its health twice, since the first request also
 * opens the connection, and takes the faster one as the round trip.
 * @param urls Signaling addresses.
 */
export async function rankNodes(urls: readonly string[], options: ProbeOptions = {}): Promise<RankedNode[]> {
  const probed = await probeNodes(urls, options);
  return probed
    .filter(({ state }) => state === "accepting")
    .map(({ url, roundTripTimeMs }) => ({ url, roundTripTimeMs }))
    .sort((a, b) => a.roundTripTimeMs - b.roundTripTimeMs);
}

/** What each of some nodes says of itself, in their order. Rejects only where the signal is aborted. */
export async function probeNodes(urls: readonly string[], options: ProbeOptions = {}): Promise<ProbedNode[]> {
  const { concurrency = DEFAULT_CONCURRENCY } = options;
  const results: ProbedNode[] = [];
  const waiting = [...urls.entries()];
  const work = async () => {
    for (let next = waiting.shift(); next; next = waiting.shift()) {
      const [index, url] = next;
      results[index] = await probe(url, options);
    }
  };
  await Promise.all(Array.from({ length: Math.max(1, concurrency) }, work));
  return results;
}

async function probe(url: string, options: ProbeOptions): Promise<ProbedNode> {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  const untilMs = performance.now() + timeoutMs;
  let best = Infinity;
  try {
    const health = publicHttpUrl(url, "health");
    for (let time = 0; time < 2; time += 1) {
      const beganMs = performance.now();
      const { json } = await boundedFetch(health, {
        timeoutMs: Math.max(1, Math.ceil(untilMs - beganMs)),
        maxBytes: MAX_HEALTH_BYTES,
        signal,
      });
      const parsed = healthSchema.safeParse(json);
      if (!parsed.success) return { url, state: "silent", roundTripTimeMs: Infinity };
      best = Math.min(best, performance.now() - beganMs);
      if (!parsed.data.accepting) return { url, state: "refusing", roundTripTimeMs: best };
    }
    return { url, state: "accepting", roundTripTimeMs: best };
  } catch {
    signal?.throwIfAborted();
    // Too slow the second time is still an answer.
    if (best < Infinity) return { url, state: "accepting", roundTripTimeMs: best };
    return { url, state: "silent", roundTripTimeMs: Infinity };
  }
}

/**
 * What a node offers by HTTP on the port of its signaling address.
 * @throws TypeError where the address is none.
 */
export function publicHttpUrl(signalingUrl: string, path: string): string {
  const url = new URL(path, signalingUrl);
  url.protocol = url.protocol === "wss:" || url.protocol === "https:" ? "https:" : "http:";
  return url.href;
}
