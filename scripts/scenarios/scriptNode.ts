/** A node without media: its transactions come from a script, its audit scores too. */
import { Wallet } from "ethers";
import type { Wallet as WalletType } from "ethers";
import { auditCommitment, auditedSeats, packScores } from "../../node/protocol/audits.js";
import { parseHex } from "../../node/protocol/hex.js";
import type { Hex } from "../../node/protocol/hex.js";
import { EMPTY_ROOT } from "../../node/protocol/receiptTree.js";
import type { Attestation } from "../../node/protocol/typedData.js";
import { AMOUNTS, registerNode } from "../devnet/economy.js";
import { connectAll } from "./contracts.js";
import type { AllContracts } from "./contracts.js";
import { sent } from "./stage.js";
import type { Stage } from "./stage.js";

const NO_COMMITMENT: Hex = `0x${"00".repeat(32)}`;

/** What a node says of an epoch: the sum over its receipts. */
export interface Traffic {
  readonly receiptRoot: Hex;
  readonly bytesDelivered: bigint;
  readonly sessions: number;
}

export const NO_TRAFFIC: Traffic = { receiptRoot: EMPTY_ROOT, bytesDelivered: 0n, sessions: 0 };

/** A score for a node, 0 to 10,000. */
export type Judge = (nodeId: bigint) => number;

export class ScriptNode {
  readonly #stage: Stage;
  /** Signing with the operator key. */
  readonly #contracts: AllContracts;
  readonly #scores = new Map<number, { packed: bigint; salt: Hex }>();
  readonly #attestations = new Map<number, Attestation>();

  private constructor(
    stage: Stage,
    readonly nodeId: bigint,
    readonly owner: WalletType,
    readonly operator: WalletType,
  ) {
    this.#stage = stage;
    this.#contracts = connectAll(stage.deployment, operator);
  }

  /** Registers, bonds and activates a node. */
  static async create(stage: Stage): Promise<ScriptNode> {
    const [owner, operator] = [await stage.person(AMOUNTS.bond), await stage.person()];
    const node = {
      owner,
      operator,
      endpoint: `wss://${operator.address.slice(2, 10).toLowerCase()}.example`,
    };
    const { nodeId } = await registerNode(stage.deployment, node, 1);
    return new ScriptNode(stage, nodeId, owner, operator);
  }

  attestationOf(epoch: number): Attestation {
    const attestation = this.#attestations.get(epoch);
    if (attestation === undefined) throw new Error(`node ${this.nodeId} did not attest epoch ${epoch}`);
    return attestation;
  }

  /** States an epoch, and commits to what a judge thinks of those that the ring tells it to audit. */
  async attest(
    epoch: number,
    nodes: readonly ScriptNode[],
    judge: Judge,
    traffic = NO_TRAFFIC,
  ): Promise<void> {
    const targets = await this.#targets(epoch, nodes);
    let commitment = NO_COMMITMENT;
    if (targets.length > 0) {
      const packed = packScores(targets.map(judge));
      const salt = parseHex(Wallet.createRandom().privateKey, 32);
      this.#scores.set(epoch, { packed, salt });
      commitment = auditCommitment(this.nodeId, epoch, packed, salt);
    }
    const attestation = { nodeId: this.nodeId, epoch, ...traffic, auditCommitment: commitment };
    await sent(this.#contracts.serviceAttestations.attest(attestation));
    this.#attestations.set(epoch, attestation);
  }

  /** Opens its scores of an epoch, if it had any. */
  async reveal(epoch: number): Promise<void> {
    const scores = this.#scores.get(epoch);
    if (scores === undefined) return;
    await sent(this.#contracts.qualityAudits.reveal(this.attestationOf(epoch), scores.packed, scores.salt));
  }

  /** Whom it audits, in the order of the seed; nobody where the epoch is not audited or it has no seat. */
  async #targets(epoch: number, nodes: readonly ScriptNode[]): Promise<bigint[]> {
    const { qualityAudits } = this.#stage.contracts;
    const offsets = (await qualityAudits.auditOffsets(epoch)).map(Number);
    const own = await qualityAudits.seatOf(this.nodeId, epoch);
    if (offsets.length === 0 || !own.seated) return [];
    const bySeat = new Map<number, bigint>();
    for (const { nodeId } of nodes) {
      const { seated, seat } = await qualityAudits.seatOf(nodeId, epoch);
      if (seated) bySeat.set(Number(seat), nodeId);
    }
    const size = Number(await qualityAudits.ringSizeAt(epoch));
    return auditedSeats(Number(own.seat), size, offsets).map((seat) => bySeat.get(seat) ?? 0n);
  }
}

/**
 * Takes an epoch through its windows: attestations and commitments, seed, revealed scores. Ends before its proof
 * deadline.
 * @param of What a node states beside its audits.
 */
export async function playEpoch(
  stage: Stage,
  epoch: number,
  nodes: readonly ScriptNode[],
  judge: Judge,
  of: (node: ScriptNode) => Traffic = () => NO_TRAFFIC,
): Promise<void> {
  const somebody = connectAll(stage.deployment, nodes[0]?.operator ?? stage.provider);
  await stage.goTo(stage.startOf(epoch + 1) + 1);
  for (const node of nodes) await node.attest(epoch, nodes, judge, of(node));
  await stage.goTo(stage.startOf(epoch + 1) + stage.deployment.epochSeconds / 2);
  await sent(somebody.serviceAttestations.arm(epoch));
  await stage.mine(20);
  await sent(somebody.serviceAttestations.draw(epoch));
  for (const node of nodes) await node.reveal(epoch);
}

/** Waits until an epoch's proofs are overdue and its audits are final. */
export async function passProofDeadline(stage: Stage, epoch: number): Promise<void> {
  const { timestamp, blockNumber } = await stage.contracts.serviceAttestations.proofDeadline(epoch);
  await stage.goTo(Number(timestamp));
  const missing = Number(blockNumber) - (await stage.provider.getBlockNumber());
  if (missing > 0) await stage.mine(missing);
}
