import type { Block } from "@subsquid/evm-processor/lib/mapping/entities";
import type { Store } from "@subsquid/typeorm-store";
import type { Deployment } from "../shared/deployment";
import { Batch, type ContractName } from "./batch";
import type { Handler, Moment } from "./handler";
import { accessHandlers } from "./handlers/access";
import { arbitrationHandlers } from "./handlers/arbitration";
import { attestationHandlers } from "./handlers/attestations";
import { auctionHandlers } from "./handlers/auction";
import { auditHandlers } from "./handlers/audits";
import { commonHandlers } from "./handlers/contracts";
import { escrowHandlers } from "./handlers/escrow";
import { governorHandlers } from "./handlers/governor";
import { identityHandlers } from "./handlers/identity";
import { penaltyHandlers } from "./handlers/penalties";
import { advanceProposals } from "./handlers/proposals";
import { registryHandlers } from "./handlers/registry";
import { rewardHandlers } from "./handlers/rewards";
import { slashingHandlers } from "./handlers/slashing";
import { stakingHandlers } from "./handlers/staking";
import { strikeHandlers } from "./handlers/strikes";
import { timelockHandlers } from "./handlers/timelock";
import { tokenHandlers } from "./handlers/token";
import { treasuryHandlers } from "./handlers/treasury";
import { vestingHandlers } from "./handlers/vesting";

const HANDLERS: Partial<Record<ContractName, readonly Handler[]>> = {
  token: tokenHandlers,
  tokenVesting: vestingHandlers,
  nodeRegistry: registryHandlers,
  nodeStaking: [...stakingHandlers, ...slashingHandlers],
  paymentEscrow: escrowHandlers,
  serviceAttestations: [...attestationHandlers, ...auditHandlers],
  rewardDistributor: rewardHandlers,
  penaltyManager: penaltyHandlers,
  nodeStrikes: strikeHandlers,
  arbitration: arbitrationHandlers,
  governor: governorHandlers,
  timelock: timelockHandlers,
  accessManager: accessHandlers,
  treasury: treasuryHandlers,
  buybackAuction: auctionHandlers,
  peaqIdentity: identityHandlers,
};

/** Which events of which contracts change entities, and how. */
export class Mapping {
  /** By address, then by the event's topic. */
  private readonly handlers = new Map<string, Map<string, Handler>>();

  constructor(private readonly deployment: Deployment) {
    for (const [key, address] of Object.entries(deployment.addresses)) {
      // The schema of the deployment lets no other keys in.
      const name = key as ContractName;
      const ofContract = [...(HANDLERS[name] ?? []), ...commonHandlers(name)];
      this.handlers.set(address, new Map(ofContract.map((handler) => [handler.topic, handler])));
    }
  }

  /** The logs to ask the chain for. */
  requests(): { address: string[]; topic0: string[] }[] {
    return [...this.handlers].map(([address, byTopic]) => ({
      address: [address],
      topic0: [...byTopic.keys()],
    }));
  }

  /** Applies consecutive blocks to the database. */
  async apply(blocks: readonly Block[], store: Store): Promise<void> {
    const batch = new Batch(store, this.deployment);
    for (const block of blocks) {
      const { height, timestamp } = block.header;
      // On the way to the first block of the deployment there is nothing of interest, not even the time.
      if (height < this.deployment.startBlock || timestamp === undefined) continue;
      await enterEpoch(batch, timestamp / 1_000);
      await advanceProposals(batch, timestamp);
      for (const log of block.logs.toSorted((a, b) => a.logIndex - b.logIndex)) {
        const { address, topics, data, transactionHash } = log;
        if (
          address === undefined ||
          topics === undefined ||
          data === undefined ||
          transactionHash === undefined
        ) {
          throw new Error(`Log ${log.id} came without a field that was asked for.`);
        }
        const handler = this.handlers.get(address.toLowerCase())?.get(topics[0] ?? "");
        if (handler === undefined) continue;
        const at: Moment = {
          id: log.id,
          block: height,
          timestamp: new Date(timestamp),
          seconds: timestamp / 1_000,
          txHash: transactionHash,
        };
        await handler.apply({ id: log.id, address, topics, data, transactionHash }, at, batch);
      }
    }
    await batch.finish();
  }
}

/** Notes the epoch that a block is in, whether or not anything happens in it. */
async function enterEpoch(batch: Batch, seconds: number): Promise<void> {
  const network = await batch.network();
  const epoch = batch.clock.epochAt(seconds);
  // Contracts may be deployed a little before epoch 0 begins.
  if (epoch < 0) return;
  await batch.epoch(epoch);
  network.currentEpoch = epoch;
}
