import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Foundation from "./Foundation.js";
import Token from "./Token.js";

/** All allocations of the genesis supply, under one Merkle root. Not upgradeable. */
export default buildModule("Vesting", (m) => {
  const { accessManager, treasuryProxy } = m.useModule(Foundation);
  const { token } = m.useModule(Token);
  const root = m.getParameter<string>("allocationsRoot");
  return { tokenVesting: m.contract("TokenVesting", [accessManager, token, treasuryProxy, root]) };
});
