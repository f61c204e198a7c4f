import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Foundation from "./Foundation.js";

/** DTEL. Not upgradeable: it knows its minter and its staking contract by the addresses of their proxies. */
export default buildModule("Token", (m) => {
  const { rewardDistributorProxy, nodeStakingProxy } = m.useModule(Foundation);
  const holder = m.getParameter("holder", m.getAccount(0));
  const genesis = m.getParameter<number>("genesis");
  const token = m.contract("DTelToken", [holder, rewardDistributorProxy, nodeStakingProxy, genesis]);
  return { token };
});
