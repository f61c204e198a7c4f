/** The people of a devnet: who owns what, and what each does on chain before service can begin. */
import { NonceManager, parseEther, Wallet } from "ethers";
import type { ContractTransactionReceipt, ContractTransactionResponse, Provider, Signer } from "ethers";
import { connectContracts } from "./contracts.js";
import type { Deployment } from "../../node/chain/deployment.js";

/** Amounts that the devnet's people start with; all DTEL in wei. */
export const AMOUNTS = {
  /** Native coin for gas, for everybody who sends transactions. */
  gas: parseEther("100"),
  bond: parseEther("5000"),
  delegation: parseEther("2000"),
  appDeposit: parseEther("50000"),
  reservePerNode: parseEther("10000"),
  /** Dear, so that a minute of small pictures adds up to fees that a person can see. */
  pricePerGB: parseEther("100"),
} as const;

/** What a node of the devnet says it can carry. */
const CAPACITY_MBPS = 100;

/** Where a node listens and with which keys it acts. */
export interface NodeIdentity {
  readonly owner: Wallet;
  readonly operator: Wallet;
  readonly endpoint: string;
}

export interface RegisteredNode extends NodeIdentity {
  readonly nodeId: bigint;
}

/** An account that pays, and the plain key that signs its grants and vouchers. */
export interface AppIdentity {
  readonly account: Wallet;
  readonly signer: Wallet;
}

export function randomWallet(provider: Provider): Wallet {
  return new Wallet(Wallet.createRandom().privateKey, provider);
}

/**
 * Gives people what they need to act.
 * @param holder Owns DTEL and the native coin.
 */
export async function fund(
  deployment: Deployment,
  holder: Signer,
  people: readonly { address: string; dtelWei: bigint }[],
): Promise<void> {
  const sender = new NonceManager(holder);
  const { token } = connectContracts(deployment, sender);
  const sent = [];
  for (const { address, dtelWei } of people) {
    sent.push(await sender.sendTransaction({ to: address, value: AMOUNTS.gas }));
    if (dtelWei > 0n) sent.push(await token.transfer(address, dtelWei));
  }
  await Promise.all(sent.map((transaction) => transaction.wait()));
}

/** Registers a node, puts down its bond and says that it is ready to serve. Takes three blocks. */
export async function registerNode<Node extends NodeIdentity>(
  deployment: Deployment,
  node: Node,
  region: number,
): Promise<Node & RegisteredNode> {
  const { token, nodeRegistry, nodeStaking } = connectContracts(deployment, new NonceManager(node.owner));
  const registering = await nodeRegistry.register(
    node.operator.address,
    region,
    CAPACITY_MBPS,
    AMOUNTS.pricePerGB,
    node.endpoint,
  );
  const approving = await token.approve(deployment.addresses.nodeStaking, AMOUNTS.bond);
  const [receipt] = await Promise.all([mined(registering), mined(approving)]);
  const nodeId = receipt.logs
    .filter((log) => log.address === deployment.addresses.nodeRegistry)
    .map((log) => nodeRegistry.interface.parseLog(log))
    .find((event) => event?.name === "NodeRegistered")?.args.nodeId as unknown;
  if (typeof nodeId !== "bigint")
    throw new Error(`registering ${node.endpoint} emitted no NodeRegistered event`);
  await mined(await nodeStaking.bond(nodeId, AMOUNTS.bond));
  await mined(await nodeRegistry.activate(nodeId));
  return { ...node, nodeId };
}

/** Delegates to each node's pool. */
export async function delegateToAll(
  deployment: Deployment,
  delegator: Wallet,
  nodeIds: readonly bigint[],
): Promise<void> {
  const { token, nodeStaking } = connectContracts(deployment, new NonceManager(delegator));
  await mined(
    await token.approve(deployment.addresses.nodeStaking, AMOUNTS.delegation * BigInt(nodeIds.length)),
  );
  const sent = [];
  for (const nodeId of nodeIds) sent.push(await nodeStaking.delegate(nodeId, AMOUNTS.delegation, 0n));
  await Promise.all(sent.map(mined));
}

/** Fills the app's balance, guarantees a part of it to each node and registers the key that signs for the app. */
export async function prepareApp(
  deployment: Deployment,
  app: AppIdentity,
  nodeIds: readonly bigint[],
): Promise<void> {
  const { token, paymentEscrow } = connectContracts(deployment, new NonceManager(app.account));
  await mined(
    await token["transferAndCall(address,uint256)"](deployment.addresses.paymentEscrow, AMOUNTS.appDeposit),
  );
  const sent = [await paymentEscrow.addSigner(app.signer.address)];
  for (const nodeId of nodeIds) sent.push(await paymentEscrow.reserve(nodeId, AMOUNTS.reservePerNode));
  await Promise.all(sent.map(mined));
}

async function mined(transaction: ContractTransactionResponse): Promise<ContractTransactionReceipt> {
  const receipt = await transaction.wait();
  if (receipt === null) throw new Error(`transaction ${transaction.hash} was not mined`);
  return receipt;
}
