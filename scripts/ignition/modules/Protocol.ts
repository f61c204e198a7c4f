import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import type { ContractFuture, NamedArtifactContractDeploymentFuture } from "@nomicfoundation/ignition-core";
import Foundation from "./Foundation.js";
import Token from "./Token.js";

/** The whole protocol: implementations, each put behind its proxy by the authority. */
export default buildModule("Protocol", (m) => {
  const foundation = m.useModule(Foundation);
  const { accessManager } = foundation;
  const registry = foundation.nodeRegistryProxy;
  const staking = foundation.nodeStakingProxy;
  const attestations = foundation.serviceAttestationsProxy;
  const escrow = foundation.paymentEscrowProxy;
  const distributor = foundation.rewardDistributorProxy;
  const { token } = m.useModule(Token);

  const treasury = m.getParameter<string>("treasury");
  const clock = {
    genesis: m.getParameter<number>("genesis"),
    epochSeconds: m.getParameter<number>("epochSeconds"),
    epochBlocks: m.getParameter<number>("epochBlocks"),
  };

  /** No initialiser runs with the upgrade: the protocol keeps no state that is set at construction. */
  function install<Name extends string>(
    proxy: ContractFuture<"ProtocolProxy">,
    implementation: NamedArtifactContractDeploymentFuture<Name>,
  ) {
    const name = implementation.contractName;
    const upgradeable = m.contractAt("InertImplementation", proxy, { id: `${name}Upgradeable` });
    const upgrade = m.encodeFunctionCall(upgradeable, "upgradeToAndCall", [implementation, "0x"], {
      id: `${name}UpgradeCall`,
    });
    const upgraded = m.call(accessManager, "execute", [proxy, upgrade], { id: `${name}Upgrade` });
    return m.contractAt(name, proxy, { id: `${name}Installed`, after: [upgraded] });
  }

  return {
    accessManager,
    token,
    nodeRegistry: install(registry, m.contract("NodeRegistry", [accessManager, attestations])),
    nodeStaking: install(
      staking,
      m.contract("NodeStaking", [
        accessManager,
        { token, registry, distributor },
        clock,
        m.getParameter("staking"),
      ]),
    ),
    serviceAttestations: install(
      attestations,
      m.contract("ServiceAttestations", [
        accessManager,
        { registry, escrow, staking, distributor },
        clock,
        m.getParameter("sampling"),
      ]),
    ),
    paymentEscrow: install(
      escrow,
      m.contract("PaymentEscrow", [
        accessManager,
        { token, staking, treasury },
        clock,
        m.getParameter("payment"),
      ]),
    ),
    rewardDistributor: install(
      distributor,
      m.contract("RewardDistributor", [
        accessManager,
        { token, attestations, escrow, staking },
        clock,
        m.getParameter("rewards"),
      ]),
    ),
  };
});
