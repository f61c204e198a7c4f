import { Interface } from "ethers";
import { IPaymentEscrow__factory } from "../../types/contracts/factories/service/IPaymentEscrow__factory.js";
import { IRewardDistributor__factory } from "../../types/contracts/factories/rewards/IRewardDistributor__factory.js";
import { IServiceAttestations__factory } from "../../types/contracts/factories/service/IServiceAttestations__factory.js";
import { WEI_PER_GWEI } from "../protocol/amounts.js";
import { createEpochClock } from "../protocol/epochClock.js";
import type { EpochClock } from "../protocol/epochClock.js";
import { parseAddress, parseHex } from "../protocol/hex.js";
import type { Address, Hex } from "../protocol/hex.js";
import { toContractPathNode } from "../protocol/receiptTree.js";
import type { PathNode } from "../protocol/receiptTree.js";
import { toCompactSignature, typedDataDomain } from "../protocol/typedData.js";
import type {
  Attestation,
  SignedGrant,
  SignedReceipt,
  SignedVoucher,
  TypedDataDomain,
} from "../protocol/typedData.js";
import type { BlockWatcher, Head } from "./blockWatcher.js";
import type { Contracts } from "./contracts.js";
import type { Deployment } from "./deployment.js";
import { revertOf } from "./reverts.js";
import type { Intent } from "./transactionQueue.js";

/** Where an epoch's seed stands. */
export type SeedState =
  | { readonly state: "none" }
  /** Lane i will come from block `firstBlock` + 2i. */
  | { readonly state: "armed"; readonly firstBlock: number }
  /** Proofs are taken until both time (Unix, seconds) and block are reached. */
  | { readonly state: "drawn"; readonly deadlineSeconds: number; readonly deadlineBlock: number };

export interface AttestationRecord {
  /** "faulted": a proof that was due did not come, and somebody reported it. */
  readonly status: "none" | "attested" | "proven" | "faulted";
  readonly claimed: boolean;
  readonly attestationHash: Hex;
}

/** What an app and this node have with each other, in wei. */
export interface AppAccount {
  /** Collected so far, and the score that went with it. */
  readonly paid: bigint;
  readonly score: bigint;
  /** Guaranteed to this node for the next two epochs. */
  readonly guaranteed: bigint;
  /** What could be collected now: reserve and free balance. */
  readonly collectable: bigint;
}

/** A leaf opened for a proof. */
export interface ProofOpening {
  readonly receipt: SignedReceipt;
  readonly grant: SignedGrant;
  readonly path: readonly PathNode[];
}

export interface NodeChainOptions {
  readonly deployment: Deployment;
  readonly contracts: Contracts;
  readonly watcher: BlockWatcher;
  readonly nodeId: bigint;
}

const attestations = new Interface(IServiceAttestations__factory.abi);
const escrow = new Interface(IPaymentEscrow__factory.abi);
const distributor = new Interface(IRewardDistributor__factory.abi);

/** The protocol as one node sees it: what it asks the contracts, and the intents it may have. */
export class NodeChain {
  readonly nodeId: bigint;
  readonly clock: EpochClock;
  /** Domain of grants, receipts, attestations, join proofs and voucher requests. */
  readonly serviceDomain: TypedDataDomain;
  /** Domain of vouchers. */
  readonly paymentDomain: TypedDataDomain;
  readonly #contracts: Contracts;
  readonly #watcher: BlockWatcher;
  readonly #addresses: Deployment["addresses"];
  readonly #blockSeconds: number;

  constructor({ deployment, contracts, watcher, nodeId }: NodeChainOptions) {
    const { addresses, chainId } = deployment;
    this.nodeId = nodeId;
    this.clock = createEpochClock(deployment);
    this.serviceDomain = typedDataDomain(BigInt(chainId), addresses.serviceAttestations);
    this.paymentDomain = typedDataDomain(BigInt(chainId), addresses.paymentEscrow);
    this.#contracts = contracts;
    this.#watcher = watcher;
    this.#addresses = addresses;
    this.#blockSeconds = deployment.epochSeconds / deployment.epochBlocks;
  }

  /** The newest block known; its time is the chain's clock. */
  get head(): Head {
    return this.#watcher.head;
  }

