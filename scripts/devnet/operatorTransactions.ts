/** What the nodes' operators sent, read from the chain's own blocks: what it cost them, and what of it was in vain. */
import type { Interface, Provider, TransactionReceipt, TransactionResponse } from "ethers";
import { z } from "zod";
import { INodeStrikes__factory } from "../../types/contracts/factories/penalties/INodeStrikes__factory.js";
import { IPenaltyManager__factory } from "../../types/contracts/factories/penalties/IPenaltyManager__factory.js";
import { IAuditRing__factory } from "../../types/contracts/factories/service/IAuditRing__factory.js";
import { IPaymentEscrow__factory } from "../../types/contracts/factories/service/IPaymentEscrow__factory.js";
import { IQualityAudits__factory } from "../../types/contracts/factories/service/IQualityAudits__factory.js";
import { IRewardDistributor__factory } from "../../types/contracts/factories/rewards/IRewardDistributor__factory.js";
import { IServiceAttestations__factory } from "../../types/contracts/factories/service/IServiceAttestations__factory.js";
import { INodeRegistry__factory } from "../../types/contracts/factories/staking/INodeRegistry__factory.js";

export interface OperatorTransactions {
  /** How many were mined, by the name of the contracts' function. */
  readonly byFunction: Readonly<Record<string, number>>;
  /** Mined and refused by the contracts: paid for in vain. One line each. */
  readonly reverted: readonly string[];
  /** Upkeep of an epoch that another transaction had done already. One line each. */
  readonly redundant: readonly string[];
}

/** Blocks that are asked for at a time. */
const BLOCKS_AT_ONCE = 20;
/** A seed that nobody drew within these blocks has to be armed again. */
const BLOCKHASH_REACH = 256;

/** What any node may do for all, once: the same call twice is once too often. */
const UPKEEP: ReadonlySet<string> = new Set([
  "arm",
  "draw",
  "flush",
  "strikeTarget",
  "strikeAuditor",
  "reportMissingProof",
]);

const distributor = IRewardDistributor__factory.createInterface();
const functions: readonly Interface[] = [
  IServiceAttestations__factory.createInterface(),
  IQualityAudits__factory.createInterface(),
  IAuditRing__factory.createInterface(),
  IPaymentEscrow__factory.createInterface(),
  distributor,
  INodeRegistry__factory.createInterface(),
  INodeStrikes__factory.createInterface(),
  IPenaltyManager__factory.createInterface(),
];
const claimed = z.object({ epoch: z.bigint() });

type Blocks = Pick<Provider, "getBlock" | "getTransactionReceipt">;

interface Mined {
  readonly transaction: TransactionResponse;
  readonly receipt: TransactionReceipt;
  readonly name: string;
}

/**
 * Reads all blocks of a chain of this machine, in their order.
 * @param operators Node ids by operator address.
 */
export async function readOperatorTransactions(
  provider: Blocks,
  operators: ReadonlyMap<string, bigint>,
  blocks: { readonly from: number; readonly to: number },
): Promise<OperatorTransactions> {
  const tally = new Tally(operators);
  for (let first = blocks.from; first <= blocks.to; first += BLOCKS_AT_ONCE) {
    const last = Math.min(blocks.to, first + BLOCKS_AT_ONCE - 1);
    const numbers = Array.from({ length: last - first + 1 }, (_, index) => first + index);
    const read = await Promise.all(numbers.map((number) => transactionsIn(provider, operators, number)));
    for (const mined of read.flat()) tally.add(mined);
  }
  return tally;
}

async function transactionsIn(
  provider: Blocks,
  operators: ReadonlyMap<string, bigint>,
  number: number,
): Promise<Mined[]> {
  const block = await provider.getBlock(number, true);
  if (block === null) throw new Error(`the chain has no block ${number}`);
  const sent = block.prefetchedTransactions.filter(({ from }) => operators.has(from));
  return Promise.all(
    sent.map(async (transaction) => {
      const receipt = await provider.getTransactionReceipt(transaction.hash);
      if (receipt === null) throw new Error(`the chain has no receipt of ${transaction.hash}`);
      return { transaction, receipt, name: nameOf(transaction.data) };
    }),
  );
}

class Tally implements OperatorTransactions {
  readonly byFunction: Record<string, number> = {};
  readonly reverted: string[] = [];
  readonly redundant: string[] = [];
  readonly #operators: ReadonlyMap<string, bigint>;
  /** Block in which upkeep was done last, by its call. */
  readonly #doneAt = new Map<string, number>();
  /** Epochs with claims that wait for a mint, and those that a mint has served. */
  readonly #claimed = new Set<bigint>();
  readonly #minted = new Set<bigint>();

  constructor(operators: ReadonlyMap<string, bigint>) {
    this.#operators = operators;
  }

  add(mined: Mined): void {
    const { name, receipt } = mined;
    this.byFunction[name] = (this.byFunction[name] ?? 0) + 1;
    if (receipt.status !== 1) this.reverted.push(this.#describe(mined));
    if (this.#isRedundant(mined)) this.redundant.push(this.#describe(mined));
    for (const log of receipt.logs) {
      const event = distributor.parseLog(log);
      if (event?.name === "Claimed") this.#claimed.add(claimed.parse(event.args.toObject()).epoch);
    }
  }

  #isRedundant({ name, transaction, receipt }: Mined): boolean {
    if (name === "mintPending") return this.#isRedundantMint();
    if (!UPKEEP.has(name)) return false;
    const doneAt = this.#doneAt.get(transaction.data);
    this.#doneAt.set(transaction.data, receipt.blockNumber);
    if (doneAt === undefined) return false;
    return name !== "arm" || receipt.blockNumber <= doneAt + BLOCKHASH_REACH;
  }

  /** One mint is to serve all claims of an epoch: it is redundant where it serves no epoch for the first time. */
  #isRedundantMint(): boolean {
    const isFirstOfAnEpoch = [...this.#claimed].some((epoch) => !this.#minted.has(epoch));
    for (const epoch of this.#claimed) this.#minted.add(epoch);
    this.#claimed.clear();
    return !isFirstOfAnEpoch;
  }

  #describe({ name, transaction, receipt }: Mined): string {
    const nodeId = this.#operators.get(transaction.from);
    return `${name} by node ${nodeId} in block ${receipt.blockNumber}, ${transaction.hash}`;
  }
}

/** Of the function that is called; its selector where no contract of the protocol has it. */
function nameOf(data: string): string {
  for (const contract of functions) {
    const found = contract.getFunction(data.slice(0, 10));
    if (found !== null) return found.name;
  }
  return data.slice(0, 10);
}
