import { expect } from "chai";
import { ZeroHash, id } from "ethers";
import { pino } from "pino";
import { connectContracts } from "../../../node/chain/contracts.js";
import { PenaltyChain } from "../../../node/chain/penaltyChain.js";
import type { EpochClock } from "../../../node/protocol/epochClock.js";
import { parseHex } from "../../../node/protocol/hex.js";
import { deservesStrike, outliers } from "../../../node/service/duties/judgement.js";
import { penaltyDuty } from "../../../node/service/duties/penalties.js";
import { INodeStrikes__factory } from "../../../types/contracts/factories/penalties/INodeStrikes__factory.js";
import { IPenaltyManager__factory } from "../../../types/contracts/factories/penalties/IPenaltyManager__factory.js";
import { AuditRing } from "../support/auditRing.js";
import type { Operator } from "../support/auditRing.js";
import { mined } from "../support/localChain.js";
import type { LocalChain } from "../support/localChain.js";

const auditOf = (...auditors: [score: number, weight: number][]) => ({
  audited: true,
  auditors: auditors.map(([score, weight], seat) => ({ seat, score, weight })),
});

describe("judgement", function () {
  it("strikes whom two thirds of the auditors scored low, by number and by weight", function () {
    const rules = { lowMark: 5_000 };
    expect(deservesStrike(auditOf([10, 1], [20, 1], [9_000, 1]), rules)).to.equal(true);
    expect(deservesStrike(auditOf([10, 1], [9_000, 1], [9_000, 1]), rules)).to.equal(false);
    expect(deservesStrike(auditOf([10, 1], [20, 1], [9_000, 3]), rules), "by weight").to.equal(false);
    expect(deservesStrike(auditOf([10, 9], [5_000, 1], [9_000, 1]), rules), "by number").to.equal(false);
    expect(deservesStrike(auditOf([10, 1], [0, 0], [0, 0]), rules), "too few revealed").to.equal(false);
    expect(deservesStrike(auditOf([10, 1], [20, 1], [0, 0]), rules)).to.equal(true);
    expect(deservesStrike({ ...auditOf([10, 1], [20, 1]), audited: false }, rules)).to.equal(false);
  });

  it("strikes auditors whom all others contradict on one side", function () {
    const rules = { outlierDistance: 3_000 };
    expect(outliers(auditOf([1_000, 1], [9_000, 1], [8_000, 1]), rules)).to.deep.equal([0]);
    expect(outliers(auditOf([9_999, 1], [1_000, 1], [2_000, 1]), rules)).to.deep.equal([0]);
    expect(outliers(auditOf([5_000, 1], [1_000, 1], [9_000, 1]), rules), "on both sides").not.to.include(0);
    expect(outliers(auditOf([1_000, 1], [9_000, 1], [0, 0]), rules), "one other").to.deep.equal([]);
    expect(outliers(auditOf([1_000, 1], [4_000, 1], [9_000, 1]), rules), "near to one").not.to.include(0);
  });
});

