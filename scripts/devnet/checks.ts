/** Whether the numbers of a devnet add up: receipts, attestations, fees, burns, rewards, tokens. */
import type { JsonRpcProvider } from "ethers";
import { formatEther } from "ethers";
import { connectContracts } from "./contracts.js";
import type { Deployment } from "../../node/chain/deployment.js";
import type { EpochWatch } from "./epochWatch.js";
import type { StoredEpoch } from "./storedReceipts.js";
import type { Parameters } from "../parameters/schema.js";

const BPS = 10_000n;

/**
 * For every node and every epoch in a range: attested, paid, and attested what its receipts say.
 * @returns What is wrong, in words.
 */
export function checkEpochs(
  watch: EpochWatch,
  nodeIds: readonly bigint[],
  epochs: readonly number[],
  stored: readonly StoredEpoch[],
): string[] {
  const faults: string[] = [];
  for (const number of epochs) {
    const record = watch.epoch(number);
    if (!record.seedDrawn) faults.push(`the seed of epoch ${number} was not drawn`);
    for (const nodeId of nodeIds) {
      const where = `node ${nodeId} in epoch ${number}`;
      const attested = record.attested.get(nodeId);
      if (attested === undefined) {
        faults.push(`${where} attested nothing`);
        continue;
      }
      if (!record.claimed.has(nodeId)) faults.push(`${where} was not paid`);
      const receipts = stored.find((one) => one.nodeId === nodeId && one.epoch === number);
      if (receipts === undefined) {
        faults.push(`${where} has no receipts in its store`);
        continue;
      }
      for (const reason of receipts.quarantined) faults.push(`${where} left a receipt out: ${reason}`);
      compare(
        faults,
        `${where}: bytes of receipts and attestation`,
        receipts.bytesDelivered,
        attested.bytesDelivered,
      );
      compare(faults, `${where}: sessions of receipts and attestation`, receipts.sessions, attested.sessions);
      compare(
        faults,
        `${where}: root of receipts and attestation`,
        receipts.receiptRoot,
        attested.receiptRoot,
      );
    }
  }
  return faults;
}

/**
 * The money: each fee is burned, the treasury's or the stakers'; tokens moved as the logs say; rewards stay within
 * their budgets and below what work burned.
 * @returns What is wrong, in words.
 */
export async function checkMoney(
  watch: EpochWatch,
  deployment: Deployment,
  provider: JsonRpcProvider,
  parameters: Parameters,
): Promise<string[]> {
  const faults: string[] = [];
  const { token, paymentEscrow, rewardDistributor } = connectContracts(deployment, provider);
  const newest = await watch.update();
  const at = { blockTag: newest };
  const { fees } = watch;

  if (parameters.rewards.kappaBps >= Number(BPS)) faults.push("κ is not below 1");

  let stakers = 0n;
  let treasury = 0n;
  let burned = 0n;
  let credited = 0n;
  for (const record of watch.epochs) {
    const { epoch } = record;
    const revenue = await paymentEscrow.epochRevenueOf(epoch, at);
    stakers += revenue.stakers * 10n ** 9n;
    treasury += revenue.treasury * 10n ** 9n;
    burned += revenue.burned * 10n ** 9n;

    const budget = await rewardDistributor.budgetOf(epoch, at);
    const claims = [...record.claimed.values()];
    const work = sum(claims.map((claim) => claim.work));
    const availability = sum(claims.map((claim) => claim.availability));
    credited += work + availability;
    atMost(faults, `epoch ${epoch}: rewards for work`, work, budget.work);
    atMost(faults, `epoch ${epoch}: rewards for availability`, availability, budget.availability);
    const earnable = (revenue.burned * 10n ** 9n * BigInt(parameters.rewards.kappaBps)) / BPS;
    atMost(faults, `epoch ${epoch}: rewards for work, against κ times what was burned`, work, earnable);
  }
  compare(
    faults,
    "fees collected, and burned + treasury + stakers",
    fees.collected,
    burned + treasury + stakers,
  );
  compare(faults, "fees burned by collections and by epochs", fees.burned, burned);
  compare(faults, "the treasury's fees by collections and by epochs", fees.treasury, treasury);

  const pending = await rewardDistributor.pendingMint(at);
  compare(
    faults,
    "rewards credited by claims and in all",
    credited,
    await rewardDistributor.totalCredited(at),
  );
  compare(faults, "rewards credited, and minted + pending", credited, fees.minted + pending);
  compare(faults, "rewards minted by logs and by the token", fees.minted, await token.emitted(at));
  compare(
    faults,
    "the treasury's balance, and its fees that were paid out",
    await token.balanceOf(deployment.addresses.treasury, at),
    fees.flushedTreasury,
  );
  compare(
    faults,
    "the token's supply, and genesis + minted − burned",
    await token.totalSupply(at),
    (await token.GENESIS_SUPPLY(at)) + fees.minted - fees.flushedBurned,
  );
  return faults;
}

function compare(
  faults: string[],
  what: string,
  left: bigint | number | string,
  right: bigint | number | string,
) {
  if (String(left).toLowerCase() !== String(right).toLowerCase())
    faults.push(`${what} differ: ${left} and ${right}`);
}

function atMost(faults: string[], what: string, wei: bigint, boundWei: bigint): void {
  if (wei > boundWei) faults.push(`${what}: ${formatEther(wei)} DTEL exceed ${formatEther(boundWei)} DTEL`);
}

function sum(amounts: readonly bigint[]): bigint {
  return amounts.reduce((total, amount) => total + amount, 0n);
}
