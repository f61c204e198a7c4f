/** What a transaction costs: EVM gas, and what peaq may charge for the code that it touches. */
import type { ContractTransactionReceipt, ContractTransactionResponse } from "ethers";
import { z } from "zod";

/** @property gas EVM gas. @property charged The same, or four per byte of all code touched, whichever is more. */
export interface Figure {
  readonly gas: number;
  readonly charged: number;
}

/** What this needs of a provider. */
export interface TracingProvider {
  send(method: string, params: unknown[]): Promise<unknown>;
  getCode(address: string): Promise<string>;
}

export type MeterOf = (transaction: Promise<ContractTransactionResponse>) => Promise<Figure>;

/** Peaq's weight of a byte of proof of validity, in gas: GAS_LIMIT_POV_SIZE_RATIO of its runtime. */
const GAS_PER_BYTE = 4;
const stepSchema = z.object({ op: z.string(), stack: z.array(z.string()).nullish() });
const traceSchema = z.object({ structLogs: z.array(stepSchema) });
const CALLS = new Set(["CALL", "STATICCALL", "DELEGATECALL", "CALLCODE"]);

/** Measures transactions on a chain that can trace them. */
export function meter(provider: TracingProvider): MeterOf {
  const sizes = new Map<string, number>();
  const sizeOf = async (address: string): Promise<number> => {
    const known = sizes.get(address);
    if (known !== undefined) return known;
    const size = ((await provider.getCode(address)).length - 2) / 2;
    sizes.set(address, size);
    return size;
  };
  return async (transaction) => {
    const receipt = await mined(transaction);
    const options = { disableMemory: true, disableStorage: true };
    const { structLogs } = traceSchema.parse(
      await provider.send("debug_traceTransaction", [receipt.hash, options]),
    );
    const touched = new Set([receipt.to ?? ""]);
    for (const { op, stack } of structLogs) {
      // The callee is the second word from the top.
      const callee = CALLS.has(op) ? stack?.at(-2) : undefined;
      if (callee !== undefined) touched.add(`0x${callee.replace(/^0x/, "").padStart(40, "0").slice(-40)}`);
    }
    let bytes = 0;
    for (const address of touched) bytes += await sizeOf(address.toLowerCase());
    const gas = Number(receipt.gasUsed);
    return { gas, charged: Math.max(gas, bytes * GAS_PER_BYTE) };
  };
}

/** Sends a transaction that is not measured. */
export async function sent(transaction: Promise<ContractTransactionResponse>): Promise<void> {
  await mined(transaction);
}

async function mined(transaction: Promise<ContractTransactionResponse>): Promise<ContractTransactionReceipt> {
  const receipt = await (await transaction).wait();
  if (receipt === null) throw new Error("a transaction of the bench was not mined");
  return receipt;
}

/** A figure for each of several done at once. */
export function each({ gas, charged }: Figure, count: number): Figure {
  return { gas: Math.round(gas / count), charged: Math.round(charged / count) };
}

/** Figures of transactions that belong together. */
export function sum(...figures: readonly Figure[]): Figure {
  return {
    gas: figures.reduce((total, { gas }) => total + gas, 0),
    charged: figures.reduce((total, { charged }) => total + charged, 0),
  };
}
