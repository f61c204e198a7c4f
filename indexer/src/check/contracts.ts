import type { RpcClient } from "@subsquid/rpc-client";
import { z } from "zod";
import { Contract as Arbitration } from "../abi/Arbitration";
import { Contract as Ring } from "../abi/AuditRing";
import { Contract as Auction } from "../abi/BuybackAuction";
import { Contract as Governor } from "../abi/DTelGovernor";
import { Contract as Token } from "../abi/DTelToken";
import { Contract as Registry } from "../abi/NodeRegistry";
import { Contract as Staking } from "../abi/NodeStaking";
import { Contract as Strikes } from "../abi/NodeStrikes";
import { Contract as Escrow } from "../abi/PaymentEscrow";
import { Contract as Identity } from "../abi/PeaqIdentity";
import { Contract as Penalties } from "../abi/PenaltyManager";
import { Contract as Manager } from "../abi/ProtocolAccessManager";
import { Contract as Timelock } from "../abi/ProtocolTimelock";
import { Contract as Distributor } from "../abi/RewardDistributor";
import { Contract as Attestations } from "../abi/ServiceAttestations";
import { Contract as Vesting } from "../abi/TokenVesting";
import { Contract as Treasury } from "../abi/Treasury";
import type { Deployment } from "../shared/deployment";
import type { Findings } from "./findings";
import type { IndexedRows } from "./lists";

/** The contracts' view functions as of one block. */
export function contractsAt(rpc: RpcClient, height: number, { addresses }: Deployment) {
  const context = { _chain: { client: rpc }, block: { height } };
  type Context = typeof context;
  /** A contract that the network may do without. */
  const optional = <C>(
    Type: new (context: Context, address: string) => C,
    address?: string,
  ): C | undefined => (address === undefined ? undefined : new Type(context, address));
  return {
    token: new Token(context, addresses.token),
    registry: new Registry(context, addresses.nodeRegistry),
    staking: new Staking(context, addresses.nodeStaking),
    escrow: new Escrow(context, addresses.paymentEscrow),
    attestations: new Attestations(context, addresses.serviceAttestations),
    distributor: new Distributor(context, addresses.rewardDistributor),
    ring: new Ring(context, addresses.auditRing),
    manager: new Manager(context, addresses.accessManager),
    treasury: optional(Treasury, addresses.buybackAuction === undefined ? undefined : addresses.treasury),
    penalties: optional(Penalties, addresses.penaltyManager),
    strikes: optional(Strikes, addresses.nodeStrikes),
    arbitration: optional(Arbitration, addresses.arbitration),
    governor: optional(Governor, addresses.governor),
    timelock: optional(Timelock, addresses.timelock),
    auction: optional(Auction, addresses.buybackAuction),
    vesting: optional(Vesting, addresses.tokenVesting),
    identity: optional(Identity, addresses.peaqIdentity),
    /** Until when a contract is paused; every one that knows pauses answers the same call. */
    pausedUntil: (address: string): Promise<bigint> => new Escrow(context, address).pausedUntil(),
    /** A word of a contract's storage. */
    storageAt: async (address: string, slot: string): Promise<string> =>
      z.string().parse(await rpc.call("eth_getStorageAt", [address, slot, `0x${height.toString(16)}`])),
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
/** Stakes by epoch are kept in thousandths of a DTEL. */
export const STAKE_UNIT_WEI = 10n ** 15n;

/** Contracts' structs hold gwei; GraphQL says wei. */
export function gweiToWei(amountGwei: bigint): bigint {
  return amountGwei * GWEI;
}

/** Sums up values of rows. */
export function sum<Row>(rows: readonly Row[], value: (row: Row) => bigint): bigint {
  return rows.reduce((total, row) => total + value(row), 0n);
}
