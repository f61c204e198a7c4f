import { events } from "../../abi/ProtocolTimelock";
import * as model from "../../model";
import { on, toInt } from "../handler";
import { setParameter } from "./contracts";

export const timelockHandlers = [
  on(events.MinDelayChange, ({ newDuration }, at, batch) =>
    setParameter("timelock", "delaySeconds", newDuration, at, batch),
  ),

  on(events.CallScheduled, async (event, at, batch) => {
    const readyAt = new Date(at.timestamp.getTime() + Number(event.delay) * 1_000);
    const make = (): model.TimelockOperation => new model.TimelockOperation({ id: event.id });
    const { entity: operation } = await batch.entities.ensure(model.TimelockOperation, event.id, make);
    operation.status = model.OperationStatus.SCHEDULED;
    operation.readyAt = readyAt;
    operation.scheduledAt = at.timestamp;
    operation.endedAt = null;
    const index = toInt(event.index);
    const { target, value, data } = event;
    const id = `${event.id}-${index}`;
    // One that lapsed may be scheduled again: its calls are the same.
    const makeCall = (): model.TimelockCall =>
      new model.TimelockCall({ id, operation, index, target, value, data });
    await batch.entities.ensure(model.TimelockCall, id, makeCall);
  }),

  on(events.CallExecuted, async ({ id }, at, batch) => {
    const operation = await batch.entities.get(model.TimelockOperation, id);
    if (operation.status === model.OperationStatus.EXECUTED) return;
    operation.status = model.OperationStatus.EXECUTED;
    operation.endedAt = at.timestamp;
    // Anyone may execute it here, past the governor, which then says nothing.
    await batch.entities.flush();
    for (const proposal of await batch.read(model.Proposal, { operation: { id } })) {
      proposal.state = model.ProposalState.EXECUTED;
      proposal.executedAt = at.timestamp;
    }
  }),

  on(events.Cancelled, async ({ id }, at, batch) => {
    const operation = await batch.entities.get(model.TimelockOperation, id);
    operation.status = model.OperationStatus.CANCELED;
    operation.endedAt = at.timestamp;
  }),
];
