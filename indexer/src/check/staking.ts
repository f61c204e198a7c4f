import { ExitKind } from "../model";
import { EpochClock } from "../shared/clock";
import { advanceIncome, worthOfShares } from "../shared/income";
import { gweiToWei, sum, type CompareContext } from "./contracts";
import type { IndexedRows } from "./lists";

/** Stakes by epoch are kept in thousandths of a DTEL. */
const STAKE_UNIT_WEI = 10n ** 15n;

type PoolRow = IndexedRows["pools"][number];
type ExitRow = IndexedRows["exitRequests"][number];

/** Registrations, pools, delegations, exits and the history of stake. */
export async function compareStaking(context: CompareContext): Promise<void> {
  const { findings, contracts, rows } = context;
  const period = Number(await contracts.staking.currentPeriod());
  await Promise.all([
    ...rows.nodes.map((node) => compareNode(context, node, period)),
    ...rows.pools.map((pool) => comparePool(context, pool)),
    ...rows.delegations.map((delegation) => compareDelegation(context, delegation, period)),
    ...rows.stakeCheckpoints.map(async ({ id, node, fromEpoch, stake, bond }) => {
      const place = [BigInt(node.id), BigInt(fromEpoch)] as const;
      findings.compare(
        `stake checkpoint ${id}`,
        { stake, bond: bond - (bond % STAKE_UNIT_WEI) },
        { stake: await contracts.staking.stakeAt(...place), bond: await contracts.staking.bondAt(...place) },
      );
    }),
    ...rows.networkStakeCheckpoints.map(async ({ id, fromEpoch, totalStake }) => {
      const onChain = await contracts.staking.totalStakeAt(BigInt(fromEpoch));
      findings.compare(`network stake checkpoint ${id}`, { totalStake }, { totalStake: onChain });
    }),
  ]);
}

async function compareNode(
  { findings, contracts: { registry, staking, attestations }, rows }: CompareContext,
  node: IndexedRows["nodes"][number],
  period: number,
): Promise<void> {
  const nodeId = BigInt(node.id);
  const [registration, operator, bondExit, unbonding] = await Promise.all([
    registry.nodeOf(nodeId),
    attestations.operatorOf(nodeId),
    staking.bondExitOf(nodeId),
    staking.unbondingOf(nodeId),
  ]);
  const ofNode = rows.exitRequests.filter((exit) => exit.node.id === node.id);
  const bondExits = exitsNow(
    ofNode.filter(({ kind }) => kind === ExitKind.BOND),
    period,
  );
  const requestedIn = (wanted: number): bigint =>
    sum(
      ofNode.filter((exit) => exit.kind === ExitKind.DELEGATION && exit.period === wanted),
      ({ amount }) => amount,
    );
  findings.compare(
    `node ${node.id}`,
    {
      owner: node.owner.id,
      operator: node.operator,
      region: node.region,
      pricePerGB: node.pricePerGB,
      bondExitPayable: bondExits.payable,
      bondExitWaiting: bondExits.waiting,
      unbondingThisPeriod: requestedIn(period),
      unbondingLastPeriod: requestedIn(period - 1),
    },
    {
      owner: registration.owner,
      operator,
      region: registration.region,
      pricePerGB: registration.pricePerGBWei,
      bondExitPayable: bondExit.payableNow,
      bondExitWaiting: bondExit.waiting,
      unbondingThisPeriod: unbonding.thisPeriod,
      unbondingLastPeriod: unbonding.lastPeriod,
    },
  );
}

async function comparePool(context: CompareContext, pool: PoolRow): Promise<void> {
  const {
    findings,
    contracts: { staking },
  } = context;
  const nodeId = BigInt(pool.id);
  const clock = new EpochClock(context.deployment);
  const [stored, stream, assetsNow, ownerIncome, stake] = await Promise.all([
    staking.poolOf(nodeId),
    staking.streamOf(nodeId),
    staking.assetsOf(nodeId),
    staking.ownerIncomeOf(nodeId),
    // Changes count from the next epoch on.
    staking.stakeAt(nodeId, BigInt(clock.epochAt(context.nowSeconds) + 1)),
  ]);
  const { id: _id, incomeUpdatedAt, bondFrom, ...fields } = pool;
  findings.compare(
    `pool ${pool.id}`,
    {
      ...fields,
      bondFrom: bondFrom ?? 0,
      incomeUpdatedAt: incomeUpdatedAt ?? 0,
      assetsNow: vestedPool(context, pool).assets,
    },
    {
      bond: gweiToWei(stored.bond),
      bondFrom: stored.bondFrom,
      assets: gweiToWei(stored.assets),
      shares: stored.shares,
      commissionBps: stored.commissionBps,
      generation: stored.generation,
      openSlashes: stored.openSlashes,
      streaming: gweiToWei(stream.streaming),
      arriving: gweiToWei(stream.arriving),
      vested: gweiToWei(stream.vested),
      ownerIncome,
      incomeUpdatedAt: stream.updatedAt,
      stake,
      assetsNow,
    },
  );
}

async function compareDelegation(
  context: CompareContext,
  delegation: IndexedRows["delegations"][number],
  period: number,
): Promise<void> {
  const {
    findings,
    contracts: { staking },
    rows,
  } = context;
  const nodeId = BigInt(delegation.node.id);
  const delegator = delegation.delegator.id;
  const [position, worth, exit] = await Promise.all([
    staking.positionOf(nodeId, delegator),
    staking.delegationOf(nodeId, delegator),
    staking.exitOf(nodeId, delegator),
  ]);
  const pool = rows.pools.find(({ id }) => id === delegation.node.id);
  if (pool === undefined) throw new Error(`The index has no pool ${delegation.node.id}.`);
  const requests = rows.exitRequests.filter(
    ({ kind, node, account }) =>
      kind === ExitKind.DELEGATION && node.id === delegation.node.id && account.id === delegator,
  );
  const exits = exitsNow(requests, period);
  findings.compare(
    `delegation ${delegation.id}`,
    {
      shares: delegation.shares,
      votingUnits: delegation.votingUnits,
      generation: delegation.generation,
      worth: worthOfShares(delegation.shares, vestedPool(context, pool)),
      exitPayable: exits.payable,
      exitWaiting: exits.waiting,
      exiting: delegation.exiting,
    },
    {
      shares: position.shares,
      votingUnits: gweiToWei(position.units),
      generation: position.generation,
      worth,
      exitPayable: exit.payableNow,
      exitWaiting: exit.waiting,
      exiting: exit.payableNow + exit.waiting,
    },
  );
}

/** The pool with the income that has vested until the block. */
function vestedPool(
  { deployment, nowSeconds }: CompareContext,
  pool: PoolRow,
): { assets: bigint; shares: bigint } {
  const { streaming, arriving, vested, incomeUpdatedAt } = pool;
  const stream = { streaming, arriving, vested, updatedAtSeconds: incomeUpdatedAt ?? undefined };
  const now = advanceIncome(stream, nowSeconds, new EpochClock(deployment));
  return { assets: pool.assets + now.vested, shares: pool.shares };
}

/** What is payable in a period, and what still waits. */
function exitsNow(requests: readonly ExitRow[], period: number): { payable: bigint; waiting: bigint } {
  const open = (isPayable: boolean): bigint =>
    sum(
      requests.filter((request) => request.period + 1 < period === isPayable),
      ({ amount, paid }) => amount - paid,
    );
  return { payable: open(true), waiting: open(false) };
}
