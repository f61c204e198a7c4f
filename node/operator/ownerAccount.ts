import { formatEther } from "ethers";
import type { TransactionReceipt, Wallet } from "ethers";
import { currentGasPrice } from "../chain/gasPrice.js";
import type { GasPriceRule } from "../chain/gasPrice.js";
import { revertOf } from "../chain/reverts.js";
import type { RpcProvider } from "../chain/rpcProvider.js";
import { openKeystore, plainKey } from "../config/keystore.js";
import { CommandFailed, UsageError, optionalText } from "./commands/command.js";
import type { CommandContext, OptionValues } from "./commands/command.js";

const OWNER_KEY_VARIABLE = "DTEL_OWNER_KEY";
const OWNER_PASSWORD_VARIABLE = "DTEL_OWNER_PASSWORD";

export const OWNER_OPTIONS = { "owner-keystore": { type: "string" }, yes: { type: "boolean" } } as const;
export const OWNER_USAGE = [
  `  --owner-keystore <file>  the owner's key, its password asked for or in ${OWNER_PASSWORD_VARIABLE}; or the key itself`,
  `                           in ${OWNER_KEY_VARIABLE}. It is used here and stored nowhere`,
  "  --yes                    do it without asking",
].join("\n");

/** The owner's key, from the environment or a keystore file of the owner's. */
export async function loadOwnerKey(values: OptionValues, context: CommandContext): Promise<Wallet> {
  const { environment, terminal } = context;
  const plain = environment[OWNER_KEY_VARIABLE];
  if (plain !== undefined && plain !== "") return plainKey(plain, OWNER_KEY_VARIABLE);
  const file = optionalText(values, "owner-keystore");
  if (file === undefined)
    throw new UsageError(`no owner key: give --owner-keystore, or set ${OWNER_KEY_VARIABLE}`);
  const password =
    environment[OWNER_PASSWORD_VARIABLE] ?? (await terminal.askSecret(`password of the owner key ${file}`));
  return openKeystore(file, password);
}

/** Something that the owner sends. */
export interface OwnerTransaction {
  /** For people: "the bond of 5000 DTEL is put down". */
  readonly what: string;
  readonly to: string;
  readonly data?: string;
  readonly valueWei?: bigint;
}

export interface SentTransaction {
  readonly what: string;
  readonly hash: string;
  readonly gasUsed: string;
  /** Gas paid for, in wei of the native coin. */
  readonly feeWei: string;
}

export interface OwnerAccountOptions {
  readonly wallet: Wallet;
  readonly provider: RpcProvider;
  readonly gasPrice: GasPriceRule;
  readonly confirmations: number;
  readonly note: (line: string) => void;
}

/** The owner's account: sends one transaction after another and waits for each. */
export class OwnerAccount {
  readonly address: string;
  readonly #options: OwnerAccountOptions;
  readonly #sent: SentTransaction[] = [];

  constructor(options: OwnerAccountOptions) {
    this.#options = options;
    this.address = options.wallet.address;
  }

  get sent(): readonly SentTransaction[] {
    return this.#sent;
  }

  /** All gas paid so far, in wei of the native coin. */
  get feesWei(): bigint {
    return this.#sent.reduce((sum, { feeWei }) => sum + BigInt(feeWei), 0n);
  }

  /**
   * Sends and waits until it is mined.
   * @throws CommandFailed naming what failed; the contract's error by name where it refused.
   */
  async send({ what, to, data = "0x", valueWei = 0n }: OwnerTransaction): Promise<TransactionReceipt> {
    const { wallet, provider, gasPrice, confirmations, note } = this.#options;
    const request = { from: wallet.address, to, data, value: valueWei };
    try {
      const gas = await provider.estimateGas(request);
      const price = await currentGasPrice(provider, gasPrice);
      const sent = await wallet
        .connect(provider)
        .sendTransaction({ ...request, ...price, type: 2, gasLimit: (gas * 13n) / 10n });
      note(`  sent ${sent.hash}: ${what}`);
      const receipt = await sent.wait(confirmations);
      if (receipt?.status !== 1) throw new CommandFailed(`${what}: the transaction ${sent.hash} failed`);
      const feeWei = receipt.fee;
      this.#sent.push({
        ...{ what, hash: sent.hash, gasUsed: receipt.gasUsed.toString(), feeWei: feeWei.toString() },
      });
      return receipt;
    } catch (error) {
      if (error instanceof CommandFailed) throw error;
      const reason =
        revertOf(what, error)?.message ?? (error instanceof Error ? error.message : String(error));
      throw new CommandFailed(`${what}: ${reason}; what came before stands, run the command again`, error);
    }
  }
}

/**
 * Asks whether to go on, unless `--yes` says so.
 * @throws CommandFailed where the answer is no, or there is nobody to ask.
 */
export async function confirmed(
  question: string,
  values: OptionValues,
  context: CommandContext,
): Promise<void> {
  if (values["yes"] === true || (await context.terminal.confirm(question))) return;
  throw new CommandFailed(
    context.terminal.interactive
      ? "nothing was sent"
      : "nothing was sent: give --yes where nobody can be asked",
  );
}

/** An amount of wei as a decimal number of whole units. */
export function inUnits(wei: bigint): string {
  return formatEther(wei).replace(/\.0$/, "");
}
