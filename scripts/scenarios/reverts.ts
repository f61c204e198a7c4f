/** The names of the errors that contracts refuse with. */
import type { Interface } from "ethers";
import {
  Arbitration__factory,
  AuditRing__factory,
  DTelGovernor__factory,
  DTelToken__factory,
  INodeStaking__factory,
  NodeRegistry__factory,
  NodeStrikes__factory,
  PaymentEscrow__factory,
  PenaltyManager__factory,
  ProtocolAccessManager__factory,
  ProtocolTimelock__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
  ServiceProofs__factory,
} from "../../types/contracts/index.js";

const INTERFACES: readonly Interface[] = [
  Arbitration__factory,
  AuditRing__factory,
  DTelGovernor__factory,
  DTelToken__factory,
  INodeStaking__factory,
  NodeRegistry__factory,
  NodeStrikes__factory,
  PaymentEscrow__factory,
  PenaltyManager__factory,
  ProtocolAccessManager__factory,
  ProtocolTimelock__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
  ServiceProofs__factory,
].map((factory) => factory.createInterface() as Interface);

/** The name of the custom error in what a call threw; the message where there is none. */
export function revertName(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const data = "data" in error && typeof error.data === "string" ? error.data : undefined;
  if (data === undefined) return error.message;
  const names = INTERFACES.map((contract) => contract.parseError(data)?.name);
  return names.find((name) => name !== undefined) ?? `an unknown error, ${data.slice(0, 10)}`;
}
