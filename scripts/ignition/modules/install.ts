/** Putting an implementation behind its proxy. */
import type {
  CallableContractFuture,
  ContractFuture,
  IgnitionModuleBuilder,
  NamedArtifactContractDeploymentFuture,
} from "@nomicfoundation/ignition-core";

/**
 * The authority upgrades the proxy. No initialiser runs with it: the protocol keeps no state that is set at
 * construction, so there is nothing that somebody else could initialise first.
 */
export function install<Name extends string>(
  m: IgnitionModuleBuilder,
  accessManager: CallableContractFuture<"ProtocolAccessManager">,
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
