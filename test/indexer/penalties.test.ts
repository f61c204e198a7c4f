import { expect } from "chai";
import { id as keccakOfText } from "ethers";
import { z } from "zod";
import { openedSlash } from "../contracts/support/penalties.js";
import type { OpenSlash } from "../contracts/support/penalties.js";
import { addApp, addDelegator, addNode, dtel } from "../contracts/support/people.js";
import type { App, Node } from "../contracts/support/people.js";
import type { Account } from "../contracts/support/account.js";
import { AuditedEpoch, drawBefore } from "./support/audits.js";
import { actingAs, asAuthority } from "./support/authority.js";
import { TestChain } from "./support/chain.js";
import { TestDatabases, withClient } from "./support/databases.js";
import { TestIndexer } from "./support/indexer.js";
import { deployTo } from "./support/protocol.js";
import type { TestProtocol } from "./support/protocol.js";

const amount = z.string().transform(BigInt);
/** As `IPenaltyManager.SlashKind` numbers a ruling. */
const RULING = 2;

/** The tests follow one network of bad nodes: each goes on where the one before it ended. */
describe("the index of audits and penalties", function () {
  this.timeout(120_000);
  let chain: TestChain;
  let protocol: TestProtocol;
  let indexer: TestIndexer;
  const cleanups: (() => Promise<unknown>)[] = [];
  let nodes: readonly [Node, Node, Node, Node, Node];
  let app: App;
  let delegators: readonly [Account, Account];
  let first: number;
  let slashes: readonly [OpenSlash, OpenSlash, OpenSlash];

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
    const added: Node[] = [];
    for (let i = 0; i < 5; i += 1) added.push(await addNode(protocol, { bond: dtel(2_000 + 500 * i) }));
    nodes = added as [Node, Node, Node, Node, Node];
    app = await addApp(protocol, dtel(10_000));
    delegators = [
      await addDelegator(protocol, nodes[0].nodeId, dtel(3_000)),
      await addDelegator(protocol, nodes[0].nodeId, dtel(1_000)),
    ];
  });

  after(async () => {
    for (const end of cleanups.splice(0).reverse()) await end();
  });

  const now = async (): Promise<number> =>
    Math.floor(((await chain.now()) - protocol.clock.genesisSeconds) / protocol.clock.epochSeconds);

  it("knows seats as nodes enter, leave, move and change their weight", async () => {
    const { registry, ring, token, staking } = protocol;
    for (const { nodeId, operator } of nodes) await registry.connect(operator).activate(nodeId);
    // The last seat's node moves to the one that becomes free, and back.
    await registry.connect(nodes[1].owner).drain(nodes[1].nodeId);
    await registry.connect(nodes[1].owner).activate(nodes[1].nodeId);
    await token.transfer(nodes[0].owner, dtel(1_000));
    await token.connect(nodes[0].owner).approve(staking, dtel(1_000));
    await staking.connect(nodes[0].owner).bond(nodes[0].nodeId, dtel(1_000));
    await ring.refresh(nodes[0].nodeId);
    await expectEqual(300);
    const { nodes: indexed, networks } = await indexer.query(
      "{ nodes(orderBy: number_ASC) { seat auditWeight status } networks { auditRingSize activeNodes } }",
      z.object({
        nodes: z.array(z.object({ seat: z.int(), auditWeight: z.int(), status: z.string() })),
        networks: z.array(z.object({ auditRingSize: z.int(), activeNodes: z.int() })),
      }),
    );
    expect(indexed.map(({ seat }) => seat)).to.deep.equal([0, 4, 2, 3, 1]);
    expect(indexed.map(({ auditWeight }) => auditWeight)).to.deep.equal([3_000, 2_500, 3_000, 3_500, 4_000]);
    expect(networks).to.deep.equal([{ auditRingSize: 5, activeNodes: 5 }]);
  });

  it("says who scored whom, and what comes of it, as the contract does", async () => {
    const { clock } = protocol;
    first = (await now()) + 2;
    const bad = nodes[4].nodeId;
    // Node 4 contradicts everybody else about node 1.
    const judge = (auditor: bigint, target: bigint): number =>
      target === bad ? 1_000 : auditor === 4n && target === 1n ? 0 : 9_000 + Number(auditor);
    await drawBefore(chain, protocol, first - 1);
    const epochs: AuditedEpoch[] = [];
    for (let epoch = first; epoch <= first + 3; epoch += 1) {
      await drawBefore(chain, protocol, epoch);
      await epochs.at(-1)?.reveal();
      if (epoch === first + 1) await expectEqual(300);
      if (epoch === first + 3) break;
      const audited = new AuditedEpoch(chain, protocol, nodes, epoch);
      // Each of three nodes serves in one epoch and never proves it.
      await audited.attest(judge, app, [nodes[epoch - first] ?? nodes[0]]);
      epochs.push(audited);
    }
    await epochs.at(-1)?.passDeadline();
    const opened: OpenSlash[] = [];
    for (const [index, audited] of epochs.entries()) {
      const culprit = audited.serviceOf(nodes[index] ?? nodes[0]);
      opened.push(await openedSlash(await protocol.penalties.reportMissingProof(culprit.attestation)));
    }
    slashes = opened as [OpenSlash, OpenSlash, OpenSlash];
    await expectEqual(500);
    const { audits, nodeEpochById } = await indexer.query(
      `{ audits(limit: 50, where: {epochNumber_eq: ${first}, target: {id_eq: "1"}}, orderBy: score_ASC) { auditor { id } score weight }
         nodeEpochById(id: "5-${first}") { auditScore auditsRevealed revealedOwnAudits status } }`,
      z.object({
        audits: z.array(z.object({ auditor: z.object({ id: z.string() }), score: z.int(), weight: z.int() })),
        nodeEpochById: z.object({
          auditScore: z.int(),
          auditsRevealed: z.int(),
          revealedOwnAudits: z.boolean(),
          status: z.string(),
        }),
      }),
    );
    expect(audits[0]).to.deep.equal({ auditor: { id: "4" }, score: 0, weight: 3_500 });
    expect(audits).to.have.length(3);
    expect(nodeEpochById).to.deep.equal({
      auditScore: 1_000,
      auditsRevealed: 3,
      revealedOwnAudits: true,
      status: "ATTESTED",
    });
    expect(await chain.now()).to.be.lessThan(clock.startOf(first + 5));
  });

  it("follows strikes into jail, and out of it", async () => {
    const { strikes, registry, clock } = protocol;
    const bad = nodes[4];
    await strikes.strikeAuditor(nodes[3].nodeId, nodes[0].nodeId, first);
    for (let epoch = first; epoch < first + 3; epoch += 1) await strikes.strikeTarget(bad.nodeId, epoch);
    await expectEqual(500);
    const { nodeById } = await indexer.query(
      `{ nodeById(id: "${bad.nodeId}") { jailed jailings strikes status seat strikeRecords(limit: 10) { reason counts } } }`,
      z.object({
        nodeById: z.object({
          jailed: z.boolean(),
          jailings: z.int(),
          strikes: z.int(),
          status: z.string(),
          seat: z.int().nullable(),
          strikeRecords: z.array(z.object({ reason: z.string(), counts: z.boolean() })),
        }),
      }),
    );
    expect(nodeById).to.deep.equal({
      jailed: true,
      jailings: 1,
      strikes: 3,
      status: "IDLE",
      seat: null,
      strikeRecords: Array.from({ length: 3 }, () => ({ reason: "LOW_SCORES", counts: false })),
    });
    await chain.goTo((await chain.now()) + 4 * clock.epochSeconds);
    await strikes.connect(bad.operator).release(bad.nodeId);
    await registry.connect(bad.owner).activate(bad.nodeId);
    await registry.connect(nodes[3].owner).retire(nodes[3].nodeId);
    await expectEqual(500);
  });

  it("follows slashes to their end: vetoed, overturned, executed and burned", async () => {
    const { penalties, staking } = protocol;
    const [executed, vetoed, overturned] = slashes;
    await asAuthority(protocol, penalties, "veto", [vetoed.slash]);
    await asAuthority(protocol, penalties, "overturn", [overturned.slash]);
    await expectEqual(500);
    await chain.goTo(executed.appealUntil);
    await penalties.execute(executed.slash);
    await expectEqual(500);
    await staking.burnPending();
    await expectEqual(500);
    const { slashes: indexed } = await indexer.query(
      "{ slashes(limit: 10, orderBy: timestamp_ASC) { node { id } kind status amount bounty reporter { id } } }",
      z.object({
        slashes: z.array(
          z.object({
            node: z.object({ id: z.string() }),
            kind: z.string(),
            status: z.string(),
            amount,
            bounty: amount.nullable(),
            reporter: z.object({ id: z.string() }),
          }),
        ),
      }),
    );
    const reporter = { id: protocol.holder.address.toLowerCase() };
    const slash = { kind: "MISSING_PROOF", amount: dtel(100), reporter };
    expect(indexed).to.deep.equal([
      { ...slash, node: { id: "1" }, status: "EXECUTED", bounty: dtel(10) },
      { ...slash, node: { id: "2" }, status: "VETOED", bounty: null },
      { ...slash, node: { id: "3" }, status: "OVERTURNED", bounty: null },
    ]);
  });

  it("follows a slash that reaches the delegators, those who are leaving and those who left", async () => {
    const { penalties, staking, strikes, clock, parameters } = protocol;
    const [{ nodeId, owner }] = nodes;
    const [one, other] = delegators;
    const { unbondingSeconds } = parameters.staking;
    const nextPeriod = async (): Promise<void> => {
      const period = Number(await staking.currentPeriod());
      await chain.goTo(clock.genesisSeconds + (period + 1) * unbondingSeconds + 60);
    };
    const openSlash = async (referenceId: number): Promise<OpenSlash> =>
      openedSlash(
        await penalties.connect(await actingAs(chain, strikes)).openSlash(
          {
            nodeId,
            kind: RULING,
            referenceId,
            reporter: protocol.holder,
            // In the period before: what was asked for then is liable too.
            faultAt: (await chain.now()) - 2 * clock.epochSeconds,
            amount: dtel(10_000),
            poolLimitBps: 500,
          },
          { gasLimit: 12_000_000n },
        ),
      );
    await nextPeriod();
    await staking.connect(one).requestUndelegate(nodeId, 10n ** 12n);
    await nextPeriod();
    await staking.connect(one).requestUndelegate(nodeId, 5n * 10n ** 11n);
    await staking.connect(owner).requestUnbond(nodeId, dtel(500));
    await chain.goTo((await chain.now()) + clock.epochSeconds);
    const returned = await openSlash(900);
    await expectEqual(500);
    // Asked for after the slash of the pool: it counts for the next period.
    await staking.connect(other).requestUndelegate(nodeId, 10n ** 11n);
    await staking.connect(one).requestUndelegate(nodeId, 10n ** 10n);
    await expectEqual(500);
    await nextPeriod();
    await nextPeriod();
    // One takes its money with the loss, and gets the rest when the slash is not upheld.
    await staking.connect(one).withdraw(nodeId);
    await expectEqual(500);
    await asAuthority(protocol, penalties, "overturn", [returned.slash]);
    await expectEqual(500);
    const period = returned.slash.taken.period;
    await staking.restoreExit(nodeId, one, period);
    await staking.restoreExit(nodeId, one, BigInt(period) - 1n);
    await expectEqual(500);
    await staking.connect(one).withdraw(nodeId);
    await staking.connect(owner).withdrawBond(nodeId);
    await expectEqual(500);
    const upheld = await openSlash(901);
    await chain.goTo(upheld.appealUntil);
    await penalties.execute(upheld.slash);
    await expectEqual(500);
    // What delegators lost burns as their votes are taken back.
    await staking.syncVotes(nodeId, other);
    await staking.burnPending();
    await expectEqual(500);
    await nextPeriod();
    await staking.connect(other).withdraw(nodeId);
    await expectEqual(500);
    const { exitRequests } = await indexer.query(
      `{ exitRequests(limit: 10, where: {lost_gt: 0, restored_gt: 0, account: {id_eq: "${one.address.toLowerCase()}"}}) { amount lost restored paid } }`,
      z.object({
        exitRequests: z.array(z.object({ amount, lost: amount, restored: amount, paid: amount })),
      }),
    );
    // Those that were on their way when the pool was slashed; the one after it lost nothing.
    expect(exitRequests).to.have.length(2);
    for (const { amount: asked, lost, restored, paid } of exitRequests) {
      expect(restored).to.equal(lost);
      expect(paid).to.equal(asked);
    }
  });

  it("follows cases from the challenge to the ruling", async () => {
    const { arbitration, token, newAccount, parameters } = protocol;
    const members: Account[] = [];
    for (let i = 0; i < 5; i += 1) members.push(await newAccount());
    members.sort((a, b) => (a.address.toLowerCase() < b.address.toLowerCase() ? -1 : 1));
    const term = (await chain.now()) + 100 * 86_400;
    await asAuthority(protocol, arbitration, "appointArbiters", [
      members.map(({ address }) => address),
      term,
    ]);
    const challenger = await newAccount(dtel(1_000));
    await token.connect(challenger).approve(arbitration, dtel(1_000));
    const accused = nodes[2];
    const accuse = async (): Promise<void> => {
      const faultAt = (await chain.now()) - 10;
      await arbitration
        .connect(challenger)
        .openCase(accused.nodeId, faultAt, keccakOfText("recording"), "https://evidence.example/1");
    };
    for (let i = 0; i < 3; i += 1) await accuse();
    await arbitration.connect(accused.owner).answer(1n, keccakOfText("answer"), "https://answer.example/1");
    await expectEqual(500);
    const { answerSeconds, rulingSeconds } = parameters.penaltyParameters;
    await chain.goTo((await chain.now()) + answerSeconds + 10);
    for (const member of members.slice(0, 4)) await arbitration.connect(member).vote(1n, true);
    for (const member of members.slice(0, 3)) await arbitration.connect(member).vote(2n, false);
    await arbitration.connect(members[4]).vote(3n, true);
    await chain.goTo((await chain.now()) + rulingSeconds + 10);
    await arbitration.closeUnruled(3n);
    await expectEqual(600);
    const { arbitrationCases, slashes: rulings } = await indexer.query(
      `{ arbitrationCases(limit: 10, orderBy: id_ASC) { status uphold dismiss answerUri depositTo { id } votes(limit: 9) { uphold } }
         slashes(limit: 10, where: {kind_eq: RULING, referenceId_eq: 1}) { node { id } } }`,
      z.object({
        arbitrationCases: z.array(
          z.object({
            status: z.string(),
            uphold: z.int(),
            dismiss: z.int(),
            answerUri: z.string().nullable(),
            depositTo: z.object({ id: z.string() }),
            votes: z.array(z.object({ uphold: z.boolean() })),
          }),
        ),
        slashes: z.array(z.object({ node: z.object({ id: z.string() }) })),
      }),
    );
    expect(arbitrationCases.map(({ status }) => status)).to.deep.equal(["UPHELD", "DISMISSED", "UNRULED"]);
    expect(arbitrationCases.map(({ depositTo }) => depositTo.id)).to.deep.equal(
      [challenger, accused.owner, challenger].map(({ address }) => address.toLowerCase()),
    );
    expect(arbitrationCases[0]).to.deep.include({
      uphold: 4,
      dismiss: 0,
      answerUri: "https://answer.example/1",
    });
    expect(rulings).to.deep.equal([{ node: { id: "3" } }]);
  });

  it("names what differs where the index and the chain do not agree", async () => {
    const plant = async (change: string): Promise<string[]> => {
      await withClient(indexer.databaseUrl, (client) => client.query(change));
      // The API answers from memory until the next head.
      await chain.mine();
      return (await indexer.compare()).mismatches.map(({ what }) => what);
    };
    expect(await plant("UPDATE audit SET score = score + 1 WHERE id LIKE '1-%-0'")).to.include(
      `audits of 1-${first}: score 0`,
    );
    const { id } = slashes[0];
    expect(await plant(`UPDATE slash SET from_bond = from_bond + 1000000000 WHERE id = '${id}'`)).to.include(
      `slash ${id}: id`,
    );
    expect(await plant("UPDATE audit_seat SET seat = seat + 1 WHERE node_id = '3'")).to.include.members([
      "audit seat 3-2: seat",
    ]);
    expect(await plant("UPDATE strike SET counts = true WHERE node_id = '5'")).to.include(
      "strikes of node 5: strikes",
    );
  });
});
