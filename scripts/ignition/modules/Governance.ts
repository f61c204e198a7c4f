import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";
import Foundation from "./Foundation.js";
import { install } from "./install.js";
import Token from "./Token.js";

/**
 * Who decides, and the money that is decided on. Timelock and governor are plain contracts: the timelock first, the
 * governor knows it, then the timelock takes the governor in and lets go of the deployer.
 */
export default buildModule("Governance", (m) => {
  const { accessManager, penaltyManagerProxy, treasuryProxy, buybackAuctionProxy } = m.useModule(Foundation);
  const { token } = m.useModule(Token);

  const timelock = m.contract("ProtocolTimelock", [
    m.getParameter<number>("timelockDelaySeconds"),
    m.getParameter<number>("timelockMinDelaySeconds"),
    m.getAccount(0),
    penaltyManagerProxy,
  ]);
  const governor = m.contract("DTelGovernor", [
    { token, timelock, manager: accessManager, penalties: penaltyManagerProxy },
    m.getParameter("governor"),
    m.getParameter("governorBounds"),
  ]);
  m.call(timelock, "setGovernor", [governor]);

  const treasury = install(
    m,
    accessManager,
    treasuryProxy,
    m.contract("Treasury", [
      accessManager,
      { token, auction: buybackAuctionProxy },
      m.getParameter("treasury"),
    ]),
  );
  // What the treasury holds does not vote, and does not count for the quorum.
  m.call(treasury, "delegateVotes");
  const buybackAuction = install(
    m,
    accessManager,
    buybackAuctionProxy,
    m.contract("BuybackAuction", [
      accessManager,
      { token, treasury: treasuryProxy },
      m.getParameter<number>("minAuctionSeconds"),
    ]),
  );
  return { timelock, governor, treasury, buybackAuction };
});
