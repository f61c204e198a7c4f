/** What the chain says of nodes, remembered for some seconds: whoever asks is not known to be a node yet. */
import type { NodeTerms } from "../../../node/client/server.js";
import { connectContracts } from "../../../node/chain/contracts.js";
import type { Contracts } from "../../../node/chain/contracts.js";
import { parseAddress } from "../../../node/protocol/hex.js";

const REMEMBERED_MS = 10_000;
const ZERO_ADDRESS = `0x${"00".repeat(20)}`;

interface Remembered {
  readonly terms: Promise<NodeTerms | undefined>;
  readonly untilMs: number;
}

export class NodeTermsCache {
  readonly #contracts: Contracts;
  readonly #remembered = new Map<bigint, Remembered>();

  constructor(...connection: Parameters<typeof connectContracts>) {
    this.#contracts = connectContracts(...connection);
  }

  /** Undefined where no node has this id. */
  lookUp(nodeId: bigint): Promise<NodeTerms | undefined> {
    const now = Date.now();
    for (const [id, { untilMs }] of this.#remembered) if (untilMs <= now) this.#remembered.delete(id);
    const known = this.#remembered.get(nodeId);
    if (known !== undefined) return known.terms;
    const terms = this.#read(nodeId);
    this.#remembered.set(nodeId, { terms, untilMs: now + REMEMBERED_MS });
    // A failure is not remembered.
    terms.catch(() => this.#remembered.delete(nodeId));
    return terms;
  }

  async #read(nodeId: bigint): Promise<NodeTerms | undefined> {
    const operatorKey = await this.#contracts.serviceAttestations.operatorOf(nodeId);
    if (operatorKey === ZERO_ADDRESS) return undefined;
    const { pricePerGBWei } = await this.#contracts.nodeRegistry.nodeOf(nodeId);
    return { operatorKey: parseAddress(operatorKey), priceWeiPerGB: pricePerGBWei };
  }
}