  // ------------------------------------------------------------- registration

  /** The node's registration. @throws Error where there is no such node. */
  async registration(): Promise<{ owner: Address; operator: Address; priceWeiPerGB: bigint }> {
    const [node, operator] = await Promise.all([
      this.#contracts.nodeRegistry.nodeOf(this.nodeId),
      this.#contracts.serviceAttestations.operatorOf(this.nodeId),
    ]);
    return {
      owner: parseAddress(node.owner),
      operator: parseAddress(operator),
      priceWeiPerGB: node.pricePerGBWei,
    };
  }

  /** The key that acts for a node. */
  async operatorOf(nodeId: bigint): Promise<Address> {
    return parseAddress(await this.#contracts.serviceAttestations.operatorOf(nodeId));
  }

  /** How many nodes there are; ids run from 1 to this. */
  async nodeCount(): Promise<bigint> {
    return this.#contracts.nodeRegistry.nodeCount();
  }

  // -------------------------------------------------------------------- apps

  /** Whether grants by this key count in an epoch. */
  async isGrantSigner(app: Address, signer: Address, epoch: number): Promise<boolean> {
    return this.#contracts.paymentEscrow.isGrantSigner(app, signer, epoch);
  }

  /** Whether vouchers by this key can be collected now. */
  async isVoucherSigner(app: Address, signer: Address): Promise<boolean> {
    return this.#contracts.paymentEscrow.isVoucherSigner(app, signer);
  }

  async appAccount(app: Address): Promise<AppAccount> {
    const [account, thaw, free] = await Promise.all([
      this.#contracts.paymentEscrow.accountOf(app, this.nodeId),
      this.#contracts.paymentEscrow.thawOf(app, this.nodeId),
      this.#contracts.paymentEscrow.balanceOf(app),
    ]);
    // What thaws within two epochs may be gone before this epoch's voucher is cashed.
    const epoch = this.clock.currentEpoch(this.head.timestamp * 1_000);
    const leaving = thaw.releasableEpoch <= BigInt(epoch + 2) ? thaw.amount : 0n;
    const guaranteed = account.reserved > leaving ? account.reserved - leaving : 0n;
    return {
      paid: account.paid * WEI_PER_GWEI,
      score: account.score * WEI_PER_GWEI,
      guaranteed: guaranteed * WEI_PER_GWEI,
      collectable: account.reserved * WEI_PER_GWEI + free,
    };
  }

  /** Why a voucher could not be collected now; undefined where it could. */
  async voucherFault(signed: SignedVoucher): Promise<string | undefined> {
    const { voucher, signature } = signed;
    try {
      await this.#contracts.paymentEscrow.collect.staticCall(voucher, toCompactSignature(signature));
      return undefined;
    } catch (error) {
      const revert = revertOf("collect", error);
      if (revert === undefined) throw error;
      return revert.reason;
    }
  }

  // ------------------------------------------------------------------ epochs

  async attestationRecord(epoch: number): Promise<AttestationRecord> {
    const record = await this.#contracts.serviceAttestations.attestationOf(this.nodeId, epoch);
    const statuses = ["none", "attested", "proven", "faulted"] as const;
    const status = statuses[Number(record.status)];
    if (status === undefined)
      throw new Error(`epoch ${epoch} has the unknown attestation status ${record.status}`);
    return { status, claimed: record.claimed, attestationHash: parseHex(record.attestationHash, 32) };
  }

  /** Time in seconds that blocks take on average, as the deployment expects it. */
  get blockSeconds(): number {
    return this.#blockSeconds;
  }

  /** Hash of an attestation as the contract records it. */
  async attestationHash(attestation: Attestation): Promise<Hex> {
    return parseHex(await this.#contracts.serviceAttestations.hashAttestation(attestation), 32);
  }

  async seedState(epoch: number): Promise<SeedState> {
    const record = await this.#contracts.serviceAttestations.epochRecordOf(epoch);
    if (record.lap === 0n) return { state: "none" };
    if (record.drawnAt === 0n) return { state: "armed", firstBlock: Number(record.blockNumber) };
    const deadline = await this.#contracts.serviceAttestations.proofDeadline(epoch);
    return {
      state: "drawn",
      deadlineSeconds: Number(deadline.timestamp),
      deadlineBlock: Number(deadline.blockNumber),
    };
  }

  /** Whether this node must prove an epoch whose seed is drawn. */
  async mustProve(epoch: number): Promise<boolean> {
    const { burned } = await this.#contracts.paymentEscrow.nodeRevenueOf(this.nodeId, epoch);
    return this.#contracts.serviceAttestations.mustProve(this.nodeId, epoch, burned);
  }

  async samplePoints(epoch: number, bytesDelivered: bigint): Promise<bigint[]> {
    return [...(await this.#contracts.serviceAttestations.samplePoints(this.nodeId, epoch, bytesDelivered))];
  }

  /** The stakers' part of what this node collected for an epoch, in wei. */
  async epochFees(epoch: number): Promise<bigint> {
    return (await this.#contracts.paymentEscrow.nodeRevenueOf(this.nodeId, epoch)).stakers;
  }

  /** Whether all nodes' fees for an epoch are still collected, wait to be burned and paid out, or are gone. */
  async flushState(epoch: number): Promise<"collecting" | "due" | "done"> {
    const [revenue, collecting] = await Promise.all([
      this.#contracts.paymentEscrow.epochRevenueOf(epoch),
      this.#contracts.paymentEscrow.collectionEpoch(),
    ]);
    if (collecting <= BigInt(epoch)) return "collecting";
    return revenue.lap !== 0n && !revenue.flushed ? "due" : "done";
  }

  /** Credited to all nodes and not minted yet, in wei. */
  async pendingMint(): Promise<bigint> {
    return this.#contracts.rewardDistributor.pendingMint();
  }

  // ----------------------------------------------------------------- intents

  attest(attestation: Attestation): Intent {
    return this.#service(`attest:${attestation.epoch}`, "attest", [attestation]);
  }

  /** @param lostBlock First block of an arming whose hashes went out of reach; 0 for the first time. */
  arm(epoch: number, lostBlock: number): Intent {
    return this.#service(`arm:${epoch}:${lostBlock}`, "arm", [epoch]);
  }

  draw(epoch: number): Intent {
    return this.#service(`draw:${epoch}`, "draw", [epoch]);
  }

  prove(attestation: Attestation, openings: readonly ProofOpening[]): Intent {
    const encoded = openings.map(({ receipt, grant, path }) => ({
      bytesDelivered: receipt.receipt.bytesDelivered,
      quality: receipt.receipt.quality,
      receiptSignature: toCompactSignature(receipt.signature),
      grant: grant.grant,
      grantSignature: toCompactSignature(grant.signature),
      path: path.map(toContractPathNode),
    }));
    return this.#service(`prove:${attestation.epoch}`, "prove", [attestation, encoded]);
  }

  claim(attestation: Attestation): Intent {
    return {
      key: `claim:${attestation.epoch}`,
      to: this.#addresses.rewardDistributor,
      data: parseHex(distributor.encodeFunctionData("claim", [attestation])),
    };
  }

  /** Mints what claims of an epoch, and any before, have credited. */
  mintPending(epoch: number): Intent {
    return {
      key: `mint:${epoch}`,
      to: this.#addresses.rewardDistributor,
      data: parseHex(distributor.encodeFunctionData("mintPending")),
    };
  }

  flush(epoch: number): Intent {
    return this.#payment(`flush:${epoch}`, "flush", [epoch]);
  }

  /** `name` tells collections apart, with the epoch for example. */
  collect(name: string, vouchers: readonly SignedVoucher[]): Intent {
    const encoded = vouchers.map(({ voucher, signature }) => ({
      voucher,
      signature: toCompactSignature(signature),
    }));
    return this.#payment(`collect:${name}`, "collectBatch", [encoded]);
  }

  #service(key: string, method: string, values: readonly unknown[]): Intent {
    const data = parseHex(attestations.encodeFunctionData(method, values));
    return { key, to: this.#addresses.serviceAttestations, data };
  }

  #payment(key: string, method: string, values: readonly unknown[]): Intent {
    const data = parseHex(escrow.encodeFunctionData(method, values));
    return { key, to: this.#addresses.paymentEscrow, data };
  }
}
