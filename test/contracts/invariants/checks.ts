/** What must hold after every step, whatever anybody did. */
import { expect } from "chai";
import { WEI_PER_GWEI } from "../../../node/protocol/amounts.js";
import { dtel, ROUNDING_RESERVE } from "../support/people.js";
import { nodeEpoch, ofOwner, ofPool, sum } from "./books.js";
import type { World } from "./world.js";

const GENESIS_SUPPLY = dtel(600_000_000);
const LOSS_SCALE = 10n ** 18n;
const BPS = 10_000n;
const YEAR_SECONDS = 365n * 86_400n;

type Snapshot = Awaited<ReturnType<typeof takeSnapshot>>;

export async function checkEverything(world: World): Promise<void> {
  await world.books.bringUpToDate();
  const snapshot = await takeSnapshot(world);
  checkEscrow(world, snapshot);
  checkSupply(world, snapshot);
  checkRewards(world, snapshot);
  checkStaking(world, snapshot);
  checkPools(world, snapshot);
  checkVotes(world, snapshot);
  checkRing(world, snapshot);
  await checkHistory(world, snapshot);
}

/** Every view that the checks need, of one moment. */
async function takeSnapshot({ views, nodes, apps, delegators, people, books }: World) {
  const { token, staking, escrow, distributor, attestations, ring, strikes, arbitration, penalties } = views;
  const { registry, treasury, clock } = views;
  const epoch = await clock.now();
  const epochs = [epoch, epoch + 1, epoch + 2];
  const claimedEpochs = [...books.credited.keys()].slice(-4);
  const lossKeys = [...books.paidWithLoss.keys()];
  const all = Promise.all.bind(Promise);
  const [
    balances,
    idle,
    [supply, emitted, pendingMint, totalCredited, pendingBurn, votelessStake],
    pools,
    positions,
    holders,
    accounts,
    free,
    seats,
    ringSizes,
    totals,
    budgets,
    losses,
  ] = await all([
    all([staking, escrow, arbitration, treasury].map((contract) => token.balanceOf(contract))),
    all(
      [registry, distributor, attestations, ring, strikes, penalties].map((contract) =>
        token.balanceOf(contract),
      ),
    ),
    all([
      token.totalSupply(),
      token.emitted(),
      distributor.pendingMint(),
      distributor.totalCredited(),
      staking.pendingBurn(),
      token.votelessStake(),
    ]),
    all(
      nodes.map(async ({ nodeId }) => {
        const [pool, stream, assets, bondExit, unbonding, commission, stakes, awaitingSync] = await all([
          staking.poolOf(nodeId),
          staking.streamOf(nodeId),
          staking.assetsOf(nodeId),
          staking.bondExitOf(nodeId),
          staking.unbondingOf(nodeId),
          staking.commissionAt(nodeId, epoch),
          all(epochs.map((each) => staking.stakeAt(nodeId, each))),
          staking.burnAwaitingSync(nodeId),
        ]);
        return { pool, stream, assets, bondExit, unbonding, commission, stakes, awaitingSync };
      }),
    ),
    all(
      nodes.map(({ nodeId }) =>
        all(
          delegators.map(async (delegator) => {
            const [position, worth, [payableNow, waiting]] = await all([
              staking.positionOf(nodeId, delegator.address),
              staking.delegationOf(nodeId, delegator.address),
              staking.exitOf(nodeId, delegator.address),
            ]);
            return { position, worth, payableNow, waiting };
          }),
        ),
      ),
    ),
    all(
      people.map(async ({ address }) => {
        const [balance, units, votes] = await all([
          token.balanceOf(address),
          token.stakedUnitsOf(address),
          token.getVotes(address),
        ]);
        return { balance, units, votes };
      }),
    ),
    all(
      apps.flatMap(({ account }) =>
        nodes.map(async ({ nodeId }) => {
          const { paid, score, reserved } = await escrow.accountOf(account.address, nodeId);
          return { key: `${account.address}/${nodeId}`, paid, score, reserved };
        }),
      ),
    ),
    all(apps.map(({ account }) => escrow.balanceOf(account.address))),
    all(
      nodes.map(async ({ nodeId }) => {
        const [latest, now, jailed] = await all([
          attestations.latestSeatOf(nodeId),
          attestations.seatOf(nodeId, epoch),
          strikes.isJailed(nodeId),
        ]);
        const occupant = latest.seated ? await ring.occupantOf(latest.seat) : 0n;
        return { latest, now, jailed, occupant };
      }),
    ),
    all([attestations.latestRingSize(), attestations.ringSizeAt(epoch)]),
    all(epochs.map((each) => staking.totalStakeAt(each))),
    all(claimedEpochs.map(async (each) => ({ epoch: each, budget: await distributor.budgetOf(each) }))),
    all(
      lossKeys.map(async (key) => {
        const [nodeId, , period] = key.split("/");
        return { key, now: await staking.exitLossOf(BigInt(nodeId!), BigInt(period!)) };
      }),
    ),
  ] as const);
  return {
    epoch,
    balances: {
      staking: balances[0]!,
      escrow: balances[1]!,
      arbitration: balances[2]!,
      treasury: balances[3]!,
    },
    idle,
    supply,
    emitted,
    pendingMint,
    totalCredited,
    pendingBurn,
    votelessStake,
    pools,
    positions,
    holders,
    accounts,
    free,
    seats,
    ringSizes,
    totals,
    budgets,
    losses,
  };
}

