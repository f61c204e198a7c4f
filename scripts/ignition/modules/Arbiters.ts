import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Foundation from "./Foundation.js";
import Penalties from "./Penalties.js";
import Powers from "./Powers.js";

/** The first arbiters. Where nobody is ready yet, governance appoints them later. */
export const appointArbiters = buildModule("Arbiters", (m) => {
  const { accessManager } = m.useModule(Foundation);
  const { arbitration } = m.useModule(Penalties);
  const appoint = m.encodeFunctionCall(arbitration, "appointArbiters", [
    m.getParameter("arbiters"),
    m.getParameter<number>("arbitersUntil"),
  ]);
  m.call(accessManager, "execute", [arbitration, appoint], { after: [Powers] });
  return { arbitration };
});
