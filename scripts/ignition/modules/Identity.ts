import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Foundation from "./Foundation.js";
import { install } from "./install.js";

/** Nodes' identities on peaq. Nothing of the protocol depends on it. */
export default buildModule("Identity", (m) => {
  const { accessManager, peaqIdentityProxy, nodeRegistryProxy } = m.useModule(Foundation);
  const implementation = m.contract("PeaqIdentity", [accessManager, { registry: nodeRegistryProxy }]);
  return { peaqIdentity: install(m, accessManager, peaqIdentityProxy, implementation) };
});
