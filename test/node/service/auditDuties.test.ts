import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { ZeroHash, parseEther } from "ethers";
import { openDatabase } from "../../../node/chain/sqlite.js";
import {
  auditCommitment,
  auditOffsets,
  auditorSeats,
  packScores,
  weightedMedian,
} from "../../../node/protocol/audits.js";
import type { EpochClock } from "../../../node/protocol/epochClock.js";
import { parseHex } from "../../../node/protocol/hex.js";
import { sealEpoch } from "../../../node/service/duties/attest.js";
import { AuditRing } from "../support/auditRing.js";
import type { Operator, RingNode } from "../support/auditRing.js";
import { eventually } from "../support/eventually.js";
import { mined } from "../support/localChain.js";
import type { LocalChain } from "../support/localChain.js";

describe("audits and seats on chain", function () {
  this.timeout(120_000);
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

  const auditsOn = () => chain.contracts().qualityAudits;
  /** So many nodes with a seat each; they weigh 1,000, 2,000 … */
  const ringOf = (count: number) => ring.seatedNodes(count, (index) => 1_000 * (index + 1));

  /** Hands in a score for each node of the ring: 1,000 times the auditor's place, plus the node's. */
  const scoreOf = (auditor: bigint, target: bigint) => Number(1_000n * auditor + target);
  function handIn(operator: Operator, epoch: number, nodes: readonly RingNode[]): void {
    operator.findings.putScores(
      epoch,
      new Map(nodes.map(({ nodeId }) => [nodeId, scoreOf(operator.nodeId, nodeId)])),
    );
  }

  describe("seat", function () {
    const latest = (operator: Operator) => operator.ring.latestSeat();

    it("is taken when the node is bonded, weighs what its bond gives, and is given up for maintenance", async function () {
      const node = await ring.newNode("0");
      const operator = await ring.operatorOf(node);
      operator.seat.start();
      await ring.mineUntil("the operator is told", () => operator.seat.status.fault !== undefined);
      expect(operator.seat.status.fault).to.contain("BondTooLow");
      const { nodeStaking } = chain.contracts(node.owner);
      const look = clock.epochSeconds / 12 + 1;
      const wait = () => ring.passSeconds(look);

      await mined(nodeStaking.bond(node.nodeId, parseEther("1000")));
      await wait();
      await ring.mineUntil("a seat", async () => (await latest(operator)) !== undefined);
      expect(await latest(operator)).to.deep.equal({ seat: 0, weight: 1_000 });
      const from = (await ring.currentEpoch()) + 2;
      expect(await operator.ring.seatOf(node.nodeId, from - 1)).to.equal(undefined);
      await ring.mineUntil("no fault any more", () => operator.seat.status.fault === undefined);

      await mined(nodeStaking.bond(node.nodeId, parseEther("500")));
      await wait();
      await ring.mineUntil("weighed", async () => (await latest(operator))?.weight === 1_500);
      await chain.mineAt(clock.startOf(from) + 1);
      await ring.mineUntil("the seat counts", () => operator.seat.status.seat === 0);

      operator.seat.want(false);
      await ring.mineUntil("given up", async () => (await latest(operator)) === undefined);
      expect(operator.seat.takesJoins, "still audited").to.equal(true);
      await chain.mineAt(clock.startOf(from + 2) + 1);
      await ring.mineUntil("in maintenance", () => !operator.seat.takesJoins);

      // It stays so over a restart, until the operator wants it back.
      await ring.stop(operator);
      const again = await ring.operatorOf(node);
      again.seat.start();
      await ring.mineUntil("in maintenance again", () => !again.seat.takesJoins);
      await wait();
      await pause(300);
      expect(await latest(again)).to.equal(undefined);
      again.seat.want(true);
      expect(again.seat.takesJoins).to.equal(true);
      await ring.mineUntil("back", async () => (await latest(again)) !== undefined);
    });

    it("is taken once, though the node dies before it knows that it has it", async function () {
      const node = await ring.newNode();
      await chain.automine(false);
      const first = await ring.operatorOf(node);
      first.seat.start();
      await eventually("sent", () => first.queue.pending.length === 1);
      const hash = first.queue.pending[0]?.attempts[0]?.hash;
      await ring.stop(first);
      await chain.automine(true);
      await chain.mine();
      const second = await ring.operatorOf(node);
      second.seat.start();
      await ring.mineUntil("a seat ahead", () => second.seat.status.seatAhead);
      await ring.mineUntil("nothing is pending", () => second.queue.pending.length === 0);
      const { nodeRegistry } = chain.contracts();
      const activations = await nodeRegistry.queryFilter(nodeRegistry.filters.NodeActivated(node.nodeId));
      expect(activations.map(({ transactionHash }) => transactionHash)).to.deep.equal([hash]);
    });
  });

  describe("plan", function () {
    it("is what the contract says, for every node, and stays so when the ring changes", async function () {
      const nodes = await ringOf(7);
      const epoch = await ring.auditedEpoch();
      const seed = parseHex(await chain.contracts().serviceAttestations.seedOf(epoch - 2), 32);
      const offsets = auditOffsets(seed, 7, chain.deployment.auditors);
      expect(offsets).to.deep.equal((await auditsOn().auditOffsets(epoch)).map(Number));

      // The first one leaves, the last one takes its seat, another weighs more: from epoch + 2 on.
      const [first, second] = nodes;
      if (first === undefined || second === undefined) throw new Error("there are seven");
      await mined(chain.contracts(chain.senderOf(first.wallet)).nodeRegistry.drain(first.nodeId));
      await mined(chain.contracts(second.owner).nodeStaking.bond(second.nodeId, parseEther("500")));
      await mined(chain.contracts().auditRing.refresh(second.nodeId));

      for (const node of nodes) {
        const operator = await ring.operatorOf(node);
        const plan = await operator.planner.planOf(epoch);
        expect(plan?.seat).to.equal(nodes.indexOf(node));
        for (const [index, target] of (plan?.targets ?? []).entries()) {
          const audit = await auditsOn().auditOf(target, epoch);
          expect(Number(audit.seats[index]), `auditor ${index} of node ${target}`).to.equal(plan?.seat);
          const seat = nodes.findIndex(({ nodeId }) => nodeId === target);
          expect(audit.seats.map(Number)).to.deep.equal(auditorSeats(seat, 7, offsets));
        }
        expect(plan?.targets).to.have.length(3);
        await ring.stop(operator);
      }
      // And in the ring of six that follows.
      await ring.drawSeed(epoch);
      await chain.mineAt(clock.startOf(epoch + 2) + 1);
      const last = nodes[6];
      if (last === undefined) throw new Error("there are seven");
      const moved = await ring.operatorOf(last);
      expect((await moved.planner.planOf(epoch + 2))?.seat).to.equal(0);
      const left = await ring.operatorOf(first);
      expect(await left.planner.planOf(epoch + 2)).to.equal(undefined);
    });

    it("is none without a seat, with too few seats, and where the seed was not drawn in time", async function () {
      const nodes = await ringOf(3);
      const [member] = nodes;
      if (member === undefined) throw new Error("there are three");
      const few = await ring.auditedEpoch();
      const operator = await ring.operatorOf(member);
      expect(await operator.planner.planOf(few), "three seats, three auditors").to.equal(undefined);
      await ringOf(1);
      const stranger = await ring.operatorOf(await ring.newNode());
      const enough = await ring.auditedEpoch();
      expect((await operator.planner.planOf(enough))?.targets).to.have.length(3);
      expect(await stranger.planner.planOf(enough), "no seat").to.equal(undefined);
      await chain.mineAt(clock.startOf(enough + 1) + 1);
      expect(await operator.planner.planOf(enough + 1), "no seed").to.equal(undefined);
    });
  });

  describe("commit and reveal", function () {
    it("score everybody by the median of his auditors, as the contract counts it", async function () {
      const nodes = await ringOf(4);
      const epoch = await ring.auditedEpoch();
      const operators: Operator[] = [];
      for (const node of nodes) operators.push(await ring.operatorOf(node));
      for (const operator of operators) {
        handIn(operator, epoch, nodes);
        operator.duties.start();
      }
      const [one] = operators;
      if (one === undefined) throw new Error("there are four");
      await ring.passEndOf(epoch, one);
      for (const operator of operators) await ring.attested(operator, epoch);
      expect(await one.ring.hasRevealed(epoch), "in the commit window").to.equal(false);
      await chain.mineAt(clock.commitWindowOf(epoch).closesAt);
      for (const operator of operators) await ring.revealed(operator, epoch);

      for (const node of nodes) {
        const audit = await auditsOn().auditOf(node.nodeId, epoch);
        const expected = audit.seats.map((seat, index) => {
          const auditor = nodes[Number(seat)]?.nodeId ?? 0n;
          expect(Number(audit.scores[index])).to.equal(scoreOf(auditor, node.nodeId));
          return { score: scoreOf(auditor, node.nodeId), weight: 1_000 * Number(auditor) };
        });
        expect(audit.weights.map(Number)).to.deep.equal(expected.map(({ weight }) => weight));
        expect(Number(audit.median)).to.equal(weightedMedian(expected));
      }
    });

    it("go on with the very same scores and salt after a crash before the attestation was sent", async function () {
      const nodes = await ringOf(4);
      const [node] = nodes;
      if (node === undefined) throw new Error("there are four");
      const epoch = await ring.auditedEpoch();
      const first = await ring.operatorOf(node);
      handIn(first, epoch, nodes);
      await ring.passEndOf(epoch, first);
      const sealed = await sealEpoch(first.context, epoch);
      const kept = first.epochs.reveal(epoch);
      await ring.stop(first);
      expect(sealed.auditCommitment).to.equal(
        auditCommitment(node.nodeId, epoch, kept?.packedScores ?? 0n, parseHex(kept?.salt, 32)),
      );

      const second = await ring.operatorOf(node);
      // What is handed in now is too late.
      second.findings.putScores(epoch, new Map(nodes.map(({ nodeId }) => [nodeId, 1])));
      second.duties.start();
      await ring.attested(second, epoch);
      await ring.stop(second);

      // Dead again between attesting and revealing; back when others have drawn the seed.
      await ring.drawSeed(epoch);
      const third = await ring.operatorOf(node);
      third.duties.start();
      await ring.revealed(third, epoch);
      const [event] = await auditsOn().queryFilter(auditsOn().filters.AuditsRevealed(node.nodeId, epoch));
      const targets = (await third.planner.planOf(epoch))?.targets ?? [];
      expect(event?.args.packedScores).to.equal(
        packScores(targets.map((target) => scoreOf(node.nodeId, target))),
      );
    });

    it("are given up when the deadline has passed, and the rest of the epoch goes on", async function () {
      const nodes = await ringOf(4);
      const [node] = nodes;
      if (node === undefined) throw new Error("there are four");
      const epoch = await ring.auditedEpoch();
      const first = await ring.operatorOf(node);
      handIn(first, epoch, nodes);
      await ring.passEndOf(epoch, first);
      first.duties.start();
      await ring.attested(first, epoch);
      await ring.stop(first);
      await ring.drawSeed(epoch);
      await chain.mine(40);
      await chain.mineAt(clock.endOf(epoch + 1) + 5);
      const second = await ring.operatorOf(node);
      second.duties.start();
      await ring.mineUntil("settled", async () => (await second.chain.attestationRecord(epoch)).claimed);
      expect(await second.ring.hasRevealed(epoch)).to.equal(false);
      expect(
        await second.context.queue
          .send(
            second.ring.reveal(
              second.epochs.attestation(epoch) ?? (await sealEpoch(second.context, epoch)),
              second.epochs.reveal(epoch)?.packedScores ?? 0n,
              parseHex(second.epochs.reveal(epoch)?.salt, 32),
            ),
          )
          .catch((error: unknown) => String(error)),
      ).to.contain("OutsideRevealWindow");
    });

    it("commit to nothing where the node audits nobody or has nothing to say", async function () {
      const nodes = await ringOf(4);
      const [silent] = nodes;
      if (silent === undefined) throw new Error("there are four");
      const stranger = await ring.operatorOf(await ring.newNode());
      const epoch = await ring.auditedEpoch();
      const operator = await ring.operatorOf(silent);
      await ring.passEndOf(epoch, operator);
      for (const one of [stranger, operator]) {
        one.duties.start();
        await ring.attested(one, epoch);
        expect(one.epochs.attestation(epoch)?.auditCommitment).to.equal(ZeroHash);
        expect(one.epochs.reveal(epoch)).to.equal(undefined);
      }
    });

    it("wait for a chain that does not answer, but not longer than the attestation can", async function () {
      const nodes = await ringOf(4);
      const [node] = nodes;
      if (node === undefined) throw new Error("there are four");
      const epoch = await ring.auditedEpoch();
      const operator = await ring.operatorOf(node);
      handIn(operator, epoch, nodes);
      const context = {
        ...operator.context,
        planner: { planOf: () => Promise.reject(new Error("no RPC endpoint answered")) },
      };
      await ring.passEndOf(epoch, operator);
      const early = await sealEpoch(context, epoch).catch((error: unknown) => String(error));
      expect(early).to.contain("no RPC endpoint answered");
      expect(operator.epochs.attestation(epoch)).to.equal(undefined);
      const lastCall = clock.commitWindowOf(epoch).closesAt - 9;
      await chain.mineAt(lastCall);
      await eventually("the node sees the block", () => operator.watcher.head.timestamp >= lastCall);
      expect((await sealEpoch(context, epoch)).auditCommitment).to.equal(ZeroHash);
    });

    it("put scores aside that the contracts refuse, say so, and go on", async function () {
      const nodes = await ringOf(4);
      const [node] = nodes;
      if (node === undefined) throw new Error("there are four");
      const epoch = await ring.auditedEpoch();
      const first = await ring.operatorOf(node);
      handIn(first, epoch, nodes);
      await ring.passEndOf(epoch, first);
      first.duties.start();
      await ring.attested(first, epoch);
      await ring.stop(first);
      const database = openDatabase(ring.pathOf(node));
      database.prepare("UPDATE audit_reveals SET packed_scores = '7' WHERE epoch = ?").run(epoch);
      database.close();

      await chain.mineAt(clock.commitWindowOf(epoch).closesAt);
      const second = await ring.operatorOf(node);
      second.duties.start();
      await eventually("put aside", () => second.epochs.quarantinedReveals(epoch).length === 1);
      expect(second.epochs.quarantinedReveals(epoch)[0]?.refused).to.contain("CommitmentMismatch");
      await ring.drawSeed(epoch).catch(() => undefined);
      await chain.mine(40);
      await chain.mineAt(clock.endOf(epoch + 1) + 40);
      await ring.mineUntil(
        "claimed in spite of it",
        async () => (await second.chain.attestationRecord(epoch)).claimed,
      );
    });
  });
});
