import { expect } from "chai";
import { networkHelpers } from "../support/chain.js";
import { openedSlash } from "../support/penalties.js";
import { dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { AuditedNetwork } from "./audits.js";
import type { Judge } from "./audits.js";

const GOOD = 9_000;
const LOW = 4_999;
const LOW_SCORES = 0n;
const OUTLYING_SCORE = 1n;
const DAY = 86_400;

/** All find one node bad and the others good. */
const against =
  (bad: Node): Judge =>
  (_, target) =>
    target === bad ? LOW : GOOD;

describe("NodeStrikes", function () {
  describe("a strike for low scores", function () {
    it("needs two thirds of the revealed weight, to the last thousandth", async function () {
      // The two that find fault weigh 2,000 of 3,000, then 1,999 of 3,000.
      for (const [bond, struck] of [
        [1_000, true],
        [1_002, false],
      ] as const) {
        const network = await AuditedNetwork.start([1_000, 1_000, 1_000, bond]);
        const { strikes } = network.protocol;
        const [bad, kind] = [network.node(0), network.node(3)];
        await network.audit(network.firstEpoch, (auditor, target) =>
          target === bad && auditor !== kind ? LOW : GOOD,
        );
        const post = strikes.strikeTarget(bad.nodeId, network.firstEpoch);
        if (struck)
          await expect(post)
            .to.emit(strikes, "Struck")
            .withArgs(bad.nodeId, network.firstEpoch, LOW_SCORES, protocolHolder(network));
        else
          await expect(post)
            .to.be.revertedWithCustomError(strikes, "ScoresNotLow")
            .withArgs(bad.nodeId, network.firstEpoch, 2_000n, 3_002n, 2n, 3n);
      }
    });

    it("is out of reach of a cartel with less, however long it tries", async function () {
      const network = await AuditedNetwork.start();
      const { strikes } = network.protocol;
      const [victim, hostile] = [network.node(0), network.node(1)];
      for (let epoch = network.firstEpoch; epoch < network.firstEpoch + 3; ++epoch) {
        await network.audit(epoch, (auditor) => (auditor === hostile ? 0 : GOOD));
        await expect(strikes.strikeTarget(victim.nodeId, epoch)).to.be.revertedWithCustomError(
          strikes,
          "ScoresNotLow",
        );
        // It is the hostile one who stands out.
        await strikes.strikeAuditor(hostile.nodeId, victim.nodeId, epoch);
      }
      expect(await strikes.isJailed(victim.nodeId)).to.equal(false);
      expect(await strikes.isJailed(hostile.nodeId)).to.equal(true);
    });

    it("is out of reach of a few heavy auditors that the seed sends to one target", async function () {
      const network = await AuditedNetwork.start([1_000, 10_000, 1_000, 1_000]);
      const { strikes } = network.protocol;
      const [victim, heavy] = [network.node(0), network.node(1)];
      await network.audit(network.firstEpoch, (auditor) => (auditor === heavy ? 0 : GOOD));
      await expect(strikes.strikeTarget(victim.nodeId, network.firstEpoch))
        .to.be.revertedWithCustomError(strikes, "ScoresNotLow")
        .withArgs(victim.nodeId, network.firstEpoch, 10_000n, 12_000n, 1n, 3n);
    });

    it("counts scores below the low mark, not those at it", async function () {
      const network = await AuditedNetwork.start();
      const { strikes } = network.protocol;
      await network.audit(network.firstEpoch, () => 5_000);
      await expect(
        strikes.strikeTarget(network.node(0).nodeId, network.firstEpoch),
      ).to.be.revertedWithCustomError(strikes, "ScoresNotLow");
    });

    it("needs half of the auditors: where they are silent nobody is struck", async function () {
      const network = await AuditedNetwork.start();
      const { strikes } = network.protocol;
      network.silence(network.node(2), network.node(3));
      await network.audit(network.firstEpoch, () => 0);
      const epoch = network.firstEpoch;
      await expect(strikes.strikeTarget(network.node(0).nodeId, epoch))
        .to.be.revertedWithCustomError(strikes, "NotAudited")
        .withArgs(network.node(0).nodeId, epoch);
      // Two of the three that audit a silent one did reveal.
      await strikes.strikeTarget(network.node(2).nodeId, epoch);
    });

    it("waits for the proof deadline, and for the report window it does not wait", async function () {
      const network = await AuditedNetwork.start();
      const { strikes, attestations, clock, penalties } = network.protocol;
      const bad = network.node(0);
      const epoch = network.firstEpoch;
      await network.reveal(epoch, against(bad));
      const { timestamp } = await attestations.proofDeadline(epoch);
      await networkHelpers.mine(40, { interval: 1 });
      await networkHelpers.time.setNextBlockTimestamp(Number(timestamp) - 1);
      await expect(strikes.strikeTarget(bad.nodeId, epoch))
        .to.be.revertedWithCustomError(strikes, "AuditsNotFinal")
        .withArgs(epoch);
      const closesAt = clock.startOf(epoch + 5);
      const snapshot = await networkHelpers.takeSnapshot();
      await networkHelpers.time.setNextBlockTimestamp(closesAt);
      await expect(strikes.strikeTarget(bad.nodeId, epoch))
        .to.be.revertedWithCustomError(penalties, "ReportWindowClosed")
        .withArgs(epoch, closesAt);
      await snapshot.restore();
      await networkHelpers.time.setNextBlockTimestamp(closesAt - 1);
      await strikes.strikeTarget(bad.nodeId, epoch);
    });

    it("is not for an epoch without a draw, without audits or without a seat", async function () {
      const network = await AuditedNetwork.start();
      const { strikes, clock } = network.protocol;
      const { nodeId } = network.node(0);
      const running = await clock.now();
      await expect(strikes.strikeTarget(nodeId, running)).to.be.revertedWithCustomError(
        strikes,
        "AuditsNotFinal",
      );
      await network.audit(network.firstEpoch, () => 0);
      await expect(strikes.strikeTarget(99n, network.firstEpoch)).to.be.revertedWithCustomError(
        strikes,
        "NotAudited",
      );
      await expect(strikes.strikeTarget(nodeId, network.firstEpoch - 2)).to.be.revertedWithCustomError(
        strikes,
        "NotAudited",
      );
    });

    it("is one per epoch, for whatever reason", async function () {
      const network = await AuditedNetwork.start();
      const { strikes } = network.protocol;
      const [bad, other] = [network.node(0), network.node(1)];
      const epoch = network.firstEpoch;
      // Bad itself, and alone in what it says of another.
      await network.audit(epoch, (auditor, target) => {
        if (auditor === bad) return 0;
        return target === bad ? LOW : GOOD;
      });
      await strikes.strikeAuditor(bad.nodeId, other.nodeId, epoch);
      for (const again of [
        () => strikes.strikeTarget(bad.nodeId, epoch),
        () => strikes.strikeAuditor(bad.nodeId, network.node(2).nodeId, epoch),
      ])
        await expect(again()).to.be.revertedWithCustomError(strikes, "AlreadyStruck").withArgs(epoch);
    });
  });

  describe("a strike for an outlying score", function () {
    it("meets the auditor that all others contradict by far, on one side", async function () {
      const network = await AuditedNetwork.start();
      const { strikes } = network.protocol;
      const [target, liar] = [network.node(0), network.node(1)];
      const epoch = network.firstEpoch;
      await network.audit(epoch, (auditor, judged) =>
        auditor === liar && judged === target ? GOOD - 4_001 : GOOD,
      );
      await expect(strikes.strikeAuditor(liar.nodeId, target.nodeId, epoch))
        .to.emit(strikes, "Struck")
        .withArgs(liar.nodeId, epoch, OUTLYING_SCORE, protocolHolder(network));
      await expect(strikes.strikeAuditor(network.node(2).nodeId, target.nodeId, epoch))
        .to.be.revertedWithCustomError(strikes, "NotAnOutlier")
        .withArgs(network.node(2).nodeId, target.nodeId, epoch);
    });

    it("spares who is contradicted by exactly the distance, or on both sides", async function () {
      const network = await AuditedNetwork.start();
      const { strikes } = network.protocol;
      const [target, first, second, third] = [0, 1, 2, 3].map((index) => network.node(index));
      if (!target || !first || !second || !third) throw new Error("the network is too small");
      const epoch = network.firstEpoch;
      const scores = new Map([
        [first, 4_500],
        [second, 0],
        [third, GOOD],
      ]);
      await network.audit(epoch, (auditor, judged) =>
        judged === target ? (scores.get(auditor) ?? 0) : auditor === first ? GOOD - 4_000 : GOOD,
      );
      await expect(strikes.strikeAuditor(first.nodeId, target.nodeId, epoch)).to.be.revertedWithCustomError(
        strikes,
        "NotAnOutlier",
      );
      await expect(strikes.strikeAuditor(first.nodeId, second.nodeId, epoch)).to.be.revertedWithCustomError(
        strikes,
        "NotAnOutlier",
      );
    });

    it("needs two others: one alone contradicts nobody", async function () {
      const network = await AuditedNetwork.start();
      const { strikes } = network.protocol;
      const [target, liar] = [network.node(0), network.node(1)];
      network.silence(network.node(2));
      await network.audit(network.firstEpoch, (auditor) => (auditor === liar ? 0 : GOOD));
      await expect(
        strikes.strikeAuditor(liar.nodeId, target.nodeId, network.firstEpoch),
      ).to.be.revertedWithCustomError(strikes, "NotAnOutlier");
    });

    it("is not for a node that did not audit the target, or kept silent", async function () {
      const network = await AuditedNetwork.start();
      const { strikes } = network.protocol;
      const [target, silent] = [network.node(0), network.node(3)];
      network.silence(silent);
      await network.audit(network.firstEpoch, () => GOOD);
      for (const auditorId of [target.nodeId, silent.nodeId, 99n]) {
        await expect(strikes.strikeAuditor(auditorId, target.nodeId, network.firstEpoch))
          .to.be.revertedWithCustomError(strikes, "NotItsAuditor")
          .withArgs(auditorId, target.nodeId, network.firstEpoch);
      }
    });
  });

  describe("jail", function () {
    /** Three bad epochs in a row, posted newest first. */
    async function jail(network: AuditedNetwork, bad: Node, firstEpoch: number) {
      const { strikes } = network.protocol;
      for (let epoch = firstEpoch; epoch < firstEpoch + 3; ++epoch) await network.audit(epoch, against(bad));
      await strikes.strikeTarget(bad.nodeId, firstEpoch + 2);
      await strikes.strikeTarget(bad.nodeId, firstEpoch);
      return strikes.strikeTarget(bad.nodeId, firstEpoch + 1);
    }

    it("follows on enough strikes within the window, in whatever order they are posted", async function () {
      const network = await AuditedNetwork.start();
      const { strikes, registry, attestations, clock } = network.protocol;
      const bad = network.node(0);
      const transaction = await jail(network, bad, network.firstEpoch);
      const now = await networkHelpers.time.latest();
      await expect(transaction)
        .to.emit(strikes, "NodeJailed")
        .withArgs(bad.nodeId, 1n, now + 4 * clock.epochSeconds);
      await expect(transaction)
        .to.emit(registry, "NodeSuspended")
        .withArgs(bad.nodeId, (await clock.now()) + 2);
      expect(await strikes.isJailed(bad.nodeId)).to.equal(true);
      expect((await strikes.recordOf(bad.nodeId)).strikes).to.equal(0n);
      expect((await attestations.latestSeatOf(bad.nodeId)).seated).to.equal(false);
      // The first jail costs nothing but the income.
      await expect(transaction).not.to.emit(network.protocol.penalties, "SlashOpened");
    });

    it("keeps the node out, and settles what went before", async function () {
      const network = await AuditedNetwork.start();
      const { strikes, registry, ring, clock } = network.protocol;
      const bad = network.node(0);
      await jail(network, bad, network.firstEpoch);
      await expect(registry.connect(bad.operator).activate(bad.nodeId))
        .to.be.revertedWithCustomError(ring, "NodeJailed")
        .withArgs(bad.nodeId);
      // It keeps its seat for two epochs more, and serves no better in them.
      const last = network.firstEpoch + 5;
      for (let epoch = network.firstEpoch + 3; epoch <= last; ++epoch) {
        await network.audit(epoch, against(bad));
        await expect(strikes.strikeTarget(bad.nodeId, epoch))
          .to.be.revertedWithCustomError(strikes, "InJail")
          .withArgs(bad.nodeId);
      }
      const { jailedAt } = await strikes.recordOf(bad.nodeId);
      await networkHelpers.time.increaseTo(Number(jailedAt) + 4 * clock.epochSeconds);
      await strikes.connect(bad.owner).release(bad.nodeId);
      await expect(strikes.strikeTarget(bad.nodeId, last))
        .to.be.revertedWithCustomError(strikes, "StrikeSettled")
        .withArgs(bad.nodeId, last, (await clock.now()) + 1);
    });

    it("ends when owner or operator ask for it, not before four epochs are over", async function () {
      const network = await AuditedNetwork.start();
      const { strikes, registry, clock, holder } = network.protocol;
      const bad = network.node(0);
      await expect(strikes.connect(bad.owner).release(bad.nodeId))
        .to.be.revertedWithCustomError(strikes, "NotInJail")
        .withArgs(bad.nodeId);
      await jail(network, bad, network.firstEpoch);
      const { jailedAt } = await strikes.recordOf(bad.nodeId);
      const releasableAt = Number(jailedAt) + 4 * clock.epochSeconds;
      await networkHelpers.time.setNextBlockTimestamp(releasableAt - 1);
      await expect(strikes.connect(bad.owner).release(bad.nodeId))
        .to.be.revertedWithCustomError(strikes, "JailNotOver")
        .withArgs(bad.nodeId, releasableAt);
      await expect(strikes.release(bad.nodeId))
        .to.be.revertedWithCustomError(strikes, "NotOwnerOrOperator")
        .withArgs(bad.nodeId, holder.address);
      const released = await strikes.connect(bad.operator).release(bad.nodeId);
      const countsFrom = (await clock.now()) + 1;
      await expect(released).to.emit(strikes, "NodeReleased").withArgs(bad.nodeId, countsFrom);
      await registry.connect(bad.operator).activate(bad.nodeId);
      expect(await strikes.isJailed(bad.nodeId)).to.equal(false);
    });

    it("does not follow on strikes that lie too far apart", async function () {
      const network = await AuditedNetwork.start();
      const { strikes } = network.protocol;
      const bad = network.node(0);
      for (const [epoch, jailed] of [
        [network.firstEpoch, false],
        [network.firstEpoch + 1, false],
        [network.firstEpoch + 8, false],
        // Eight epochs from the second to this one.
        [network.firstEpoch + 9, false],
        [network.firstEpoch + 10, true],
      ] as const) {
        await network.idleUntil(epoch);
        await network.audit(epoch, against(bad));
        await strikes.strikeTarget(bad.nodeId, epoch);
        expect(await strikes.isJailed(bad.nodeId), `after epoch ${epoch - network.firstEpoch}`).to.equal(
          jailed,
        );
      }
    });

    it("the third time within 90 days costs a part of the bond, and who posts it is the reporter", async function () {
      const network = await AuditedNetwork.start([2_000, 1_000, 1_000, 1_000, 1_000]);
      const { strikes, registry, penalties, holder, clock } = network.protocol;
      const bad = network.node(0);
      const jailedAt: number[] = [];
      let epoch = network.firstEpoch;
      for (let time = 1; time <= 3; ++time) {
        const transaction = await jail(network, bad, epoch);
        jailedAt.push(await networkHelpers.time.latest());
        if (time === 3) {
          const { slash } = await openedSlash(transaction);
          expect(slash.kind).to.equal(1n);
          expect(slash.referenceId).to.equal(3n);
          expect(slash.reporter).to.equal(holder.address);
          expect(slash.taken.bond).to.equal(dtel(20) / 10n ** 9n);
          expect(slash.taken.pool).to.equal(0n);
          break;
        }
        await expect(transaction).not.to.emit(penalties, "SlashOpened");
        await clock.goTo((await clock.now()) + 5, 10);
        await strikes.connect(bad.operator).release(bad.nodeId);
        await registry.connect(bad.operator).activate(bad.nodeId);
        epoch = (await clock.now()) + 3;
        await network.idleUntil(epoch);
      }
      const [first = 0, second = 0] = jailedAt;
      const record = await strikes.recordOf(bad.nodeId);
      expect(record.jails).to.equal(3n);
      expect(record.jailedBefore).to.equal(second);
      expect(first + 90 * DAY).to.be.greaterThan(Number(record.jailedAt));
    });

    it("costs nothing when the first of three lies more than 90 days back", async function () {
      const network = await AuditedNetwork.start([2_000, 1_000, 1_000, 1_000, 1_000]);
      const { strikes, registry, penalties, clock } = network.protocol;
      const bad = network.node(0);
      let epoch = network.firstEpoch;
      for (let time = 1; time <= 3; ++time) {
        const transaction = await jail(network, bad, epoch);
        await expect(transaction).not.to.emit(penalties, "SlashOpened");
        if (time === 3) break;
        await networkHelpers.time.increase(46 * DAY);
        await clock.goTo((await clock.now()) + 1, 10);
        await strikes.connect(bad.operator).release(bad.nodeId);
        await registry.connect(bad.operator).activate(bad.nodeId);
        epoch = (await clock.now()) + 3;
        await network.idleUntil(epoch);
      }
      expect((await strikes.recordOf(bad.nodeId)).jails).to.equal(3n);
    });
  });
});

function protocolHolder(network: AuditedNetwork): string {
  return network.protocol.holder.address;
}