function checkEscrow({ books, promised }: World, { balances, accounts, free }: Snapshot): void {
  const waiting = [...books.revenues.values()].filter(({ flushed }) => !flushed);
  const reserved = sum(accounts.map((account) => account.reserved)) * WEI_PER_GWEI;
  expect(balances.escrow, "escrow: free, reserved, collected and not flushed").to.equal(
    sum(free) + reserved + sum(waiting.map(({ burned, treasury, stakers }) => burned + treasury + stakers)),
  );
  for (const { key, paid, score } of accounts) {
    expect(paid * WEI_PER_GWEI, `collected from ${key}`).to.equal(books.collected.get(key) ?? 0n);
    expect(paid * WEI_PER_GWEI <= (promised.get(key)?.amount ?? 0n), `${key}: at most the voucher`).to.equal(
      true,
    );
    expect(score <= paid, `${key}: score at most the amount`).to.equal(true);
  }
  expect(balances.treasury, "treasury").to.equal(books.toTreasury);
}

function checkSupply({ books }: World, { supply, emitted, idle, balances }: Snapshot): void {
  expect(supply, "supply").to.equal(GENESIS_SUPPLY + emitted - books.burned);
  expect(sum(idle), "contracts that should hold nothing").to.equal(0n);
  expect(balances.arbitration, "deposits of cases").to.equal(sum(books.deposits.values()));
}

function checkRewards(world: World, snapshot: Snapshot): void {
  const { emitted, pendingMint, totalCredited, epoch, budgets } = snapshot;
  const { books, protocol } = world;
  expect(totalCredited, "credited is minted or will be").to.equal(emitted + pendingMint);
  expect(totalCredited, "credited is what claims say").to.equal(books.everCredited);
  const { epochSeconds } = protocol.clock;
  expect(totalCredited <= emissionAfter(BigInt(epoch * epochSeconds)), "schedule").to.equal(true);
  for (const { epoch: claimed, budget } of budgets) {
    const [work, availability] = budget;
    const end = emissionAfter(BigInt((claimed + 1) * epochSeconds));
    const begin = emissionAfter(BigInt(claimed * epochSeconds));
    expect(work + availability <= end - begin, `budget of epoch ${claimed}`).to.equal(true);
    expect((books.credited.get(claimed) ?? 0n) <= work + availability, `credited in ${claimed}`).to.equal(
      true,
    );
  }
}

