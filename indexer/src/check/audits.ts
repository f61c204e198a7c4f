import { type CompareContext } from "./contracts";
import type { IndexedRows } from "./lists";

type AuditRow = IndexedRows["audits"][number];

/** Seats, the ring's size, and what nodes found of each other. */
export async function compareAudits(context: CompareContext): Promise<void> {
  const {
    findings,
    rows,
    contracts: { attestations, ring },
  } = context;
  const seated = rows.nodes.filter(({ seat }) => seat !== null);
  findings.compare(
    "audit ring",
    { size: rows.networks[0]?.auditRingSize, seats: seated.length },
    { size: await attestations.latestRingSize(), seats: await attestations.latestRingSize() },
  );
  const audits = Map.groupBy(rows.audits, ({ target, epochNumber }) => `${target.id}-${epochNumber}`);
  await Promise.all([
    ...rows.auditRingChanges.map(async ({ fromEpoch, size }) => {
      const onChain = await attestations.ringSizeAt(BigInt(fromEpoch));
      findings.compare(`audit ring from ${fromEpoch}`, { size }, { size: onChain });
    }),
    ...seated.map(async ({ id, seat }) => {
      const occupant = await ring.occupantOf(BigInt(seat ?? 0));
      findings.compare(`seat ${seat}`, { occupant: id }, { occupant });
    }),
    // One that ended as it began was replaced before it counted.
    ...rows.auditSeats
      .filter(({ fromEpoch, untilEpoch }) => fromEpoch !== untilEpoch)
      .map(async ({ id, node, fromEpoch, untilEpoch, seat, weight }) => {
        const nodeId = BigInt(node.id);
        const last = BigInt(untilEpoch === null ? fromEpoch + 1 : untilEpoch - 1);
        const [atFirst, atLast] = await Promise.all([
          attestations.seatOf(nodeId, BigInt(fromEpoch)),
          attestations.seatOf(nodeId, last),
        ]);
        findings.compare(
          `audit seat ${id}`,
          { seated: true, seat, weight, stillSeat: seat, stillWeight: weight },
          { ...atFirst, stillSeat: atLast.seat, stillWeight: atLast.weight },
        );
      }),
    ...rows.nodeEpochs.map((row) => compareAudit(context, row, audits.get(row.id) ?? [])),
  ]);
}

async function compareAudit(
  { findings, contracts: { attestations }, deployment }: CompareContext,
  row: IndexedRows["nodeEpochs"][number],
  audits: readonly AuditRow[],
): Promise<void> {
  const nodeId = BigInt(row.id.slice(0, row.id.indexOf("-")));
  const onChain = await attestations.auditOf(nodeId, BigInt(row.number));
  const revealed = Object.fromEntries(
    audits.flatMap(({ position, score, weight }) => [
      [`score ${position}`, score],
      [`weight ${position}`, weight],
    ]),
  );
  const chainRevealed = Object.fromEntries(
    onChain.weights.flatMap((weight, position) =>
      weight === 0n
        ? []
        : [
            [`score ${position}`, onChain.scores[position]],
            [`weight ${position}`, weight],
          ],
    ),
  );
  findings.compare(
    `audits of ${row.id}`,
    {
      ...revealed,
      revealed: row.auditsRevealed,
      median: row.auditScore ?? 0,
      // The contract tells only of audited epochs whether a node revealed.
      didOwn: onChain.audited && row.revealedOwnAudits,
      auditors: onChain.audited ? deployment.auditors : 0,
    },
    {
      ...chainRevealed,
      revealed: onChain.revealed,
      median: onChain.median,
      didOwn: onChain.didOwn,
      auditors: onChain.seats.length,
    },
  );
}
