import { expect } from "chai";
import { parseEther } from "ethers";
import {
  alwaysProveAboveWei,
  constructorParameters,
  laneOddsFor,
  loadParameters,
  parametersSchema,
} from "../../../scripts/parameters/schema.js";
import type { ParametersInput } from "../../../scripts/parameters/schema.js";
import devnet from "../../../scripts/parameters/devnet.json" with { type: "json" };
import peaq from "../../../scripts/parameters/peaq.json" with { type: "json" };

const LANES = 8;
const DAY = 86_400;

const fraction = (numerator: bigint, denominator: bigint) => ({ numerator, denominator });
const file = (name: string) => new URL(`../../../scripts/parameters/${name}.json`, import.meta.url);

/** Which parameters are refused, and why. */
function refusals(input: unknown): Record<string, string> {
  const result = parametersSchema.safeParse(input);
  return Object.fromEntries(result.error?.issues.map(({ path, message }) => [path.join("."), message]) ?? []);
}

/** A network's parameters with some of them changed. */
function changed(
  base: typeof devnet | typeof peaq,
  change: { [Part in keyof ParametersInput]?: Partial<ParametersInput[Part]> },
): unknown {
  const entries = Object.entries(base).map(([part, values]) => {
    const other = change[part as keyof ParametersInput];
    return [part, typeof values === "object" ? { ...values, ...(other as object | undefined) } : values];
  });
  return Object.fromEntries(entries);
}

describe("protocol parameters", () => {
  it("gives each lane the odds that make up the probability of being picked", () => {
    for (const pick of [fraction(1n, 2n), fraction(1n, 8n), fraction(1n, 32n), fraction(3n, 4n)]) {
      const perLane = laneOddsFor(pick) / 2 ** 32;
      const picked = 1 - (1 - perLane) ** LANES;
      expect(picked).to.be.closeTo(Number(pick.numerator) / Number(pick.denominator), 1e-8);
    }
    expect(laneOddsFor(fraction(1n, 1n))).to.equal(2 ** 32);
  });

  it("always has proven what earned more than a slash can take back", () => {
    // S = 100, p = 1/2, κ = 0.9: 100 · ½ / (2 · ½ · 0.9) = 55.55… DTEL.
    expect(alwaysProveAboveWei(parseEther("100"), fraction(1n, 2n), 9_000)).to.equal(
      55_555_555_555_555_555_555n,
    );
    // S = 2,000, p = 1/8, κ = 0.9: 2,000 · ⅛ / (2 · ⅞ · 0.9) = 158.73… DTEL.
    expect(alwaysProveAboveWei(parseEther("2000"), fraction(1n, 8n), 9_000)).to.equal(
      158_730_158_730_158_730_158n,
    );
    expect(alwaysProveAboveWei(parseEther("100"), fraction(1n, 1n), 9_000)).to.equal(0n);
  });

  it("are valid for every network, and those of peaq can be relied on", async () => {
    for (const name of ["devnet", "agung", "peaq"]) await loadParameters(file(name));
    const { governorBounds, timelock, penalty } = constructorParameters(await loadParameters(file("peaq")));
    expect(governorBounds).to.deep.equal({
      minVotingDelaySeconds: DAY,
      minVotingPeriodSeconds: 3 * DAY,
      minLateQuorumSeconds: DAY,
    });
    expect(timelock).to.deep.equal({ delaySeconds: 2 * DAY, minDelaySeconds: 2 * DAY });
    expect(penalty.periodUnitSeconds).to.equal(DAY);
  });

  it("refuses a file with an unknown, missing or malformed parameter, naming each", () => {
    const refused = refusals({
      ...devnet,
      clock: { epochSeconds: 61, epochBlocks: 60, surprise: 1 },
      staking: { ...devnet.staking, minBond: "1,000" },
      sampling: { ...devnet.sampling, pickProbability: "3/2" },
      payment: { burnBps: 1000, treasuryBps: 500 },
      audits: { ...devnet.audits, auditors: 4 },
    });
    expect(Object.keys(refused)).to.have.members([
      "clock.epochSeconds",
      "clock",
      "staking.minBond",
      "sampling.pickProbability",
      "payment.thawEpochs",
      "audits.auditors",
    ]);
  });

  it("refuses parameters that are at odds with each other, in plain words", () => {
    const cases: readonly [path: string, words: string, input: unknown][] = [
      [
        "staking.unbondingSeconds",
        "stake would be gone",
        changed(devnet, { arbitration: { rulingSeconds: 120 } }),
      ],
      [
        "staking.commissionNoticeSeconds",
        "a delegator could not leave",
        changed(devnet, { staking: { commissionNoticeSeconds: 1_320 } }),
      ],
      [
        "penalties.appealSeconds",
        "a slash would burn before a vote could stop it",
        changed(devnet, { governance: { votingPeriodSeconds: 550 } }),
      ],
      [
        "sampling.missingProofSlash",
        "at most a quarter",
        changed(devnet, { sampling: { missingProofSlash: "251" } }),
      ],
      ["audits.strikes", "nobody could ever be jailed", changed(devnet, { audits: { strikes: 9 } })],
      [
        "pause.restSeconds",
        "pauses could follow on each other",
        changed(devnet, { pause: { restSeconds: 299 } }),
      ],
      ["governance.timelockSeconds", "2 to 30 days", changed(peaq, { governance: { timelockSeconds: DAY } })],
      ["staking.unbondingSeconds", "7 to 30 days", changed(peaq, { staking: { unbondingSeconds: 6 * DAY } })],
    ];
    for (const [path, words, input] of cases) expect(refusals(input)[path], path).to.contain(words);
  });
});
