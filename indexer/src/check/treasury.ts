import { sum, type CompareContext } from "./contracts";

/** Streams, budgets, limits and the auction. */
export async function compareTreasury({
  findings,
  contracts: { treasury, auction },
  rows,
  nowSeconds,
}: CompareContext): Promise<void> {
  if (treasury === undefined || auction === undefined) return;
  findings.compare(
    "treasury",
    { streams: rows.treasuryStreams.length, lots: rows.auctionLots.length },
    { streams: await treasury.streamCount(), lots: await auction.lotCount() },
  );
  const assets = new Set(rows.treasuryStreams.map(({ asset }) => asset));
  await Promise.all([
    ...[...assets].map(async (asset) => {
      const ofAsset = rows.treasuryStreams.filter((stream) => stream.asset === asset);
      const reserved = sum(ofAsset, ({ amount, paid }) => amount - paid);
      findings.compare(
        `treasury's ${asset}`,
        { reserved },
        { reserved: await treasury.reservedAssets(asset) },
      );
    }),
    ...rows.treasuryStreams.map(async (row) => {
      const stream = await treasury.streamOf(BigInt(row.id));
      const cliffEndsAt = stream.start + BigInt(stream.cliffSeconds);
      findings.compare(
        `stream ${row.id}`,
        {
          recipient: row.recipient.id,
          asset: row.asset,
          amount: row.amount,
          paid: row.paid,
          startAt: row.startAt,
          cliffEndsAt: row.cliffEndsAt,
          endsAt: row.endsAt,
          canceled: row.canceledAt !== null,
        },
        {
          recipient: stream.recipient,
          asset: stream.asset,
          amount: stream.amount,
          paid: stream.paid,
          startAt: stream.start,
          cliffEndsAt,
          endsAt: cliffEndsAt + BigInt(stream.durationSeconds),
          canceled: stream.cancelled,
        },
      );
    }),
    ...rows.treasuryBudgets.map(async ({ id, spender, asset, ...budget }) => {
      const { allowance, periodSeconds, startAt, spentPeriod, spent } = budget;
      const onChain = await treasury.budgetOf(id);
      findings.compare(
        `budget ${id}`,
        { spender: spender.id, asset, allowance, periodSeconds, startAt, spentPeriod, spent },
        {
          spender: onChain.spender,
          asset: onChain.asset,
          allowance: onChain.allowance,
          periodSeconds: onChain.periodSeconds,
          startAt: onChain.start,
          spentPeriod: onChain.spentPeriod,
          spent: onChain.spent,
        },
      );
    }),
    ...rows.outflowLimits.map(async ({ id, limitBps, effectiveAt, previousBps }) => {
      const isPending = effectiveAt > nowSeconds;
      const [limit, pending] = await Promise.all([treasury.outflowLimitOf(id), treasury.pendingLimitOf(id)]);
      findings.compare(
        `outflow limit of ${id}`,
        {
          // Before the first change, what was deployed holds, which no event tells.
          limitBps: isPending ? (previousBps ?? limit) : limitBps,
          pendingBps: isPending ? limitBps : 0,
          pendingAt: isPending ? effectiveAt : 0,
        },
        { limitBps: limit, pendingBps: pending.limitBps, pendingAt: pending.effectiveAt },
      );
    }),
    ...rows.auctionLots.map(async (row) => {
      const lot = await auction.lotOf(BigInt(row.id));
      findings.compare(
        `lot ${row.id}`,
        {
          asset: row.asset,
          remaining: row.remaining,
          startPrice: row.startPrice,
          floorPrice: row.floorPrice,
          startAt: row.startAt,
          endsAt: row.endsAt,
        },
        {
          asset: lot.asset,
          remaining: lot.remaining,
          startPrice: lot.startPrice,
          floorPrice: lot.floorPrice,
          startAt: lot.start,
          endsAt: lot.start + BigInt(lot.durationSeconds),
        },
      );
    }),
  ]);
}
