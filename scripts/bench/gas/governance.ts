/** A proposal that changes a parameter, and a vote on it. */
import { id } from "ethers";
import { sent } from "./meter.js";
import type { BenchProtocol } from "./protocol.js";

export async function measureGovernance(protocol: BenchProtocol) {
  const { governor, escrow, chain, accounts, addresses, figureOf } = protocol;
  const { delegator, newcomer } = accounts;
  const setConfig = escrow.interface.encodeFunctionData("setPaymentConfig", [
    { burnBps: 1_200, treasuryBps: 500, thawEpochs: 8 },
  ]);
  const manager = await protocol.manager();
  const call = manager.interface.encodeFunctionData("execute", [addresses.paymentEscrow, setConfig]);
  const description = "Burn 12 % of fees";
  const targets = [addresses.accessManager];
  const propose = await figureOf(governor.connect(delegator).propose(targets, [0], [call], description));
  const proposalId = await governor.getProposalId(targets, [0], [call], id(description));
  await chain.goTo((await chain.epoch()) + 6);
  await sent(governor.connect(delegator).castVote(proposalId, 1));
  const vote = await figureOf(governor.connect(newcomer).castVote(proposalId, 1));
  return { propose, vote };
}
