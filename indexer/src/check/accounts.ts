import type { CompareContext } from "./contracts";

const ZERO_ADDRESS = "0x0000000000000000000000000000000000000000";

/** Token balances, staked units and votes of every account. */
export async function compareAccounts({
  findings,
  contracts: { token },
  rows,
}: CompareContext): Promise<void> {
  await Promise.all(
    rows.accounts.map(async (account) => {
      const [balance, stakedUnits, votes, delegate] = await Promise.all([
        token.balanceOf(account.id),
        token.stakedUnitsOf(account.id),
        token.getVotes(account.id),
        token.delegates(account.id),
      ]);
      findings.compare(
        `account ${account.id}`,
        {
          balance: account.balance,
          stakedUnits: account.stakedUnits,
          votes: account.votes,
          delegate: account.delegate?.id ?? ZERO_ADDRESS,
        },
        { balance, stakedUnits, votes, delegate },
      );
    }),
  );
}
