/**
 * A deployment with allocations, in two runs of Ignition over one journal: the allocations name the treasury, so its
 * proxy is deployed before their root is known.
 */
import type { SuccessfulDeploymentResult } from "@nomicfoundation/ignition-core";
import type { Parameters } from "../parameters/schema.js";
import { genesisTree } from "./genesis.js";
import type { GenesisPlan } from "./genesis.js";
import { deploymentPlan, foundationPlan } from "./plan.js";
import type { DeploymentDecisions, IgnitionPlan } from "./plan.js";

export type DeployedContracts = SuccessfulDeploymentResult["contracts"];

export const TREASURY_PROXY = "Foundation#TreasuryProxy";

/**
 * @param run Runs Ignition; what is deployed already, by the journal, is not deployed again.
 * @param treasuryProxy Its address, where a journal has it: the first run is over then.
 */
export async function deployInSteps(
  parameters: Parameters,
  decisions: Omit<DeploymentDecisions, "genesis">,
  genesis: GenesisPlan,
  run: (plan: IgnitionPlan) => Promise<DeployedContracts>,
  treasuryProxy?: string,
): Promise<DeployedContracts> {
  const treasury = treasuryProxy ?? (await run(foundationPlan(decisions)))[TREASURY_PROXY]?.address;
  if (treasury === undefined) throw new Error(`the deployment did not report ${TREASURY_PROXY}`);
  const tree = genesisTree(genesis, decisions.genesisSeconds, treasury);
  return run(await deploymentPlan(parameters, { ...decisions, genesis: tree }));
}
