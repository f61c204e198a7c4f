import { expect } from "chai";
import { QualityMeter, intervalScore, rFactor } from "../../../node/protocol/quality.js";

const stats = (roundTripTimeMs: number, jitterMs: number, lossPercent: number) => ({
  roundTripTimeMs,
  jitterMs,
  lossRatio: lossPercent / 100,
});

describe("quality", function () {
  it("has the known values of the design", function () {
    const known: [rtt: number, jitter: number, loss: number, r: number][] = [
      [50, 10, 0.5, 89.3],
      [150, 20, 2, 81.3],
      [300, 30, 5, 62.9],
      [400, 50, 10, 38.2],
    ];
    for (const [rtt, jitter, loss, r] of known) {
      expect(rFactor(stats(rtt, jitter, loss)).toFixed(1), `${rtt}/${jitter}/${loss}`).to.equal(r.toFixed(1));
    }
  });

  it("falls with delay, jitter and loss, faster without error correction, and never below zero", function () {
    const best = intervalScore(stats(0, 0, 0));
    // Coder and decoder alone cost 20 ms: (93.2 − 0.48) / 93.2.
    expect(best).to.equal(9_948);
    expect(intervalScore(stats(100, 0, 0))).to.be.lessThan(best);
    expect(intervalScore(stats(0, 10, 0))).to.be.lessThan(best);
    expect(intervalScore(stats(0, 0, 1))).to.be.lessThan(best);
    expect(intervalScore({ ...stats(0, 0, 1), forwardErrorCorrection: false })).to.be.lessThan(
      intervalScore(stats(0, 0, 1)),
    );
    expect(intervalScore(stats(5_000, 0, 0))).to.equal(0);
    expect(intervalScore(stats(400, 100, 100))).to.equal(0);
  });

  it("refuses statistics that cannot be", function () {
    for (const bad of [stats(-1, 0, 0), stats(0, Number.NaN, 0), stats(0, 0, 101), stats(Infinity, 0, 0)]) {
      expect(() => rFactor(bad)).to.throw(RangeError);
    }
  });

  it("of a receipt is the mean weighted by bytes, rounded down", function () {
    const meter = new QualityMeter();
    expect([meter.bytesDelivered, meter.quality]).to.deep.equal([0n, 0]);
    meter.add(1_000n, 10_000);
    meter.add(3_000n, 5_000);
    meter.add(0n, 0);
    expect([meter.bytesDelivered, meter.quality]).to.deep.equal([4_000n, 6_250]);
    meter.add(1n, 0);
    expect(meter.quality).to.equal(6_248);
    expect(() => meter.add(-1n, 0)).to.throw(RangeError);
    expect(() => meter.add(1n, 10_001)).to.throw(RangeError);
    expect(() => meter.add(1n, 0.5)).to.throw(RangeError);
  });

  it("goes on from a receipt that was signed before", function () {
    const meter = new QualityMeter({ bytesDelivered: 1_000n, quality: 8_000 });
    meter.add(1_000n, 4_000);
    expect([meter.bytesDelivered, meter.quality]).to.deep.equal([2_000n, 6_000]);
  });
});
