import { existsSync } from "node:fs";
import { join } from "node:path";
import { formatEther } from "ethers";
import { GasLedger } from "../../chain/gasLedger.js";
import { currentGasPrice } from "../../chain/gasPrice.js";
import { openDatabase } from "../../chain/sqlite.js";
import type { NodeConfig } from "../../config/schema.js";
import type { ChainAccess } from "../chainAccess.js";
import { DATABASE_FILE } from "../nodeService.js";
import { fail, ok, warn } from "./finding.js";
import type { Finding } from "./finding.js";

/** Attest, reveal, claim, a proof now and then, and a share of the network's upkeep: before the node knows better. */
const GAS_PER_EPOCH = 700_000n;
const WANTED_RUNWAY_DAYS = 14;
const LEAST_RUNWAY_DAYS = 2;
const SECONDS_PER_DAY = 86_400;

/**
 * What the operator account has for gas, and how long that lasts: by what the node has spent, where it has seen a whole
 * epoch, else by an estimate.
 * @param spentPerEpochWei From the running node; left out: read from its data.
 */
export async function checkBalance(
  { provider, deployment }: ChainAccess,
  config: NodeConfig,
  operator: string,
  spentPerEpochWei?: bigint,
): Promise<Finding> {
  const { epochSeconds } = deployment;
  const [balance, head] = await Promise.all([provider.getBalance(operator), provider.getBlock("latest")]);
  const spent =
    spentPerEpochWei ??
    storedSpending(config.dataDirectory, head?.timestamp ?? Date.now() / 1_000, epochSeconds);
  const perEpochWei = spent ?? (await estimatedSpending(provider, config));
  const days =
    perEpochWei === 0n
      ? Infinity
      : (Number((balance * 1_000n) / perEpochWei) / 1_000) * (epochSeconds / SECONDS_PER_DAY);
  const basis = spent === undefined ? "by an estimate" : "by what the node has spent lately";
  const found = `the operator account ${operator} has ${formatEther(balance)}, about ${days.toFixed(days < 10 ? 1 : 0)} days of gas ${basis}`;
  const change = `send some of the chain's native coin to ${operator}`;
  if (days < LEAST_RUNWAY_DAYS) return fail("balance", found, change);
  // A chain of short epochs, as devnets have, spends in hours what others spend in weeks.
  return days < WANTED_RUNWAY_DAYS && epochSeconds >= 3_600
    ? warn("balance", found, change)
    : ok("balance", found);
}

async function estimatedSpending(provider: ChainAccess["provider"], { chain }: NodeConfig): Promise<bigint> {
  const { maxFeePerGas } = await currentGasPrice(provider, {
    factor: chain.gasPriceFactor,
    maxFeePerGas: chain.maxGasPriceGwei,
  });
  return maxFeePerGas * GAS_PER_EPOCH;
}

/** Wei per epoch by the data of a node that does not run; undefined where there is no history that can be read. */
function storedSpending(dataDirectory: string, nowSeconds: number, epochSeconds: number): bigint | undefined {
  const path = join(dataDirectory, DATABASE_FILE);
  // Opening it would make an empty one.
  if (!existsSync(path)) return undefined;
  try {
    const database = openDatabase(path);
    try {
      return new GasLedger(database).weiPerEpoch(nowSeconds, epochSeconds);
    } finally {
      database.close();
    }
  } catch {
    return undefined; // Somebody else has it, or it is damaged: `start` says so, an estimate will do here.
  }
}
