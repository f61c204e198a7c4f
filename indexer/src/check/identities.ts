import type { CompareContext } from "./contracts";

const ZERO_ADDRESS = "0x0000000000000000000000000000000000000000";
const NO_HASH = `0x${"0".repeat(64)}`;

/** Machine accounts of nodes. */
export async function compareIdentities({
  findings,
  contracts: { identity },
  rows,
}: CompareContext): Promise<void> {
  if (identity === undefined) return;
  await Promise.all([
    ...rows.nodeIdentities.map(async (row) => {
      const nodeId = BigInt(row.id);
      const [link, proposal, attribute] = await Promise.all([
        identity.linkOf(nodeId),
        identity.proposalOf(nodeId),
        identity.attributeOf(nodeId),
      ]);
      findings.compare(
        `identity of node ${row.id}`,
        {
          machine: row.machine?.id ?? ZERO_ADDRESS,
          didHash: row.didHash ?? NO_HASH,
          proposedMachine: row.proposedMachine?.id ?? ZERO_ADDRESS,
          attributeMachine: row.attributeMachine?.id ?? ZERO_ADDRESS,
          attributeSalt: row.attributeSalt ?? 0n,
          attributePayer: row.attributePayer?.id ?? ZERO_ADDRESS,
          written: row.attributeMachine !== null,
        },
        {
          machine: link.machine,
          didHash: link.didHash,
          proposedMachine: proposal.machine,
          attributeMachine: attribute.machine,
          attributeSalt: attribute.salt,
          attributePayer: attribute.payer,
          written: attribute.written,
        },
      );
    }),
    ...rows.identityAccounts.map(async ({ id, consentsUsed, credit }) => {
      findings.compare(
        `identity account ${id}`,
        { consentsUsed, credit },
        { consentsUsed: await identity.nonceOf(id), credit: await identity.creditOf(id) },
      );
    }),
  ]);
}
