import { events } from "../../abi/TokenVesting";
import * as model from "../../model";
import type { Batch } from "../batch";
import { on, placeOf, toInt } from "../handler";

export const vestingHandlers = [
  on(events.Claimed, async (event, at, batch) => {
    const { amount } = event;
    const allocation = await allocationOf(event, batch);
    allocation.claimed += amount;
    (await batch.network()).vestingClaimed += amount;
    const beneficiary = await batch.account(event.beneficiary);
    batch.entities.add(
      new model.VestingClaim({ id: at.id, allocation, beneficiary, amount, ...placeOf(at) }),
    );
  }),

  on(events.Revoked, async (event, _at, batch) => {
    const allocation = await allocationOf(event, batch);
    allocation.revoked = true;
    allocation.vestedAtRevocation = event.vested;
    allocation.returned = event.returned;
  }),
];

interface AllocationEvent {
  readonly leaf: string;
  readonly beneficiary: string;
  readonly index: bigint;
}

async function allocationOf(
  { leaf, beneficiary, index }: AllocationEvent,
  batch: Batch,
): Promise<model.VestingAllocation> {
  const account = await batch.account(beneficiary);
  const make = (): model.VestingAllocation =>
    new model.VestingAllocation({
      id: leaf,
      index: toInt(index),
      beneficiary: account,
      claimed: 0n,
      revoked: false,
      vestedAtRevocation: null,
      returned: null,
    });
  return (await batch.entities.ensure(model.VestingAllocation, leaf, make)).entity;
}
