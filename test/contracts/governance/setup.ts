/** Governance, the treasury and the token on the chain of the tests, with the times of mainnet. */
import { ContractFactory, id } from "ethers";
import type { Addressable, BaseContract, BigNumberish } from "ethers";
import hre from "hardhat";
import {
  BuybackAuction__factory,
  DTelGovernor__factory,
  DTelToken__factory,
  InertImplementation__factory,
  ProtocolAccessManager__factory,
  ProtocolProxy__factory,
  ProtocolTimelock__factory,
  Treasury__factory,
} from "../../../types/contracts/index.js";
import type { DTelGovernor, ProtocolAccessManager } from "../../../types/contracts/index.js";
import { fundedAccount } from "../support/account.js";
import type { Account } from "../support/account.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { dtel } from "../support/people.js";

export const DAY = 86_400;
export const WINDOW_SECONDS = 30 * DAY;
export const LIMIT_BPS = 1_000n;
export const GUARDIAN_SECONDS = 547 * DAY;
export const SETTINGS = {
  votingDelaySeconds: DAY,
  votingPeriodSeconds: 5 * DAY,
  lateQuorumSeconds: 2 * DAY,
  proposalThresholdWei: dtel(500_000),
  quorumBps: 400,
};
export const BOUNDS = {
  minVotingDelaySeconds: DAY,
  minVotingPeriodSeconds: 3 * DAY,
  minLateQuorumSeconds: DAY,
};
export const TIMELOCK_SECONDS = 2 * DAY;
export const APPEAL_SECONDS = 12 * DAY;
export const ADMIN = 0n;
export const GUARDIAN = 1n;
export const COUNCIL = 2n;
export const NATIVE = "0x0000000000000000000000000000000000000000";
export const INERT = `0x${id("dtelecom.inert-votes").slice(-40)}`;

/** A contract that only tests have. */
export async function deployHarness(name: string, ...values: readonly unknown[]): Promise<BaseContract> {
  const { abi, bytecode } = await hre.artifacts.readArtifact(name);
  const [signer] = await ethers.getSigners();
  const harness = await new ContractFactory(abi, bytecode, signer).deploy(...values);
  return harness.waitForDeployment();
}

async function deployGovernance() {
  const [deployer] = await ethers.getSigners();
  if (deployer === undefined) throw new Error("the chain has no accounts");
  // The token's peers act as themselves: staking and rewards are not what is tested here.
  const distributor = await fundedAccount("distributor");
  const staking = await fundedAccount("staking");
  const holder = await fundedAccount("holder");
  const now = await networkHelpers.time.latest();
  const guardianEnd = now + GUARDIAN_SECONDS;

  const manager = await new ProtocolAccessManager__factory(deployer).deploy(deployer, guardianEnd);
  const inert = await new InertImplementation__factory(deployer).deploy(manager);
  const proxy = () => new ProtocolProxy__factory(deployer).deploy(inert);
  const [treasuryProxy, auctionProxy] = [await proxy(), await proxy()];
  const token = await new DTelToken__factory(deployer).deploy(holder, distributor, staking, now);
  const install = async (at: Addressable, implementation: Addressable) => {
    const upgrade = InertImplementation__factory.createInterface().encodeFunctionData("upgradeToAndCall", [
      await implementation.getAddress(),
      "0x",
    ]);
    await manager.execute(at, upgrade);
  };
  await install(
    treasuryProxy,
    await new Treasury__factory(deployer).deploy(
      manager,
      { token, auction: auctionProxy },
      { windowSeconds: WINDOW_SECONDS, limitBps: LIMIT_BPS },
    ),
  );
  await install(
    auctionProxy,
    await new BuybackAuction__factory(deployer).deploy(manager, { token, treasury: treasuryProxy }, DAY),
  );
  const treasury = Treasury__factory.connect(await treasuryProxy.getAddress(), deployer);
  await treasury.delegateVotes();

  const penalties = await deployHarness("AppealWindowHarness", APPEAL_SECONDS);
  const timelock = await new ProtocolTimelock__factory(deployer).deploy(
    TIMELOCK_SECONDS,
    TIMELOCK_SECONDS,
    deployer,
    penalties,
  );
  const governor = await new DTelGovernor__factory(deployer).deploy(
    { token, timelock, manager, penalties },
    SETTINGS,
    BOUNDS,
  );
  await timelock.setGovernor(governor);
  const guardian = await fundedAccount("guardian");
  await manager.setTargetFunctionRole(
    governor,
    [governor.interface.getFunction("cancel").selector],
    GUARDIAN,
  );
  await manager.grantRole(GUARDIAN, guardian, 0);
  return {
    deployer,
    distributor,
    staking,
    holder,
    guardian,
    guardianEnd,
    manager,
    token: token.connect(holder),
    treasury,
    auction: BuybackAuction__factory.connect(await auctionProxy.getAddress(), deployer),
    penalties,
    timelock,
    governor,
  };
}

