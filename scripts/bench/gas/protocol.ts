/** A protocol of mainnet's parameters on an in-process chain, with what the gas bench needs to drive it. */
import { AbiCoder, keccak256, Wallet } from "ethers";
import type { ContractTransactionResponse, HDNodeWallet } from "ethers";
import { network } from "hardhat";
import { parseAddress, parseHex } from "../../../node/protocol/hex.js";
import type { Address } from "../../../node/protocol/hex.js";
import { ReceiptTree, toContractPathNode } from "../../../node/protocol/receiptTree.js";
import {
  accessGrant,
  attestation as attestationMessage,
  detailsHash,
  roomHash,
  sessionReceipt,
  toCompactSignature,
  typedDataDomain,
  voucher as voucherMessage,
} from "../../../node/protocol/typedData.js";
import type {
  AccessGrant,
  Attestation,
  SignedGrant,
  SignedReceipt,
  TypedDataDomain,
} from "../../../node/protocol/typedData.js";
import { deployProtocol } from "../../ignition/deployProtocol.js";
import { loadParameters } from "../../parameters/schema.js";
import { meter, sent } from "./meter.js";

export const DTEL = 10n ** 18n;

/** Mainnet's column of the parameter table. */
const PARAMETERS = new URL("../../parameters/peaq.json", import.meta.url);
const SESSIONS = 1_000;

/** One session of the bench's traffic: what its leaf is opened with. */
export interface BenchSession {
  readonly sessionKey: Address;
  readonly bytesDelivered: bigint;
  readonly quality: number;
  readonly grant: SignedGrant;
  readonly receipt: SignedReceipt;
}

export type BenchProtocol = Awaited<ReturnType<typeof deployBenchProtocol>>;

