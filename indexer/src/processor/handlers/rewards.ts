import { events } from "../../abi/RewardDistributor";
import * as model from "../../model";
import { on, placeOf, toInt } from "../handler";

export const rewardHandlers = [
  on(events.Claimed, async (event, at, batch) => {
    const { nodeId, work, availability, fees } = event;
    const number = toInt(event.epoch);
    const node = await batch.findNode(nodeId);
    const epoch = await batch.epoch(number);
    const nodeEpoch = await batch.nodeEpoch(nodeId, number);
    batch.entities.add(
      new model.RewardClaim({
        id: nodeEpoch.id,
        node: node ?? null,
        epoch,
        epochNumber: number,
        work,
        availability,
        fees,
        total: work + availability + fees,
        block: at.block,
        timestamp: at.timestamp,
        txHash: at.txHash,
      }),
    );
    nodeEpoch.claimed = true;
    nodeEpoch.workReward += work;
    nodeEpoch.availabilityReward += availability;
    epoch.claimCount += 1;
    const network = await batch.network();
    const day = await batch.day(at);
    network.claims += 1;
    network.rewardsPending += work + availability;
    day.claims += 1;
    for (const total of [epoch, network, day, ...(node === undefined ? [] : [node])]) {
      total.workRewards += work;
      total.availabilityRewards += availability;
    }
  }),

  on(events.RewardsMinted, async (event, at, batch) => {
    const { amount } = event;
    batch.entities.add(
      new model.RewardMint({
        id: at.id,
        amount,
        block: at.block,
        timestamp: at.timestamp,
        txHash: at.txHash,
      }),
    );
    const network = await batch.network();
    network.rewardsMinted += amount;
    network.rewardsPending -= amount;
    (await batch.day(at)).rewardsMinted += amount;
  }),

  on(events.RatesChanged, async (event, at, batch) => {
    const fromEpoch = toInt(event.fromEpoch);
    const id = String(fromEpoch);
    const make = (): model.RewardRates => new model.RewardRates({ id, fromEpoch });
    const { entity } = await batch.entities.ensure(model.RewardRates, id, make);
    entity.kappaBps = toInt(event.kappaBps);
    entity.workShareBps = toInt(event.workShareBps);
    Object.assign(entity, placeOf(at));
  }),
];
