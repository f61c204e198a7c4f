/** What is deployed, and with which arguments: the same for a test's chain and for peaq. */
import type { DeploymentParameters, IgnitionModule } from "@nomicfoundation/ignition-core";
import { id, Interface } from "ethers";
import hre from "hardhat";
import type { Deployment } from "../../node/chain/deployment.js";
import { parseAddress } from "../../node/protocol/hex.js";
import type { Address } from "../../node/protocol/hex.js";
import { ALLOCATED_WEI } from "../governance/allocations.js";
import type { AllocationTree } from "../governance/allocations.js";
import { constructorParameters } from "../parameters/schema.js";
import type { Parameters } from "../parameters/schema.js";
import { deploymentModule } from "./modules/Deployment.js";
import Foundation from "./modules/Foundation.js";

/** What is decided once for a deployment, beside the network's parameters. */
export interface DeploymentDecisions {
  /** Start of epoch 0, Unix time in seconds. */
  readonly genesisSeconds: number;
  /** When the guardian's powers end, Unix time in seconds. */
  readonly guardianEndSeconds: number;
  readonly guardian: string;
  /** Signs, pays and is the administrator until it hands over. */
  readonly deployer: string;
  /** Gets the genesis supply first; the deployer, who sends it to the vesting contract. */
  readonly holder: string;
  /**
   * Root of all allocations, and those of them that are paid at once. Without them the holder keeps the genesis supply: for
   * tests.
   */
  readonly genesis: Pick<AllocationTree, "root" | "claims"> | undefined;
  /** In ascending order; governance appoints them later where there are none. */
  readonly arbiters: { readonly members: readonly string[]; readonly untilSeconds: number } | undefined;
  /** Whether the timelock becomes the administrator and the deployer nobody, as the last step. */
  readonly handOver: boolean;
}

/** Of nothing: nobody can claim by it. */
const NO_ALLOCATIONS = id("no allocations");

/** What Ignition is to do. */
export interface IgnitionPlan {
  readonly ignitionModule: IgnitionModule;
  readonly deploymentParameters: DeploymentParameters;
}

/** The first step alone: the addresses of everything that is governed. */
export function foundationPlan({ guardianEndSeconds }: Pick<DeploymentDecisions, "guardianEndSeconds">) {
  return {
    ignitionModule: Foundation,
    deploymentParameters: { $global: { guardianEnd: guardianEndSeconds } },
  } satisfies IgnitionPlan;
}

/** All steps. */
export async function deploymentPlan(
  parameters: Parameters,
  decisions: DeploymentDecisions,
): Promise<IgnitionPlan> {
  const derived = constructorParameters(parameters);
  const { genesis, arbiters, handOver } = decisions;
  const $global: DeploymentParameters[string] = {
    genesis: decisions.genesisSeconds,
    epochSeconds: derived.epochSeconds,
    epochBlocks: derived.epochBlocks,
    holder: decisions.holder,
    guardian: decisions.guardian,
    guardianEnd: decisions.guardianEndSeconds,
    allocationsRoot: genesis?.root ?? NO_ALLOCATIONS,
    genesisSupplyWei: ALLOCATED_WEI,
    staking: derived.staking,
    samples: derived.samples,
    sampling: derived.sampling,
    auditors: derived.auditors,
    payment: derived.payment,
    rewards: derived.rewards,
    pause: derived.pause,
    penalty: derived.penalty,
    penaltyParameters: derived.penaltyParameters,
    governor: derived.governor,
    governorBounds: derived.governorBounds,
    timelockDelaySeconds: derived.timelock.delaySeconds,
    timelockMinDelaySeconds: derived.timelock.minDelaySeconds,
    treasury: derived.treasury,
    minAuctionSeconds: derived.minAuctionSeconds,
    ...(await selectors()),
    ...(arbiters && { arbiters: [...arbiters.members], arbitersUntil: arbiters.untilSeconds }),
  };
  for (const [index, { allocation, proof }] of (genesis?.claims ?? []).entries()) {
    $global[`claim_${index}`] = { ...allocation };
    $global[`claimProof_${index}`] = [...proof];
  }
  return {
    ignitionModule: deploymentModule({
      genesis: genesis && { claims: genesis.claims.length },
      arbiters: arbiters !== undefined,
      handOver,
    }),
    deploymentParameters: { $global },
  };
}

