import { events } from "../../abi/ProtocolAccessManager";
import * as model from "../../model";
import { on, toDate } from "../handler";

/** As `IProtocolAccessManager.Phase` numbers them. */
const PHASES = [model.GovernancePhase.GUARDIAN, model.GovernancePhase.COUNCIL, model.GovernancePhase.DAO];

export const accessHandlers = [
  on(events.RoleGranted, async (event, _at, batch) => {
    const id = `${event.roleId}-${event.account}`;
    const account = await batch.account(event.account);
    const make = (): model.RoleMember => new model.RoleMember({ id, role: event.roleId, account });
    const { entity: member } = await batch.entities.ensure(model.RoleMember, id, make);
    // A second grant only changes the delay.
    if (event.newMember) member.since = toDate(event.since);
    member.executionDelaySeconds = event.delay;
    member.revoked = false;
  }),

  on(events.RoleRevoked, async ({ roleId, account }, _at, batch) => {
    (await batch.entities.get(model.RoleMember, `${roleId}-${account}`)).revoked = true;
  }),

  on(events.TargetFunctionRoleUpdated, async ({ target, selector, roleId }, _at, batch) => {
    const id = `${target}-${selector}`;
    const make = (): model.FunctionRole => new model.FunctionRole({ id, target, selector });
    (await batch.entities.ensure(model.FunctionRole, id, make)).entity.role = roleId;
  }),

  on(events.PhaseAdvanced, async ({ phase }, _at, batch) => {
    const next = PHASES[phase];
    if (next === undefined) throw new Error(`The protocol is in phase ${phase}, which means nothing.`);
    (await batch.network()).phase = next;
  }),
];
