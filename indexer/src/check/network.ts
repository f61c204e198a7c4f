import { GovernancePhase, NodeStatus } from "../model";
import { sum, type CompareContext } from "./contracts";

/** Totals of the network, against the contracts' totals and against the sums of what they are totals of. */
export async function compareNetwork({
  findings,
  contracts,
  rows,
  nowSeconds,
  deployment,
}: CompareContext): Promise<void> {
  const { token, registry, staking, distributor } = contracts;
  const network = rows.networks[0];
  if (network === undefined) throw new Error("The index has no network.");
  const [supply, emitted, genesisSupply, nodeCount, pendingMint, credited] = await Promise.all([
    token.totalSupply(),
    token.emitted(),
    token.GENESIS_SUPPLY(),
    registry.nodeCount(),
    distributor.pendingMint(),
    distributor.totalCredited(),
  ]);
  const currentEpoch = Math.floor((nowSeconds - deployment.genesisSeconds) / deployment.epochSeconds);
  findings.compare(
    "network",
    {
      currentEpoch: network.currentEpoch,
      nodes: network.nodes,
      tokenSupply: network.tokenSupply,
      tokenMinted: network.tokenMinted,
      tokenBurned: network.tokenBurned,
      totalStake: network.totalStake,
      rewardsPending: network.rewardsPending,
      rewardsMinted: network.rewardsMinted,
      rewardsCredited: network.workRewards + network.availabilityRewards,
      bonded: network.bonded,
      delegated: network.delegated,
      feesCollected: network.feesCollected,
      activeNodes: network.activeNodes,
      jailedNodes: network.jailedNodes,
      phase: network.phase,
    },
    {
      currentEpoch: Math.max(0, currentEpoch),
      nodes: nodeCount,
      tokenSupply: supply,
      tokenMinted: genesisSupply + emitted,
      tokenBurned: genesisSupply + emitted - supply,
      totalStake: await staking.totalStakeAt(BigInt(currentEpoch + 1)),
      rewardsPending: pendingMint,
      rewardsMinted: emitted,
      rewardsCredited: credited,
      bonded: sum(rows.pools, ({ bond }) => bond),
      delegated: sum(rows.pools, ({ assets }) => assets),
      feesCollected: network.feesBurned + network.feesTreasury + network.feesStakers,
      activeNodes: rows.nodes.filter(({ status }) => status === NodeStatus.ACTIVE).length,
      jailedNodes: rows.nodes.filter(({ jailed }) => jailed).length,
      phase: Object.values(GovernancePhase)[await contracts.manager.phase()],
    },
  );
}