/** 80M · 0.8^y in year y, evenly over its seconds, in wei. */
function emissionAfter(seconds: bigint): bigint {
  let [total, yearly] = [0n, dtel(80_000_000)];
  for (let left = seconds; left > 0n; left -= YEAR_SECONDS) {
    total += left >= YEAR_SECONDS ? yearly : (yearly * left) / YEAR_SECONDS;
    yearly = (yearly * 4n) / 5n;
  }
  return total;
}

function checkStaking({ books }: World, snapshot: Snapshot): void {
  const { pools, positions, balances, pendingMint, pendingBurn, epoch } = snapshot;
  const inPools = pools.flatMap(({ pool, stream }) => [
    pool.bond,
    pool.assets,
    stream.streaming,
    stream.arriving,
    stream.vested,
    stream.ownerIncome,
  ]);
  const slashes = [...books.openSlashes.values()];
  const inSlashes = slashes.map((slash) => ofOwner(slash) + ofPool(slash));
  const owed =
    WEI_PER_GWEI * (sum(inPools) + sum(inSlashes) + sum(restorable(books, snapshot))) +
    sum(pools.flatMap(({ bondExit }) => [...bondExit])) +
    sum(positions.flat().flatMap(({ payableNow, waiting }) => [payableNow, waiting])) +
    pendingBurn +
    sum(pools.map(({ awaitingSync }) => awaitingSync));
  const { claimable, expired } = books.unclaimedFees(epoch);
  const left = balances.staking + pendingMint - owed - claimable - ROUNDING_RESERVE;
  expect(left >= 0n, `staking owes ${-left} more than it has`).to.equal(true);
  const dust = left - expired;
  expect(dust <= books.roundings * WEI_PER_GWEI, `staking holds ${dust} that it owes nobody`).to.equal(true);
}

/** What a returned slash owes those who were paid less before, in gwei. */
function restorable(books: World["books"], { losses }: Snapshot): bigint[] {
  const afterLoss = (requested: bigint, loss: bigint) => (requested * (LOSS_SCALE - loss)) / LOSS_SCALE;
  return losses.map(({ key, now }) => {
    const requested = books.requested.get(key) ?? 0n;
    const before = books.paidWithLoss.get(key) ?? now;
    return afterLoss(requested, now) - afterLoss(requested, now > before ? now : before);
  });
}

function checkPools({ books, nodes }: World, { pools, positions, totals }: Snapshot): void {
  pools.forEach(({ pool, assets, unbonding, commission }, index) => {
    const { nodeId } = nodes[index]!;
    const members = positions[index]!;
    expect(pool.shares, `shares of ${nodeId}`).to.equal(sum(members.map(({ position }) => position.shares)));
    expect(
      sum(members.map(({ worth }) => worth)) <= assets,
      `shares of ${nodeId} are worth its assets`,
    ).to.equal(true);
    expect(commission <= 5_000n, `commission of ${nodeId}`).to.equal(true);
    const { period, requestedIn, requestedBefore } = unbonding;
    expect(requestedIn, `asked for of ${nodeId} in ${period}`).to.equal(requestedOf(books, nodeId, period));
    expect(requestedBefore, `asked for of ${nodeId} before ${period}`).to.equal(
      requestedOf(books, nodeId, period - 1n),
    );
    const waiting = sum(members.map((member) => member.waiting));
    expect(waiting <= requestedIn + requestedBefore, `unbonding of ${nodeId} is at most asked for`).to.equal(
      true,
    );
    const open = [...books.openSlashes.values()].filter((slash) => slash.nodeId === nodeId).length;
    expect(pool.openSlashes, `open slashes of ${nodeId}`).to.equal(BigInt(open));
  });
  totals.forEach((total, offset) => {
    expect(total, `stake in ${offset} epochs`).to.equal(sum(pools.map(({ stakes }) => stakes[offset]!)));
  });
}

