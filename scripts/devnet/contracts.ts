/** The protocol's contracts of one deployment, typed: those that a node talks to, and the token. */
import type { ContractRunner } from "ethers";
import { connectContracts as connectService } from "../../node/chain/contracts.js";
import { DTelToken__factory } from "../../types/contracts/factories/token/DTelToken__factory.js";
import type { Deployment } from "../../node/chain/deployment.js";

/** @param runner Who reads, or signs. */
export function connectContracts(deployment: Pick<Deployment, "addresses">, runner: ContractRunner) {
  return {
    ...connectService(deployment, runner),
    token: DTelToken__factory.connect(deployment.addresses.token, runner),
  };
}

export type Contracts = ReturnType<typeof connectContracts>;
