import { z } from "zod";
import { uint256Schema } from "../protocol/schemas.js";
import { boundedFetch } from "./boundedFetch.js";
import type { NodeSource } from "./NodeChooser.js";
import { probeNodes } from "./rankNodes.js";

export interface DiscoverOptions {
  /** The network's GraphQL API. */
  readonly graphqlUrl: string;
  /** The operators' choice of region, an index into the network's public list; all where left out. */
  readonly region?: number | undefined;
  /** Most nodes that are asked for, those with the best audit score; 64 where left out. */
  readonly limit?: number | undefined;
  readonly timeoutMs?: number | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** A node that serves, as the chain knows it. */
export interface DiscoveredNode {
  readonly nodeId: bigint;
  /** Its signaling address. */
  readonly url: string;
  readonly region: number;
  /** Wei of DTEL for 10^9 bytes delivered. */
  readonly priceWeiPerGB: bigint;
  /** The weighted median of its auditors' last scores, 0 to 10,000; undefined before the first. */
  readonly auditScore: number | undefined;
}

const DEFAULT_LIMIT = 64;
const MAX_LIMIT = 500;
const DEFAULT_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 512 * 1024;
/** How long a list of nodes is used again. */
const LIST_AGE_MS = 60_000;
/** How many of the list are asked for their health. */
const MAX_PROBED = 16;

const QUERY = `query Nodes($where: NodeWhereInput!, $limit: Int!) {
  nodes(where: $where, orderBy: [lastAuditScore_DESC_NULLS_LAST, number_ASC], limit: $limit) {
    id endpoint region pricePerGB lastAuditScore
  }
}`;

const answerSchema = z.object({
  data: z.object({
    nodes: z
      .array(
        z.object({
          id: uint256Schema,
          endpoint: z.string().max(2048),
          region: z.number().int(),
          pricePerGB: uint256Schema,
          lastAuditScore: z.number().int().min(0).max(10_000).nullable(),
        }),
      )
      .max(MAX_LIMIT),
  }),
});

/**
 * Asks the network's GraphQL API for the nodes that serve. What it answers is not proven: whoever connects to a node of
 * it may check node and network by `ConnectOptions.expect`.
 * @throws Error where it does not answer in time, or not with nodes.
 */
export async function discoverNodes(options: DiscoverOptions): Promise<DiscoveredNode[]> {
  const { graphqlUrl, region, limit = DEFAULT_LIMIT, timeoutMs = DEFAULT_TIMEOUT_MS, signal } = options;
  const where = { status_eq: "ACTIVE", jailed_eq: false, ...(region !== undefined && { region_eq: region }) };
  const { status, json } = await boundedFetch(graphqlUrl, {
    method: "POST",
    body: JSON.stringify({
      query: QUERY,
      variables: { where, limit: Math.min(MAX_LIMIT, Math.max(1, Math.trunc(limit))) },
    }),
    ...{ timeoutMs, signal, maxBytes: MAX_ANSWER_BYTES },
  });
  const parsed = answerSchema.safeParse(json);
  if (!parsed.success) {
    throw new Error(
      `${graphqlUrl} did not answer with nodes: status ${status}, ${z.prettifyError(parsed.error).slice(0, 512)}`,
    );
  }
  return parsed.data.data.nodes
    .filter(({ endpoint }) => isSignalingUrl(endpoint))
    .map(({ id, endpoint, pricePerGB, lastAuditScore, ...node }) => ({
      nodeId: id,
      url: endpoint,
      region: node.region,
      priceWeiPerGB: pricePerGB,
      auditScore: lastAuditScore ?? undefined,
    }));
}

/** The nodes of a network, fastest first, for `ConnectOptions.url`. */
export function networkNodes(options: Omit<DiscoverOptions, "signal">): NodeSource {
  let known: { readonly atMs: number; readonly urls: readonly string[] } | undefined;
  return {
    async urls({ signal }) {
      if (!known || Date.now() - known.atMs > LIST_AGE_MS) {
        try {
          const nodes = await discoverNodes({ ...options, signal });
          known = { atMs: Date.now(), urls: nodes.map(({ url }) => url) };
        } catch (error) {
          // In an outage an old list is better than none.
          signal.throwIfAborted();
          if (!known) throw error;
        }
      }
      const probed = await probeNodes(known.urls.slice(0, MAX_PROBED), { signal });
      return [...probed]
        .filter(({ state }) => state === "accepting")
        .sort((a, b) => a.roundTripTimeMs - b.roundTripTimeMs)
        .map(({ url }) => url);
    },
  };
}

/** A page that came by https can open no `ws:`. */
function isSignalingUrl(text: string): boolean {
  const url = URL.parse(text);
  const secureOnly = "location" in globalThis && globalThis.location.protocol === "https:";
  return url?.protocol === "wss:" || (url?.protocol === "ws:" && !secureOnly);
}
