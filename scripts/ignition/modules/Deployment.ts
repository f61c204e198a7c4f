/** All modules of a deployment, put together as its options say. */
import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { IgnitionModule } from "@nomicfoundation/ignition-core";
import { appointArbiters } from "./Arbiters.js";
import Foundation from "./Foundation.js";
import { releaseGenesisSupply } from "./GenesisSupply.js";
import Governance from "./Governance.js";
import { handOver } from "./HandOver.js";
import Identity from "./Identity.js";
import Penalties from "./Penalties.js";
import Powers from "./Powers.js";
import Protocol from "./Protocol.js";
import Token from "./Token.js";
import Vesting from "./Vesting.js";

export interface DeploymentSteps {
  /** Moves the genesis supply to the vesting contract, and claims that many allocations at once. */
  readonly genesis: { readonly claims: number } | undefined;
  readonly arbiters: boolean;
  readonly handOver: boolean;
}

export function deploymentModule(steps: DeploymentSteps) {
  const parts: IgnitionModule[] = [
    Foundation,
    Token,
    Vesting,
    Governance,
    Protocol,
    Penalties,
    Identity,
    Powers,
  ];
  if (steps.genesis !== undefined) parts.push(releaseGenesisSupply(steps.genesis.claims));
  if (steps.arbiters) parts.push(appointArbiters);
  if (steps.handOver) parts.push(handOver([...parts]));
  return buildModule("Deployment", (m) => {
    for (const part of parts) m.useModule(part);
    return {
      ...m.useModule(Foundation),
      ...m.useModule(Token),
      ...m.useModule(Vesting),
      ...m.useModule(Governance),
      ...m.useModule(Protocol),
      ...m.useModule(Penalties),
      ...m.useModule(Identity),
    };
  });
}
