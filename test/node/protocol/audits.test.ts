import { expect } from "chai";
import {
  MAX_AUDITORS,
  auditCommitment,
  auditOffsets,
  auditedSeats,
  auditorSeats,
  packScores,
  unpackScores,
  weightedMedian,
} from "../../../node/protocol/audits.js";
import { parseHex } from "../../../node/protocol/hex.js";
import { randomFrom } from "../support/random.js";

describe("audits", function () {
  const random = randomFrom(11);
  const sizes = [4, 5, 7, 8, 9, 22, 23, 100, 10_000];

  it("give each node as many different auditors as there shall be, never itself", function () {
    for (const auditors of [3, 5, 7]) {
      for (const size of sizes) {
        const offsets = auditOffsets(random.hex(32), size, auditors);
        if (size <= auditors) {
          expect(offsets, `${size} seats, ${auditors} auditors`).to.deep.equal([]);
          continue;
        }
        expect(new Set(offsets).size).to.equal(auditors);
        for (const offset of offsets) expect(offset).to.be.within(1, size - 1);
      }
    }
  });

  it("say the same from both sides: who audits me, and whom I audit, at the same place", function () {
    const size = 29;
    const offsets = auditOffsets(random.hex(32), size, 7);
    for (let seat = 0; seat < size; seat++) {
      const targets = auditedSeats(seat, size, offsets);
      expect(new Set([...targets, seat]).size).to.equal(8);
      targets.forEach((target, index) => expect(auditorSeats(target, size, offsets)[index]).to.equal(seat));
    }
  });

  it("take each offset from a lane of its own, within its part of the ring", function () {
    // Lanes 0 to 7 are 0 to 7: with 31 seats and 3 auditors the ring has parts of 10.
    const seed = parseHex(
      `0x${Array.from({ length: 8 }, (_, lane) => lane.toString(16).padStart(8, "0")).join("")}`,
    );
    expect(auditOffsets(seed, 31, 3)).to.deep.equal([1, 12, 23]);
    const other = parseHex(`0x0000000d${seed.slice(10)}`);
    expect(auditOffsets(other, 31, 3)).to.deep.equal([4, 12, 23]);
    // As many parts as seats but one: everybody audits everybody, whatever the seed.
    expect(auditOffsets(random.hex(32), 4, 3)).to.deep.equal([1, 2, 3]);
  });

  it("pack scores into a word and read them back", function () {
    const scores = [10_000, 0, 8_000, 1, 9_999, 5_000, 4_999];
    expect(scores).to.have.length(MAX_AUDITORS);
    const packed = packScores(scores);
    expect(unpackScores(packed, scores.length)).to.deep.equal(scores);
    expect(packed & 0xffffn).to.equal(10_000n);
    expect(packed >> 112n).to.equal(0n);
    for (const bad of [[10_001], [-1], [0.5], [NaN], [...scores, 1]])
      expect(() => packScores(bad), String(bad)).to.throw(RangeError);
  });

  it("commit to node, epoch, scores and salt", function () {
    const salt = random.hex(32);
    const commitments = [
      auditCommitment(1n, 2, 3n, salt),
      auditCommitment(2n, 2, 3n, salt),
      auditCommitment(1n, 3, 3n, salt),
      auditCommitment(1n, 2, 4n, salt),
      auditCommitment(1n, 2, 3n, random.hex(32)),
    ];
    expect(new Set(commitments).size).to.equal(commitments.length);
    expect(commitments[0]).to.equal(auditCommitment(1n, 2, 3n, salt));
  });

  it("take the smallest score at which half of the weight is reached", function () {
    const of = (...entries: [score: number, weight: number][]) =>
      weightedMedian(entries.map(([score, weight]) => ({ score, weight })));
    expect(of()).to.equal(0);
    expect(of([7_000, 1_000])).to.equal(7_000);
    expect(of([9_000, 1_000], [1_000, 1_000])).to.equal(1_000);
    expect(of([9_000, 1_000], [1_000, 1_000], [5_000, 1_000])).to.equal(5_000);
    expect(of([9_000, 2_001], [1_000, 1_000], [5_000, 1_000])).to.equal(9_000);
    expect(of([9_000, 10_000], [1_000, 1_000], [0, 1_000])).to.equal(9_000);
  });
});
