/** Nodes and apps on chain, and what they sign. */
import { parseEther } from "ethers";
import type { ContractTransactionResponse } from "ethers";
import { FULL_QUALITY } from "../../../node/protocol/amounts.js";
import { toCompactSignature, voucher as voucherMessage } from "../../../node/protocol/typedData.js";
import type { Voucher } from "../../../node/protocol/typedData.js";
import type { SignedVoucherStruct } from "../../../types/contracts/service/PaymentEscrow.js";
import { Account } from "./account.js";
import type { Protocol } from "./protocol.js";

/** DTEL in wei. */
export const dtel = (amount: number | string): bigint => parseEther(amount.toString());

/** What `DTelToken` leaves in `NodeStaking` at its construction, to back what rounding costs. */
export const ROUNDING_RESERVE = dtel(1);

export interface Node {
  readonly nodeId: bigint;
  readonly owner: Account;
  readonly operator: Account;
}

export interface App {
  readonly account: Account;
  readonly signer: Account;
}

/**
 * Registers a node. Its owner has `bond`, is bonded with it, and takes a commission. If it is to be `active`, it takes a
 * seat in the audit ring, which it has from the second epoch after this one on.
 */
export async function addNode(
  protocol: Protocol,
  {
    bond = dtel(1_000),
    commissionBps = 0,
    active = false,
  }: { bond?: bigint; commissionBps?: number; active?: boolean } = {},
): Promise<Node> {
  const owner = await protocol.newAccount(bond);
  const operator = await protocol.newAccount();
  await protocol.registry.connect(owner).register(operator, 1, 1_000, dtel(1), "wss://node.example");
  const nodeId = await protocol.registry.nodeCount();
  if (commissionBps > 0) await protocol.staking.connect(owner).setCommission(nodeId, commissionBps);
  if (bond > 0n) await addBond(protocol, { nodeId, owner }, bond);
  if (active) await protocol.registry.connect(owner).activate(nodeId);
  return { nodeId, owner, operator };
}

/** Bonds an amount that the owner has. */
export async function addBond(
  { token, staking }: Protocol,
  { nodeId, owner }: Pick<Node, "nodeId" | "owner">,
  amount: bigint,
): Promise<void> {
  await token.connect(owner).approve(staking, amount);
  await staking.connect(owner).bond(nodeId, amount);
}

/** A new delegator of a node. */
export async function addDelegator(protocol: Protocol, nodeId: bigint, amount: bigint): Promise<Account> {
  const delegator = await protocol.newAccount();
  await delegateMore(protocol, nodeId, delegator, amount);
  return delegator;
}

/** Gives an account DTEL and delegates it. */
export async function delegateMore(
  { token, staking }: Protocol,
  nodeId: bigint,
  delegator: Account,
  amount: bigint,
): Promise<ContractTransactionResponse> {
  await token.transfer(delegator, amount);
  await token.connect(delegator).approve(staking, amount);
  return staking.connect(delegator).delegate(nodeId, amount, 0n);
}

/** An app with a deposit and a signer key. */
export async function addApp(protocol: Protocol, deposit = dtel(10_000)): Promise<App> {
  const account = await protocol.newAccount(deposit);
  const signer = new Account(`signer of ${account.address}`);
  const { token, escrow } = protocol;
  if (deposit > 0n) await token.connect(account)["transferAndCall(address,uint256)"](escrow, deposit);
  await escrow.connect(account).addSigner(signer);
  return { account, signer };
}

/** A voucher as `collectBatch` takes it; the whole amount judged as perfect unless a score is given. */
export async function signVoucher(
  { paymentDomain }: Protocol,
  { account, signer }: App,
  nodeId: bigint,
  cumulativeAmount: bigint,
  cumulativeScore = cumulativeAmount,
  domain = paymentDomain,
): Promise<SignedVoucherStruct> {
  const voucher: Voucher = { app: account.id, nodeId, cumulativeAmount, cumulativeScore };
  return { voucher, signature: toCompactSignature(await voucherMessage.sign(signer, domain, voucher)) };
}

/** Signs and collects a voucher, sent by the holder, who is a stranger to both. */
export async function collect(
  protocol: Protocol,
  app: App,
  nodeId: bigint,
  cumulativeAmount: bigint,
  cumulativeScore = cumulativeAmount,
): Promise<ContractTransactionResponse> {
  const { voucher, signature } = await signVoucher(protocol, app, nodeId, cumulativeAmount, cumulativeScore);
  return protocol.escrow.collect(voucher, signature);
}

export { FULL_QUALITY };
