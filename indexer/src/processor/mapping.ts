import type { Block } from "@subsquid/evm-processor/lib/mapping/entities";
import type { Store } from "@subsquid/typeorm-store";
import type { Deployment } from "../shared/deployment";
import { Batch } from "./batch";
import type { Handler, Moment } from "./handler";
import { attestationHandlers } from "./handlers/attestations";
import { escrowHandlers } from "./handlers/escrow";
import { registryHandlers } from "./handlers/registry";
import { rewardHandlers } from "./handlers/rewards";
import { stakingHandlers } from "./handlers/staking";
import { tokenHandlers } from "./handlers/token";

type ContractName = keyof Deployment["addresses"];

const HANDLERS: Partial<Record<ContractName, readonly Handler[]>> = {
  token: tokenHandlers,
  nodeRegistry: registryHandlers,
  nodeStaking: stakingHandlers,
  paymentEscrow: escrowHandlers,
  serviceAttestations: attestationHandlers,
  rewardDistributor: rewardHandlers,
};

/** Which events of which contracts change entities, and how. */
export class Mapping {
  /** By address, then by the event's topic. */
  private readonly handlers = new Map<string, Map<string, Handler>>();

  constructor(private readonly deployment: Deployment) {
    for (const [name, address] of Object.entries(deployment.addresses)) {
      const ofContract = HANDLERS[name as ContractName];
      if (ofContract === undefined) continue;
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
