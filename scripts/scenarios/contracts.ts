/** All contracts of a deployment, typed. */
import type { ContractRunner } from "ethers";
import {
  DTelGovernor__factory,
  DTelToken__factory,
  INodeStrikes__factory,
  IPenaltyManager__factory,
  ProtocolAccessManager__factory,
  ProtocolTimelock__factory,
  ServiceAttestations__factory,
} from "../../types/contracts/index.js";
import { connectContracts } from "../../node/chain/contracts.js";
import type { ProtocolDeployment } from "../ignition/plan.js";

/** @param runner Who reads, or signs. */
export function connectAll(deployment: ProtocolDeployment, runner: ContractRunner) {
  const { addresses } = deployment;
  return {
    ...connectContracts(deployment, runner),
    token: DTelToken__factory.connect(addresses.token, runner),
    attestations: ServiceAttestations__factory.connect(addresses.serviceAttestations, runner),
    penalties: IPenaltyManager__factory.connect(addresses.penaltyManager, runner),
    strikes: INodeStrikes__factory.connect(addresses.nodeStrikes, runner),
    manager: ProtocolAccessManager__factory.connect(addresses.accessManager, runner),
    timelock: ProtocolTimelock__factory.connect(addresses.timelock, runner),
    governor: DTelGovernor__factory.connect(addresses.governor, runner),
  };
}

export type AllContracts = ReturnType<typeof connectAll>;
