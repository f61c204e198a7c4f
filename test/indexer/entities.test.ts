import { expect } from "chai";
import { id as keccakOfText } from "ethers";
import { z } from "zod";
import type { Comparison } from "../../indexer/lib/check/index.js";
import { installPeaqStandIns } from "../../scripts/ignition/peaqStandIns.js";
import { collect, delegateMore, dtel } from "../contracts/support/people.js";
import { unattested } from "../contracts/support/service.js";
import { TestChain } from "./support/chain.js";
import { TestDatabases, withClient } from "./support/databases.js";
import { TestIndexer } from "./support/indexer.js";
import { deployTo } from "./support/protocol.js";
import type { TestProtocol } from "./support/protocol.js";
import { changeRegistrations, liveEpoch, settle } from "./support/scenario.js";
import type { People } from "./support/scenario.js";

const amount = z.string().transform(BigInt);
/** What a machine signs to be linked. */
const CONSENT = {
  LinkConsent: [
    { name: "nodeId", type: "uint256" },
    { name: "owner", type: "address" },
    { name: "machine", type: "address" },
    { name: "didHash", type: "bytes32" },
    { name: "nonce", type: "uint256" },
    { name: "deadline", type: "uint256" },
  ],
};

function expectEqual({ compared, mismatches }: Comparison, atLeast: number): void {
  expect(mismatches).to.deep.equal([]);
  expect(compared).to.be.greaterThan(atLeast);
}

