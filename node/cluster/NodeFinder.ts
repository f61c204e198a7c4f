import type { Address } from "../protocol/hex.js";

/** What links need to know of other nodes; the registry on chain says it. */
export interface NodeFinder {
  /** Where a node listens, `wss://host:port/`; undefined where it is not known or not in service. */
  endpointOf(nodeId: bigint): Promise<string | undefined>;
  /** The key that speaks for a node; undefined where there is no such node, or it may not serve. Rejects where nobody can tell. */
  operatorOf(nodeId: bigint): Promise<Address | undefined>;
}