/** The functions that are left to the guardian. */
export async function selectors() {
  const selectorOf = async (contract: string, name: string): Promise<string> => {
    const { abi } = await hre.artifacts.readArtifact(contract);
    const found = new Interface(abi).getFunction(name);
    if (found === null) throw new Error(`${contract} has no function ${name}`);
    return found.selector;
  };
  return {
    pauseSelector: await selectorOf("PenaltyManager", "pause"),
    vetoSelector: await selectorOf("PenaltyManager", "veto"),
    cancelSelector: await selectorOf("DTelGovernor", "cancel(address[],uint256[],bytes[],bytes32)"),
  };
}

/** Ignition's ids of what the deployment file names. */
export const FUTURES = {
  token: "Token#DTelToken",
  nodeRegistry: "Protocol#NodeRegistryInstalled",
  nodeStaking: "Protocol#NodeStakingInstalled",
  paymentEscrow: "Protocol#PaymentEscrowInstalled",
  serviceAttestations: "Protocol#ServiceAttestationsInstalled",
  serviceProofs: "Protocol#ServiceProofs",
  auditRing: "Protocol#AuditRingInstalled",
  rewardDistributor: "Protocol#RewardDistributorInstalled",
  penaltyManager: "Penalties#PenaltyManagerInstalled",
  nodeStrikes: "Penalties#NodeStrikesInstalled",
  arbitration: "Penalties#ArbitrationInstalled",
  accessManager: "Foundation#ProtocolAccessManager",
  timelock: "Governance#ProtocolTimelock",
  governor: "Governance#DTelGovernor",
  treasury: "Governance#TreasuryInstalled",
  buybackAuction: "Governance#BuybackAuctionInstalled",
  tokenVesting: "Vesting#TokenVesting",
  peaqIdentity: "Identity#PeaqIdentityInstalled",
} as const satisfies Record<keyof Deployment["addresses"], string>;

/** A deployment of everything: no address is missing. */
export type ProtocolDeployment = Deployment & { readonly addresses: Required<Deployment["addresses"]> };

/** The deployment file of what was deployed. @param addressOf Address of a future. */
export function deploymentFile(
  parameters: Parameters,
  chain: { chainId: number; startBlock: number; genesisSeconds: number },
  addressOf: (futureId: string) => string | undefined,
): ProtocolDeployment {
  const { epochSeconds, epochBlocks, auditors } = constructorParameters(parameters);
  const at = (name: keyof typeof FUTURES): Address => {
    const address = addressOf(FUTURES[name]);
    if (address === undefined) throw new Error(`the deployment did not report ${FUTURES[name]}`);
    return parseAddress(address);
  };
  return {
    chainId: chain.chainId,
    addresses: {
      token: at("token"),
      nodeRegistry: at("nodeRegistry"),
      nodeStaking: at("nodeStaking"),
      paymentEscrow: at("paymentEscrow"),
      serviceAttestations: at("serviceAttestations"),
      serviceProofs: at("serviceProofs"),
      auditRing: at("auditRing"),
      rewardDistributor: at("rewardDistributor"),
      penaltyManager: at("penaltyManager"),
      nodeStrikes: at("nodeStrikes"),
      arbitration: at("arbitration"),
      accessManager: at("accessManager"),
      timelock: at("timelock"),
      governor: at("governor"),
      treasury: at("treasury"),
      buybackAuction: at("buybackAuction"),
      tokenVesting: at("tokenVesting"),
      peaqIdentity: at("peaqIdentity"),
    },
    genesisSeconds: chain.genesisSeconds,
    epochSeconds,
    epochBlocks,
    auditors,
    startBlock: chain.startBlock,
  };
}
