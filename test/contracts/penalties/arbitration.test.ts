import { expect } from "chai";
import { id } from "ethers";
import type { Account } from "../support/account.js";
import { networkHelpers } from "../support/chain.js";
import { asAuthority, openedSlash, setPenaltyParameters } from "../support/penalties.js";
import { addNode, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

const HOUR = 3_600;
const DAY = 24 * HOUR;
const EVIDENCE = id("evidence");
const URI = "ipfs://evidence";
const DEPOSIT = dtel(100);
const OPEN = 1n;
const UPHELD = 2n;
const DISMISSED = 3n;
const UNRULED = 4n;

describe("Arbitration", function () {
  let protocol: Protocol;
  let node: Node;
  let arbiters: Account[];
  let challenger: Account;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol, { bond: dtel(2_000) });
    await protocol.clock.goTo((await protocol.clock.now()) + 2, 10);
    arbiters = await appoint(5);
    challenger = await protocol.newAccount(dtel(1_000));
    await protocol.token.connect(challenger).approve(protocol.arbitration, dtel(1_000));
  });

  async function appoint(count: number, termSeconds = 365 * DAY): Promise<Account[]> {
    const accounts: Account[] = [];
    for (let index = 0; index < count; ++index) accounts.push(await protocol.newAccount());
    accounts.sort((one, other) => (BigInt(one.address) < BigInt(other.address) ? -1 : 1));
    const endsAt = (await networkHelpers.time.latest()) + termSeconds;
    await asAuthority(protocol, protocol.arbitration, "appointArbiters", [
      accounts.map(({ address }) => address),
      endsAt,
    ]);
    return accounts;
  }

  /** A case about what just happened. */
  async function open(): Promise<bigint> {
    const { arbitration } = protocol;
    await arbitration
      .connect(challenger)
      .openCase(node.nodeId, await networkHelpers.time.latest(), EVIDENCE, URI);
    return arbitration.caseCount();
  }

  async function goToRuling(caseId: bigint): Promise<void> {
    await networkHelpers.time.increaseTo((await protocol.arbitration.caseOf(caseId)).answerUntil);
  }

  const vote = (index: number, caseId: bigint, uphold: boolean, panel = arbiters) => {
    const arbiter = panel[index];
    if (arbiter === undefined) throw new Error(`there is no arbiter ${index}`);
    return protocol.arbitration.connect(arbiter).vote(caseId, uphold);
  };

  describe("a case", function () {
    it("takes the deposit and fixes its terms; the log tells all", async function () {
      const { arbitration, token } = protocol;
      const faultAt = (await networkHelpers.time.latest()) - 60;
      const transaction = await arbitration.connect(challenger).openCase(node.nodeId, faultAt, EVIDENCE, URI);
      const now = await networkHelpers.time.latest();
      await expect(transaction)
        .to.emit(arbitration, "CaseOpened")
        .withArgs(
          1n,
          node.nodeId,
          challenger.address,
          1n,
          faultAt,
          DEPOSIT,
          dtel(600),
          500n,
          now + HOUR,
          now + 2 * HOUR,
          EVIDENCE,
          URI,
        );
      expect(await token.balanceOf(arbitration)).to.equal(DEPOSIT);
      const opened = await arbitration.caseOf(1n);
      expect(opened.status).to.equal(OPEN);
      expect(opened.slashGwei).to.equal(dtel(600) / 10n ** 9n);

      await setPenaltyParameters(protocol, {
        rulingSlashBps: 5_000,
        challengeDeposit: 7,
        answerSeconds: HOUR,
      });
      expect(await arbitration.caseOf(1n)).to.deep.equal(opened);
    });

    it("is about a node with a bond, within the report window, with evidence of bounded length", async function () {
      const { arbitration, penalties, registry, clock, newAccount } = protocol;
      const asChallenger = arbitration.connect(challenger);
      const now = await networkHelpers.time.latest();
      await expect(asChallenger.openCase(node.nodeId, now + 100, EVIDENCE, URI))
        .to.be.revertedWithCustomError(arbitration, "FaultInFuture")
        .withArgs(now + 100);
      await expect(asChallenger.openCase(99n, now, EVIDENCE, URI)).to.be.revertedWithCustomError(
        arbitration,
        "NothingAtStake",
      );
      await registry.register(await newAccount(), 1, 1_000, dtel(1), "wss://node.example");
      const unbonded = await registry.nodeCount();
      await expect(asChallenger.openCase(unbonded, now, EVIDENCE, URI))
        .to.be.revertedWithCustomError(arbitration, "NothingAtStake")
        .withArgs(unbonded, now);
      for (const uri of ["", "x".repeat(256)]) {
        await expect(asChallenger.openCase(node.nodeId, now, EVIDENCE, uri))
          .to.be.revertedWithCustomError(arbitration, "InvalidUri")
          .withArgs(uri.length);
      }
      const epoch = await clock.now();
      const faultAt = clock.startOf(epoch) + 100;
      await networkHelpers.time.setNextBlockTimestamp(clock.startOf(epoch + 5) - 1);
      await asChallenger.openCase(node.nodeId, faultAt, EVIDENCE, URI);
      await expect(asChallenger.openCase(node.nodeId, faultAt, EVIDENCE, URI))
        .to.be.revertedWithCustomError(penalties, "ReportWindowClosed")
        .withArgs(epoch, clock.startOf(epoch + 5));
    });

    it("costs its deposit each time: a queue of them blocks neither node nor stake", async function () {
      const { arbitration, token, staking, newAccount } = protocol;
      for (let count = 0; count < 5; ++count) await open();
      expect(await token.balanceOf(challenger)).to.equal(dtel(500));
      expect(await token.balanceOf(arbitration)).to.equal(5n * DEPOSIT);
      const delegator = await newAccount(dtel(10));
      await token.connect(delegator).approve(staking, dtel(10));
      await staking.connect(delegator).delegate(node.nodeId, dtel(10), 0n);
      await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000));
    });

    it("is answered by the owner alone, once, before the votes begin", async function () {
      const { arbitration } = protocol;
      const caseId = await open();
      const asOwner = arbitration.connect(node.owner);
      await expect(arbitration.connect(challenger).answer(caseId, EVIDENCE, URI))
        .to.be.revertedWithCustomError(arbitration, "NotNodeOwner")
        .withArgs(node.nodeId, challenger.address);
      await expect(asOwner.answer(caseId, EVIDENCE, "")).to.be.revertedWithCustomError(
        arbitration,
        "InvalidUri",
      );
      const { answerUntil } = await arbitration.caseOf(caseId);
      const snapshot = await networkHelpers.takeSnapshot();
      await networkHelpers.time.setNextBlockTimestamp(answerUntil);
      await expect(asOwner.answer(caseId, EVIDENCE, URI))
        .to.be.revertedWithCustomError(arbitration, "OutsideWindow")
        .withArgs(caseId, 0n, answerUntil);
      await snapshot.restore();
      await networkHelpers.time.setNextBlockTimestamp(answerUntil - 1n);
      await expect(asOwner.answer(caseId, EVIDENCE, URI))
        .to.emit(arbitration, "CaseAnswered")
        .withArgs(caseId, EVIDENCE, URI);
      expect((await arbitration.caseOf(caseId)).answered).to.equal(true);
    });

    it("is not answered twice", async function () {
      const { arbitration } = protocol;
      const caseId = await open();
      await arbitration.connect(node.owner).answer(caseId, EVIDENCE, URI);
      await expect(arbitration.connect(node.owner).answer(caseId, EVIDENCE, URI))
        .to.be.revertedWithCustomError(arbitration, "AlreadyAnswered")
        .withArgs(caseId);
    });
  });

  describe("a ruling", function () {
    it("by two thirds opens an ordinary slash, and the deposit goes back", async function () {
      const { arbitration, penalties, token } = protocol;
      const caseId = await open();
      await goToRuling(caseId);
      for (const index of [0, 1, 2]) {
        await expect(vote(index, caseId, true)).not.to.emit(arbitration, "CaseClosed");
      }
      const transaction = await vote(4, caseId, true);
      await expect(transaction)
        .to.emit(arbitration, "CaseClosed")
        .withArgs(caseId, UPHELD, challenger.address);
      const { slash, appealUntil } = await openedSlash(transaction);
      expect(slash.kind).to.equal(2n);
      expect(slash.referenceId).to.equal(caseId);
      expect(slash.reporter).to.equal(challenger.address);
      expect(slash.taken.bond).to.equal(dtel(600) / 10n ** 9n);
      expect(await token.balanceOf(challenger)).to.equal(dtel(1_000));
      await networkHelpers.time.increaseTo(appealUntil);
      await penalties.execute(slash);
      expect(await token.balanceOf(challenger)).to.equal(dtel(1_060));
    });

    it("of nine needs six, of seven five", async function () {
      const { arbitration } = protocol;
      for (const [members, needed] of [
        [9, 6],
        [7, 5],
      ] as const) {
        const panel = await appoint(members);
        const caseId = await open();
        await goToRuling(caseId);
        for (let index = 0; index < needed; ++index) {
          expect((await arbitration.caseOf(caseId)).status).to.equal(OPEN);
          await vote(index, caseId, true, panel);
        }
        expect((await arbitration.caseOf(caseId)).status).to.equal(UPHELD);
      }
    });

    it("by more than half dismisses, and the deposit goes to the node's owner", async function () {
      const { arbitration, penalties, token } = protocol;
      const caseId = await open();
      await goToRuling(caseId);
      await vote(0, caseId, false);
      await vote(1, caseId, true);
      await vote(2, caseId, false);
      const transaction = await vote(3, caseId, false);
      await expect(transaction)
        .to.emit(arbitration, "CaseClosed")
        .withArgs(caseId, DISMISSED, node.owner.address);
      await expect(transaction).not.to.emit(penalties, "SlashOpened");
      expect(await token.balanceOf(node.owner)).to.equal(DEPOSIT);
      expect(await token.balanceOf(arbitration)).to.equal(0n);
    });

    it("that does not come in time costs nobody anything", async function () {
      const { arbitration, token, holder } = protocol;
      const caseId = await open();
      await goToRuling(caseId);
      for (const [index, uphold] of [
        [0, true],
        [1, true],
        [2, true],
        [3, false],
        [4, false],
      ] as const)
        await vote(index, caseId, uphold);
      const { answerUntil, rulingUntil } = await arbitration.caseOf(caseId);
      await networkHelpers.time.setNextBlockTimestamp(rulingUntil - 1n);
      await expect(arbitration.connect(holder).closeUnruled(caseId)).to.be.revertedWithCustomError(
        arbitration,
        "OutsideWindow",
      );
      expect(answerUntil).to.be.lessThan(rulingUntil);
      await networkHelpers.time.setNextBlockTimestamp(rulingUntil);
      await expect(arbitration.connect(holder).closeUnruled(caseId))
        .to.emit(arbitration, "CaseClosed")
        .withArgs(caseId, UNRULED, challenger.address);
      expect(await token.balanceOf(challenger)).to.equal(dtel(1_000));
      await expect(arbitration.closeUnruled(caseId))
        .to.be.revertedWithCustomError(arbitration, "CaseNotOpen")
        .withArgs(caseId, UNRULED);
    });

    it("is the arbiters' alone, one vote each, within the ruling period", async function () {
      const { arbitration } = protocol;
      const caseId = await open();
      const { answerUntil, rulingUntil } = await arbitration.caseOf(caseId);
      await networkHelpers.time.setNextBlockTimestamp(answerUntil - 1n);
      await expect(vote(0, caseId, true))
        .to.be.revertedWithCustomError(arbitration, "OutsideWindow")
        .withArgs(caseId, answerUntil, rulingUntil);
      await vote(0, caseId, true);
      for (const uphold of [true, false]) {
        await expect(vote(0, caseId, uphold)).to.be.revertedWithCustomError(arbitration, "AlreadyVoted");
      }
      await expect(arbitration.connect(challenger).vote(caseId, true))
        .to.be.revertedWithCustomError(arbitration, "NotArbiter")
        .withArgs(caseId, challenger.address);
      await networkHelpers.time.setNextBlockTimestamp(rulingUntil - 1n);
      await vote(1, caseId, true);
      await expect(vote(2, caseId, true)).to.be.revertedWithCustomError(arbitration, "OutsideWindow");
      await expect(vote(2, 99n, true))
        .to.be.revertedWithCustomError(arbitration, "CaseNotOpen")
        .withArgs(99n, 0n);
    });

    it("reaches a bond that was asked back after the fault", async function () {
      const { staking } = protocol;
      const caseId = await open();
      await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(2_000));
      await goToRuling(caseId);
      for (const index of [0, 1, 2]) await vote(index, caseId, true);
      const { slash } = await openedSlash(await vote(3, caseId, true));
      expect(slash.taken.bond).to.equal(0n);
      expect(slash.taken.bondExitCurrent).to.equal(dtel(600) / 10n ** 9n);
    });
  });

  describe("arbiters", function () {
    it("keep the cases opened in their term, whoever is appointed meanwhile", async function () {
      const { arbitration } = protocol;
      const caseId = await open();
      const others = await appoint(5);
      await goToRuling(caseId);
      await expect(vote(0, caseId, true, others)).to.be.revertedWithCustomError(arbitration, "NotArbiter");
      for (const index of [0, 1, 2, 3]) await vote(index, caseId, true);
      expect((await arbitration.caseOf(caseId)).status).to.equal(UPHELD);
      const next = await open();
      expect((await arbitration.caseOf(next)).panelId).to.equal(2n);
      expect(await arbitration.currentPanelId()).to.equal(2n);
    });

    it("take no case that would outlast their term", async function () {
      const { arbitration } = protocol;
      await appoint(5, 2 * HOUR + 2);
      const { endsAt, members } = await arbitration.panelOf(2n);
      expect(members.length).to.equal(5);
      const asChallenger = arbitration.connect(challenger);
      const faultAt = await networkHelpers.time.latest();
      await networkHelpers.time.setNextBlockTimestamp(endsAt - 7_200n);
      await asChallenger.openCase(node.nodeId, faultAt, EVIDENCE, URI);
      await expect(asChallenger.openCase(node.nodeId, faultAt, EVIDENCE, URI))
        .to.be.revertedWithCustomError(arbitration, "NoPanelInOffice")
        .withArgs(endsAt + 1n, endsAt);
    });

    it("are five to nine different accounts, appointed by the authority for two years at most", async function () {
      const { arbitration, holder } = protocol;
      const now = await networkHelpers.time.latest();
      const members = Array.from(
        { length: 10 },
        (_, index) => `0x${(index + 1).toString().padStart(40, "0")}`,
      );
      const five = members.slice(0, 5);
      const refused = (list: readonly string[], endsAt: number, error: string) =>
        expect(
          asAuthority(protocol, arbitration, "appointArbiters", [list, endsAt]),
          error,
        ).to.be.revertedWithCustomError(arbitration, error);
      await refused(members.slice(0, 4), now + DAY, "InvalidPanelSize");
      await refused(members, now + DAY, "InvalidPanelSize");
      await refused([...five.slice(0, 4), five[3] ?? ""], now + DAY, "MembersNotAscending");
      await refused([`0x${"0".repeat(40)}`, ...five.slice(1)], now + DAY, "MembersNotAscending");
      await refused(five, now, "InvalidTerm");
      await refused(five, now + 731 * DAY, "InvalidTerm");
      await expect(arbitration.appointArbiters(five, now + DAY))
        .to.be.revertedWithCustomError(arbitration, "NotAuthority")
        .withArgs(holder.address);
      await expect(asAuthority(protocol, arbitration, "appointArbiters", [five, now + DAY]))
        .to.emit(arbitration, "ArbitersAppointed")
        .withArgs(2n, five, now + DAY);
    });
  });
});
