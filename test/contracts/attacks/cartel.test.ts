import { expect } from "chai";
import { jailProbability } from "../../../scripts/simulations/cartel.js";

/** As on mainnet: seven auditors, six strikes in 28 epochs. */
const MAINNET = { auditors: 7, strikes: 6, windowEpochs: 28 };

describe("a cartel with 30 % of the auditors' weight", () => {
  it("jails an honest node with about 0.01 % in a window, however it spreads its bonds", () => {
    for (let tenths = 10; tenths <= 100; tenths++) {
      const jail = jailProbability({ ...MAINNET, weightShare: 0.3, weight: tenths / 10, byHeads: true });
      expect(jail, `weight ${tenths / 10}`).to.be.lessThan(0.000_13);
    }
  });

  it("would jail it with 5 % if weight alone decided, by bonds of five times the honest ones'", () => {
    const jail = jailProbability({ ...MAINNET, weightShare: 0.3, weight: 5, byHeads: false });
    expect(jail).to.be.greaterThan(0.05);
  });
});