async function handedOver() {
  const governance = await deployGovernance();
  const { manager, timelock, deployer } = governance;
  await manager.grantRole(ADMIN, timelock, 0);
  await manager.renounceRole(ADMIN, deployer);
  return governance;
}

export type Governance = Awaited<ReturnType<typeof deployGovernance>>;
/** What it takes to decide something. */
export interface Deciding {
  readonly governor: DTelGovernor;
  readonly manager: ProtocolAccessManager;
  readonly holder: Account;
}

/** The deployer is still the administrator. */
export const deployedGovernance = () => networkHelpers.loadFixture(deployGovernance);

/** The timelock is the only administrator. */
export const sovereignGovernance = () => networkHelpers.loadFixture(handedOver);

/** A voter with DTEL, delegated to itself. */
export async function addVoter(
  { token }: Pick<Governance, "token">,
  label: string,
  amountWei: bigint,
): Promise<Account> {
  const voter = await fundedAccount(label);
  await token.transfer(voter, amountWei);
  await token.connect(voter).delegate(voter);
  return voter;
}

export interface Call {
  readonly target: BaseContract;
  readonly data: string;
  readonly value?: bigint;
}

/** What a proposal consists of, in the order of the governor's functions. */
export interface Proposal {
  readonly id: bigint;
  readonly targets: string[];
  readonly values: bigint[];
  readonly calldatas: string[];
  readonly description: string;
  readonly descriptionHash: string;
}

export async function describeProposal(
  { governor }: Deciding,
  calls: readonly Call[],
  description: string,
): Promise<Proposal> {
  const targets = await Promise.all(calls.map(({ target }) => target.getAddress()));
  const values = calls.map(({ value }) => value ?? 0n);
  const calldatas = calls.map(({ data }) => data);
  const descriptionHash = id(description);
  const proposalId = await governor.hashProposal(targets, values, calldatas, descriptionHash);
  return { id: proposalId, targets, values, calldatas, description, descriptionHash };
}

export async function propose(
  governance: Deciding,
  proposer: Account,
  calls: readonly Call[],
  description = "a proposal",
): Promise<Proposal> {
  const proposal = await describeProposal(governance, calls, description);
  await governance.governor
    .connect(proposer)
    .propose(proposal.targets, proposal.values, proposal.calldatas, description);
  return proposal;
}

/** The vote begins. */
export async function openVote({ governor }: Deciding, { id }: Proposal): Promise<void> {
  await networkHelpers.time.increaseTo((await governor.proposalSnapshot(id)) + 1n);
}

/** The vote is over. */
export async function closeVote({ governor }: Deciding, { id }: Proposal): Promise<void> {
  await networkHelpers.time.increaseTo((await governor.proposalDeadline(id)) + 1n);
}

export async function queue(
  { governor, holder }: Deciding,
  { targets, values, calldatas, descriptionHash }: Proposal,
) {
  return governor.connect(holder).queue(targets, values, calldatas, descriptionHash);
}

export async function execute(
  { governor, holder }: Deciding,
  { targets, values, calldatas, descriptionHash }: Proposal,
) {
  return governor.connect(holder).execute(targets, values, calldatas, descriptionHash);
}

/** Votes a proposal through and has it wait in the timelock until it can be executed. */
export async function decide(
  governance: Deciding,
  voter: Account,
  calls: readonly Call[],
  description = "a proposal",
): Promise<Proposal> {
  const proposal = await propose(governance, voter, calls, description);
  await openVote(governance, proposal);
  await governance.governor.connect(voter).castVote(proposal.id, 1);
  await closeVote(governance, proposal);
  await queue(governance, proposal);
  await networkHelpers.time.increase(TIMELOCK_SECONDS + 1);
  return proposal;
}

/** A restricted call of a protocol contract, as the administrator makes it. */
export async function restricted(
  { manager }: Deciding,
  target: BaseContract,
  name: string,
  values: readonly unknown[],
): Promise<Call> {
  const inner = target.interface.encodeFunctionData(name, values);
  return {
    target: manager,
    data: manager.interface.encodeFunctionData("execute", [await target.getAddress(), inner]),
  };
}

/** Makes a restricted call while the deployer is the administrator. */
export function asAdmin(
  { manager }: Deciding,
  target: BaseContract,
  name: string,
  values: readonly unknown[],
) {
  return manager.execute(target, target.interface.encodeFunctionData(name, values));
}

export const states = {
  Pending: 0n,
  Active: 1n,
  Canceled: 2n,
  Defeated: 3n,
  Succeeded: 4n,
  Queued: 5n,
  Expired: 6n,
  Executed: 7n,
} satisfies Record<string, BigNumberish>;
