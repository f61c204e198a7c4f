/** An EIP-1193 provider that signs with a key of its own and prices as the chain needs it. */
import { Transaction } from "ethers";
import type { Wallet } from "ethers";
import { z } from "zod";
import { currentGasPrice, replacementGasPrice } from "../../node/chain/gasPrice.js";
import type { GasPrice, GasPriceRule } from "../../node/chain/gasPrice.js";
import type { RpcProvider } from "../../node/chain/rpcProvider.js";
import type { DeploymentProvider } from "../ignition/deployProtocol.js";
import type { SentTransactions } from "./sentTransactions.js";

const quantity = z.string().transform((hex) => BigInt(hex));
const requestSchema = z.tuple([
  z.object({
    to: z.string().optional(),
    data: z.string(),
    value: quantity,
    nonce: quantity.transform(Number),
    gas: quantity,
  }),
]);

export class SigningProvider implements DeploymentProvider {
  readonly #rpc: RpcProvider;
  readonly #wallet: Wallet;
  readonly #chainId: number;
  readonly #rule: GasPriceRule;
  readonly #sent: SentTransactions;

  constructor(options: {
    rpc: RpcProvider;
    wallet: Wallet;
    chainId: number;
    gasPrice: GasPriceRule;
    sent: SentTransactions;
  }) {
    this.#rpc = options.rpc;
    this.#wallet = options.wallet;
    this.#chainId = options.chainId;
    this.#rule = options.gasPrice;
    this.#sent = options.sent;
  }

  async request({ method, params }: Parameters<DeploymentProvider["request"]>[0]): Promise<unknown> {
    if (method === "eth_accounts") return [this.#wallet.address];
    if (method === "eth_sendTransaction") return this.#send(params);
    return this.#rpc.send(method, Array.isArray(params) ? params : []);
  }

  async #send(params: unknown): Promise<string> {
    const [{ to, data, value, nonce, gas }] = requestSchema.parse(params);
    const price = await this.#priceOf(nonce);
    const transaction = Transaction.from({
      type: 2,
      chainId: this.#chainId,
      to: to ?? null,
      data,
      value,
      nonce,
      gasLimit: gas,
      ...price,
    });
    const raw = await this.#wallet.signTransaction(transaction);
    const hash = Transaction.from(raw).hash;
    if (hash === null) throw new Error("a signed transaction has no hash");
    this.#sent.add({ nonce, hash, raw, ...price });
    await broadcast(this.#rpc, raw);
    return hash;
  }

  async #priceOf(nonce: number): Promise<GasPrice> {
    const now = await currentGasPrice(this.#rpc, this.#rule);
    const last = this.#sent.ofNonce(nonce);
    if (last === undefined) return now;
    const raised = replacementGasPrice(last, now, this.#rule);
    if (raised === undefined) {
      throw new Error(
        `the transaction with nonce ${nonce} is not mined, and a higher price than ${last.maxFeePerGas} wei per gas ` +
          `would exceed the limit of ${this.#rule.maxFeePerGas} wei`,
      );
    }
    return raised;
  }
}

/** Sends it, which is well if the chain has it already. */
export async function broadcast(rpc: RpcProvider, raw: string): Promise<void> {
  try {
    await rpc.send("eth_sendRawTransaction", [raw]);
  } catch (error) {
    if (!isKnown(error)) throw error;
  }
}

/** Whether the chain has this very transaction, mined or waiting. A used nonce alone would not say so. */
function isKnown(error: unknown): boolean {
  const text = error instanceof Error ? error.message : String(error);
  return /already (known|imported)|known transaction/i.test(text);
}
