import { expect } from "chai";
import { encodeBytes32String, id as keccakOfText, ZeroAddress } from "ethers";
import type { BaseContract, BytesLike } from "ethers";
import { z } from "zod";
import { setPenaltyParameters } from "../contracts/support/penalties.js";
import { addDelegator, addNode, dtel } from "../contracts/support/people.js";
import type { Account } from "../contracts/support/account.js";
import { asAuthority } from "./support/authority.js";
import { TestChain } from "./support/chain.js";
import { TestDatabases, withClient } from "./support/databases.js";
import { TestIndexer } from "./support/indexer.js";
import { deployTo } from "./support/protocol.js";
import type { TestProtocol } from "./support/protocol.js";

const amount = z.string().transform(BigInt);
const ADMIN = 0n;
const COUNCIL = 2n;
const AGAINST = 0;
const FOR = 1;
const ABSTAIN = 2;
const DAY = 86_400;

/** The tests follow one network's decisions: each goes on where the one before it ended. */
describe("the index of governance", function () {
  this.timeout(120_000);
  let chain: TestChain;
  let protocol: TestProtocol;
  let indexer: TestIndexer;
  const cleanups: (() => Promise<unknown>)[] = [];
  let voters: readonly [Account, Account, Account];

  const expectEqual = async (atLeast: number): Promise<void> => {
    const { compared, mismatches } = await indexer.compare();
    expect(mismatches).to.deep.equal([]);
    expect(compared).to.be.greaterThan(atLeast);
  };

  before(async () => {
    chain = await TestChain.start();
    cleanups.push(() => chain.stop());
    const databases = await TestDatabases.start();
    cleanups.push(() => databases.stop());
    protocol = await deployTo(chain);
    indexer = await TestIndexer.start({
      databaseUrl: await databases.create(),
      chain,
      deployment: protocol.file,
    });
    cleanups.push(() => indexer.stop());
  });

  after(async () => {
    for (const end of cleanups.splice(0).reverse()) await end();
  });

  interface Action {
    readonly target: BaseContract;
    readonly name: string;
    readonly values: readonly unknown[];
  }

  class Decision {
    private constructor(
      private readonly targets: string[],
      private readonly data: BytesLike[],
      private readonly description: string,
      readonly id: bigint,
    ) {}

    static async propose(
      proposer: Account,
      description: string,
      actions: readonly Action[],
    ): Promise<Decision> {
      const { manager, governor } = protocol;
      const targets: string[] = [];
      const data: string[] = [];
      for (const { target, name, values } of actions) {
        const call = target.interface.encodeFunctionData(name, values);
        // What the manager guards goes through it.
        targets.push(await manager.getAddress());
        data.push(
          target === manager
            ? call
            : manager.interface.encodeFunctionData("execute", [await target.getAddress(), call]),
        );
      }
      const values = targets.map(() => 0n);
      await governor.connect(proposer).propose(targets, values, data, description);
      const number = await governor.getProposalId(targets, values, data, keccakOfText(description));
      return new Decision(targets, data, description, number);
    }

    async queue(): Promise<void> {
      await protocol.governor.queue(...this.call);
    }

    async execute(): Promise<void> {
      await protocol.governor.execute(...this.call);
    }

    async cancel(by: Account): Promise<void> {
      await protocol.governor.connect(by).cancel(...this.call);
    }

    get call(): [string[], bigint[], BytesLike[], string] {
      return [this.targets, this.targets.map(() => 0n), this.data, keccakOfText(this.description)];
    }
  }

  const wait = async (seconds: number): Promise<void> => chain.goTo((await chain.now()) + seconds);

  it("knows votes, of what is held and of what is staked", async () => {
    const { token, manager, timelock } = protocol;
    const holder = await protocol.newAccount(dtel(4_000_000));
    const other = await protocol.newAccount(dtel(1_000_000));
    const node = await addNode(protocol, { bond: dtel(500_000) });
    const staker = await addDelegator(protocol, node.nodeId, dtel(2_000_000));
    voters = [holder, other, staker];
    for (const voter of [holder, staker]) await token.connect(voter).delegate(voter);
    await token.connect(other).delegate(holder);
    await manager.grantRole(ADMIN, timelock, 0, { gasLimit: 1_000_000n });
    await expectEqual(150);
    const { accounts, roleMembers } = await indexer.query(
      `{ accounts(limit: 10, where: {votes_gt: 0}, orderBy: votes_DESC) { id votes stakedUnits }
         roleMembers(limit: 10, where: {role_eq: 0, revoked_eq: false}) { account { id } } }`,
      z.object({
        accounts: z.array(z.object({ id: z.string(), votes: amount, stakedUnits: amount })),
        roleMembers: z.array(z.object({ account: z.object({ id: z.string() }) })),
      }),
    );
    expect(accounts.slice(1).map(({ votes }) => votes)).to.deep.equal([dtel(5_000_000), dtel(2_000_000)]);
    expect(accounts[2]?.stakedUnits).to.equal(dtel(2_000_000));
    expect(roleMembers).to.deep.include({ account: { id: (await timelock.getAddress()).toLowerCase() } });
  });

  it("follows proposals through all their states", async () => {
    const { governor, staking, escrow } = protocol;
    const [holder, , staker] = voters;
    const limits: Action = { target: staking, name: "setStakeLimits", values: [dtel(2_000), 8] };
    const split: Action = { target: escrow, name: "setPaymentConfig", values: [[1_500, 700, 3]] };
    const accepted = await Decision.propose(holder, "# Limits\n\nHigher bonds, and another split.", [
      limits,
      split,
    ]);
    const refused = await Decision.propose(holder, "Refused", [limits]);
    const ignored = await Decision.propose(holder, "Without a quorum", [limits]);
    const canceled = await Decision.propose(holder, "Canceled", [limits]);
    const forgotten = await Decision.propose(holder, "Forgotten", [limits]);
    await canceled.cancel(holder);
    await expectEqual(200);
    await wait(660);
    await expectEqual(200);
    await governor.connect(holder).castVoteWithReason(accepted.id, FOR, "Yes.\0");
    await governor.connect(staker).castVote(accepted.id, ABSTAIN);
    await governor.connect(holder).castVote(refused.id, AGAINST);
    await governor.connect(staker).castVote(refused.id, FOR);
    await governor.connect(staker).castVote(ignored.id, FOR);
    await expectEqual(200);
    // The quorum comes late: the vote goes on.
    await wait(7_200 - 900);
    await governor.connect(holder).castVote(forgotten.id, FOR);
    await expectEqual(200);
    await wait(1_000);
    await expectEqual(200);
    await accepted.queue();
    await expectEqual(200);
    await wait(660);
    await accepted.execute();
    await wait(1_000);
    await forgotten.queue();
    await expectEqual(200);
    expect(await staking.minBond()).to.equal(dtel(2_000));
    const { proposals, parameters } = await indexer.query(
      `{ proposals(limit: 10, orderBy: timestamp_ASC) { title state forVotes abstainVotes operation { status calls(limit: 5) { target } } votes(limit: 5) { support reason } }
         parameters(limit: 20, where: {id_in: ["nodeStaking.minBondWei", "paymentEscrow.burnBps"]}, orderBy: id_ASC) { value changes(limit: 5) { previous } } }`,
      z.object({
        proposals: z.array(
          z.object({
            title: z.string(),
            state: z.string(),
            forVotes: amount,
            abstainVotes: amount,
            operation: z
              .object({ status: z.string(), calls: z.array(z.object({ target: z.string() })) })
              .nullable(),
            votes: z.array(z.object({ support: z.string(), reason: z.string() })),
          }),
        ),
        parameters: z.array(
          z.object({ value: amount, changes: z.array(z.object({ previous: amount.nullable() })) }),
        ),
      }),
    );
    expect(proposals.map(({ title, state }) => [title, state])).to.deep.equal([
      ["Limits", "EXECUTED"],
      ["Refused", "DEFEATED"],
      ["Without a quorum", "DEFEATED"],
      ["Canceled", "CANCELED"],
      ["Forgotten", "QUEUED"],
    ]);
    expect(proposals[0]).to.deep.include({ forVotes: dtel(5_000_000), abstainVotes: dtel(2_000_000) });
    expect(proposals[0]?.operation?.status).to.equal("EXECUTED");
    expect(proposals[0]?.operation?.calls).to.have.length(2);
    expect(proposals[0]?.votes).to.deep.include({ support: "FOR", reason: "Yes.\uFFFD" });
    expect(parameters.map(({ value }) => value)).to.deep.equal([dtel(2_000), 1_500n]);
  });

  it("says that a decision has lapsed when nothing but time passed", async () => {
    const [holder] = voters;
    const { governor, staking } = protocol;
    const limits: Action = { target: staking, name: "setStakeLimits", values: [dtel(3_000), 8] };
    const unqueued = await Decision.propose(holder, "Never queued", [limits]);
    await wait(660);
    await governor.connect(holder).castVote(unqueued.id, FOR);
    await wait(8_000);
    await expectEqual(200);
    await wait(31 * DAY);
    await expectEqual(200);
    const { proposals } = await indexer.query(
      `{ proposals(limit: 10, orderBy: timestamp_DESC) { title state } }`,
      z.object({ proposals: z.array(z.object({ title: z.string(), state: z.string() })) }),
    );
    expect(proposals.slice(0, 2)).to.have.deep.members([
      { title: "Never queued", state: "EXPIRED" },
      { title: "Forgotten", state: "CANCELED" },
    ]);
  });

  it("follows allocations as they are claimed and revoked", async () => {
    const { vesting, allocations } = protocol;
    const [treasury, team] = allocations;
    if (treasury === undefined || team === undefined) throw new Error("the allocations are gone");
    await vesting.claim(treasury.allocation, [...treasury.proof]);
    await vesting.claim(team.allocation, [...team.proof]);
    await expectEqual(200);
    const { allocation } = team;
    await asAuthority(protocol, vesting, "revoke", [allocation, team.proof]).catch(() => undefined);
    await expectEqual(200);
    const { vestingAllocations, networks } = await indexer.query(
      "{ vestingAllocations(limit: 10, orderBy: index_ASC) { index claimed revoked claims(limit: 5) { amount } } networks(limit: 1) { vestingClaimed } }",
      z.object({
        vestingAllocations: z.array(
          z.object({
            index: z.int(),
            claimed: amount,
            revoked: z.boolean(),
            claims: z.array(z.object({ amount })),
          }),
        ),
        networks: z.array(z.object({ vestingClaimed: amount })),
      }),
    );
    expect(vestingAllocations.map(({ index }) => index)).to.deep.equal([0, 1, 2]);
    expect(vestingAllocations[0]?.claimed).to.equal(dtel(220_000_000));
    expect(networks[0]?.vestingClaimed).to.equal(
      vestingAllocations.reduce((sum, { claimed }) => sum + claimed, 0n),
    );
  });

  it("follows what the treasury grants, budgets, pays, burns and sells", async () => {
    const { fund, token, auction, holder, file } = protocol;
    const [recipient, spender] = voters;
    const asset = file.addresses.token;
    const purpose = encodeBytes32String("audits");
    const govern = (name: string, values: readonly unknown[]) => asAuthority(protocol, fund, name, values);
    const start = await chain.now();
    await govern("openStream", [asset, recipient.address, dtel(100_000), start, 3_600, 7_200]);
    await govern("openStream", [asset, spender.address, dtel(50_000), start, 0, 10 * DAY]);
    await govern("setBudget", [purpose, spender.address, asset, dtel(5_000), 3_600]);
    await fund.connect(spender).spend(purpose, recipient, dtel(1_000));
    await fund.connect(spender).spend(purpose, recipient, dtel(500));
    await expectEqual(200);
    await wait(5_000);
    await fund.push(1n);
    await fund.connect(spender).spend(purpose, recipient, dtel(700));
    await govern("cancelStream", [2n]);
    await govern("pay", [asset, recipient.address, dtel(2_000)]);
    await govern("burn", [dtel(3_000)]);
    await govern("setOutflowLimit", [asset, 900]);
    await expectEqual(200);
    await govern("setOutflowLimit", [asset, 1_100]);
    await expectEqual(200);
    await wait(36_100);
    await expectEqual(200);
    await govern("announceUpgrade", [spender.address]);
    await holder.sendTransaction({ to: protocol.treasury, value: dtel(20) });
    await govern("sell", [ZeroAddress, dtel(1), dtel(10), dtel(1), 3_600]);
    await expectEqual(200);
    await token.connect(recipient).approve(auction, dtel(100));
    await auction.connect(recipient).buy(1n, dtel("0.25"), dtel(100), spender);
    await expectEqual(200);
    await wait(4_000);
    await auction.close(1n);
    await expectEqual(200);
    const { treasuryPayments, treasuryBudgets, auctionLots } = await indexer.query(
      `{ treasuryPayments(limit: 20, orderBy: timestamp_ASC) { kind amount budget { purpose } stream { id } lot { id } }
         treasuryBudgets(limit: 5) { purpose spent spentTotal }
         auctionLots(limit: 5) { amount remaining returned burned purchases(limit: 5) { cost } } }`,
      z.object({
        treasuryPayments: z.array(
          z.object({
            kind: z.string(),
            amount,
            budget: z.object({ purpose: z.string() }).nullable(),
            stream: z.object({ id: z.string() }).nullable(),
            lot: z.object({ id: z.string() }).nullable(),
          }),
        ),
        treasuryBudgets: z.array(z.object({ purpose: z.string(), spent: amount, spentTotal: amount })),
        auctionLots: z.array(
          z.object({
            amount,
            remaining: amount,
            returned: amount,
            burned: amount,
            purchases: z.array(z.object({ cost: amount })),
          }),
        ),
      }),
    );
    expect(treasuryPayments.map(({ kind }) => kind)).to.deep.equal([
      ...["BUDGET", "BUDGET", "STREAM", "BUDGET", "DECISION", "BURN", "AUCTION"],
    ]);
    expect(treasuryPayments[0]?.budget?.purpose).to.equal("audits");
    expect(treasuryBudgets).to.deep.equal([{ purpose: "audits", spent: dtel(700), spentTotal: dtel(2_200) }]);
    const [lot] = auctionLots;
    expect(lot).to.deep.include({ amount: dtel(1), remaining: 0n, returned: dtel("0.75") });
    expect(lot?.purchases.map(({ cost }) => cost)).to.deep.equal([lot?.burned]);
  });

  it("follows pauses, upgrades, rates, roles and phases", async () => {
    const { escrow, staking, distributor, penalties, manager } = protocol;
    for (const contract of [escrow, staking, distributor, penalties])
      await asAuthority(protocol, contract, "pause");
    await expectEqual(200);
    await asAuthority(protocol, escrow, "unpause");
    await asAuthority(protocol, distributor, "setRates", [9_200, 4_300]);
    await setPenaltyParameters(protocol, { lowMark: 4_500 });
    await manager.grantRole(COUNCIL, voters[0], 0, { gasLimit: 1_000_000n });
    await manager.revokeRole(COUNCIL, voters[0], { gasLimit: 1_000_000n });
    await expectEqual(200);
    await manager.advancePhase({ gasLimit: 1_000_000n });
    await expectEqual(200);
    const { protocolContractById, networks } = await indexer.query(
      `{ protocolContractById(id: "paymentEscrow") { implementation pausedUntil upgrades(limit: 5) { implementation } } networks(limit: 1) { phase } }`,
      z.object({
        protocolContractById: z.object({
          implementation: z.string(),
          pausedUntil: z.string(),
          upgrades: z.array(z.object({ implementation: z.string() })),
        }),
        networks: z.array(z.object({ phase: z.string() })),
      }),
    );
    // The inert code first, then the real one.
    expect(protocolContractById.upgrades).to.have.length(2);
    expect(networks).to.deep.equal([{ phase: "COUNCIL" }]);
  });

  it("names what differs where the index and the chain do not agree", async () => {
    const plant = async (change: string): Promise<string[]> => {
      await withClient(indexer.databaseUrl, (client) => client.query(change));
      // The API answers from memory until the next head.
      await chain.mine();
      return (await indexer.compare()).mismatches.map(({ what }) => what);
    };
    const [{ id }] = (
      await indexer.query(
        "{ proposals(limit: 1, orderBy: timestamp_ASC) { id } }",
        z.object({ proposals: z.tuple([z.object({ id: z.string() })]) }),
      )
    ).proposals;
    expect(await plant(`UPDATE proposal SET quorum = quorum + 1 WHERE id = '${id}'`)).to.include(
      `proposal ${id}: quorum`,
    );
    expect(
      await plant("UPDATE parameter SET value = value + 1 WHERE id = 'timelock.delaySeconds'"),
    ).to.include("parameter timelock.delaySeconds: value");
    expect(await plant("UPDATE treasury_stream SET paid = paid + 1 WHERE id = '1'")).to.include(
      "stream 1: paid",
    );
  });
});
