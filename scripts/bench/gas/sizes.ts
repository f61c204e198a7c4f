/** Runtime sizes of the contracts that are deployed. */
import hre from "hardhat";

const CONTRACTS = [
  "ServiceAttestations",
  "ServiceProofs",
  "AuditRing",
  "PaymentEscrow",
  "RewardDistributor",
  "NodeStaking",
  "StakingExtension",
  "NodeRegistry",
  "PenaltyManager",
  "NodeStrikes",
  "Arbitration",
  "DTelToken",
  "TokenVesting",
  "DTelGovernor",
  "ProtocolTimelock",
  "ProtocolAccessManager",
  "Treasury",
  "BuybackAuction",
  "PeaqIdentity",
  "ProtocolProxy",
] as const;

/** Bytes of runtime code, by contract. */
export async function runtimeSizes(): Promise<Record<string, number>> {
  const sizes: Record<string, number> = {};
  for (const name of CONTRACTS) {
    const { deployedBytecode } = await hre.artifacts.readArtifact(name);
    sizes[name] = (deployedBytecode.length - 2) / 2;
  }
  return sizes;
}