export async function deployBenchProtocol() {
  const { ethers, provider, networkHelpers } = await network.create();
  const figureOf = meter(ethers.provider);
  const signers = await ethers.getSigners();
  const [deployer, owner, delegator, newcomer, app, relayer] = signers;
  if (!deployer || !owner || !delegator || !newcomer || !app || !relayer) {
    throw new Error("the in-process chain has fewer accounts than the bench needs");
  }
  const parameters = await loadParameters(PARAMETERS);
  const { addresses, chainId, genesisSeconds, epochSeconds, epochBlocks, auditors } = await deployProtocol({
    provider,
    parameters,
  });
  const token = await ethers.getContractAt("DTelToken", addresses.token);
  const registry = await ethers.getContractAt("NodeRegistry", addresses.nodeRegistry);
  const staking = await ethers.getContractAt("NodeStaking", addresses.nodeStaking);
  const attestations = await ethers.getContractAt("ServiceAttestations", addresses.serviceAttestations);
  const escrow = await ethers.getContractAt("PaymentEscrow", addresses.paymentEscrow);
  const distributor = await ethers.getContractAt("RewardDistributor", addresses.rewardDistributor);
  const audits = await ethers.getContractAt("IQualityAudits", addresses.serviceAttestations);
  const penalties = await ethers.getContractAt("PenaltyManager", addresses.penaltyManager);
  const governor = await ethers.getContractAt("DTelGovernor", addresses.governor);
  const domainOf = (address: string): TypedDataDomain =>
    typedDataDomain(BigInt(chainId), parseAddress(address));

  const chain = {
    async epoch(): Promise<number> {
      return Math.floor(((await networkHelpers.time.latest()) - genesisSeconds) / epochSeconds);
    },
    /** Goes to a moment of an epoch, given as a part of it. */
    async goTo(epoch: number, part = 0.1): Promise<void> {
      await networkHelpers.time.increaseTo(genesisSeconds + Math.round((epoch + part) * epochSeconds));
    },
    async mine(blocks: number): Promise<void> {
      await networkHelpers.mine(blocks);
    },
    epochBlocks,
    epochSeconds,
    /** Draws the seed of an epoch, in the second half of the next one. */
    async drawSeed(epoch: number): Promise<void> {
      await chain.goTo(epoch + 1, 0.6);
      await sent(attestations.connect(relayer).arm(epoch));
      await networkHelpers.mine(16);
      await sent(attestations.connect(relayer).draw(epoch));
    },
  };

  const operators: HDNodeWallet[] = [];
  const appSigner = Wallet.createRandom();

  async function fund(): Promise<void> {
    for (const account of [owner, delegator, newcomer, app]) {
      if (!account) continue;
      await sent(token.transfer(account.address, 20_000_000n * DTEL));
      await sent(token.connect(account).approve(addresses.nodeStaking, 2n ** 256n - 1n));
      if (account !== app) await sent(token.connect(account).delegate(account.address));
    }
  }

  /** Registers a node with a new operator key, funded to send transactions. */
  function register(): Promise<ContractTransactionResponse> {
    const operator = Wallet.createRandom().connect(ethers.provider);
    operators.push(operator);
    return registry
      .connect(owner)
      .register(operator.address, 49, 1_000, DTEL / 2n, "wss://node-1.eu.example-operator.com:443");
  }

  async function fundOperators(): Promise<void> {
    for (const { address } of operators) await networkHelpers.setBalance(address, 10n ** 20n);
  }

  function operatorOf(nodeId: number): HDNodeWallet {
    const operator = operators[nodeId - 1];
    if (!operator) throw new Error(`the bench has no node ${nodeId}`);
    return operator;
  }

  const cumulative = new Map<number, bigint>();

  /** A voucher for `amount` more than the last one of this node, every byte scored 9,200. */
  async function nextVoucher(nodeId: number, amount: bigint) {
    const total = (cumulative.get(nodeId) ?? 0n) + amount;
    cumulative.set(nodeId, total);
    const voucher = {
      app: parseAddress(app?.address ?? ""),
      nodeId: BigInt(nodeId),
      cumulativeAmount: total,
      cumulativeScore: (total * 92n) / 100n,
    };
    const signature = await voucherMessage.sign(appSigner, domainOf(addresses.paymentEscrow), voucher);
    return { voucher, signature: toCompactSignature(signature) };
  }

  /** A tree of signed sessions for one node and epoch. */
  async function traffic(nodeId: number, epoch: number): Promise<ReceiptTree<BenchSession>> {
    const domain = domainOf(addresses.serviceAttestations);
    const sessions: BenchSession[] = [];
    for (let i = 0; i < SESSIONS; i++) {
      const key = new Wallet(`0x${(i + 1).toString(16).padStart(64, "0")}`);
      const sessionKey = parseAddress(key.address);
      const receipt = {
        nodeId: BigInt(nodeId),
        epoch,
        bytesDelivered: 100_000_000n + BigInt(i) * 1_234_567n,
        quality: 8_000 + (i % 2_000),
      };
      const grant: AccessGrant = {
        app: parseAddress(app?.address ?? ""),
        sessionKey,
        room: roomHash(`room-${i % 100}`),
        maxBytesPerEpoch: 10n ** 12n,
        expiresAt: BigInt(genesisSeconds + (epoch + 4) * epochSeconds),
        detailsHash: detailsHash(JSON.stringify({ identity: `participant-${i}` })),
      };
      sessions.push({
        sessionKey,
        bytesDelivered: receipt.bytesDelivered,
        quality: receipt.quality,
        grant: { grant, signature: await accessGrant.sign(appSigner, domain, grant) },
        receipt: { receipt, signature: await sessionReceipt.sign(key, domain, receipt) },
      });
    }
    return new ReceiptTree(sessions);
  }

  function attestationOf(nodeId: number, epoch: number, tree: ReceiptTree<BenchSession>): Attestation {
    return {
      nodeId: BigInt(nodeId),
      epoch,
      receiptRoot: tree.root,
      bytesDelivered: tree.total,
      sessions: SESSIONS,
      auditCommitment: scoresOf(nodeId, epoch).commitment,
    };
  }

  /** What a node's auditor found: nine tenths of the best for everybody. */
  function scoresOf(nodeId: number, epoch: number) {
    let packed = 0n;
    for (let j = 0; j < auditors; j++) packed |= 9_000n << BigInt(16 * j);
    const salt = keccak256(AbiCoder.defaultAbiCoder().encode(["uint256", "uint256"], [nodeId, epoch]));
    const types = ["uint256", "uint256", "uint256", "bytes32"];
    const commitment = parseHex(
      keccak256(AbiCoder.defaultAbiCoder().encode(types, [nodeId, epoch, packed, salt])),
      32,
    );
    return { packed, salt, commitment };
  }

  async function signedAttestation(attestation: Attestation) {
    const operator = operatorOf(Number(attestation.nodeId));
    const domain = domainOf(addresses.serviceAttestations);
    const signature = await attestationMessage.sign(operator, domain, attestation);
    return { attestation, signature: toCompactSignature(signature) };
  }

  async function openings(attestation: Attestation, tree: ReceiptTree<BenchSession>) {
    const points = await attestations.samplePoints(
      attestation.nodeId,
      attestation.epoch,
      attestation.bytesDelivered,
    );
    return points.map((point) => {
      const { leaf, path } = tree.open(point);
      return {
        bytesDelivered: leaf.bytesDelivered,
        quality: leaf.quality,
        receiptSignature: toCompactSignature(leaf.receipt.signature),
        grant: leaf.grant.grant,
        grantSignature: toCompactSignature(leaf.grant.signature),
        path: path.map(toContractPathNode),
      };
    });
  }

  return {
    addresses,
    accounts: { deployer, owner, delegator, newcomer, app, relayer },
    token,
    registry,
    staking,
    attestations,
    escrow,
    distributor,
    audits,
    penalties,
    governor,
    scoresOf,
    chain,
    appSigner: parseHex(appSigner.address, 20),
    figureOf,
    manager: () => ethers.getContractAt("ProtocolAccessManager", addresses.accessManager),
    fund,
    register,
    fundOperators,
    operatorOf,
    nextVoucher,
    traffic,
    attestationOf,
    signedAttestation,
    openings,
  };
}
