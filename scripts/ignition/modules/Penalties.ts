import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import { clockParameters } from "./clock.js";
import Foundation from "./Foundation.js";
import Governance from "./Governance.js";
import { install } from "./install.js";
import Token from "./Token.js";

/** Faults, strikes, jail, slashes in escrow, arbitration. */
export default buildModule("Penalties", (m) => {
  const foundation = m.useModule(Foundation);
  const { accessManager } = foundation;
  const registry = foundation.nodeRegistryProxy;
  const staking = foundation.nodeStakingProxy;
  const attestations = foundation.serviceAttestationsProxy;
  const escrow = foundation.paymentEscrowProxy;
  const penalties = foundation.penaltyManagerProxy;
  const strikes = foundation.nodeStrikesProxy;
  const arbitration = foundation.arbitrationProxy;
  const { token } = m.useModule(Token);
  const { governor } = m.useModule(Governance);
  const clock = clockParameters(m);

  return {
    penaltyManager: install(
      m,
      accessManager,
      penalties,
      m.contract("PenaltyManager", [
        accessManager,
        { staking, attestations, escrow, strikes, arbitration, governor },
        clock,
        m.getParameter("penalty"),
        m.getParameter("pause"),
      ]),
    ),
    nodeStrikes: install(
      m,
      accessManager,
      strikes,
      m.contract("NodeStrikes", [accessManager, { registry, staking, attestations, penalties }, clock]),
    ),
    arbitration: install(
      m,
      accessManager,
      arbitration,
      m.contract("Arbitration", [accessManager, { token, registry, staking, penalties }, clock]),
    ),
  };
});
