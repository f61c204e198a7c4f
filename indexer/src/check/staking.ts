import { ExitKind, NodeStatus, SlashStatus } from "../model";
import { EpochClock } from "../shared/clock";
import { advanceIncome, worthOfShares } from "../shared/income";
import { gweiToWei, STAKE_UNIT_WEI, sum, type CompareContext } from "./contracts";
import type { IndexedRows } from "./lists";

/** As `INodeRegistry.Status` numbers them. */
const NODE_STATUSES = [NodeStatus.IDLE, NodeStatus.ACTIVE, NodeStatus.RETIRED];
/** Losses of exits are counted in this part of what was asked for. */
const LOSS_SCALE = 10n ** 18n;
const GWEI = 1_000_000_000n;

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
    ...rows.exitBuckets.map(async ({ id, node, period: ofPeriod, loss }) => {
      const onChain = await contracts.staking.exitLossOf(BigInt(node.id), BigInt(ofPeriod));
      findings.compare(`exit bucket ${id}`, { loss }, { loss: onChain });
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
  const [registration, operator, bondExit, unbonding, seat] = await Promise.all([
    registry.nodeOf(nodeId),
    attestations.operatorOf(nodeId),
    staking.bondExitOf(nodeId),
    staking.unbondingOf(nodeId),
    attestations.latestSeatOf(nodeId),
  ]);
  const ofNode = rows.exitRequests.filter((exit) => exit.node.id === node.id);
  const bondExits = exitsNow(
    ofNode.filter(({ kind }) => kind === ExitKind.BOND),
    period,
    () => 0n,
  );
  const pool = rows.pools.find(({ id }) => id === node.id);
  // After a slash of the pool, requests count for the period after it.
  const exitPeriod = Math.max(period, pool?.exitsFromPeriod ?? 0);
  const requestedIn = (wanted: number): bigint =>
    rows.exitBuckets.find(({ id }) => id === `${node.id}-${wanted}`)?.amount ?? 0n;
  findings.compare(
    `node ${node.id}`,
    {
      owner: node.owner.id,
      operator: node.operator,
      region: node.region,
      pricePerGB: node.pricePerGB,
      capacityMbps: node.capacityMbps,
      status: node.status,
      seat: node.seat,
      auditWeight: node.auditWeight,
      bondExitPayable: bondExits.payable,
      bondExitWaiting: bondExits.waiting,
      unbondingPeriod: exitPeriod,
      unbondingRequestedIn: requestedIn(exitPeriod),
      unbondingRequestedBefore: requestedIn(exitPeriod - 1),
    },
    {
      owner: registration.owner,
      operator,
      region: registration.region,
      pricePerGB: registration.pricePerGBWei,
      capacityMbps: registration.capacityMbps,
      status: NODE_STATUSES[registration.status],
      seat: seat.seated ? seat.seat : null,
      auditWeight: seat.weight,
      bondExitPayable: bondExit.payableNow,
      bondExitWaiting: bondExit.waiting,
      unbondingPeriod: unbonding.period,
      unbondingRequestedIn: unbonding.requestedIn,
      unbondingRequestedBefore: unbonding.requestedBefore,
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
  const [stored, rise, stream, assetsNow, ownerIncome, stake] = await Promise.all([
    staking.poolOf(nodeId),
    staking.commissionRiseOf(nodeId),
    staking.streamOf(nodeId),
    staking.assetsOf(nodeId),
    staking.ownerIncomeOf(nodeId),
    // Changes count from the next epoch on.
    staking.stakeAt(nodeId, BigInt(clock.epochAt(context.nowSeconds) + 1)),
  ]);
  const { id: _id, incomeUpdatedAt, bondFrom, commissionRiseBps, commissionRiseFrom, ...rest } = pool;
  // Of the period the contract says nothing but what becomes of the pool's requests: see `compareNode`.
  const { exitsFromPeriod: _exitsFromPeriod, ...fields } = rest;
  findings.compare(
    `pool ${pool.id}`,
    {
      ...fields,
      bondFrom: bondFrom ?? 0,
      incomeUpdatedAt: incomeUpdatedAt ?? 0,
      assetsNow: vestedPool(context, pool).assets,
      commissionRiseBps: commissionRiseBps ?? 0,
      commissionRiseFrom: commissionRiseFrom ?? 0,
      slashesOpen: context.rows.slashes.filter(
        ({ node, status }) => node.id === pool.id && status === SlashStatus.OPEN,
      ).length,
    },
    {
      bond: gweiToWei(stored.bond),
      bondFrom: stored.bondFrom,
      assets: gweiToWei(stored.assets),
      shares: stored.shares,
      commissionBps: stored.commissionBps,
      commissionRiseBps: rise.commissionBps,
      commissionRiseFrom: rise.fromEpoch,
      openSlashes: stored.openSlashes,
      slashesOpen: stored.openSlashes,
      burnAwaitingSync: await staking.burnAwaitingSync(nodeId),
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
  const lossOf = (of: number): bigint =>
    rows.exitBuckets.find(({ id }) => id === `${delegation.node.id}-${of}`)?.loss ?? 0n;
  // A request for the period after a slash settles the ones before.
  const settledTo = requests.reduce((latest, request) => Math.max(latest, request.period), period);
  const exits = exitsNow(requests, settledTo, lossOf);
  findings.compare(
    `delegation ${delegation.id}`,
    {
      shares: delegation.shares,
      votingUnits: delegation.votingUnits,
      worth: worthOfShares(delegation.shares, vestedPool(context, pool)),
      exitPayable: exits.payable,
      exitWaiting: exits.waiting,
      exiting: delegation.exiting,
    },
    {
      shares: position.shares,
      votingUnits: gweiToWei(position.units),
      worth,
      exitPayable: exit.payableNow,
      exitWaiting: exit.waiting,
      exiting: sum(requests, ({ amount, lost, restored, paid }) => amount - lost + restored - paid),
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

/**
 * What is payable in a period, and what still waits, less what slashes took.
 * @param lossOf What requests of a period lost and is not settled yet, in parts of `LOSS_SCALE`.
 */
function exitsNow(
  requests: readonly ExitRow[],
  period: number,
  lossOf: (period: number) => bigint,
): { payable: bigint; waiting: bigint } {
  const open = (isPayable: boolean): bigint =>
    sum(
      requests.filter((request) => request.period + 1 < period === isPayable),
      ({ amount, paid, lost, restored, period: ofPeriod }) =>
        lost !== 0n || paid !== 0n || lossOf(ofPeriod) === 0n
          ? amount - lost + restored - paid
          : afterLoss(amount, lossOf(ofPeriod)),
    );
  return { payable: open(true), waiting: open(false) };
}

/** As the contract rounds it: down to whole gwei. */
function afterLoss(amountWei: bigint, loss: bigint): bigint {
  return (((amountWei / GWEI) * (LOSS_SCALE - loss)) / LOSS_SCALE) * GWEI;
}
