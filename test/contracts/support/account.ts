import { Wallet, id, parseEther } from "ethers";
import type { TransactionRequest, TransactionResponse } from "ethers";
import { parseAddress } from "../../../node/protocol/hex.js";
import type { Address } from "../../../node/protocol/hex.js";
import { ethers, networkHelpers } from "./chain.js";

/**
 * A key that signs typed data and sends transactions. It names the gas itself: an estimate would be of another
 * moment than the one that a test has set for the next block.
 */
export class Account extends Wallet {
  /** `address` in the form in which the project compares addresses. */
  readonly id: Address;

  constructor(label: string) {
    super(id(label), ethers.provider);
    this.id = parseAddress(this.address);
  }

  override sendTransaction(transaction: TransactionRequest): Promise<TransactionResponse> {
    return super.sendTransaction({ gasLimit: 12_000_000n, ...transaction });
  }
}

/** An account with native coin. */
export async function fundedAccount(label: string): Promise<Account> {
  const account = new Account(label);
  await networkHelpers.setBalance(account.address, parseEther("1000"));
  return account;
}
