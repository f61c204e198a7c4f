import { expect } from "chai";
import { AuditReception } from "../../../node/service/audits/auditReception.js";
import { auditScore, joinFactor, roundScore } from "../../../node/service/audits/auditScore.js";
import type { AuditMeasurement } from "../../../node/service/audits/auditScore.js";
import { intervalScore } from "../../../node/protocol/quality.js";

const loopback: AuditMeasurement = {
  ...{ joinMs: 300, roundTripTimeMs: 1, jitterMs: 1, lossRatio: 0, frozenRatio: 0 },
};
/** The contracts count a score below this against the target. */
const LOW_MARK = 5_000;

describe("audit score", function () {
  it("is near full for a node next door, below the low mark for a bad one, and 0 for one that does not serve", function () {
    expect(roundScore({ measurement: loopback })).to.be.greaterThan(9_900);
    const bad = { ...loopback, roundTripTimeMs: 400, jitterMs: 50, lossRatio: 0.1 };
    expect(roundScore({ measurement: bad })).to.be.within(1, LOW_MARK - 1);
    expect(roundScore({ fault: "connect ECONNREFUSED" })).to.equal(0);
  });

  it("is the score of receipts where joining was quick and nothing froze", function () {
    const stats = { roundTripTimeMs: 150, jitterMs: 20, lossRatio: 0.02 };
    expect(roundScore({ measurement: { ...loopback, ...stats } })).to.equal(intervalScore(stats));
    expect(roundScore({ measurement: { ...loopback, ...stats, frozenRatio: 0.5 } })).to.equal(
      Math.round(intervalScore(stats) / 2),
    );
  });

  it("falls with the time that joining takes", function () {
    expect([0, 2_000, 11_000, 20_000, 60_000].map(joinFactor)).to.deep.equal([1, 1, 0.5, 0, 0]);
  });

  it("of an epoch is the mean of its rounds", function () {
    const good = { measurement: loopback };
    expect(auditScore([good, { fault: "down" }, good])).to.equal(Math.round((2 * roundScore(good)) / 3));
    expect(() => auditScore([])).to.throw(RangeError);
  });
});

describe("audit reception", function () {
  /** Sound each 20 ms for a second, of which each packet takes `transit` ms; undefined: lost. */
  function received(transit: (index: number) => number | undefined) {
    const reception = new AuditReception(1_000);
    for (let index = 0; index <= 50; index++) {
      const sentAtMs = 2_000 + index * 20;
      const number = reception.sent(true, sentAtMs);
      const ms = transit(index);
      if (ms !== undefined) reception.arrived(number, sentAtMs + ms);
    }
    return reception.measure(2_000, 3_000);
  }

  it("measures join time, delay there and back, and jitter", function () {
    const { joinMs, roundTripTimeMs, jitterMs, lossRatio, frozenRatio } = received((index) =>
      index % 2 === 0 ? 100 : 110,
    );
    expect(joinMs).to.equal(1_100);
    expect(roundTripTimeMs).to.equal(100);
    expect(jitterMs).to.equal(10);
    expect(lossRatio).to.equal(0);
    expect(frozenRatio).to.equal(0);
  });

  it("counts what is lost, and as frozen only what lasts", function () {
    const scattered = received((index) => (index % 5 === 1 ? undefined : 50));
    expect(scattered.lossRatio).to.be.closeTo(0.2, 0.01);
    expect(scattered.frozenRatio).to.equal(0);
    // From 200 to 800 ms nothing: 600 ms, of which 200 are concealed.
    const hole = received((index) => (index > 10 && index < 40 ? undefined : 50));
    expect(hole.frozenRatio).to.be.closeTo(0.4, 0.001);
    const cut = received((index) => (index > 25 ? undefined : 50));
    expect(cut.frozenRatio).to.be.closeTo(0.3, 0.001);
  });

  it("believes no packet twice, none it did not send, and none from the future", function () {
    const reception = new AuditReception(0);
    const number = reception.sent(true, 1_000);
    reception.arrived(number + 7, 1_010);
    reception.arrived(number, 990);
    expect(() => reception.measure(0, 2_000)).to.throw("no media");
    reception.arrived(number, 1_020);
    reception.arrived(number, 1_500);
    expect(reception.measure(0, 2_000).roundTripTimeMs).to.equal(20);
  });
});
