import { AttestationStatus, SeedStatus } from "../model";
import { gweiToWei, STAKE_UNIT_WEI, type CompareContext } from "./contracts";
import type { IndexedRows } from "./lists";

/** As `IServiceAttestations.Status` numbers them. */
const STATUS_NUMBERS: Readonly<Record<AttestationStatus, number>> = {
  [AttestationStatus.NONE]: 0,
  [AttestationStatus.ATTESTED]: 1,
  [AttestationStatus.PROVEN]: 2,
  [AttestationStatus.FAULTED]: 3,
};
const NO_HASH = `0x${"0".repeat(64)}`;

/** Records, seeds, fees and attestations of every epoch that the contracts remember. */
export async function compareEpochs(context: CompareContext): Promise<void> {
  const hashes = new Map(context.rows.attestations.map(({ id, attestationHash }) => [id, attestationHash]));
  await Promise.all([
    ...context.rows.epochs.map((epoch) => compareEpoch(context, epoch)),
    ...context.rows.nodeEpochs.map((row) => compareNodeEpoch(context, row, hashes.get(row.id) ?? NO_HASH)),
  ]);
}

async function compareEpoch(
  { findings, contracts: { attestations, escrow } }: CompareContext,
  epoch: IndexedRows["epochs"][number],
): Promise<void> {
  const number = BigInt(epoch.number);
  const [record, deadline, revenue] = await Promise.all([
    attestations.epochRecordOf(number),
    attestations.proofDeadline(number),
    escrow.epochRevenueOf(number),
  ]);
  const isDrawn = record.drawnAt !== 0n;
  findings.compare(
    `epoch ${epoch.id}`,
    {
      seedStatus: epoch.seedStatus,
      seed: epoch.seed,
      drawnAt: epoch.drawnAt ?? 0,
      blockNumber: epoch.drawnBlock ?? epoch.armedBlock ?? 0,
      settledBurned: epoch.settledBurned ?? 0n,
      settledStake: epoch.settledStake ?? 0n,
      auditRingSize: epoch.auditRingSize ?? 0,
      proofDeadlineAt: epoch.proofDeadlineAt ?? 0,
      proofDeadlineBlock: epoch.proofDeadlineBlock ?? 0,
      feesBurned: epoch.feesBurned,
      feesTreasury: epoch.feesTreasury,
      feesStakers: epoch.feesStakers,
      flushed: epoch.flushed,
    },
    {
      seedStatus: isDrawn ? SeedStatus.DRAWN : record.lap === 0 ? SeedStatus.UNARMED : SeedStatus.ARMED,
      seed: isDrawn ? await attestations.seedOf(number) : null,
      drawnAt: record.drawnAt,
      blockNumber: record.blockNumber,
      settledBurned: gweiToWei(record.burnedGwei),
      settledStake: record.activeStakeMilli * STAKE_UNIT_WEI,
      auditRingSize: record.ringSize,
      proofDeadlineAt: deadline.timestamp,
      proofDeadlineBlock: deadline.blockNumber,
      feesBurned: gweiToWei(revenue.burned),
      feesTreasury: gweiToWei(revenue.treasury),
      feesStakers: gweiToWei(revenue.stakers),
      flushed: revenue.flushed,
    },
  );
}

async function compareNodeEpoch(
  { findings, contracts: { attestations, escrow, staking } }: CompareContext,
  row: IndexedRows["nodeEpochs"][number],
  attestationHash: string,
): Promise<void> {
  const nodeId = BigInt(row.id.slice(0, row.id.indexOf("-")));
  const epoch = BigInt(row.number);
  const [attestation, revenue, stake] = await Promise.all([
    attestations.attestationOf(nodeId, epoch),
    escrow.nodeRevenueOf(nodeId, epoch),
    staking.stakeAt(nodeId, epoch),
  ]);
  findings.compare(
    `node epoch ${row.id}`,
    {
      status: STATUS_NUMBERS[row.status],
      claimed: row.claimed,
      attestationHash,
      feesBurned: row.feesBurned,
      feesScored: row.feesScored,
      feesStakers: row.feesStakers,
      stake: row.stake,
    },
    {
      status: attestation.status,
      claimed: attestation.claimed,
      attestationHash: attestation.attestationHash,
      feesBurned: revenue.burned,
      feesScored: revenue.scored,
      feesStakers: revenue.stakers,
      stake,
    },
  );
}
