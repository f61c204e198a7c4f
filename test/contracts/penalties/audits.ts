/** A small network whose nodes audit each other, every node all others: what the auditors reveal is the test's to say. */
import { AbiCoder, keccak256, ZeroHash } from "ethers";
import { parseHex } from "../../../node/protocol/hex.js";
import { networkHelpers } from "../support/chain.js";
import { addNode, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, idleService, passProofDeadline, Service } from "../support/service.js";

/** What an auditor gives a target, 0 to 10,000. */
export type Judge = (auditor: Node, target: Node) => number;

const SCORE_BITS = 16n;

export class AuditedNetwork {
  readonly #silent = new Set<bigint>();

  private constructor(
    readonly protocol: Protocol,
    readonly nodes: readonly Node[],
    /** The first epoch that is audited. */
    readonly firstEpoch: number,
  ) {}

  /** Nodes with these bonds, in the ring, at the start of the first epoch that is audited. */
  static async start(bonds: readonly number[] = [1_000, 1_000, 1_000, 1_000]): Promise<AuditedNetwork> {
    const protocol = await freshProtocol();
    const nodes: Node[] = [];
    for (const bond of bonds) nodes.push(await addNode(protocol, { bond: dtel(bond) }));
    const epoch = (await protocol.clock.now()) + 1;
    await protocol.clock.goTo(epoch, 10);
    for (const { nodeId, operator } of nodes) await protocol.registry.connect(operator).activate(nodeId);
    await drawSeed(protocol, epoch);
    await protocol.clock.goTo(epoch + 2, 10);
    return new AuditedNetwork(protocol, nodes, epoch + 2);
  }

  node(index: number): Node {
    const node = this.nodes[index];
    if (node === undefined) throw new Error(`the network has no node ${index}`);
    return node;
  }

  /** From now on these commit to scores and never reveal them. */
  silence(...nodes: readonly Node[]): void {
    for (const { nodeId } of nodes) this.#silent.add(nodeId);
  }

  /** An epoch from its commitments to its proof deadline. Call it for each epoch in turn. */
  async audit(epoch: number, judge: Judge): Promise<void> {
    await this.reveal(epoch, judge);
    await passProofDeadline(this.protocol, epoch);
  }

  /** An epoch from its commitments to what is revealed, with its proof deadline ahead. */
  async reveal(epoch: number, judge: Judge): Promise<void> {
    const { protocol } = this;
    await this.#drawIfMissing(epoch - 1);
    if ((await networkHelpers.time.latest()) < protocol.clock.startOf(epoch + 1))
      await protocol.clock.goTo(epoch + 1, 10);
    const seated = await this.#seated(epoch);
    const offsets = await protocol.attestations.auditOffsets(epoch);
    const audits = seated.map(({ node, seat }) => {
      let packed = 0n;
      offsets.forEach((offset, j) => {
        const targetSeat = (seat - offset + BigInt(seated.length)) % BigInt(seated.length);
        const target = seated.find((other) => other.seat === targetSeat)?.node;
        if (target === undefined) throw new Error(`nobody sits in seat ${targetSeat}`);
        packed |= BigInt(judge(node, target)) << (SCORE_BITS * BigInt(j));
      });
      return { node, packed, service: this.#committed(node, epoch, packed) };
    });
    for (const { service } of audits) await service.attest();
    await drawSeed(protocol, epoch);
    for (const { node, packed, service } of audits) {
      if (this.#silent.has(node.nodeId)) continue;
      await protocol.attestations.reveal(service.attestation, packed, ZeroHash);
    }
  }

  /** Epochs in which nobody does anything but draw the seeds, so that the ones after `epoch` are audited. */
  async idleUntil(epoch: number): Promise<void> {
    const { protocol } = this;
    for (let next = await protocol.clock.now(); next < epoch; ++next) {
      await this.#drawIfMissing(next - 1);
      if ((await networkHelpers.time.latest()) < protocol.clock.startOf(next + 1))
        await protocol.clock.goTo(next + 1, 10);
    }
  }

  async #drawIfMissing(epoch: number): Promise<void> {
    const { drawnAt } = await this.protocol.attestations.epochRecordOf(epoch);
    if (drawnAt === 0n) await drawSeed(this.protocol, epoch);
  }

  async #seated(epoch: number): Promise<{ node: Node; seat: bigint }[]> {
    const seats = await Promise.all(
      this.nodes.map(({ nodeId }) => this.protocol.attestations.seatOf(nodeId, epoch)),
    );
    return this.nodes.flatMap((node, index) => {
      const seat = seats[index];
      return seat?.seated ? [{ node, seat: seat.seat }] : [];
    });
  }

  #committed(node: Node, epoch: number, packed: bigint): Service {
    const auditCommitment = keccak256(
      AbiCoder.defaultAbiCoder().encode(
        ["uint256", "uint256", "uint256", "bytes32"],
        [node.nodeId, epoch, packed, ZeroHash],
      ),
    );
    const { attestation } = idleService(this.protocol, node, epoch);
    return new Service(this.protocol, node, epoch, [], {
      ...attestation,
      auditCommitment: parseHex(auditCommitment),
    });
  }
}
