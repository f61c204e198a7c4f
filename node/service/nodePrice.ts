import type { Wallet } from "ethers";
import type { Logger } from "pino";
import type { NodeChain } from "../chain/nodeChain.js";

const PERIOD_MS = 60_000;

/** The node's registered price, read again every minute: what apps owe and what they are told must be the same. */
export class NodePrice {
  readonly #chain: Pick<NodeChain, "registration">;
  readonly #timer: NodeJS.Timeout;
  #weiPerGB: bigint;

  private constructor(chain: Pick<NodeChain, "registration">, weiPerGB: bigint, log: Logger) {
    this.#chain = chain;
    this.#weiPerGB = weiPerGB;
    this.#timer = setInterval(() => {
      this.#refresh().catch((error: unknown) =>
        log.warn({ err: error }, "the node's price could not be read"),
      );
    }, PERIOD_MS);
  }

  /**
   * Reads the node's registration.
   * @throws Error where there is no such node, or the key is not its operator key.
   */
  static async read(
    chain: Pick<NodeChain, "registration" | "nodeId">,
    wallet: Pick<Wallet, "address">,
    log: Logger,
  ): Promise<NodePrice> {
    const { operator, priceWeiPerGB } = await chain.registration();
    if (operator !== wallet.address) {
      throw new Error(
        `node ${chain.nodeId} has the operator key ${operator}, this node was given ${wallet.address}: ` +
          "check nodeId and key in the configuration, or let the owner call setOperator",
      );
    }
    return new NodePrice(chain, priceWeiPerGB, log);
  }

  /** Price of 1e9 bytes, in wei. */
  get weiPerGB(): bigint {
    return this.#weiPerGB;
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  async #refresh(): Promise<void> {
    this.#weiPerGB = (await this.#chain.registration()).priceWeiPerGB;
  }
}
