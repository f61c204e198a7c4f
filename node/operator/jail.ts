import { Interface } from "ethers";
import { INodeStrikes__factory } from "../../types/contracts/factories/penalties/INodeStrikes__factory.js";
import type { Deployment } from "../chain/deployment.js";
import { revertOf } from "../chain/reverts.js";
import type { RpcProvider } from "../chain/rpcProvider.js";
import type { TransactionQueue } from "../chain/transactionQueue.js";
import { parseHex } from "../protocol/hex.js";
import type { Hex } from "../protocol/hex.js";

/** How a node stands with `NodeStrikes`. */
export interface JailStatus {
  readonly jailed: boolean;
  /** How often it was in jail so far. */
  readonly jails: number;
  /** When it can be released, Unix time in seconds; undefined where that is now, or it is not in jail. */
  readonly releasableAtSeconds?: number | undefined;
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

  /** @throws Error where the chain cannot be asked. */
  status(): Promise<JailStatus> {
    return readJail({
      ...{ nodeId: this.#nodeId, deployment: this.#deployment, provider: this.#provider },
      operator: this.#queue.account,
    });
  }

  /**
   * Ends a stay in jail whose time is over. Resolves when that is on chain.
   * @throws ReleaseRefused where the node is not in jail, or must stay.
   */
  async release(): Promise<void> {
    const { nodeStrikes } = this.#deployment.addresses;
    const status = await this.status();
    if (nodeStrikes === undefined || !status.jailed) throw new ReleaseRefused("the node is not in jail");
    const { jails, releasableAtSeconds } = status;
    if (releasableAtSeconds !== undefined)
      throw new ReleaseRefused(`the node stays in jail until ${timeOf(releasableAtSeconds)}`);
    const data = releaseCall(this.#nodeId);
    // Each stay has a release of its own.
    await this.#queue.send({ key: `release:${jails}`, to: nodeStrikes, data });
  }
}

/**
 * Asks the chain whether a node is in jail, and until when.
 * @param who `operator`: who would release it.
 * @throws Error where the chain cannot be asked.
 */
export async function readJail(who: {
  readonly nodeId: bigint;
  readonly operator: string;
  readonly deployment: Deployment;
  readonly provider: RpcProvider;
}): Promise<JailStatus> {
  const { nodeId, operator, deployment, provider } = who;
  const { nodeStrikes } = deployment.addresses;
  if (nodeStrikes === undefined) return { jailed: false, jails: 0 };
  const record = await INodeStrikes__factory.connect(nodeStrikes, provider).recordOf(nodeId);
  const status = { jailed: record.jailed, jails: Number(record.jails) };
  if (!status.jailed) return status;
  try {
    await provider.call({ from: operator, to: nodeStrikes, data: releaseCall(nodeId) });
    return status;
  } catch (error) {
    const releasableAtSeconds = jailEndOf(error);
    if (releasableAtSeconds === undefined) throw revertOf("release", error) ?? error;
    return { ...status, releasableAtSeconds };
  }
}

/** What the operator of a node in jail is told. */
export function jailAdvice({ releasableAtSeconds }: JailStatus): { found: string; change: string } {
  const command = "`dtelecom-node release`";
  return releasableAtSeconds === undefined
    ? {
        found: "the node is in jail for its strikes, and its time is over",
        change: `find out why its audits were bad; then ${command}`,
      }
    : {
        found: `the node is in jail for its strikes until ${timeOf(releasableAtSeconds)}`,
        change: `find out meanwhile why its audits were bad; after that time ${command}`,
      };
}

function releaseCall(nodeId: bigint): Hex {
  return parseHex(strikes.encodeFunctionData("release", [nodeId]));
}

/** From the contract's refusal, where that is about time; Unix time in seconds. */
function jailEndOf(error: unknown): number | undefined {
  const data =
    error instanceof Error && "data" in error && typeof error.data === "string" ? error.data : "0x";
  const described = data.length >= 10 ? strikes.parseError(data) : null;
  return described?.name === "JailNotOver" ? Number(described.args.getValue("releasableAt")) : undefined;
}

function timeOf(seconds: number): string {
  return new Date(seconds * 1_000).toISOString();
}
