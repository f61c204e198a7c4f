import { Interface, isCallException, isError } from "ethers";
import type { ErrorDescription } from "ethers";
import { INodeStaking__factory } from "../../types/contracts/factories/staking/INodeStaking__factory.js";
import { INodeRegistry__factory } from "../../types/contracts/factories/staking/INodeRegistry__factory.js";
import { IAuditRing__factory } from "../../types/contracts/factories/service/IAuditRing__factory.js";
import { INodeStrikes__factory } from "../../types/contracts/factories/penalties/INodeStrikes__factory.js";
import { IPenaltyManager__factory } from "../../types/contracts/factories/penalties/IPenaltyManager__factory.js";
import { IPaymentEscrow__factory } from "../../types/contracts/factories/service/IPaymentEscrow__factory.js";
import { IQualityAudits__factory } from "../../types/contracts/factories/service/IQualityAudits__factory.js";
import { IRewardDistributor__factory } from "../../types/contracts/factories/rewards/IRewardDistributor__factory.js";
import { IServiceAttestations__factory } from "../../types/contracts/factories/service/IServiceAttestations__factory.js";
import { IServiceProofs__factory } from "../../types/contracts/factories/service/IServiceProofs__factory.js";

const ERRORS = [
  IServiceAttestations__factory,
  IServiceProofs__factory,
  IQualityAudits__factory,
  IAuditRing__factory,
  IPaymentEscrow__factory,
  IRewardDistributor__factory,
  INodeStaking__factory,
  INodeRegistry__factory,
  INodeStrikes__factory,
  IPenaltyManager__factory,
].map((factory) => new Interface(factory.abi));

/** The chain says no: the call or transaction would revert, or did. */
export class TransactionReverted extends Error {
  constructor(
    readonly intent: string,
    /** Name of the contract's error; "unknown" where the chain gave no data. */
    readonly reason: string,
    detail: string,
    cause?: unknown,
  ) {
    super(`${intent} reverts: ${detail}`, { cause });
    this.name = "TransactionReverted";
  }
}

/**
 * What a failed call says, where it was the contract that refused.
 * @returns undefined for failures of other kinds: network, timeouts, funds.
 */
export function revertOf(intent: string, error: unknown): TransactionReverted | undefined {
  if (!isCallException(error)) return undefined;
  const described = describe(error.data);
  if (described === undefined) {
    return new TransactionReverted(intent, "unknown", error.reason ?? error.shortMessage, error);
  }
  const values = described.args.map((value: unknown) => String(value)).join(", ");
  return new TransactionReverted(intent, described.name, `${described.name}(${values})`, error);
}

/** Whether a node refuses a transaction because its nonce is used. */
export function isNonceUsed(error: unknown): boolean {
  return (
    isError(error, "NONCE_EXPIRED") || /nonce too low|nonce has already been used/i.test(messageOf(error))
  );
}

/** Whether a node refuses a transaction because it offers too little for gas. */
export function isUnderpriced(error: unknown): boolean {
  return (
    isError(error, "REPLACEMENT_UNDERPRICED") ||
    /underpriced|base ?fee|fee too low|gas price.*(low|less)|max fee per gas/i.test(messageOf(error))
  );
}

/** Whether a node refuses a transaction that it has already. */
export function isAlreadyKnown(error: unknown): boolean {
  return /already known|already imported|known transaction/i.test(messageOf(error));
}

function describe(data: string | null): ErrorDescription | undefined {
  if (data === null || data.length < 10) return undefined;
  for (const contract of ERRORS) {
    const description = contract.parseError(data);
    if (description !== null) return description;
  }
  return undefined;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
