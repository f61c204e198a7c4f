/** Keys, money, registrations, bonds, delegations and reserves: all that has to be on chain before service begins. */
import type { JsonRpcProvider } from "ethers";
import type { Deployment } from "../../node/chain/deployment.js";
import { AMOUNTS, delegateToAll, fund, prepareApp, randomWallet, registerNode } from "./economy.js";
import type { AppIdentity, RegisteredNode } from "./economy.js";
import { planNodes } from "./node.js";
import type { NodePlan } from "./node.js";

export interface People {
  /** In the order of their ids. */
  readonly nodes: readonly (NodePlan & RegisteredNode)[];
  readonly app: AppIdentity;
}

/** @param provider Of a chain that signs for its first account, which holds the genesis supply. */
export async function preparePeople(
  deployment: Deployment,
  provider: JsonRpcProvider,
  nodeCount: number,
): Promise<People> {
  const plans = await planNodes(nodeCount, provider);
  const delegator = randomWallet(provider);
  const app = { account: randomWallet(provider), signer: randomWallet(provider) };
  await fund(deployment, await provider.getSigner(0), [
    ...plans.map(({ owner }) => ({ address: owner.address, dtelWei: AMOUNTS.bond })),
    ...plans.map(({ operator }) => ({ address: operator.address, dtelWei: 0n })),
    { address: delegator.address, dtelWei: AMOUNTS.delegation * BigInt(nodeCount) },
    { address: app.account.address, dtelWei: AMOUNTS.appDeposit },
  ]);
  const nodes = await Promise.all(plans.map((plan, index) => registerNode(deployment, plan, index)));
  nodes.sort((a, b) => Number(a.nodeId - b.nodeId));
  const nodeIds = nodes.map(({ nodeId }) => nodeId);
  await Promise.all([delegateToAll(deployment, delegator, nodeIds), prepareApp(deployment, app, nodeIds)]);
  return { nodes, app };
}
