import { expect } from "chai";
import { feeWei, floorToGwei, scoreWei } from "../../../node/protocol/amounts.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import { MAX_DETAILS_BYTES, mayPublish, parseGrantDetails } from "../../../node/protocol/grantDetails.js";
import { samplePoints } from "../../../node/protocol/sampling.js";
import {
  accessGrantSchema,
  signedReceiptSchema,
  toWire,
  uint64Schema,
} from "../../../node/protocol/schemas.js";
import { randomFrom } from "../support/random.js";

describe("epoch clock", function () {
  const clock = createEpochClock({ genesisSeconds: 1_000, epochSeconds: 60 });

  it("counts epochs from the genesis, each with its windows", function () {
    expect([1_000_000, 1_059_999, 1_060_000].map((now) => clock.currentEpoch(now))).to.deep.equal([0, 0, 1]);
    expect(clock.startOf(2)).to.equal(1_120);
    expect(clock.endOf(2)).to.equal(1_180);
    expect(clock.commitWindowOf(2)).to.deep.equal({ opensAt: 1_180, closesAt: 1_210 });
    expect(clock.collectionWindowOf(2)).to.deep.equal({ opensAt: 1_150, closesAt: 1_210 });
  });

  it("refuses a moment before the genesis and clocks that no contract has", function () {
    expect(() => clock.currentEpoch(999_999)).to.throw(RangeError, "begins at");
    expect(() => createEpochClock({ genesisSeconds: 0, epochSeconds: 60 })).to.throw(RangeError);
    expect(() => createEpochClock({ genesisSeconds: 1, epochSeconds: 61 })).to.throw(RangeError);
    expect(() => createEpochClock({ genesisSeconds: 1, epochSeconds: Number.NaN })).to.throw(RangeError);
  });
});

describe("amounts", function () {
  it("follow bytes and price, and round down", function () {
    expect(feeWei(1_000_000_000n, 5n * 10n ** 18n)).to.equal(5n * 10n ** 18n);
    expect(feeWei(1n, 10n ** 9n - 1n)).to.equal(0n);
    expect(floorToGwei(1_999_999_999n)).to.equal(1_000_000_000n);
    expect(scoreWei(1_000n, 9_999)).to.equal(999n);
    expect(scoreWei(1_000n, 10_000)).to.equal(1_000n);
  });

  it("refuse what cannot be", function () {
    expect(() => feeWei(-1n, 1n)).to.throw(RangeError);
    expect(() => floorToGwei(-1n)).to.throw(RangeError);
    expect(() => scoreWei(1n, 10_001)).to.throw(RangeError);
  });
});

describe("sample points", function () {
  it("lie in the range, repeat for the same seed and differ by lane, node and epoch", function () {
    const seed = randomFrom(3).hex(32);
    const points = samplePoints(seed, 1n, 2, 1_000_000n, 16);
    expect(points).to.have.length(16);
    expect(points.every((point) => point >= 0n && point < 1_000_000n)).to.equal(true);
    expect(new Set(points).size).to.equal(16);
    expect(samplePoints(seed, 1n, 2, 1_000_000n, 4)).to.deep.equal(points.slice(0, 4));
    expect(samplePoints(seed, 2n, 2, 1_000_000n, 16)).to.not.deep.equal(points);
    expect(samplePoints(seed, 1n, 3, 1_000_000n, 16)).to.not.deep.equal(points);
    expect(() => samplePoints(seed, 1n, 2, 0n, 4)).to.throw(RangeError);
  });
});

describe("wire schemas", function () {
  const random = randomFrom(4);
  const grant = {
    app: random.address(),
    sessionKey: random.address(),
    room: random.hex(32),
    maxBytesPerEpoch: (1n << 256n) - 1n,
    expiresAt: 1_900_000_000n,
    detailsHash: random.hex(32),
  };

  it("read back what toWire wrote, through JSON", function () {
    expect(accessGrantSchema.parse(JSON.parse(JSON.stringify(toWire(grant))))).to.deep.equal(grant);
    const receipt = { nodeId: 1n, epoch: 5, bytesDelivered: (1n << 64n) - 1n, quality: 10_000 };
    const signed = { receipt, signature: random.hex(32) + random.hex(32).slice(2) + "1b" };
    expect(signedReceiptSchema.parse(JSON.parse(JSON.stringify(toWire(signed))))).to.deep.equal(signed);
  });

  it("refuse other types, sizes and members", function () {
    const wire = { ...grant, maxBytesPerEpoch: "5", expiresAt: "6" };
    expect(accessGrantSchema.safeParse(wire).success).to.equal(true);
    const bad = [
      { ...wire, extra: 1 },
      { ...wire, app: "0x12" },
      { ...wire, room: "0x" },
      { ...wire, maxBytesPerEpoch: 5 },
      { ...wire, maxBytesPerEpoch: "-5" },
      { ...wire, maxBytesPerEpoch: "05" },
      { ...wire, maxBytesPerEpoch: "9".repeat(79) },
      { ...wire, expiresAt: (1n << 64n).toString() },
    ];
    for (const value of bad)
      expect(accessGrantSchema.safeParse(value).success, JSON.stringify(value)).to.equal(false);
    expect(uint64Schema.safeParse("1e3").success).to.equal(false);
  });

  it("read a grant's details and say what is wrong with them", function () {
    const voucherUrl = "https://app.example/vouchers";
    const details = parseGrantDetails(JSON.stringify({ identity: "ada", voucherUrl, team: "blue" }));
    expect(details).to.deep.include({ identity: "ada", voucherUrl, team: "blue" });
    const usual = { join: true, publish: true, subscribe: true, data: true, hidden: false, admin: false };
    expect(details.permissions).to.deep.equal(usual);
    const asked = parseGrantDetails(
      JSON.stringify({ identity: "ada", permissions: { publish: ["audio"], admin: true }, homes: ["7"] }),
    );
    expect(asked.permissions).to.deep.equal({ ...usual, publish: ["audio"], admin: true });
    expect(asked.homes).to.deep.equal([7n]);
    const kinds = ["audio", "video"] as const;
    expect(kinds.map((kind) => mayPublish(usual, kind))).to.deep.equal([true, true]);
    expect(kinds.map((kind) => mayPublish(asked.permissions, kind))).to.deep.equal([true, false]);
    expect(kinds.map((kind) => mayPublish({ ...usual, hidden: true }, kind))).to.deep.equal([false, false]);
    const bad: [details: string, says: string][] = [
      ["{", "not JSON"],
      ["[]", "invalid"],
      [JSON.stringify({ voucherUrl }), "identity"],
      [JSON.stringify({ identity: "ada", voucherUrl: "file:///etc/passwd" }), "voucherUrl"],
      [JSON.stringify({ identity: "ada", voucherUrl, permissions: { fly: true } }), "fly"],
      [JSON.stringify({ identity: "ada", voucherUrl, permissions: { publish: ["smell"] } }), "publish"],
      [JSON.stringify({ identity: "ada", voucherUrl, homes: Array(9).fill("1") }), "homes"],
      [
        JSON.stringify({ identity: "ada", voucherUrl, pad: "ü".repeat(MAX_DETAILS_BYTES / 2) }),
        "longer than",
      ],
    ];
    for (const [text, says] of bad) expect(() => parseGrantDetails(text)).to.throw(RangeError, says);
  });
});
