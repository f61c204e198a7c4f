import { events } from "../../abi/PenaltyManager";
import * as model from "../../model";
import type { Batch } from "../batch";
import { on, placeOf, toDate, toInt, type Moment } from "../handler";
import { setParameters } from "./contracts";

/** As `IPenaltyManager.SlashKind` numbers them. */
const KINDS = [model.SlashKind.MISSING_PROOF, model.SlashKind.THIRD_JAIL, model.SlashKind.RULING];
const GWEI = 1_000_000_000n;

export const penaltyHandlers = [
  on(events.ParametersChanged, ({ parameters }, at, batch) =>
    setParameters("penaltyManager", parameters, at, batch),
  ),

  on(events.SlashOpened, async (event, at, batch) => {
    const { slashId, slash } = event;
    const { taken } = slash;
    const node = await batch.node(event.nodeId);
    const parts = {
      fromBond: taken.bond * GWEI,
      fromBondExitPrevious: taken.bondExitPrevious * GWEI,
      fromBondExitCurrent: taken.bondExitCurrent * GWEI,
      fromPool: taken.pool * GWEI,
      fromExitPrevious: taken.exitPrevious * GWEI,
      fromExitCurrent: taken.exitCurrent * GWEI,
    };
    const amount = Object.values(parts).reduce((sum, part) => sum + part, 0n);
    batch.entities.add(
      new model.Slash({
        ...parts,
        id: slashId,
        node,
        kind: KINDS[slash.kind],
        referenceId: slash.referenceId,
        reporter: await batch.account(event.reporter),
        status: model.SlashStatus.OPEN,
        openedAt: at.timestamp,
        appealUntil: toDate(event.appealUntil),
        endedAt: null,
        amount,
        lossPrevious: taken.lossPrevious,
        lossCurrent: taken.lossCurrent,
        period: toInt(taken.period),
        bountyBps: toInt(event.bountyBps),
        bounty: null,
        endTxHash: null,
        ...placeOf(at),
      }),
    );
    node.slashed += amount;
    (await batch.network()).slashedInEscrow += amount;
    (await batch.day(at)).slashed += amount;
  }),

  on(events.SlashExecuted, async (event, at, batch) => {
    const slash = await endSlash(event.slashId, model.SlashStatus.EXECUTED, at, batch);
    slash.bounty = event.bounty;
    const network = await batch.network();
    network.slashesUpheld += slash.amount;
    network.bountiesPaid += event.bounty;
  }),

  on(events.SlashVetoed, async ({ slashId }, at, batch) => {
    const slash = await endSlash(slashId, model.SlashStatus.VETOED, at, batch);
    (await batch.network()).slashesReturned += slash.amount;
  }),

  on(events.SlashOverturned, async ({ slashId }, at, batch) => {
    const slash = await endSlash(slashId, model.SlashStatus.OVERTURNED, at, batch);
    (await batch.network()).slashesReturned += slash.amount;
  }),
];

async function endSlash(
  id: string,
  status: model.SlashStatus,
  at: Moment,
  batch: Batch,
): Promise<model.Slash> {
  const slash = await batch.entities.get(model.Slash, id);
  slash.status = status;
  slash.endedAt = at.timestamp;
  slash.endTxHash = at.txHash;
  (await batch.network()).slashedInEscrow -= slash.amount;
  return slash;
}
