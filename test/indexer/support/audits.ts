/** Epochs in which nodes audit each other. */
import { AbiCoder, keccak256, zeroPadValue } from "ethers";
import type { App, Node } from "../../contracts/support/people.js";
import { honestService, idleService, Service } from "../../contracts/support/service.js";
import type { Hex } from "../../../node/protocol/hex.js";
import type { TestChain } from "./chain.js";
import type { TestProtocol } from "./protocol.js";

/** What an auditor finds of a target; undefined where it does not reveal anything. */
export type Judgement = (auditor: bigint, target: bigint) => number | undefined;

const SALT = zeroPadValue("0x01", 32);

/** Goes to the middle of an epoch, draws the seed of the one before it there, and passes its proof deadline. */
export async function drawBefore(chain: TestChain, protocol: TestProtocol, epoch: number): Promise<void> {
  const { clock, attestations } = protocol;
  await chain.goTo(clock.startOf(epoch) + clock.half + 5);
  await attestations.arm(epoch - 1);
  await chain.mine(15);
  await attestations.draw(epoch - 1);
}

/** Everything of one epoch, from its attestations (in the epoch after it) on. */
export class AuditedEpoch {
  private readonly services: Service[] = [];
  private readonly packed = new Map<bigint, bigint>();

  constructor(
    private readonly chain: TestChain,
    private readonly protocol: TestProtocol,
    readonly nodes: readonly Node[],
    readonly epoch: number,
  ) {}

  /** Commits to what each node finds of those that it audits. @param served Nodes with sessions; they owe proofs. */
  async attest(judge: Judgement, app: App, served: readonly Node[]): Promise<void> {
    const { attestations, clock } = this.protocol;
    const size = Number(await attestations.ringSizeAt(this.epoch));
    const offsets = await attestations.auditOffsets(this.epoch);
    const occupants = new Map<number, bigint>();
    for (const { nodeId } of this.nodes) {
      const { seated, seat } = await attestations.seatOf(nodeId, this.epoch);
      if (seated) occupants.set(Number(seat), nodeId);
    }
    await this.chain.goTo(clock.startOf(this.epoch + 1) + 5);
    for (const node of this.nodes) {
      const { seated, seat } = await attestations.seatOf(node.nodeId, this.epoch);
      let packed = 0n;
      let reveals = seated;
      for (const [j, offset] of offsets.entries()) {
        const target = occupants.get((Number(seat) - Number(offset) + size) % size);
        if (target === undefined) throw new Error("a seat of the ring is empty");
        const score = judge(node.nodeId, target);
        if (score === undefined) reveals = false;
        packed |= BigInt(score ?? 0) << BigInt(16 * j);
      }
      const commitment = keccak256(
        AbiCoder.defaultAbiCoder().encode(
          ["uint256", "uint256", "uint256", "bytes32"],
          [node.nodeId, this.epoch, packed, SALT],
        ),
      );
      const isServed = served.some(({ nodeId }) => nodeId === node.nodeId);
      const service = isServed
        ? await honestService(this.protocol, node, app, this.epoch, 2)
        : idleService(this.protocol, node, this.epoch);
      const withAudits = new Service(this.protocol, node, this.epoch, [...service.tree.leaves], {
        auditCommitment: commitment as Hex,
      });
      await withAudits.attest();
      this.services.push(withAudits);
      if (reveals) this.packed.set(node.nodeId, packed);
    }
  }

  /** Reveals what was committed to; the seed is drawn and half of the next epoch over. */
  async reveal(): Promise<void> {
    for (const { node, attestation } of this.services) {
      const packed = this.packed.get(node.nodeId);
      if (packed !== undefined) await this.protocol.attestations.reveal(attestation, packed, SALT);
    }
  }

  serviceOf(node: Node): Service {
    const service = this.services.find((candidate) => candidate.node.nodeId === node.nodeId);
    if (service === undefined) throw new Error(`node ${node.nodeId} did not attest epoch ${this.epoch}`);
    return service;
  }

  async passDeadline(): Promise<void> {
    const { timestamp, blockNumber } = await this.protocol.attestations.proofDeadline(this.epoch);
    const missing = Number(blockNumber) - (await this.chain.height());
    if (missing > 0) await this.chain.mine(missing);
    await this.chain.goTo(Number(timestamp));
  }
}
