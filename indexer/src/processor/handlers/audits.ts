import { In, IsNull, LessThanOrEqual, MoreThan } from "typeorm";
import { events } from "../../abi/ServiceAttestations";
import * as model from "../../model";
import { auditOffsets, isScored, scoreAt, weightedMedian } from "../../shared/audits";
import type { Batch } from "../batch";
import { on, placeOf, toInt, type Moment } from "../handler";

export const auditHandlers = [
  on(events.SeatChanged, async (event, _at, batch) => {
    const fromEpoch = toInt(event.fromEpoch);
    const seat = toInt(event.seat);
    const weight = toInt(event.weight);
    const node = await batch.node(event.nodeId);
    if (node.seatFromEpoch != null) {
      const last = await batch.entities.get(model.AuditSeat, `${node.id}-${node.seatFromEpoch}`);
      last.untilEpoch = fromEpoch;
    }
    node.auditWeight = weight;
    if (weight === 0) {
      node.seat = null;
      node.seatFromEpoch = null;
      return;
    }
    node.seat = seat;
    node.seatFromEpoch = fromEpoch;
    const id = `${node.id}-${fromEpoch}`;
    const make = (): model.AuditSeat => new model.AuditSeat({ id, node, fromEpoch });
    // A change of the same epoch replaces the one before it.
    const { entity } = await batch.entities.ensure(model.AuditSeat, id, make);
    entity.seat = seat;
    entity.weight = weight;
    entity.untilEpoch = null;
  }),

  on(events.RingSizeChanged, async (event, _at, batch) => {
    const fromEpoch = toInt(event.fromEpoch);
    const id = String(fromEpoch);
    const make = (): model.AuditRingChange => new model.AuditRingChange({ id, fromEpoch });
    const { entity } = await batch.entities.ensure(model.AuditRingChange, id, make);
    entity.size = toInt(event.size);
    (await batch.network()).auditRingSize = entity.size;
  }),

  on(events.AuditsRevealed, async (event, at, batch) => {
    const number = toInt(event.epoch);
    const auditor = await batch.node(event.nodeId);
    const epoch = await batch.epoch(number);
    (await batch.nodeEpoch(event.nodeId, number)).revealedOwnAudits = true;
    epoch.revealCount += 1;
    const offsets = await offsetsOf(number, batch);
    // Where the epoch is not audited, nobody knows whom the scores are of.
    if (offsets.values.length === 0) return;
    const seat = toInt(event.seat);
    const targetSeats = offsets.values.map((offset) => (seat - offset + offsets.size) % offsets.size);
    const targets = await nodesIn(targetSeats, number, batch);
    const revealed = await revealedOf([...targets.values()], number, batch);
    for (const [position, targetSeat] of targetSeats.entries()) {
      const targetId = targets.get(targetSeat);
      if (targetId === undefined) throw new Error(`Nobody has seat ${targetSeat} in epoch ${number}.`);
      const audit = new model.Audit({
        id: `${targetId}-${number}-${position}`,
        auditor,
        target: await batch.node(targetId),
        epoch,
        epochNumber: number,
        position,
        score: scoreAt(event.packedScores, position),
        weight: toInt(event.weight),
        ...placeOf(at),
      });
      batch.entities.add(audit);
      await countAudit(audit, targetId, [...(revealed.get(targetId) ?? []), audit], at, batch);
    }
  }),
];

/** Whom a node scores in an epoch, as places in the ring; none where the epoch is not audited. */
async function offsetsOf(
  epoch: number,
  batch: Batch,
): Promise<{ readonly size: number; readonly values: number[] }> {
  const seeded = await batch.entities.find(model.Epoch, String(epoch - 2));
  const drawnInTime =
    seeded?.drawnAt != null && seeded.drawnAt.getTime() / 1_000 < batch.clock.startOf(epoch);
  await batch.entities.flush();
  const ring = await batch.newest(model.AuditRingChange, {
    where: { fromEpoch: LessThanOrEqual(epoch) },
    order: { fromEpoch: "DESC" },
  });
  const size = ring?.size ?? 0;
  if (!drawnInTime || seeded.seed == null) return { size, values: [] };
  return { size, values: auditOffsets(seeded.seed, size, batch.deployment.auditors) };
}

/** The nodes in some seats of an epoch, by seat. */
async function nodesIn(seats: readonly number[], epoch: number, batch: Batch): Promise<Map<number, bigint>> {
  const held = { seat: In(seats), fromEpoch: LessThanOrEqual(epoch) };
  const found = await batch.read(model.AuditSeat, [
    { ...held, untilEpoch: IsNull() },
    { ...held, untilEpoch: MoreThan(epoch) },
  ]);
  return new Map(found.map(({ id, seat }) => [seat, nodeOfId(id)]));
}

/** What was revealed so far of some nodes, by node. */
async function revealedOf(
  nodeIds: readonly bigint[],
  epoch: number,
  batch: Batch,
): Promise<Map<bigint, model.Audit[]>> {
  const audits = await batch.read(model.Audit, {
    epochNumber: epoch,
    target: { id: In(nodeIds.map(String)) },
  });
  return Map.groupBy(audits, ({ id }) => nodeOfId(id));
}

async function countAudit(
  audit: model.Audit,
  targetId: bigint,
  revealed: readonly model.Audit[],
  at: Moment,
  batch: Batch,
): Promise<void> {
  audit.auditor.auditsGiven += 1;
  audit.target.auditsReceived += 1;
  (await batch.network()).audits += 1;
  (await batch.day(at)).audits += 1;
  const nodeEpoch = await batch.nodeEpoch(targetId, audit.epochNumber);
  nodeEpoch.auditsRevealed = revealed.length;
  if (!isScored(revealed.length, batch.deployment.auditors)) return;
  nodeEpoch.auditScore = weightedMedian(revealed);
  const { target, epochNumber } = audit;
  if (epochNumber < (target.lastScoredEpoch ?? 0)) return;
  target.lastScoredEpoch = epochNumber;
  target.lastAuditScore = nodeEpoch.auditScore;
}

/** Ids of seats and audits begin with the node's. */
function nodeOfId(id: string): bigint {
  return BigInt(id.slice(0, id.indexOf("-")));
}