/** The tests follow one network through its life: each goes on where the one before it ended. */
describe("the index of a network's life", function () {
  this.timeout(120_000);
  let chain: TestChain;
  let databases: TestDatabases;
  let protocol: TestProtocol;
  let indexer: TestIndexer;
  /** Ends what the tests need, last first. */
  const cleanups: (() => Promise<unknown>)[] = [];
  let people: People;

  before(async () => {
    chain = await TestChain.start();
    cleanups.push(() => chain.stop());
    databases = await TestDatabases.start();
    cleanups.push(() => databases.stop());
    protocol = await deployTo(chain);
    indexer = await TestIndexer.start({
      databaseUrl: await databases.create(),
      chain,
      deployment: protocol.file,
    });
    cleanups.push(() => indexer.stop());
    people = await settle(protocol);
    await changeRegistrations(protocol, people);
  });

  after(async () => {
    for (const end of cleanups.splice(0).reverse()) await end();
  });

  it("equals the contracts after registrations, bonds, delegations, votes and payments in", async () => {
    expectEqual(await indexer.compare(), 120);
    const { nodes } = await indexer.query(
      "{ nodes(orderBy: number_ASC) { id endpoint pricePerGB operator updates(orderBy: id_ASC, limit: 20) { kind value } pool { bond delegators } } }",
      z.object({
        nodes: z.array(
          z.object({
            id: z.string(),
            endpoint: z.string(),
            pricePerGB: amount,
            operator: z.string(),
            updates: z.array(z.object({ kind: z.string(), value: z.string() })),
            pool: z.object({ bond: amount, delegators: z.int() }),
          }),
        ),
      }),
    );
    expect(nodes).to.have.length(2);
    const [first] = nodes;
    expect(first).to.include({ endpoint: "wss://other.example:4443", pricePerGB: dtel("0.5") });
    expect(first?.operator).to.equal(people.nodes[0].operator.address.toLowerCase());
    expect(first?.pool).to.deep.equal({ bond: dtel(5_000), delegators: 2 });
    // The first values, then every change, the operator's back and forth included.
    expect(first?.updates.map(({ kind }) => kind)).to.have.members([
      ...["ENDPOINT", "PRICE", "CAPACITY", "OPERATOR", "COMMISSION", "STATUS"],
      ...["ENDPOINT", "PRICE", "CAPACITY", "OPERATOR", "OPERATOR", "COMMISSION", "COMMISSION_RISE"],
    ]);
  });

  it("equals the contracts after an epoch with service, fees, proofs, claims, mint and flush", async () => {
    const epoch = await liveEpoch(chain, protocol, people);
    expectEqual(await indexer.compare(), 180);
    const { epochById } = await indexer.query(
      `{ epochById(id: "${epoch}") { bytesDelivered sessions attestationCount proofCount claimCount feesCollected feesBurned
         feesScored feesTreasury feesStakers flushed workRewards availabilityRewards
         nodes(limit: 10, orderBy: id_ASC) { id stake feesCollected workReward } } }`,
      z.object({
        epochById: z.object({
          bytesDelivered: amount,
          sessions: amount,
          attestationCount: z.int(),
          proofCount: z.int(),
          claimCount: z.int(),
          feesCollected: amount,
          feesBurned: amount,
          feesScored: amount,
          feesTreasury: amount,
          feesStakers: amount,
          flushed: z.boolean(),
          workRewards: amount,
          availabilityRewards: amount,
          nodes: z.array(
            z.object({ id: z.string(), stake: amount, feesCollected: amount, workReward: amount }),
          ),
        }),
      }),
    );
    // Two nodes with sessions of 1, 2 and 3 MB, paid 25.5 DTEL each and judged 0.9.
    expect(epochById.bytesDelivered).to.equal(12_000_000n);
    expect(epochById.sessions).to.equal(6n);
    expect([epochById.attestationCount, epochById.proofCount, epochById.claimCount]).to.deep.equal([2, 2, 3]);
    expect(epochById.feesCollected).to.equal(dtel(51));
    expect(epochById.feesBurned).to.equal(dtel("5.1"));
    expect(epochById.feesScored).to.equal(dtel("4.59"));
    expect(epochById.feesTreasury).to.equal(dtel("2.55"));
    expect(epochById.feesStakers).to.equal(dtel("43.35"));
    expect(epochById.flushed).to.be.true;
    // κ = 0.9 of what was burned and scored, far below the budget.
    expect(epochById.workRewards).to.equal(dtel("4.131"));
    expect(epochById.nodes.map(({ id }) => id)).to.deep.equal([`1-${epoch}`, `2-${epoch}`, `3-${epoch}`]);
    expect(epochById.nodes.map(({ stake }) => stake)).to.deep.equal([dtel(9_500), dtel(2_700), 0n]);
  });

  it("equals the contracts while income streams, and after it was claimed", async () => {
    const { staking, clock } = protocol;
    const [node] = people.nodes;
    const next = Math.floor(((await chain.now()) - clock.genesisSeconds) / clock.epochSeconds) + 1;
    await chain.goTo(clock.startOf(next) + 600);
    expectEqual(await indexer.compare(), 180);
    await delegateMore(protocol, node.nodeId, people.delegators[0], dtel(10));
    await chain.goTo(clock.startOf(next) + 1_800);
    await staking.connect(people.delegators[1]).requestUndelegate(node.nodeId, 10n ** 11n);
    expectEqual(await indexer.compare(), 180);
    await chain.goTo(clock.startOf(next + 3));
    expectEqual(await indexer.compare(), 180);
    await staking.connect(node.owner).claimOwnerIncome(node.nodeId);
    expectEqual(await indexer.compare(), 180);
  });

  it("equals the contracts while stake leaves in several periods, up to the last of a pool", async () => {
    const { staking, clock, parameters } = protocol;
    const [first, second] = people.nodes;
    const [delegator] = people.delegators;
    const { unbondingSeconds } = parameters.staking;
    const nextPeriod = async (): Promise<void> => {
      const period = Number(await staking.currentPeriod());
      await chain.goTo(clock.genesisSeconds + (period + 1) * unbondingSeconds);
    };
    await staking.connect(first.owner).requestUnbond(first.nodeId, dtel(1_000));
    await staking.connect(delegator).requestUndelegate(first.nodeId, 10n ** 12n);
    await liveEpoch(chain, protocol, people);
    await nextPeriod();
    // All that the second pool holds goes while income is on its way to it.
    const { shares } = await staking.positionOf(second.nodeId, delegator);
    await staking.connect(delegator).requestUndelegate(second.nodeId, shares);
    await staking.connect(first.owner).requestUnbond(first.nodeId, dtel(500));
    await staking.connect(delegator).requestUndelegate(first.nodeId, 10n ** 11n);
    expectEqual(await indexer.compare(), 250);
    await nextPeriod();
    await staking.connect(first.owner).withdrawBond(first.nodeId);
    await staking.connect(delegator).withdraw(first.nodeId);
    expectEqual(await indexer.compare(), 250);
    await nextPeriod();
    await staking.connect(delegator).withdraw(second.nodeId);
    await staking.connect(delegator).withdraw(first.nodeId);
    await staking.connect(people.delegators[1]).withdraw(first.nodeId);
    expectEqual(await indexer.compare(), 250);
    const { exitRequests, pools } = await indexer.query(
      "{ exitRequests(limit: 100) { amount paid kind } pools(orderBy: id_ASC) { id delegators shares assets } }",
      z.object({
        exitRequests: z.array(z.object({ amount, paid: amount, kind: z.string() })),
        pools: z.array(z.object({ id: z.string(), delegators: z.int(), shares: amount, assets: amount })),
      }),
    );
    // The second request of the bond waits one period longer.
    expect(
      exitRequests.filter(({ amount: asked, paid }) => asked !== paid).map(({ kind }) => kind),
    ).to.deep.equal(["BOND"]);
    expect(pools[1]).to.deep.equal({ id: "2", delegators: 0, shares: 0n, assets: 0n });
  });

  it("equals the contracts when apps take back reserves and money, and revoke keys", async () => {
    const { escrow, clock } = protocol;
    const { account, signer } = people.app;
    const [{ nodeId }] = people.nodes;
    await escrow.connect(account).requestRelease(nodeId, dtel(300));
    await escrow.connect(account).requestRelease(nodeId, dtel(200));
    expectEqual(await indexer.compare(), 250);
    await escrow.connect(account).addSigner(people.nodes[0].owner);
    await escrow.connect(account).revokeSigner(signer);
    await escrow.connect(account).withdraw(people.delegators[0], dtel(100));
    expectEqual(await indexer.compare(), 250);
    await chain.goTo((await chain.now()) + 3 * clock.epochSeconds);
    await escrow.connect(account).release(nodeId);
    expectEqual(await indexer.compare(), 250);
  });

  it("equals the contracts where money came for a number that is registered only later", async () => {
    const { registry, escrow, distributor, clock } = protocol;
    const nodeId = (await registry.nodeCount()) + 1n;
    const newSigner = await protocol.newAccount();
    const app = { account: people.app.account, signer: newSigner };
    await escrow.connect(app.account).addSigner(newSigner);
    await escrow.connect(app.account).reserve(nodeId, dtel(50));
    // A number that no node will ever have, and no 64 bits could hold.
    await escrow.connect(app.account).reserve(2n ** 255n, dtel(1));
    await collect(protocol, app, nodeId, dtel(20));
    const epoch = Number(await escrow.collectionEpoch());
    expectEqual(await indexer.compare(), 250);
    await chain.goTo(clock.startOf(epoch + 1) + clock.half);
    await protocol.attestations.arm(epoch);
    await chain.mine(15);
    await protocol.attestations.draw(epoch);
    await chain.mine(20);
    await chain.goTo(clock.startOf(epoch + 3));
    await distributor.claim(unattested({ nodeId }, epoch));
    const owner = await protocol.newAccount();
    await registry.connect(owner).register(owner, 7, 100, dtel(2), "wss://late.example/\0");
    expectEqual(await indexer.compare(), 250);
    const { nodeById } = await indexer.query(
      `{ nodeById(id: "${nodeId}") { endpoint region feesCollected pool { ownerIncome } epochs(limit: 5, where: {number_eq: ${epoch}}) { number }
         claims(limit: 5, where: {epochNumber_eq: ${epoch}}) { fees } appAccounts(limit: 5) { paid } collections(limit: 5) { amount } } }`,
      z.object({
        nodeById: z.object({
          endpoint: z.string(),
          region: z.int(),
          feesCollected: amount,
          pool: z.object({ ownerIncome: amount }),
          epochs: z.array(z.object({ number: z.int() })),
          claims: z.array(z.object({ fees: amount })),
          appAccounts: z.array(z.object({ paid: amount })),
          collections: z.array(z.object({ amount })),
        }),
      }),
    );
    expect(nodeById).to.deep.include({
      endpoint: "wss://late.example/\uFFFD",
      region: 7,
      feesCollected: dtel(20),
      pool: { ownerIncome: dtel(17) },
      epochs: [{ number: epoch }],
      claims: [{ fees: dtel(17) }],
      appAccounts: [{ paid: dtel(20) }],
      collections: [{ amount: dtel(20) }],
    });
  });

  it("equals the contracts where somebody names an epoch that only looks like another", async () => {
    const { distributor, attestations, escrow } = protocol;
    const { epochs } = await indexer.query(
      "{ epochs(limit: 1, orderBy: number_DESC, where: {seedStatus_eq: DRAWN}) { number } }",
      z.object({ epochs: z.array(z.object({ number: z.int() })).length(1) }),
    );
    // Its place in the contracts' rings, and its lap in 24 bits, are those of an epoch that was drawn.
    const alias = epochs[0]!.number + 2 ** 32;
    for (const call of [
      () => attestations.arm(alias),
      () => attestations.draw(alias),
      () => escrow.flush(alias),
      () => distributor.claim(unattested({ nodeId: 77n }, alias)),
    ]) {
      // The contracts may refuse it; the index has to say what they say in any case.
      await call().catch(() => undefined);
    }
    expectEqual(await indexer.compare(), 250);
  });

  it("equals the contracts where shares that are worth nothing are given back", async () => {
    const { staking } = protocol;
    const [, node] = people.nodes;
    const delegator = await protocol.newAccount(dtel(1));
    await protocol.token.connect(delegator).approve(staking, dtel(1));
    await staking.connect(delegator).delegate(node.nodeId, 1_000_000_000n, 0n);
    const { shares } = await staking.positionOf(node.nodeId, delegator);
    await staking.connect(delegator).requestUndelegate(node.nodeId, shares);
    expectEqual(await indexer.compare(), 250);
  });

  it("equals the contracts while a node's machine account is proposed, linked, published and unlinked", async () => {
    const { identity } = protocol;
    const [{ nodeId, owner }, second] = people.nodes;
    await installPeaqStandIns(chain.provider);
    const machine = await protocol.newAccount();
    const did = `did:peaq:${machine.address}`;
    await identity.connect(owner).propose(nodeId, machine, did);
    expectEqual(await indexer.compare(), 250);
    await identity.connect(machine).accept(nodeId, keccakOfText(did));
    await identity.publish(nodeId, 7, { value: dtel(1) });
    expectEqual(await indexer.compare(), 250);
    const { nodeIdentityById } = await indexer.query(
      `{ nodeIdentityById(id: "${nodeId}") { machine { id } did attributeSalt proposedMachine { id } } }`,
      z.object({ nodeIdentityById: z.record(z.string(), z.unknown()) }),
    );
    expect(nodeIdentityById).to.deep.equal({
      machine: { id: machine.address.toLowerCase() },
      did,
      attributeSalt: "7",
      proposedMachine: null,
    });
    await identity.withdraw();
    await identity.connect(owner).unpublish(nodeId);
    await identity.connect(machine).unlink(nodeId);
    await identity.connect(second.owner).propose(second.nodeId, machine, did);
    const deadline = (await chain.now()) + 1_000;
    const signature = await machine.signTypedData(
      { ...protocol.serviceDomain, verifyingContract: await identity.getAddress() },
      CONSENT,
      {
        nodeId: second.nodeId,
        owner: second.owner.address,
        machine: machine.address,
        didHash: keccakOfText(did),
        nonce: 0n,
        deadline,
      },
    );
    await identity.connect(second.owner).link(second.nodeId, machine, did, deadline, signature);
    expectEqual(await indexer.compare(), 250);
  });

  it("adds up by day what it adds up in all", async () => {
    const fields =
      "bytesDelivered sessions attestations proofs claims feesCollected feesBurned feesTreasury feesStakers workRewards availabilityRewards rewardsMinted";
    const totals = z.record(z.string(), z.union([amount, z.int().transform(BigInt)]));
    const { networks, networkDays } = await indexer.query(
      `{ networks(limit: 1) { ${fields} } networkDays(limit: 100) { ${fields} } }`,
      z.object({ networks: z.array(totals), networkDays: z.array(totals) }),
    );
    for (const field of fields.split(" ")) {
      const sum = networkDays.reduce((total, day) => total + (day[field] ?? 0n), 0n);
      expect(sum, field).to.equal(networks[0]?.[field]);
      expect(sum > 0n, field).to.be.true;
    }
  });

  it("names what differs where the index and the chain do not agree", async () => {
    const { databaseUrl } = indexer;
    await withClient(databaseUrl, (client) => client.query("UPDATE pool SET bond = bond + 1 WHERE id = '1'"));
    // The API answers from memory until the next head.
    await chain.mine();
    const { mismatches } = await indexer.compare();
    await withClient(databaseUrl, (client) => client.query("UPDATE pool SET bond = bond - 1 WHERE id = '1'"));
    await chain.mine();
    expect(mismatches.map(({ what }) => what)).to.include("pool 1: bond");
  });
});
