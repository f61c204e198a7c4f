import { gweiToWei, sum, type CompareContext } from "./contracts";

/** What the contract says while a signer is not revoked. */
const NOT_REVOKED = 2n ** 64n - 1n;

/** Balances, reserves and signers of every app. */
export async function compareApps({ findings, contracts: { escrow }, rows }: CompareContext): Promise<void> {
  await Promise.all([
    ...rows.apps.map(async ({ id, balance }) => {
      findings.compare(`app ${id}`, { balance }, { balance: await escrow.balanceOf(id) });
    }),
    ...rows.appNodeAccounts.map(async (row) => {
      const [account, thaw] = await Promise.all([
        escrow.accountOf(row.app.id, row.nodeNumber),
        escrow.thawOf(row.app.id, row.nodeNumber),
      ]);
      const { paid, score, reserved, thawing, releasableEpoch } = row;
      findings.compare(
        `app account ${row.id}`,
        { paid, score, reserved, thawing, releasableEpoch: releasableEpoch ?? 0 },
        {
          paid: gweiToWei(account.paid),
          score: gweiToWei(account.score),
          reserved: gweiToWei(account.reserved),
          thawing: gweiToWei(thaw.amount),
          releasableEpoch: thaw.releasableEpoch,
        },
      );
    }),
    ...rows.appSigners.map(async (row) => {
      const signer = await escrow.signerOf(row.app.id, row.signer);
      findings.compare(
        `app signer ${row.id}`,
        { known: true, firstEpoch: row.firstEpoch, lastEpoch: row.lastEpoch ?? NOT_REVOKED },
        { known: signer.known, firstEpoch: signer.firstEpoch, lastEpoch: signer.lastEpoch },
      );
    }),
  ]);
  // Apps' balances are tokens that the escrow holds, beside the fees that were not paid out yet.
  const network = rows.networks[0];
  const escrowAccount = rows.accounts.find(({ id }) => id === escrow.address);
  if (network === undefined || escrowAccount === undefined) return;
  const waiting = sum(
    rows.epochs.filter(({ flushed }) => !flushed),
    ({ feesBurned, feesTreasury, feesStakers }) => feesBurned + feesTreasury + feesStakers,
  );
  const held =
    sum(rows.apps, ({ balance }) => balance) +
    sum(rows.appNodeAccounts, ({ reserved }) => reserved) +
    waiting;
  findings.compare("escrow", { coveredByTokens: held <= escrowAccount.balance }, { coveredByTokens: true });
}
