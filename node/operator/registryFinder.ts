import type { BlockWatcher } from "../chain/blockWatcher.js";
import type { Contracts } from "../chain/contracts.js";
import type { NodeFinder } from "../cluster/NodeFinder.js";
import { parseAddress } from "../protocol/hex.js";
import type { Address } from "../protocol/hex.js";
import type { NodeDirectory } from "../service/audits/nodeDirectory.js";

/** How long a node's operator key is taken to be the same: a replaced one is refused after this. */
const OPERATOR_MAX_AGE_MS = 30_000;
const MAX_REMEMBERED = 10_000;
const RETIRED = 2n;

export interface RegistryFinderOptions {
  readonly contracts: Pick<Contracts, "nodeRegistry" | "serviceAttestations">;
  readonly directory: Pick<NodeDirectory, "endpointOf" | "catchUp">;
  readonly watcher: Pick<BlockWatcher, "head">;
}

/** Finds other nodes by the registry on chain and its logs. */
export class RegistryFinder implements NodeFinder {
  readonly #options: RegistryFinderOptions;
  readonly #operators = new Map<bigint, { atMs: number; operator: Promise<Address | undefined> }>();

  constructor(options: RegistryFinderOptions) {
    this.#options = options;
  }

  async endpointOf(nodeId: bigint): Promise<string | undefined> {
    const { directory, watcher } = this.#options;
    await directory.catchUp(watcher.head.number);
    return directory.endpointOf(nodeId);
  }

  async operatorOf(nodeId: bigint): Promise<Address | undefined> {
    const known = this.#operators.get(nodeId);
    if (known !== undefined && Date.now() - known.atMs < OPERATOR_MAX_AGE_MS) return known.operator;
    const asked = { atMs: Date.now(), operator: this.#ask(nodeId) };
    this.#operators.delete(nodeId);
    this.#operators.set(nodeId, asked);
    if (this.#operators.size > MAX_REMEMBERED)
      this.#operators.delete(this.#operators.keys().next().value ?? 0n);
    // What could not be asked is asked again.
    asked.operator.catch(() => {
      if (this.#operators.get(nodeId) === asked) this.#operators.delete(nodeId);
    });
    return asked.operator;
  }

  async #ask(nodeId: bigint): Promise<Address | undefined> {
    const { nodeRegistry, serviceAttestations } = this.#options.contracts;
    if (nodeId < 1n || nodeId > (await nodeRegistry.nodeCount())) return undefined;
    const [{ status }, operator] = await Promise.all([
      nodeRegistry.nodeOf(nodeId),
      serviceAttestations.operatorOf(nodeId),
    ]);
    return status === RETIRED ? undefined : parseAddress(operator);
  }
}
