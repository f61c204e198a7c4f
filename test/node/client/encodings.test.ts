import { expect } from "chai";
import { videoEncodings } from "../../../node/client/encodings.js";

describe("videoEncodings", () => {
  it("is the browser's own choice unless something is asked for", () => {
    expect(videoEncodings({}, {})).to.equal(undefined);
    expect(videoEncodings({ codec: "VP9" }, { width: 640, height: 360 })).to.equal(undefined);
    expect(videoEncodings({ maxBitrate: 500_000 }, {})).to.deep.equal([{ maxBitrate: 500_000 }]);
  });

  it("has as many versions as make sense for the picture, each half the size of the next, lowest first", () => {
    for (const [size, factors] of [
      [{ width: 1280, height: 720 }, [4, 2, 1]],
      [{ width: 720, height: 1280 }, [4, 2, 1]],
      [{ width: 640, height: 360 }, [2, 1]],
      [{ width: 320, height: 180 }, [1]],
      [{}, [4, 2, 1]],
    ] as const) {
      const encodings = videoEncodings({ simulcast: true }, size) ?? [];
      expect(encodings.map(({ scaleResolutionDownBy }) => scaleResolutionDownBy)).to.deep.equal(factors);
      const bitrates = encodings.map(({ maxBitrate }) => maxBitrate ?? 0);
      expect([...bitrates].sort((a, b) => a - b)).to.deep.equal(bitrates);
    }
  });

  it("keeps all versions together below the bitrate that is asked for", () => {
    const encodings = videoEncodings(
      { simulcast: true, maxBitrate: 1_675_000 },
      { width: 1280, height: 720 },
    );
    expect(encodings?.map(({ maxBitrate }) => maxBitrate)).to.deep.equal([100_000, 350_000, 1_225_000]);
  });

  it("sends VP9 once, in layers", () => {
    const encodings = videoEncodings({ simulcast: true, codec: "VP9" }, { width: 1280, height: 720 });
    expect(encodings).to.deep.equal([{ scalabilityMode: "L3T3_KEY", maxBitrate: 1_700_000 }]);
  });

  it("takes the caller's own, and refuses what cannot be", () => {
    const own = [{ maxBitrate: 90_000, scaleResolutionDownBy: 3, maxFramerate: undefined }, {}];
    expect(videoEncodings({ simulcast: own }, {})).to.deep.equal([
      { maxBitrate: 90_000, scaleResolutionDownBy: 3 },
      {},
    ]);
    expect(() => videoEncodings({ simulcast: [] }, {})).to.throw(RangeError, "one to three");
    expect(() => videoEncodings({ maxBitrate: -1 }, {})).to.throw(RangeError, "above zero");
  });
});
