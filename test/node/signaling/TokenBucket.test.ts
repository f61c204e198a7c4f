import { expect } from "chai";
import { TokenBucket } from "../../../node/signaling/TokenBucket.js";

describe("TokenBucket", () => {
  it("gives its capacity at once, and refills evenly up to it", () => {
    let nowMs = 0;
    const bucket = new TokenBucket(3, 2, () => nowMs);
    const takeAll = () => {
      let taken = 0;
      while (bucket.take()) taken += 1;
      return taken;
    };
    expect(takeAll()).to.equal(3);
    nowMs = 499;
    expect(takeAll()).to.equal(0);
    nowMs = 500;
    expect(takeAll()).to.equal(1);
    nowMs = 1_500;
    expect(takeAll()).to.equal(2);
    nowMs = 1_000_000;
    expect(takeAll()).to.equal(3);
  });
});
