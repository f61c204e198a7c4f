import type { CompareContext } from "./contracts";

/** ERC-1967: where a proxy keeps the address of its code. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

const PAUSABLE = new Set(["nodeStaking", "paymentEscrow", "rewardDistributor", "penaltyManager"]);

/** Code, pauses and parameters of the protocol's contracts. */
export async function compareProtocol(context: CompareContext): Promise<void> {
  const { findings, rows, contracts } = context;
  await Promise.all([
    compareParameters(context),
    ...rows.protocolContracts.map(async ({ id, address, implementation, pausedUntil }) => {
      const word = await contracts.storageAt(address, IMPLEMENTATION_SLOT);
      const code = `0x${word.slice(-40)}`;
      findings.compare(
        `contract ${id}`,
        { implementation, pausedUntil: pausedUntil ?? 0 },
        {
          implementation: BigInt(code) === 0n ? null : code,
          pausedUntil: PAUSABLE.has(id) ? await contracts.pausedUntil(address) : 0,
        },
      );
    }),
    ...rows.rewardRates.map(async ({ fromEpoch, kappaBps, workShareBps }) => {
      const rates = await contracts.distributor.ratesOf(BigInt(fromEpoch));
      findings.compare(`reward rates from ${fromEpoch}`, { kappaBps, workShareBps }, rates);
    }),
  ]);
}

/** Those that were ever set: of the others the index knows nothing. */
async function compareParameters({ findings, rows, contracts }: CompareContext): Promise<void> {
  const { staking, escrow, penalties, governor, timelock } = contracts;
  const ofPenalties = rows.parameters.some(({ id }) => id.startsWith("penaltyManager."));
  const values: Readonly<Record<string, Readonly<Record<string, bigint | number>>>> = {
    nodeStaking: { minBondWei: await staking.minBond(), delegationCap: await staking.delegationCap() },
    paymentEscrow: { ...(await escrow.paymentConfig()) },
    penaltyManager: penalties === undefined || !ofPenalties ? {} : { ...(await penalties.parameters()) },
    governor:
      governor === undefined
        ? {}
        : {
            votingDelaySeconds: await governor.votingDelay(),
            votingPeriodSeconds: await governor.votingPeriod(),
            lateQuorumSeconds: await governor.lateQuorumVoteExtension(),
            proposalThresholdWei: await governor.proposalThreshold(),
            quorumBps: await governor["quorumNumerator()"](),
          },
    timelock: timelock === undefined ? {} : { delaySeconds: await timelock.getMinDelay() },
  };
  for (const { id, value } of rows.parameters) {
    const [contract = "", name = ""] = id.split(".");
    findings.compare(`parameter ${id}`, { value }, { value: values[contract]?.[name] });
  }
}
