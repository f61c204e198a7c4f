import { z } from "zod";
import type { RpcProvider } from "./rpcProvider.js";

/** What a transaction offers per unit of gas, in wei (EIP-1559). */
export interface GasPrice {
  readonly maxFeePerGas: bigint;
  readonly maxPriorityFeePerGas: bigint;
}

export interface GasPriceRule {
  /** What `eth_gasPrice` is multiplied with: above 1, so that a rising base fee does not strand a transaction. */
  readonly factor: number;
  /** Never offered more than this, in wei. */
  readonly maxFeePerGas: bigint;
}

const quantitySchema = z
  .string()
  .regex(/^0x[0-9a-fA-F]+$/)
  .transform((value) => BigInt(value));

/**
 * The price for a transaction now. `eth_feeHistory` predicts wrong base fees on some chains (peaq), so this goes by
 * `eth_gasPrice`: what it exceeds the base fee by is the tip, the factor is room for the base fee to rise.
 */
export async function currentGasPrice(provider: RpcProvider, rule: GasPriceRule): Promise<GasPrice> {
  const [gasPrice, block] = await Promise.all([
    provider.send("eth_gasPrice", []).then((value: unknown) => quantitySchema.parse(value)),
    provider.getBlock("latest"),
  ]);
  const baseFee = block?.baseFeePerGas ?? 0n;
  const tip = gasPrice > baseFee ? gasPrice - baseFee : 0n;
  const maxFeePerGas = min((gasPrice * BigInt(Math.round(rule.factor * 1_000))) / 1_000n, rule.maxFeePerGas);
  return { maxFeePerGas, maxPriorityFeePerGas: min(tip, maxFeePerGas) };
}

/**
 * The price that replaces a transaction which was not mined: both parts an eighth higher, as nodes ask at least a
 * tenth, or what is paid now, if that is more.
 * @returns undefined where that would exceed the rule's limit.
 */
export function replacementGasPrice(last: GasPrice, now: GasPrice, rule: GasPriceRule): GasPrice | undefined {
  const raised = (fee: bigint): bigint => fee + fee / 8n + 1n;
  const maxFeePerGas = max(raised(last.maxFeePerGas), now.maxFeePerGas);
  const maxPriorityFeePerGas = max(raised(last.maxPriorityFeePerGas), now.maxPriorityFeePerGas);
  if (maxFeePerGas > rule.maxFeePerGas) return undefined;
  return { maxFeePerGas, maxPriorityFeePerGas: min(maxPriorityFeePerGas, maxFeePerGas) };
}

const min = (a: bigint, b: bigint): bigint => (a < b ? a : b);
const max = (a: bigint, b: bigint): bigint => (a > b ? a : b);
