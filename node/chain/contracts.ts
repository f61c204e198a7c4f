import type { ContractRunner } from "ethers";
import { INodeRegistry__factory } from "../../types/contracts/factories/staking/INodeRegistry__factory.js";
import { INodeStaking__factory } from "../../types/contracts/factories/staking/INodeStaking__factory.js";
import { IAuditRing__factory } from "../../types/contracts/factories/service/IAuditRing__factory.js";
import { IPaymentEscrow__factory } from "../../types/contracts/factories/service/IPaymentEscrow__factory.js";
import { IQualityAudits__factory } from "../../types/contracts/factories/service/IQualityAudits__factory.js";
import { IRewardDistributor__factory } from "../../types/contracts/factories/rewards/IRewardDistributor__factory.js";
import { IServiceAttestations__factory } from "../../types/contracts/factories/service/IServiceAttestations__factory.js";
import type { Deployment } from "./deployment.js";

/** The contracts that a node talks to, typed, by their interfaces. */
export function connectContracts({ addresses }: Pick<Deployment, "addresses">, runner: ContractRunner) {
  return {
    nodeRegistry: INodeRegistry__factory.connect(addresses.nodeRegistry, runner),
    nodeStaking: INodeStaking__factory.connect(addresses.nodeStaking, runner),
    paymentEscrow: IPaymentEscrow__factory.connect(addresses.paymentEscrow, runner),
    serviceAttestations: IServiceAttestations__factory.connect(addresses.serviceAttestations, runner),
    // Another view of the same contract.
    qualityAudits: IQualityAudits__factory.connect(addresses.serviceAttestations, runner),
    auditRing: IAuditRing__factory.connect(addresses.auditRing, runner),
    rewardDistributor: IRewardDistributor__factory.connect(addresses.rewardDistributor, runner),
  };
}

export type Contracts = ReturnType<typeof connectContracts>;
