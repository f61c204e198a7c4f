import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { ZeroHash, parseEther } from "ethers";
import type { NonceManager, Wallet } from "ethers";
import { openDatabase } from "../../../node/chain/sqlite.js";
import {
  auditCommitment,
  auditOffsets,
  auditorSeats,
  packScores,
  weightedMedian,
} from "../../../node/protocol/audits.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import type { EpochClock } from "../../../node/protocol/epochClock.js";
import { parseHex } from "../../../node/protocol/hex.js";
import { sealEpoch } from "../../../node/service/duties/attest.js";
import { eventually } from "../support/eventually.js";
import { LocalChain, mined } from "../support/localChain.js";
import { startOperator } from "../support/testOperator.js";

type Operator = Awaited<ReturnType<typeof startOperator>>;
interface TestNode {
  readonly wallet: Wallet;
  readonly nodeId: bigint;
  readonly owner: NonceManager;
}

describe("audits and seats on chain", function () {
  this.timeout(120_000);
  let chain: LocalChain;
  let directory: string;
  let clock: EpochClock;
  let running: Operator[] = [];

  let restore: () => Promise<void>;

  before(async function () {
    chain = await LocalChain.start();
    clock = createEpochClock(await chain.deploy());
  });
  after(async function () {
    await chain.close();
  });
  // Each test has a ring of its own.
  beforeEach(async function () {
    restore = await chain.snapshot();
    directory = await mkdtemp(join(tmpdir(), "dtelecom-audits-"));
  });
  afterEach(async function () {
    for (const operator of running.splice(0)) await operator.stop();
    await restore();
    await rm(directory, { recursive: true });
  });

  const pathOf = ({ nodeId }: TestNode) => join(directory, `${nodeId}.sqlite`);
  const auditsOn = () => chain.contracts().qualityAudits;

  async function operatorOf(node: TestNode): Promise<Operator> {
    const ask = () => Promise.reject(new Error("no app is served here"));
    const operator = await startOperator(chain, { ...node, path: pathOf(node), ask });
    running.push(operator);
    return operator;
  }

  async function stop(operator: Operator): Promise<void> {
    running = running.filter((other) => other !== operator);
    await operator.stop();
  }

  async function newNode(bond?: string): Promise<TestNode> {
    const wallet = await chain.account();
    return { wallet, ...(await chain.ownedNode(wallet, { bond })) };
  }

  async function currentEpoch(): Promise<number> {
    const head = await chain.provider.getBlock("latest");
    return clock.currentEpoch((head?.timestamp ?? 0) * 1_000);
  }

  /** So many nodes with a seat each. */
  async function ringOf(count: number): Promise<TestNode[]> {
    const nodes: TestNode[] = [];
    for (let index = 0; index < count; index++) {
      const node = await newNode(String(1_000 * (index + 1)));
      await mined(chain.contracts(chain.senderOf(node.wallet)).nodeRegistry.activate(node.nodeId));
      nodes.push(node);
    }
    return nodes;
  }

  async function drawSeed(epoch: number): Promise<void> {
    const { serviceAttestations } = chain.contracts();
    await chain.mineAt(clock.commitWindowOf(epoch).closesAt);
    await mined(serviceAttestations.arm(epoch));
    await chain.mine(16);
    await mined(serviceAttestations.draw(epoch));
  }

  /** Goes to the beginning of the next epoch that is audited by those who have a seat now. */
  async function auditedEpoch(): Promise<number> {
    const epoch = (await currentEpoch()) + 3;
    await drawSeed(epoch - 2);
    await chain.mineAt(clock.startOf(epoch) + 1);
    return epoch;
  }

  /** Goes on after the end of an epoch, when it can be attested. */
  async function endOf(epoch: number, operator: Operator): Promise<void> {
    const moment = clock.endOf(epoch) + 5;
    await chain.mineAt(moment);
    await eventually("the node sees the block", () => operator.watcher.head.timestamp >= moment);
  }

  async function attested(operator: Operator, epoch: number): Promise<void> {
    await eventually(
      "attested",
      async () => (await operator.chain.attestationRecord(epoch)).status === "attested",
    );
  }

  /** Lets the chain go on, a block a moment, until something holds. */
  async function mineUntil(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    await eventually(what, async () => {
      await chain.mine();
      await pause(100);
      return holds();
    });
  }

  async function revealed({ ring }: Operator, epoch: number): Promise<void> {
    await mineUntil("revealed", () => ring.hasRevealed(epoch));
  }

  /** Hands in a score for each node of the ring: 1,000 times the auditor's place, plus the node's. */
  const scoreOf = (auditor: bigint, target: bigint) => Number(1_000n * auditor + target);
  function handIn(operator: Operator, epoch: number, nodes: readonly TestNode[]): void {
    operator.findings.putScores(
      epoch,
      new Map(nodes.map(({ nodeId }) => [nodeId, scoreOf(operator.nodeId, nodeId)])),
    );
  }

  describe("seat", function () {
    const latest = (operator: Operator) => operator.ring.latestSeat();

    it("is taken when the node is bonded, weighs what its bond gives, and is given up for maintenance", async function () {
      const node = await newNode("0");
      const operator = await operatorOf(node);
      operator.seat.start();
      await mineUntil("the operator is told", () => operator.seat.status.fault !== undefined);
      expect(operator.seat.status.fault).to.contain("BondTooLow");
      const { nodeStaking } = chain.contracts(node.owner);
      const look = clock.epochSeconds / 12 + 1;
      const wait = async () => {
        const head = await chain.provider.getBlock("latest");
        await chain.mineAt((head?.timestamp ?? 0) + look);
      };

      await mined(nodeStaking.bond(node.nodeId, parseEther("1000")));
      await wait();
      await mineUntil("a seat", async () => (await latest(operator)) !== undefined);
      expect(await latest(operator)).to.deep.equal({ seat: 0, weight: 1_000 });
      const from = (await currentEpoch()) + 2;
      expect(await operator.ring.seatOf(node.nodeId, from - 1)).to.equal(undefined);
      await mineUntil("no fault any more", () => operator.seat.status.fault === undefined);

      await mined(nodeStaking.bond(node.nodeId, parseEther("500")));
      await wait();
      await mineUntil("weighed", async () => (await latest(operator))?.weight === 1_500);
      await chain.mineAt(clock.startOf(from) + 1);
      await mineUntil("the seat counts", () => operator.seat.status.seat === 0);

      operator.seat.want(false);
      await mineUntil("given up", async () => (await latest(operator)) === undefined);
      expect(operator.seat.takesJoins, "still audited").to.equal(true);
      await chain.mineAt(clock.startOf(from + 2) + 1);
      await mineUntil("in maintenance", () => !operator.seat.takesJoins);

      // It stays so over a restart, until the operator wants it back.
      await stop(operator);
      const again = await operatorOf(node);
      again.seat.start();
      await mineUntil("in maintenance again", () => !again.seat.takesJoins);
      await wait();
      await pause(300);
      expect(await latest(again)).to.equal(undefined);
      again.seat.want(true);
      expect(again.seat.takesJoins).to.equal(true);
      await mineUntil("back", async () => (await latest(again)) !== undefined);
    });

    it("is taken once, though the node dies before it knows that it has it", async function () {
      const node = await newNode();
      await chain.automine(false);
      const first = await operatorOf(node);
      first.seat.start();
      await eventually("sent", () => first.queue.pending.length === 1);
      const hash = first.queue.pending[0]?.attempts[0]?.hash;
      await stop(first);
      await chain.automine(true);
      await chain.mine();
      const second = await operatorOf(node);
      second.seat.start();
      await mineUntil("a seat ahead", () => second.seat.status.seatAhead);
      await mineUntil("nothing is pending", () => second.queue.pending.length === 0);
      const { nodeRegistry } = chain.contracts();
      const activations = await nodeRegistry.queryFilter(nodeRegistry.filters.NodeActivated(node.nodeId));
      expect(activations.map(({ transactionHash }) => transactionHash)).to.deep.equal([hash]);
    });
  });

  describe("plan", function () {
    it("is what the contract says, for every node, and stays so when the ring changes", async function () {
      const nodes = await ringOf(7);
      const epoch = await auditedEpoch();
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
        const operator = await operatorOf(node);
        const plan = await operator.planner.planOf(epoch);
        expect(plan?.seat).to.equal(nodes.indexOf(node));
        for (const [index, target] of (plan?.targets ?? []).entries()) {
          const audit = await auditsOn().auditOf(target, epoch);
          expect(Number(audit.seats[index]), `auditor ${index} of node ${target}`).to.equal(plan?.seat);
          const seat = nodes.findIndex(({ nodeId }) => nodeId === target);
          expect(audit.seats.map(Number)).to.deep.equal(auditorSeats(seat, 7, offsets));
        }
        expect(plan?.targets).to.have.length(3);
        await stop(operator);
      }
      // And in the ring of six that follows.
      await drawSeed(epoch);
      await chain.mineAt(clock.startOf(epoch + 2) + 1);
      const last = nodes[6];
      if (last === undefined) throw new Error("there are seven");
      const moved = await operatorOf(last);
      expect((await moved.planner.planOf(epoch + 2))?.seat).to.equal(0);
      const left = await operatorOf(first);
      expect(await left.planner.planOf(epoch + 2)).to.equal(undefined);
    });

    it("is none without a seat, with too few seats, and where the seed was not drawn in time", async function () {
      const nodes = await ringOf(3);
      const [member] = nodes;
      if (member === undefined) throw new Error("there are three");
      const few = await auditedEpoch();
      const operator = await operatorOf(member);
      expect(await operator.planner.planOf(few), "three seats, three auditors").to.equal(undefined);
      await ringOf(1);
      const stranger = await operatorOf(await newNode());
      const enough = await auditedEpoch();
      expect((await operator.planner.planOf(enough))?.targets).to.have.length(3);
      expect(await stranger.planner.planOf(enough), "no seat").to.equal(undefined);
      await chain.mineAt(clock.startOf(enough + 1) + 1);
      expect(await operator.planner.planOf(enough + 1), "no seed").to.equal(undefined);
    });
  });

  describe("commit and reveal", function () {
    it("score everybody by the median of his auditors, as the contract counts it", async function () {
      const nodes = await ringOf(4);
      const epoch = await auditedEpoch();
      const operators: Operator[] = [];
      for (const node of nodes) operators.push(await operatorOf(node));
      for (const operator of operators) {
        handIn(operator, epoch, nodes);
        operator.duties.start();
      }
      const [one] = operators;
      if (one === undefined) throw new Error("there are four");
      await endOf(epoch, one);
      for (const operator of operators) await attested(operator, epoch);
      expect(await one.ring.hasRevealed(epoch), "in the commit window").to.equal(false);
      await chain.mineAt(clock.commitWindowOf(epoch).closesAt);
      for (const operator of operators) await revealed(operator, epoch);

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
      const epoch = await auditedEpoch();
      const first = await operatorOf(node);
      handIn(first, epoch, nodes);
      await endOf(epoch, first);
      const sealed = await sealEpoch(first.context, epoch);
      const kept = first.epochs.reveal(epoch);
      await stop(first);
      expect(sealed.auditCommitment).to.equal(
        auditCommitment(node.nodeId, epoch, kept?.packedScores ?? 0n, parseHex(kept?.salt, 32)),
      );

      const second = await operatorOf(node);
      // What is handed in now is too late.
      second.findings.putScores(epoch, new Map(nodes.map(({ nodeId }) => [nodeId, 1])));
      second.duties.start();
      await attested(second, epoch);
      await stop(second);

      // Dead again between attesting and revealing; back when others have drawn the seed.
      await drawSeed(epoch);
      const third = await operatorOf(node);
      third.duties.start();
      await revealed(third, epoch);
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
      const epoch = await auditedEpoch();
      const first = await operatorOf(node);
      handIn(first, epoch, nodes);
      await endOf(epoch, first);
      first.duties.start();
      await attested(first, epoch);
      await stop(first);
      await drawSeed(epoch);
      await chain.mine(40);
      await chain.mineAt(clock.endOf(epoch + 1) + 5);
      const second = await operatorOf(node);
      second.duties.start();
      await mineUntil("settled", async () => (await second.chain.attestationRecord(epoch)).claimed);
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
      const stranger = await operatorOf(await newNode());
      const epoch = await auditedEpoch();
      const operator = await operatorOf(silent);
      await endOf(epoch, operator);
      for (const one of [stranger, operator]) {
        one.duties.start();
        await attested(one, epoch);
        expect(one.epochs.attestation(epoch)?.auditCommitment).to.equal(ZeroHash);
        expect(one.epochs.reveal(epoch)).to.equal(undefined);
      }
    });

    it("wait for a chain that does not answer, but not longer than the attestation can", async function () {
      const nodes = await ringOf(4);
      const [node] = nodes;
      if (node === undefined) throw new Error("there are four");
      const epoch = await auditedEpoch();
      const operator = await operatorOf(node);
      handIn(operator, epoch, nodes);
      const context = {
        ...operator.context,
        planner: { planOf: () => Promise.reject(new Error("no RPC endpoint answered")) },
      };
      await endOf(epoch, operator);
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
      const epoch = await auditedEpoch();
      const first = await operatorOf(node);
      handIn(first, epoch, nodes);
      await endOf(epoch, first);
      first.duties.start();
      await attested(first, epoch);
      await stop(first);
      const database = openDatabase(pathOf(node));
      database.prepare("UPDATE audit_reveals SET packed_scores = '7' WHERE epoch = ?").run(epoch);
      database.close();

      await chain.mineAt(clock.commitWindowOf(epoch).closesAt);
      const second = await operatorOf(node);
      second.duties.start();
      await eventually("put aside", () => second.epochs.quarantinedReveals(epoch).length === 1);
      expect(second.epochs.quarantinedReveals(epoch)[0]?.refused).to.contain("CommitmentMismatch");
      await drawSeed(epoch).catch(() => undefined);
      await chain.mine(40);
      await chain.mineAt(clock.endOf(epoch + 1) + 40);
      await mineUntil(
        "claimed in spite of it",
        async () => (await second.chain.attestationRecord(epoch)).claimed,
      );
    });
  });
});
