import { Interface } from "ethers";
import { INodeStrikes__factory } from "../../types/contracts/factories/penalties/INodeStrikes__factory.js";
import type { Deployment } from "../chain/deployment.js";
import { revertOf } from "../chain/reverts.js";
import type { RpcProvider } from "../chain/rpcProvider.js";
import type { TransactionQueue } from "../chain/transactionQueue.js";
import { parseHex } from "../protocol/hex.js";

/** How the node stands with `NodeStrikes`. */
export interface JailStatus {
  readonly jailed: boolean;
  /** How often it was in jail so far. */
  readonly jails: number;
}

/** The node cannot be released; the message says why. */
export class ReleaseRefused extends Error {
  constructor(message: string) {
    super(message);
    this.name = "ReleaseRefused";
  }
}

const strikes = new Interface(INodeStrikes__factory.abi);

/** Jail for strikes, and the way out of it. */
export class Jail {
  readonly #nodeId: bigint;
  readonly #deployment: Deployment;
  readonly #provider: RpcProvider;
  readonly #queue: Pick<TransactionQueue, "send" | "account">;

  constructor(options: {
    nodeId: bigint;
    deployment: Deployment;
    provider: RpcProvider;
    queue: Pick<TransactionQueue, "send" | "account">;
  }) {
    this.#nodeId = options.nodeId;
    this.#deployment = options.deployment;
    this.#provider = options.provider;
    this.#queue = options.queue;
  }

  async status(): Promise<JailStatus> {
    const { nodeStrikes } = this.#deployment.addresses;
    if (nodeStrikes === undefined) return { jailed: false, jails: 0 };
    const contract = INodeStrikes__factory.connect(nodeStrikes, this.#provider);
    const { jailed, jails } = await contract.recordOf(this.#nodeId);
    return { jailed, jails: Number(jails) };
  }

  /**
   * Ends a stay in jail whose time is over. Resolves when that is on chain.
   * @throws ReleaseRefused where the node is not in jail, or must stay.
   */
  async release(): Promise<void> {
    const { nodeStrikes } = this.#deployment.addresses;
    const { jailed, jails } = await this.status();
    if (nodeStrikes === undefined || !jailed) throw new ReleaseRefused("the node is not in jail");
    const data = parseHex(strikes.encodeFunctionData("release", [this.#nodeId]));
    try {
      await this.#provider.call({ from: this.#queue.account, to: nodeStrikes, data });
    } catch (error) {
      const revert = revertOf("release", error);
      if (revert === undefined) throw error;
      throw new ReleaseRefused(reasonOf(error) ?? revert.message);
    }
    // Each stay has a release of its own.
    await this.#queue.send({ key: `release:${jails}`, to: nodeStrikes, data });
  }
}

/** What the contract's own error says; until when the node must stay, above all. */
function reasonOf(error: unknown): string | undefined {
  const data =
    error instanceof Error && "data" in error && typeof error.data === "string" ? error.data : "0x";
  const described = data.length >= 10 ? strikes.parseError(data) : null;
  if (described?.name !== "JailNotOver") return described?.name;
  const seconds = Number(described.args.getValue("releasableAt"));
  return `the node stays in jail until ${new Date(seconds * 1_000).toISOString()}`;
}
