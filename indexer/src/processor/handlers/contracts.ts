// What several contracts have in common: code that can be replaced, pauses, parameters.
import { events as pauses } from "../../abi/PaymentEscrow";
import { events as proxies } from "../../abi/NodeRegistry";
import * as model from "../../model";
import type { Batch, ContractName } from "../batch";
import { on, placeOf, toDate, type Handler, type Moment } from "../handler";

/** Upgrades and pauses, of contracts that know them. */
export function commonHandlers(name: ContractName): Handler[] {
  return [
    on(proxies.Upgraded, async ({ implementation }, at, batch) => {
      const contract = await batch.contract(name);
      contract.implementation = implementation;
      batch.entities.add(new model.ContractUpgrade({ id: at.id, contract, implementation, ...placeOf(at) }));
    }),
    on(pauses.PausedUntil, async ({ until }, _at, batch) => {
      (await batch.contract(name)).pausedUntil = toDate(until);
    }),
  ];
}

/** Notes the value of a parameter, and that it changed where it did. */
export async function setParameter(
  contractName: ContractName,
  name: string,
  value: bigint | number,
  at: Moment,
  batch: Batch,
): Promise<void> {
  const id = `${contractName}.${name}`;
  const known = await batch.entities.find(model.Parameter, id);
  const next = BigInt(value);
  if (known?.value === next) return;
  const contract = await batch.contract(contractName);
  const previous = known?.value ?? null;
  const parameter = known ?? batch.entities.add(new model.Parameter({ id, contract, name }));
  parameter.value = next;
  parameter.setAt = at.timestamp;
  batch.entities.add(
    new model.ParameterChange({ id: `${at.id}-${name}`, parameter, value: next, previous, ...placeOf(at) }),
  );
}

/** The same for several at once; values by name. */
export async function setParameters(
  contractName: ContractName,
  values: Readonly<Record<string, bigint | number>>,
  at: Moment,
  batch: Batch,
): Promise<void> {
  for (const [name, value] of Object.entries(values))
    await setParameter(contractName, name, value, at, batch);
}