describe("penalties on chain", function () {
  this.timeout(180_000);
  let ring: AuditRing;
  let chain: LocalChain;
  let clock: EpochClock;

  before(async function () {
    ring = await AuditRing.start();
    ({ chain, clock } = ring);
  });
  after(() => ring.close());
  beforeEach(() => ring.begin());
  afterEach(() => ring.end());

  function penaltiesOf(operator: Operator) {
    const penalties = PenaltyChain.of({
      deployment: chain.deployment,
      contracts: connectContracts(chain.deployment, chain.provider),
      provider: chain.provider,
    });
    if (penalties === undefined) throw new Error("the deployment has no penalties");
    const { queue, planner, chain: nodeChain } = operator;
    const log = pino({ enabled: false });
    return { penalties, duty: penaltyDuty({ chain: nodeChain, queue, planner, log, penalties }) };
  }

  const addressOf = (address: string | undefined) => {
    if (address === undefined) throw new Error("the deployment has no penalties");
    return address;
  };
  const strikesOn = () =>
    INodeStrikes__factory.connect(addressOf(chain.deployment.addresses.nodeStrikes), chain.provider);
  const managerOn = () =>
    IPenaltyManager__factory.connect(addressOf(chain.deployment.addresses.penaltyManager), chain.provider);

  /** Lets each of the nodes look again and again, a block a moment, until all are done. */
  async function allLook(operators: readonly Operator[], epoch: number): Promise<void> {
    const duties = operators.map((operator) => penaltiesOf(operator).duty);
    for (let step = 0; step < 60; step++) {
      const results = await Promise.all(duties.map((duty) => duty.run(epoch)));
      if (results.every((result) => result === "done")) return;
      await ring.passSeconds(3);
      await ring.seen(operators);
    }
    throw new Error("the nodes were not done in time");
  }

  it("strikes a node that its auditors scored low and an auditor that all contradict, once each, and again finds it done", async function () {
    const nodes = await ring.seatedNodes(4);
    const [bad, liar] = nodes;
    if (bad === undefined || liar === undefined) throw new Error("there are four");
    const epoch = await ring.auditedEpoch();
    const operators: Operator[] = [];
    for (const node of nodes) operators.push(await ring.operatorOf(node));
    for (const operator of operators) {
      // The liar says the opposite of the others about the last node.
      const last = nodes.at(-1)?.nodeId;
      const scores = nodes.map(({ nodeId }): [bigint, number] => [
        nodeId,
        nodeId === bad.nodeId ? 1_000 : operator.nodeId === liar.nodeId && nodeId === last ? 100 : 9_500,
      ]);
      operator.findings.putScores(epoch, new Map(scores));
      operator.duties.start();
    }
    await chain.mineAt(clock.endOf(epoch) + 5);
    for (const operator of operators) await ring.attested(operator, epoch);
    await chain.mineAt(clock.commitWindowOf(epoch).closesAt);
    for (const operator of operators) await ring.revealed(operator, epoch);
    const [first] = operators;
    if (first === undefined) throw new Error("there are four");
    await ring.mineUntil("drawn", async () => (await first.chain.seedState(epoch)).state === "drawn");
    for (const operator of operators) await operator.duties.stop();
    expect(await penaltiesOf(first).duty.run(epoch), "before the deadline").to.equal("later");
    await chain.mine(40);
    await chain.mineAt(clock.endOf(epoch + 1) + 30);
    await ring.seen(operators);

    await allLook(operators, epoch);
    const struck = await strikesOn().queryFilter(strikesOn().filters.Struck());
    const found = struck.map(({ args }) => `${args.nodeId} ${args.epoch} ${args.reason}`);
    expect(found.toSorted()).to.deep.equal(
      [`${bad.nodeId} ${epoch} 0`, `${liar.nodeId} ${epoch} 1`].toSorted(),
    );
    // Nobody paid for a transaction that failed, and a second look sends nothing.
    const sentBefore = await Promise.all(
      nodes.map(({ wallet }) => chain.provider.getTransactionCount(wallet.address)),
    );
    await allLook(operators, epoch);
    expect(
      await Promise.all(nodes.map(({ wallet }) => chain.provider.getTransactionCount(wallet.address))),
    ).to.deep.equal(sentBefore);
    expect((await strikesOn().queryFilter(strikesOn().filters.Struck())).length).to.equal(2);
  });

  it("reports a proof that did not come, from the attestation in the logs; a dead node's turn is taken over", async function () {
    const nodes = await ring.seatedNodes(4);
    const [cheater, , third] = nodes;
    if (cheater === undefined || third === undefined) throw new Error("there are four");
    const { serviceAttestations } = chain.contracts(chain.senderOf(cheater.wallet));
    const epoch = (await ring.currentEpoch()) + 1;
    await chain.mineAt(clock.endOf(epoch) + 1);
    await mined(
      serviceAttestations.attest({
        ...{ nodeId: cheater.nodeId, epoch, bytesDelivered: 10n ** 12n, sessions: 3 },
        ...{ receiptRoot: parseHex(id("no such tree")), auditCommitment: ZeroHash },
      }),
    );
    // Other block hashes each time, until the seed picks the node.
    for (let tries = 0; ; tries++) {
      const back = await chain.snapshot();
      await chain.mine(tries);
      await ring.drawSeed(epoch);
      if (await serviceAttestations.mustProve(cheater.nodeId, epoch, 0n)) break;
      if (tries === 100) throw new Error("the node was not picked in 100 tries");
      await back();
    }
    await chain.mine(60);
    await chain.mineAt(clock.endOf(epoch + 1) + 60);
    // Only the third node lives.
    const operator = await ring.operatorOf(third);
    await ring.seen([operator]);
    await allLook([operator], epoch);
    const slashes = await managerOn().queryFilter(managerOn().filters.SlashOpened());
    expect(slashes.map(({ args }) => [args.nodeId, args.reporter, Number(args.slash.kind)])).to.deep.equal([
      [cheater.nodeId, third.wallet.address, 0],
    ]);
    const [attestation] = await penaltiesOf(operator).penalties.attestations(
      ...([epoch, 0, await chain.provider.getBlockNumber()] as const),
    );
    if (attestation === undefined) throw new Error("the log is there");
    expect(attestation.bytesDelivered).to.equal(10n ** 12n);
    expect(await penaltiesOf(operator).penalties.isProofMissing(attestation), "reported").to.equal(false);
  });
});
