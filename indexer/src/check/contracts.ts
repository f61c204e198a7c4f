import type { RpcClient } from "@subsquid/rpc-client";
import { Contract as Token } from "../abi/DTelToken";
import { Contract as Registry } from "../abi/NodeRegistry";
import { Contract as Staking } from "../abi/NodeStaking";
import { Contract as Escrow } from "../abi/PaymentEscrow";
import { Contract as Distributor } from "../abi/RewardDistributor";
import { Contract as Attestations } from "../abi/ServiceAttestations";
import type { Deployment } from "../shared/deployment";
import type { Findings } from "./findings";
import type { IndexedRows } from "./lists";

/** The contracts' view functions as of one block. */
export function contractsAt(rpc: RpcClient, height: number, { addresses }: Deployment) {
  const context = { _chain: { client: rpc }, block: { height } };
  return {
    token: new Token(context, addresses.token),
    registry: new Registry(context, addresses.nodeRegistry),
    staking: new Staking(context, addresses.nodeStaking),
    escrow: new Escrow(context, addresses.paymentEscrow),
    attestations: new Attestations(context, addresses.serviceAttestations),
    distributor: new Distributor(context, addresses.rewardDistributor),
  };
}

/** What each part of the comparison works on. */
export interface CompareContext {
  readonly findings: Findings;
  readonly contracts: ReturnType<typeof contractsAt>;
  readonly rows: IndexedRows;
  readonly deployment: Deployment;
  /** Time of the block. */
  readonly nowSeconds: number;
}

const GWEI = 1_000_000_000n;

/** Contracts' structs hold gwei; GraphQL says wei. */
export function gweiToWei(amountGwei: bigint): bigint {
  return amountGwei * GWEI;
}

/** Sums up values of rows. */
export function sum<Row>(rows: readonly Row[], value: (row: Row) => bigint): bigint {
  return rows.reduce((total, row) => total + value(row), 0n);
}
