/** Slashes for missing proofs: of the bond as usual, and of pool and exits where there is no bond left. */
import type { ContractTransactionResponse } from "ethers";
import { DTEL } from "./protocol.js";
import type { BenchProtocol } from "./protocol.js";
import { sent } from "./meter.js";

/** So much that a proof is always due: the burn is above S·p / (2(1 − p)κ), 159 DTEL. */
const MUCH = 2_000n * DTEL;
const USUAL = 13;
const WORST = 14;
/** Epochs in an unbonding period of mainnet. */
const PERIOD_EPOCHS = 56;

export async function measureSlashes(protocol: BenchProtocol) {
  const { chain, staking, penalties, accounts, figureOf } = protocol;
  const { owner, delegator, relayer } = accounts;

  // The bond was added to before, and the reporter has DTEL.
  await sent(staking.connect(owner).bond(USUAL, DTEL));
  await sent(protocol.token.connect(delegator).transfer(relayer.address, DTEL));
  const report = await missProof(protocol, USUAL, (await chain.epoch()) + 3);
  const reported = await figureOf(report());
  const slash = await newestSlash(protocol);

  // The other node's owner leaves, and delegators in two periods: pool and both buckets pay.
  await sent(staking.connect(owner).requestUnbond(WORST, 25_000n * DTEL));
  await chain.goTo((await chain.epoch()) + 3 * PERIOD_EPOCHS);
  const appealed = await figureOf(penalties.connect(relayer).execute(slash));
  const nextPeriod = async () => {
    const period = await staking.currentPeriod();
    do await chain.goTo((await chain.epoch()) + 1);
    while ((await staking.currentPeriod()) === period);
  };
  await nextPeriod();
  const part = 1_000n * 10n ** 12n;
  await chain.goTo((await chain.epoch()) + PERIOD_EPOCHS - 6);
  await sent(staking.connect(delegator).requestUndelegate(WORST, part));
  const worstReport = await missProof(protocol, WORST, (await chain.epoch()) + 3);
  await sent(staking.connect(delegator).requestUndelegate(WORST, part));
  const worst = await figureOf(worstReport());
  return { slashRequest: reported, slashRequestWorst: worst, slashExecute: appealed };
}

/** A node that owes a proof for an epoch and does not bring it. @returns What reports it. */
async function missProof(
  protocol: BenchProtocol,
  nodeId: number,
  epoch: number,
): Promise<() => Promise<ContractTransactionResponse>> {
  const { chain, escrow, attestations, staking, penalties, accounts } = protocol;
  const { relayer, delegator } = accounts;
  await chain.goTo(epoch, 0.6);
  const { voucher, signature } = await protocol.nextVoucher(nodeId, MUCH);
  await sent(escrow.connect(relayer).collect(voucher, signature));
  const attestation = protocol.attestationOf(nodeId, epoch, await protocol.traffic(nodeId, epoch));
  await chain.goTo(epoch + 1, 0.1);
  await sent(attestations.connect(protocol.operatorOf(nodeId)).attest(attestation));
  await chain.drawSeed(epoch);
  await chain.mine(chain.epochBlocks);
  await chain.goTo(epoch + 3, 0.1);
  // The network's own history is touched in this epoch.
  await sent(staking.connect(delegator).delegate(1, DTEL, 0));
  return () => penalties.connect(relayer).reportMissingProof(attestation);
}

/** The slash that the newest report opened, as its event has it. */
async function newestSlash({ penalties }: BenchProtocol) {
  const opened = (await penalties.queryFilter(penalties.filters.SlashOpened())).at(-1);
  if (opened === undefined) throw new Error("the report opened no slash");
  const { slash } = opened.args;
  const { taken } = slash;
  return {
    nodeId: slash.nodeId,
    kind: slash.kind,
    referenceId: slash.referenceId,
    reporter: slash.reporter,
    openedAt: slash.openedAt,
    taken: {
      bond: taken.bond,
      bondExitPrevious: taken.bondExitPrevious,
      bondExitCurrent: taken.bondExitCurrent,
      pool: taken.pool,
      exitPrevious: taken.exitPrevious,
      exitCurrent: taken.exitCurrent,
      lossPrevious: taken.lossPrevious,
      lossCurrent: taken.lossCurrent,
      period: taken.period,
    },
  };
}
