import { CaseStatus, SlashKind, SlashStatus } from "../model";
import { gweiToWei, sum, type CompareContext } from "./contracts";
import type { IndexedRows } from "./lists";

/** As `IPenaltyManager` and `IArbitration` number them; 0 is of what does not exist. */
const SLASH_STATUSES = [
  null,
  SlashStatus.OPEN,
  SlashStatus.VETOED,
  SlashStatus.OVERTURNED,
  SlashStatus.EXECUTED,
];
const SLASH_KINDS = [SlashKind.MISSING_PROOF, SlashKind.THIRD_JAIL, SlashKind.RULING];
const CASE_STATUSES = [null, CaseStatus.OPEN, CaseStatus.UPHELD, CaseStatus.DISMISSED, CaseStatus.UNRULED];
const GWEI = 1_000_000_000n;
const DTEL = 10n ** 18n;

/** Slashes, strikes, jail and arbitration. */
export async function comparePenalties(context: CompareContext): Promise<void> {
  const { rows, findings, contracts } = context;
  const open = rows.slashes.filter(({ status }) => status === SlashStatus.OPEN);
  const network = rows.networks[0];
  if (network === undefined) throw new Error("The index has no network.");
  const { staking } = contracts;
  findings.compare(
    "penalties",
    {
      pendingBurn: network.slashesPendingBurn,
      awaitingSync: network.slashesAwaitingSync,
      slashed: network.slashesBurned + network.slashesPendingBurn + network.slashesAwaitingSync,
      inEscrow: network.slashedInEscrow,
    },
    {
      pendingBurn: await staking.pendingBurn(),
      awaitingSync: sum(rows.pools, ({ burnAwaitingSync }) => burnAwaitingSync),
      slashed: await staking.totalSlashed(),
      inEscrow: sum(open, ({ amount }) => amount),
    },
  );
  await Promise.all([
    ...rows.slashes.map((slash) => compareSlash(context, slash)),
    ...rows.nodes.map((node) => compareStrikes(context, node)),
    compareArbitration(context),
  ]);
}

async function compareSlash(
  { findings, contracts: { penalties } }: CompareContext,
  slash: IndexedRows["slashes"][number],
): Promise<void> {
  if (penalties === undefined) return;
  // Its id is a hash of all that it took, from where and why.
  const [state, id] = await Promise.all([
    penalties.slashStateOf(slash.id),
    penalties.slashIdOf({
      nodeId: BigInt(slash.node.id),
      kind: SLASH_KINDS.indexOf(slash.kind),
      referenceId: slash.referenceId,
      reporter: slash.reporter.id,
      openedAt: BigInt(slash.openedAt),
      taken: {
        bond: slash.fromBond / GWEI,
        bondExitPrevious: slash.fromBondExitPrevious / GWEI,
        bondExitCurrent: slash.fromBondExitCurrent / GWEI,
        pool: slash.fromPool / GWEI,
        exitPrevious: slash.fromExitPrevious / GWEI,
        exitCurrent: slash.fromExitCurrent / GWEI,
        lossPrevious: slash.lossPrevious,
        lossCurrent: slash.lossCurrent,
        period: BigInt(slash.period),
      },
    }),
  ]);
  findings.compare(
    `slash ${slash.id}`,
    {
      id: slash.id,
      status: slash.status,
      bountyBps: slash.bountyBps,
      appealUntil: slash.appealUntil,
      amount: slash.amount,
    },
    {
      id,
      status: SLASH_STATUSES[state.status],
      bountyBps: state.bountyBps,
      appealUntil: state.appealUntil,
      amount:
        slash.fromBond +
        slash.fromBondExitPrevious +
        slash.fromBondExitCurrent +
        slash.fromPool +
        slash.fromExitPrevious +
        slash.fromExitCurrent,
    },
  );
}

async function compareStrikes(
  { findings, contracts: { strikes }, rows }: CompareContext,
  node: IndexedRows["nodes"][number],
): Promise<void> {
  if (strikes === undefined) return;
  const record = await strikes.recordOf(BigInt(node.id));
  const epochs = rows.strikes
    .filter((strike) => strike.node.id === node.id && strike.counts)
    .map(({ epochNumber }) => epochNumber);
  const newestEpoch = Math.max(0, ...epochs);
  const terms = rows.jailings.filter((term) => term.node.id === node.id).sort((a, b) => a.count - b.count);
  findings.compare(
    `strikes of node ${node.id}`,
    {
      strikes: sum(epochs, (epoch) => 1n << BigInt(newestEpoch - epoch)),
      newestEpoch,
      countsFrom: Math.max(0, ...terms.map(({ countsFromEpoch }) => countsFromEpoch ?? 0)),
      jailedAt: terms.at(-1)?.jailedAt ?? 0,
      jailedBefore: terms.at(-2)?.jailedAt ?? 0,
      jails: node.jailings,
      jailed: node.jailed,
    },
    record,
  );
}

async function compareArbitration({
  findings,
  contracts: { arbitration },
  rows,
}: CompareContext): Promise<void> {
  if (arbitration === undefined) return;
  findings.compare(
    "arbitration",
    { cases: rows.arbitrationCases.length, panels: rows.arbiterPanels.length },
    { cases: await arbitration.caseCount(), panels: await arbitration.currentPanelId() },
  );
  await Promise.all([
    ...rows.arbiterPanels.map(async ({ id, members, endsAt }) => {
      const panel = await arbitration.panelOf(BigInt(id));
      findings.compare(
        `arbiters ${id}`,
        { members: members.join(), endsAt },
        { members: panel.members.join(), endsAt: panel.endsAt },
      );
    }),
    ...rows.arbitrationCases.map(async (row) => {
      const onChain = await arbitration.caseOf(BigInt(row.id));
      findings.compare(
        `case ${row.id}`,
        {
          challenger: row.challenger.id,
          status: row.status,
          answered: row.answeredAt !== null,
          uphold: row.uphold,
          dismiss: row.dismiss,
          poolLimitBps: row.poolLimitBps,
          deposit: row.deposit,
          nodeId: row.node.id,
          panelId: row.panel.id,
          faultAt: row.faultAt,
          answerUntil: row.answerUntil,
          rulingUntil: row.rulingUntil,
          slashAmount: row.slashAmount,
        },
        {
          challenger: onChain.challenger,
          status: CASE_STATUSES[onChain.status],
          answered: onChain.answered,
          uphold: countBits(onChain.uphold),
          dismiss: countBits(onChain.dismiss),
          poolLimitBps: onChain.poolLimitBps,
          deposit: BigInt(onChain.deposit) * DTEL,
          nodeId: onChain.nodeId,
          panelId: onChain.panelId,
          faultAt: onChain.faultAt,
          answerUntil: onChain.answerUntil,
          rulingUntil: onChain.rulingUntil,
          slashAmount: gweiToWei(onChain.slashGwei),
        },
      );
    }),
  ]);
}

function countBits(bits: number): number {
  return bits.toString(2).replaceAll("0", "").length;
}
