/** Whether every contract was deployed with the arguments that modules, parameters and addresses make: the wiring. */
import {
  isAccountRuntimeValue,
  isFuture,
  isModuleParameterRuntimeValue,
  isNamedContractDeploymentFuture,
} from "@nomicfoundation/ignition-core";
import type { IgnitionPlan } from "../../ignition/plan.js";
import type { CheckContext } from "./context.js";

const SECTION = "arguments";

export function checkArguments(context: CheckContext, plan: IgnitionPlan): void {
  const { report, contracts } = context;
  const futures = futuresOf(plan.ignitionModule).filter(isNamedContractDeploymentFuture);
  const journaled = new Map(contracts.map((contract) => [contract.futureId, contract]));
  report.same(
    SECTION,
    "contracts deployed",
    futures.map(({ id }) => id).toSorted(),
    [...journaled.keys()].toSorted(),
  );
  for (const { id, constructorArgs } of futures) {
    report.same(SECTION, id, resolve(constructorArgs, context, plan), journaled.get(id)?.constructorArgs);
  }
}

/** The futures of a module and of those that it uses. */
function futuresOf(module: IgnitionPlan["ignitionModule"]) {
  const modules = new Set([module]);
  for (const one of modules) for (const used of one.submodules) modules.add(used);
  return [...modules].flatMap((one) => [...one.futures]);
}

/** An argument as the chain got it: addresses for futures, values for parameters. */
function resolve(value: unknown, context: CheckContext, plan: IgnitionPlan): unknown {
  if (isFuture(value)) return context.addressOf(value.id);
  if (isAccountRuntimeValue(value)) return context.record.deployer;
  if (isModuleParameterRuntimeValue(value)) {
    const given = plan.deploymentParameters.$global?.[value.name];
    return resolve(given ?? value.defaultValue, context, plan);
  }
  if (Array.isArray(value)) return value.map((member) => resolve(member, context, plan));
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).map(([key, member]) => [key, resolve(member, context, plan)]),
    );
  }
  return value;
}
