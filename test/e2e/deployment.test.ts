import { expect } from "chai";
import hre from "hardhat";
import { parseEther } from "ethers";
import { connectContracts } from "../../scripts/devnet/contracts.js";
import { deployProtocol } from "../../scripts/ignition/deployProtocol.js";
import {
  alwaysProveAboveWei,
  constructorParameters,
  laneOddsFor,
  loadParameters,
  parametersSchema,
} from "../../scripts/parameters/schema.js";

const DEVNET = new URL("../../scripts/parameters/devnet.json", import.meta.url);
const TREASURY = "0x00000000000000000000000000000000000000A1";
const LANES = 8;

const fraction = (numerator: bigint, denominator: bigint) => ({ numerator, denominator });

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

  it("refuses a file with an unknown, missing or malformed parameter, naming each", async () => {
    const valid = await loadParameters(DEVNET);
    expect(valid.clock.epochSeconds).to.equal(60);
    const input = {
      clock: { epochSeconds: 61, epochBlocks: 60, surprise: 1 },
      staking: { minBond: "1,000", delegationCap: 10, unbondingSeconds: 600 },
      sampling: { samples: 4, pickProbability: "3/2", missingProofSlash: "100" },
      payment: { burnBps: 1000, treasuryBps: 500 },
      rewards: { kappaBps: 9000, workShareBps: 4000, neutralScore: 8000 },
    };
    const result = parametersSchema.safeParse(input);
    const paths = result.error?.issues.map(({ path, code }) => `${path.join(".")} ${code}`);
    expect(paths).to.have.members([
      "clock.epochSeconds not_multiple_of",
      "clock unrecognized_keys",
      "staking.minBond invalid_format",
      "sampling.pickProbability custom",
      "payment.thawEpochs invalid_type",
    ]);
  });
});

describe("deployment by Ignition", () => {
  it("puts every contract behind its proxy, with the file's parameters, governed by one authority", async () => {
    const connection = await hre.network.create("hardhat");
    try {
      const parameters = await loadParameters(DEVNET);
      const deployment = await deployProtocol({
        provider: connection.provider,
        parameters,
        treasury: TREASURY,
      });
      const contracts = connectContracts(deployment, connection.ethers.provider);
      const { serviceAttestations, paymentEscrow, nodeStaking, rewardDistributor, nodeRegistry, token } =
        contracts;

      const managed = { serviceAttestations, paymentEscrow, nodeStaking, rewardDistributor, nodeRegistry };
      for (const [name, contract] of Object.entries(managed)) {
        const address = await contract.getAddress();
        const authority = await connection.ethers.getContractAt("Managed", address);
        expect(await authority.authority(), name).to.equal(deployment.addresses.accessManager);
      }
      for (const contract of [
        "ServiceAttestations",
        "PaymentEscrow",
        "NodeStaking",
        "RewardDistributor",
      ] as const) {
        const address = deployment.addresses[nameOf(contract)];
        const clock = await connection.ethers.getContractAt("EpochClock", address);
        expect(await clock.GENESIS(), contract).to.equal(BigInt(deployment.genesisSeconds));
        expect(await clock.EPOCH_SECONDS(), contract).to.equal(60n);
        expect(await clock.EPOCH_BLOCKS(), contract).to.equal(60n);
      }
      expect(await token.DISTRIBUTOR()).to.equal(deployment.addresses.rewardDistributor);
      expect(await token.STAKING()).to.equal(deployment.addresses.nodeStaking);
      expect(await token.EMISSION_START()).to.equal(BigInt(deployment.genesisSeconds));
      expect(deployment.addresses.treasury).to.equal(TREASURY);

      const derived = constructorParameters(parameters);
      // 80M DTEL in the first year, spread over its seconds, split 40 to 60.
      const epochBudget = (parseEther("80000000") * 60n) / (365n * 86_400n);
      const [work, availability] = await rewardDistributor.budgetOf(0);
      expect(distance(work + availability, epochBudget) <= 2n).to.equal(true);
      expect(distance(work, (epochBudget * BigInt(derived.rewards.workShareBps)) / 10_000n) <= 2n).to.equal(
        true,
      );
    } finally {
      await connection.close();
    }
  });

  it("refuses a genesis that the chain has not reached", async () => {
    const connection = await hre.network.create("hardhat");
    try {
      const parameters = await loadParameters(DEVNET);
      const attempt = deployProtocol({
        provider: connection.provider,
        parameters,
        treasury: TREASURY,
        genesisSeconds: 4_000_000_000,
      });
      const error = await attempt.then(
        () => undefined,
        (reason: unknown) => reason,
      );
      expect(String(error)).to.contain("genesis 4000000000 lies ahead");
    } finally {
      await connection.close();
    }
  });
});

function distance(a: bigint, b: bigint): bigint {
  return a > b ? a - b : b - a;
}

function nameOf(contract: "ServiceAttestations" | "PaymentEscrow" | "NodeStaking" | "RewardDistributor") {
  const names = {
    ServiceAttestations: "serviceAttestations",
    PaymentEscrow: "paymentEscrow",
    NodeStaking: "nodeStaking",
    RewardDistributor: "rewardDistributor",
  } as const;
  return names[contract];
}
