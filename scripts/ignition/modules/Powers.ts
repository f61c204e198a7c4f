import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Foundation from "./Foundation.js";
import Governance from "./Governance.js";
import Penalties from "./Penalties.js";
import Protocol from "./Protocol.js";

/** `ProtocolAccessManager.GUARDIAN_ROLE`. */
export const GUARDIAN_ROLE = 1;

/** What the guardian may do until its end, and the parameters that governance may change from now on. */
export default buildModule("Powers", (m) => {
  const { accessManager } = m.useModule(Foundation);
  const { governor } = m.useModule(Governance);
  const { nodeStaking, paymentEscrow, rewardDistributor } = m.useModule(Protocol);
  const { penaltyManager } = m.useModule(Penalties);

  const pause = m.getParameter<string>("pauseSelector");
  const pausable = { nodeStaking, paymentEscrow, rewardDistributor };
  const leaves = Object.entries(pausable).map(([name, contract]) =>
    m.encodeFunctionCall(accessManager, "setTargetFunctionRole", [contract, [pause], GUARDIAN_ROLE], {
      id: `guard_${name}`,
    }),
  );
  const guardPenalties = m.encodeFunctionCall(
    accessManager,
    "setTargetFunctionRole",
    [penaltyManager, [pause, m.getParameter<string>("vetoSelector")], GUARDIAN_ROLE],
    { id: "guard_penaltyManager" },
  );
  const guardGovernor = m.encodeFunctionCall(
    accessManager,
    "setTargetFunctionRole",
    [governor, [m.getParameter<string>("cancelSelector")], GUARDIAN_ROLE],
    { id: "guard_governor" },
  );
  const appoint = m.encodeFunctionCall(
    accessManager,
    "grantRole",
    [GUARDIAN_ROLE, m.getParameter<string>("guardian"), 0],
    { id: "appoint_guardian" },
  );
  const roles = m.call(accessManager, "multicall", [[...leaves, guardPenalties, guardGovernor, appoint]], {
    id: "roles",
  });

  // Governed parameters are set once, so that the events tell them from the beginning.
  const penaltyParameters = m.encodeFunctionCall(
    penaltyManager,
    "setParameters",
    [m.getParameter("penaltyParameters")],
    { id: "penalty_parameters" },
  );
  m.call(accessManager, "execute", [penaltyManager, penaltyParameters], {
    id: "parameters",
    after: [roles],
  });
  return { accessManager };
});
