/** Epochs in which nodes audit each other. */
import { id } from "ethers";
import type { ContractTransactionResponse } from "ethers";
import { auditCommitment, auditedSeats, packScores } from "../../../node/protocol/audits.js";
import { parseHex } from "../../../node/protocol/hex.js";
import type { Hex } from "../../../node/protocol/hex.js";
import type { Node } from "./people.js";
import type { Protocol } from "./protocol.js";
import { drawSeed, Service } from "./service.js";
import type { Session } from "./service.js";

/** What an auditor gives a target; `undefined` for all of them: it does not reveal. */
export type Scoring = (auditor: Node, target: Node) => number | undefined;

/** Scores that an auditor committed to in its attestation. */
export interface Audits {
  readonly packedScores: bigint;
  readonly salt: Hex;
}

export function commitmentOf(node: Node, epoch: number, { packedScores, salt }: Audits): Hex {
  return auditCommitment(node.nodeId, epoch, packedScores, salt);
}

/** Salts are known in tests only. */
export function saltOf(label: string): Hex {
  return parseHex(id(label), 32);
}

/** A node's epoch with audits in its attestation. */
export class AuditedService extends Service {
  constructor(
    protocol: Protocol,
    node: Node,
    epoch: number,
    readonly audits: Audits,
    sessions: readonly Session[] = [],
  ) {
    super(protocol, node, epoch, sessions, { auditCommitment: commitmentOf(node, epoch, audits) });
  }

  /** Sent by the holder, who is a stranger to the node but knows the salt. */
  reveal(audits = this.audits): Promise<ContractTransactionResponse> {
    return this.protocol.attestations.reveal(this.attestation, audits.packedScores, audits.salt);
  }
}

/** The nodes that a node audits in an epoch, in the order of its scores; all nodes of the ring must be given. */
export async function targetsOf(
  { attestations }: Protocol,
  nodes: readonly Node[],
  node: Node,
  epoch: number,
): Promise<Node[]> {
  const bySeat = new Map<number, Node>();
  for (const each of nodes) {
    const { seated, seat } = await attestations.seatOf(each.nodeId, epoch);
    if (seated) bySeat.set(Number(seat), each);
  }
  const size = Number(await attestations.ringSizeAt(epoch));
  const offsets = (await attestations.auditOffsets(epoch)).map(Number);
  const { seat } = await attestations.seatOf(node.nodeId, epoch);
  return auditedSeats(Number(seat), size, offsets).map((target) => {
    const found = bySeat.get(target);
    if (found === undefined) throw new Error(`nobody in seat ${target}`);
    return found;
  });
}

/**
 * Draws the seed that says who audits whom and attests the epoch with all scores; then, unless told otherwise, draws the
 * epoch's own seed and reveals. Begins before the middle of `epoch` − 1.
 */
export async function auditEpoch(
  protocol: Protocol,
  nodes: readonly Node[],
  epoch: number,
  scoring: Scoring,
  { reveals = true, sessionsOf = (_: Node): readonly Session[] => [] } = {},
): Promise<AuditedService[]> {
  const { clock, attestations } = protocol;
  await drawSeed(protocol, epoch - 2);
  await clock.goTo(epoch + 1, 10);
  const services: AuditedService[] = [];
  const silent = new Set<AuditedService>();
  for (const node of nodes) {
    const targets = await targetsOf(protocol, nodes, node, epoch);
    const scores = targets.map((target) => scoring(node, target));
    const packedScores = packScores(scores.map((score) => score ?? 0));
    const salt = saltOf(`${node.nodeId}/${epoch}`);
    const service = new AuditedService(protocol, node, epoch, { packedScores, salt }, sessionsOf(node));
    if (scores.includes(undefined)) silent.add(service);
    services.push(service);
  }
  await attestations.attestBatch(await Promise.all(services.map((service) => service.signed())));
  if (reveals) {
    await drawSeed(protocol, epoch);
    for (const service of services) if (!silent.has(service)) await service.reveal();
  }
  return services;
}
