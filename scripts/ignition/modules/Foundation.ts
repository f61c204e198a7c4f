import { buildModule } from "@nomicfoundation/hardhat-ignition/modules";

/**
 * The authority and the addresses of everything it governs.
 *
 * The protocol's contracts hold each other's addresses as immutables. So all proxies are deployed first, on an
 * implementation that can do nothing but be upgraded: their addresses are then known to the real ones.
 */
export default buildModule("Foundation", (m) => {
  const accessManager = m.contract("ProtocolAccessManager", [
    m.getAccount(0),
    m.getParameter<number>("guardianEnd"),
  ]);
  const inert = m.contract("InertImplementation", [accessManager]);
  const proxy = (name: string) => m.contract("ProtocolProxy", [inert], { id: `${name}Proxy` });
  return {
    accessManager,
    nodeRegistryProxy: proxy("NodeRegistry"),
    nodeStakingProxy: proxy("NodeStaking"),
    serviceAttestationsProxy: proxy("ServiceAttestations"),
    auditRingProxy: proxy("AuditRing"),
    paymentEscrowProxy: proxy("PaymentEscrow"),
    rewardDistributorProxy: proxy("RewardDistributor"),
    penaltyManagerProxy: proxy("PenaltyManager"),
    nodeStrikesProxy: proxy("NodeStrikes"),
    arbitrationProxy: proxy("Arbitration"),
    treasuryProxy: proxy("Treasury"),
    buybackAuctionProxy: proxy("BuybackAuction"),
    peaqIdentityProxy: proxy("PeaqIdentity"),
  };
});
