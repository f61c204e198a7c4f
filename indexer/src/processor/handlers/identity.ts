import { events } from "../../abi/PeaqIdentity";
import * as model from "../../model";
import type { Batch } from "../batch";
import { on, toInt, toText } from "../handler";

export const identityHandlers = [
  on(events.LinkProposed, async ({ nodeId, machine, did }, _at, batch) => {
    const identity = await identityOf(nodeId, batch);
    identity.proposedMachine = await batch.account(machine);
    identity.proposedDid = toText(did);
  }),

  on(events.NodeLinked, async ({ nodeId, machine, didHash }, at, batch) => {
    const identity = await identityOf(nodeId, batch);
    identity.machine = await batch.account(machine);
    identity.did = identity.proposedDid ?? null;
    identity.didHash = didHash;
    identity.linkedAt = at.timestamp;
    identity.proposedMachine = null;
    identity.proposedDid = null;
  }),

  on(events.NodeUnlinked, async ({ nodeId }, _at, batch) => {
    const identity = await identityOf(nodeId, batch);
    Object.assign(identity, { machine: null, did: null, didHash: null, linkedAt: null });
  }),

  on(events.AttributePublished, async ({ nodeId, machine, salt, payer }, _at, batch) => {
    const identity = await identityOf(nodeId, batch);
    identity.attributeMachine = await batch.account(machine);
    identity.attributeSalt = BigInt(salt);
    identity.attributePayer = await batch.account(payer);
  }),

  on(events.AttributeRemoved, async ({ nodeId }, _at, batch) => {
    const identity = await identityOf(nodeId, batch);
    Object.assign(identity, { attributeMachine: null, attributeSalt: null, attributePayer: null });
  }),

  on(events.ConsentUsed, async ({ machine, nonce }, _at, batch) => {
    (await identityAccount(machine, batch)).consentsUsed = toInt(nonce) + 1;
  }),

  on(events.Credited, async ({ account, amountWei }, _at, batch) => {
    (await identityAccount(account, batch)).credit += amountWei;
  }),

  on(events.Withdrawn, async ({ account, amountWei }, _at, batch) => {
    (await identityAccount(account, batch)).credit -= amountWei;
  }),
];

async function identityOf(nodeId: bigint, batch: Batch): Promise<model.NodeIdentity> {
  const id = nodeId.toString();
  const node = await batch.node(nodeId);
  const make = (): model.NodeIdentity =>
    new model.NodeIdentity({
      id,
      node,
      machine: null,
      did: null,
      didHash: null,
      linkedAt: null,
      proposedMachine: null,
      proposedDid: null,
      attributeMachine: null,
      attributeSalt: null,
      attributePayer: null,
    });
  return (await batch.entities.ensure(model.NodeIdentity, id, make)).entity;
}

async function identityAccount(address: string, batch: Batch): Promise<model.IdentityAccount> {
  const make = (): model.IdentityAccount =>
    new model.IdentityAccount({ id: address, consentsUsed: 0, credit: 0n });
  return (await batch.entities.ensure(model.IdentityAccount, address, make)).entity;
}
