import { expect } from "chai";
import { encodeBytes32String, ZeroAddress } from "ethers";
import { PenaltyManager__factory } from "../../../types/contracts/index.js";
import { ethers } from "../support/chain.js";
import { asAuthority, presentParameters, setPenaltyParameters } from "../support/penalties.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { dtel } from "../support/people.js";

const UNIT = 3_600;

describe("PenaltyManager: parameters", function () {
  let protocol: Protocol;
  beforeEach(async function () {
    protocol = await freshProtocol();
  });

  /** The implementation alone, on which nothing was set. */
  const deploy = async ({ slashWei = dtel(100), unit = UNIT, strikes = "" } = {}) => {
    const { manager, staking, attestations, escrow, arbitration, governor, clock, parameters } = protocol;
    const [deployer] = await ethers.getSigners();
    return new PenaltyManager__factory(deployer).deploy(
      manager,
      { staking, attestations, escrow, strikes: strikes || protocol.strikes, arbitration, governor },
      {
        genesis: clock.genesisSeconds,
        epochSeconds: parameters.epochSeconds,
        epochBlocks: parameters.epochBlocks,
      },
      { missingProofSlashWei: slashWei, periodUnitSeconds: unit },
      parameters.pause,
    );
  };

  it("are one word, set at once, and told by the log", async function () {
    const { penalties } = protocol;
    const next = { ...(await presentParameters(protocol)), bountyBps: 500n, strikesToJail: 4n };
    await expect(asAuthority(protocol, penalties, "setParameters", [next]))
      .to.emit(penalties, "ParametersChanged")
      .withArgs(Object.values(next));
    expect(await presentParameters(protocol)).to.deep.equal(next);
    expect(await penalties.appealSeconds()).to.equal(next.appealSeconds);
    expect(await penalties.missingProofSlashWei()).to.equal(dtel(100));
  });

  it("stay within their bounds", async function () {
    const { penalties } = protocol;
    const bounds = {
      reportWindowEpochs: [4, 5],
      answerSeconds: [UNIT, 7 * UNIT],
      rulingSeconds: [UNIT, 7 * UNIT],
      appealSeconds: [10_201, 60 * UNIT],
      bountyBps: [0, 2_000],
      poolLimitBps: [0, 500],
      lowMark: [0, 7_000],
      outlierDistance: [2_000, 10_000],
      strikeWindowEpochs: [3, 64],
      thirdJailBps: [0, 500],
      rulingSlashBps: [0, 5_000],
      challengeDeposit: [1, 1_000_000],
    } as const;
    // What two of them say against each other is another test's.
    const harmony = new Set(["reportWindowEpochs", "answerSeconds", "rulingSeconds"]);
    for (const [name, [min, max]] of Object.entries(bounds)) {
      for (const allowed of harmony.has(name) ? [min] : [min, max]) {
        await setPenaltyParameters(protocol, { strikesToJail: 3, [name]: allowed });
      }
      const tooMuch = harmony.has(name) && name === "reportWindowEpochs" ? 57 : max + 1;
      for (const refused of [min - 1, tooMuch]) {
        if (refused < 0 || (name === "appealSeconds" && refused < min)) continue;
        await expect(setPenaltyParameters(protocol, { [name]: refused }), `${name} ${refused}`)
          .to.be.revertedWithCustomError(penalties, "ParameterOutOfBounds")
          .withArgs(
            encodeBytes32String(name),
            refused,
            (value: bigint) => value >= 0n,
            () => true,
          );
      }
    }
    await setPenaltyParameters(protocol, { strikeWindowEpochs: 8, strikesToJail: 8 });
    for (const refused of [2, 9]) {
      await expect(setPenaltyParameters(protocol, { strikesToJail: refused }))
        .to.be.revertedWithCustomError(penalties, "ParameterOutOfBounds")
        .withArgs(encodeBytes32String("strikesToJail"), refused, 3n, 8n);
    }
  });

  it("never let stake leave before its last fault is ruled on", async function () {
    const { penalties } = protocol;
    // Unbonding takes 8 hours; a report window of 5 and an answer of 1 leave less than 2 for the ruling.
    await setPenaltyParameters(protocol, { rulingSeconds: 2 * UNIT - 1 });
    await expect(setPenaltyParameters(protocol, { rulingSeconds: 2 * UNIT }))
      .to.be.revertedWithCustomError(penalties, "UnbondingTooShort")
      .withArgs(8 * UNIT, 8 * UNIT);
  });

  it("always leave governance time to overturn", async function () {
    const { penalties, governor } = protocol;
    const cycle = await governor.governanceCycleSeconds();
    await setPenaltyParameters(protocol, { appealSeconds: cycle + 1n });
    await expect(setPenaltyParameters(protocol, { appealSeconds: cycle }))
      .to.be.revertedWithCustomError(penalties, "AppealTooShort")
      .withArgs(cycle, cycle);
  });

  it("must be there before anything happens", async function () {
    const bare = await deploy();
    await expect(bare.parameters()).to.be.revertedWithCustomError(bare, "NotConfigured");
    await expect(bare.checkReportable(1)).to.be.revertedWithCustomError(bare, "NotConfigured");
    expect(await bare.appealSeconds()).to.equal(0n);
  });

  it("refuse a slash that would not fit into every bond", async function () {
    const { manager } = protocol;
    const parameters = await presentParameters(protocol);
    for (const slashWei of [0n, dtel(250) + 10n ** 9n]) {
      const wrong = await deploy({ slashWei });
      const call = wrong.interface.encodeFunctionData("setParameters", [parameters]);
      await expect(manager.execute(wrong, call))
        .to.be.revertedWithCustomError(wrong, "MissingProofSlashTooHigh")
        .withArgs(slashWei, dtel(1_000));
    }
    const right = await deploy({ slashWei: dtel(250) });
    await manager.execute(right, right.interface.encodeFunctionData("setParameters", [parameters]));
  });

  it("and the contract itself refuse nonsense at construction", async function () {
    const { penalties } = protocol;
    for (const unit of [59, 86_401]) {
      await expect(deploy({ unit }))
        .to.be.revertedWithCustomError(penalties, "InvalidPeriodUnit")
        .withArgs(unit);
    }
    await expect(deploy({ strikes: ZeroAddress })).to.be.revertedWithCustomError(penalties, "ZeroAddress");
  });
});