function requestedOf(books: World["books"], nodeId: bigint, period: bigint): bigint {
  const keys = [...books.requested].filter(([key]) => {
    const [node, , requestedIn] = key.split("/");
    return node === nodeId.toString() && requestedIn === period.toString();
  });
  return sum(keys.map(([, gwei]) => gwei)) * WEI_PER_GWEI;
}

function checkVotes(world: World, snapshot: Snapshot): void {
  const { books, nodes, delegators, people } = world;
  const { pools, positions, holders, balances } = snapshot;
  const units = new Map(people.map((person) => [person.address, 0n]));
  const give = (address: string, amount: bigint) => units.set(address, (units.get(address) ?? 0n) + amount);
  let backed = 0n;
  nodes.forEach(({ nodeId, owner }, index) => {
    const { pool, bondExit } = pools[index]!;
    const slashed = [...books.openSlashes.values()].filter((slash) => slash.nodeId === nodeId).map(ofOwner);
    const ofBond = (pool.bond + sum(slashed)) * WEI_PER_GWEI + sum([...bondExit]);
    give(owner.address, ofBond);
    backed += ofBond;
    positions[index]!.forEach(({ position, worth, payableNow, waiting }, member) => {
      const own = position.units * WEI_PER_GWEI;
      const value = worth + payableNow + waiting;
      give(delegators[member]!.address, own);
      backed += own < value ? own : value;
    });
  });
  expect(backed <= balances.staking, "units that no slash has left without stake are backed").to.equal(true);
  expect(snapshot.votelessStake, "stake without votes").to.equal(
    balances.staking - sum(holders.map((holder) => holder.units)),
  );
  const votes = new Map<string, bigint>();
  people.forEach((person, index) => {
    const holder = holders[index]!;
    expect(holder.units, `units of ${index}`).to.equal(units.get(person.address));
    const { address } = world.representativeOf(person);
    votes.set(address, (votes.get(address) ?? 0n) + holder.balance + holder.units);
  });
  people.forEach(({ address }, index) => {
    expect(holders[index]!.votes, `votes of ${index}`).to.equal(votes.get(address) ?? 0n);
  });
}

function checkRing({ nodes }: World, { seats, ringSizes }: Snapshot): void {
  for (const [which, size] of [["latest", ringSizes[0]] as const, ["now", ringSizes[1]] as const]) {
    const taken = seats.map((each) => each[which]).filter(({ seated }) => seated);
    const numbers = taken.map(({ seat }) => Number(seat)).sort((a, b) => a - b);
    expect(numbers, `seats, ${which}`).to.deep.equal(Array.from({ length: Number(size) }, (_, seat) => seat));
    for (const { weight } of taken) expect(weight > 0n && weight <= BPS, "weight").to.equal(true);
  }
  seats.forEach(({ latest, jailed, occupant }, index) => {
    const { nodeId } = nodes[index]!;
    if (latest.seated) expect(occupant, `who sits on the seat of ${nodeId}`).to.equal(nodeId);
    if (jailed) expect(latest.seated, `${nodeId} is in jail and has a seat`).to.equal(false);
  });
}

/** The stake of an epoch never changes once it runs, and a node's epoch is attested, proven and faulted at most once. */
async function checkHistory(world: World, { epoch, pools }: Snapshot): Promise<void> {
  world.nodes.forEach(({ nodeId }, index) => {
    const key = nodeEpoch(nodeId, epoch);
    const stake = pools[index]!.stakes[0]!;
    const before = world.stakes.get(key);
    if (before === undefined) world.stakes.set(key, stake);
    else expect(stake, `stake of ${key}`).to.equal(before);
  });
  for (const key of world.books.faulted) {
    expect(world.books.proven.has(key), `${key} is proven and faulted`).to.equal(false);
  }
}
