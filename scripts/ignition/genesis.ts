/** The allocations of a deployment. The treasury is one of the beneficiaries, so its proxy has to be there first. */
import { allocationTree, resolveAllocations } from "../governance/allocations.js";
import type { AllocationList, AllocationTree } from "../governance/allocations.js";

export interface GenesisPlan {
  readonly list: AllocationList;
  /** Addresses of those that the list has by name; the treasury is known by itself. */
  readonly beneficiaries: Readonly<Record<string, string>>;
  /** Whether what vests at once is also paid at once. */
  readonly claimAtOnce: boolean;
}

/** @returns The root of all allocations, and those that are to be paid at once. */
export function genesisTree(plan: GenesisPlan, genesisSeconds: number, treasury: string): AllocationTree {
  const { root, claims } = allocationTree(
    resolveAllocations(plan.list, genesisSeconds, { ...plan.beneficiaries, treasury }),
  );
  const isAtOnce = ({ allocation }: AllocationTree["claims"][number]) =>
    allocation.start <= BigInt(genesisSeconds) &&
    allocation.cliffSeconds === 0n &&
    allocation.durationSeconds === 0n;
  return { root, claims: plan.claimAtOnce ? claims.filter(isAtOnce) : [] };
}
