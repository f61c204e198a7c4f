import { Like } from "typeorm";
import { events } from "../../abi/NodeRegistry";
import * as model from "../../model";
import type { Batch } from "../batch";
import * as blank from "../blank";
import { on, toInt, toText, type Moment } from "../handler";

export const registryHandlers = [
  on(events.NodeRegistered, async (event, at, batch) => {
    const endpoint = toText(event.endpoint);
    const node = batch.entities.add(
      blank.node(event.nodeId.toString(), {
        owner: await batch.account(event.owner),
        region: event.region,
        capacityMbps: event.capacityMbps,
        endpoint,
        pricePerGB: event.pricePerGBWei,
        registeredAt: at.timestamp,
      }),
    );
    // From here on the node has a pool, empty or with what was credited to its number in advance.
    (await batch.pool(event.nodeId)).node = node;
    await linkEarlier(event.nodeId, node, batch);
    recordUpdate(node, model.NodeUpdateKind.ENDPOINT, endpoint, at, batch);
    recordUpdate(node, model.NodeUpdateKind.PRICE, event.pricePerGBWei.toString(), at, batch);
    recordUpdate(node, model.NodeUpdateKind.CAPACITY, event.capacityMbps.toString(), at, batch);
    (await batch.network()).nodes += 1;
    (await batch.day(at)).nodesRegistered += 1;
  }),

  on(events.EndpointChanged, async (event, at, batch) => {
    const node = await batch.node(event.nodeId);
    node.endpoint = toText(event.endpoint);
    recordUpdate(node, model.NodeUpdateKind.ENDPOINT, node.endpoint, at, batch);
  }),

  on(events.PriceChanged, async (event, at, batch) => {
    const node = await batch.node(event.nodeId);
    node.pricePerGB = event.pricePerGBWei;
    recordUpdate(node, model.NodeUpdateKind.PRICE, event.pricePerGBWei.toString(), at, batch);
  }),

  on(events.CapacityChanged, async (event, at, batch) => {
    const node = await batch.node(event.nodeId);
    node.capacityMbps = event.capacityMbps;
    recordUpdate(node, model.NodeUpdateKind.CAPACITY, event.capacityMbps.toString(), at, batch);
  }),

  on(events.NodeActivated, (event, at, batch) =>
    changeStatus(event, model.NodeStatus.ACTIVE, "ACTIVATED", at, batch),
  ),
  on(events.NodeDrained, (event, at, batch) =>
    changeStatus(event, model.NodeStatus.IDLE, "DRAINED", at, batch),
  ),
  on(events.NodeSuspended, (event, at, batch) =>
    changeStatus(event, model.NodeStatus.IDLE, "SUSPENDED", at, batch),
  ),
  on(events.NodeRetired, (event, at, batch) =>
    changeStatus(event, model.NodeStatus.RETIRED, "RETIRED", at, batch),
  ),
];

/** Whether a node serves; where it stands in the audit ring, other events say. */
async function changeStatus(
  { nodeId, fromEpoch }: { readonly nodeId: bigint; readonly fromEpoch?: bigint },
  status: model.NodeStatus,
  what: string,
  at: Moment,
  batch: Batch,
): Promise<void> {
  const node = await batch.node(nodeId);
  const network = await batch.network();
  // A node that serves may be activated again, after it lost its seat.
  if (node.status === model.NodeStatus.ACTIVE) network.activeNodes -= 1;
  if (status === model.NodeStatus.ACTIVE) network.activeNodes += 1;
  node.status = status;
  node.statusFromEpoch = fromEpoch === undefined ? batch.clock.epochAt(at.seconds) : toInt(fromEpoch);
  recordUpdate(node, model.NodeUpdateKind.STATUS, what, at, batch);
}

/** Adds to a node's history. */
export function recordUpdate(
  node: model.Node,
  kind: model.NodeUpdateKind,
  value: string,
  at: Moment,
  batch: Batch,
): void {
  batch.entities.add(
    new model.NodeUpdate({
      // One event may set several things.
      id: `${at.id}-${kind.toLowerCase()}`,
      node,
      kind,
      value,
      block: at.block,
      timestamp: at.timestamp,
      txHash: at.txHash,
    }),
  );
}

/** Apps may pay, and anyone may claim, for a number that is not registered yet: what they did belongs to the node now. */
async function linkEarlier(nodeId: bigint, node: model.Node, batch: Batch): Promise<void> {
  const idsOfNode = { id: Like(`${nodeId}-%`) };
  await batch.entities.flush();
  for (const epoch of await batch.read(model.NodeEpoch, idsOfNode)) {
    epoch.node = node;
    node.feesCollected += epoch.feesCollected;
    node.feesBurned += epoch.feesBurned;
    node.feesStakers += epoch.feesStakers;
    node.workRewards += epoch.workReward;
    node.availabilityRewards += epoch.availabilityReward;
  }
  for (const claim of await batch.read(model.RewardClaim, idsOfNode)) claim.node = node;
  for (const account of await batch.read(model.AppNodeAccount, { nodeNumber: nodeId })) {
    account.node = node;
    const collections = await batch.read(model.VoucherCollection, { account: { id: account.id } });
    for (const collection of collections) collection.node = node;
  }
}
