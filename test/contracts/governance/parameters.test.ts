import { expect } from "chai";
import { ZeroAddress } from "ethers";
import type { BaseContract } from "ethers";
import {
  InertImplementation__factory,
  NodeRegistry__factory,
  NodeStaking__factory,
  PaymentEscrow__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
} from "../../../types/contracts/index.js";
import { ethers } from "../support/chain.js";
import { dtel } from "../support/people.js";

/** Any address will do for a peer: constructors only ask that there is one. */
const PEER = "0x00000000000000000000000000000000000000AA";
const CLOCK = { genesis: 1_000n, epochSeconds: 3_600n, epochBlocks: 40n };
const STAKING = { minBondWei: dtel(1_000), delegationCap: 10n, unbondingSeconds: 86_400n };
const SAMPLING = { samples: 4n, laneOdds: 1n << 20n, alwaysProveAboveWei: dtel(50) };
const PAYMENT = { burnBps: 1_000n, treasuryBps: 500n, thawEpochs: 2n };
const REWARDS = { kappaBps: 9_000n, workShareBps: 4_000n, neutralScore: 8_000n };
type Change<T> = Partial<Record<keyof T, bigint>>;

describe("parameters at deployment", function () {
  const signer = async () => (await ethers.getSigners())[0];
  const peers = { token: PEER, registry: PEER, distributor: PEER, escrow: PEER, staking: PEER };
  const all = { ...peers, attestations: PEER, treasury: PEER };

  const deployStaking = async (
    config: Change<typeof STAKING> = {},
    clock = CLOCK,
    from = all,
    authority = PEER,
  ) => new NodeStaking__factory(await signer()).deploy(authority, from, clock, { ...STAKING, ...config });
  const deployAttestations = async (config: Change<typeof SAMPLING> = {}, clock = CLOCK, from = all) =>
    new ServiceAttestations__factory(await signer()).deploy(PEER, from, clock, { ...SAMPLING, ...config });
  const deployEscrow = async (config: Change<typeof PAYMENT> = {}, clock = CLOCK, from = all) =>
    new PaymentEscrow__factory(await signer()).deploy(PEER, from, clock, { ...PAYMENT, ...config });
  const deployDistributor = async (config: Change<typeof REWARDS> = {}, clock = CLOCK, from = all) =>
    new RewardDistributor__factory(await signer()).deploy(PEER, from, clock, { ...REWARDS, ...config });

  /** Inside its bounds, at both ends, a parameter is taken; outside, one step further, it is refused. */
  function bounds<T>(
    error: string,
    deploy: (config: Change<T>) => Promise<BaseContract>,
    cases: readonly [keyof T & string, low: bigint | undefined, high: bigint | undefined, step?: bigint][],
  ): void {
    for (const [parameter, low, high, step = 1n] of cases) {
      it(`${parameter} from ${low ?? "any"} to ${high ?? "any"}`, async function () {
        const change = (value: bigint) => deploy({ [parameter]: value } as Change<T>);
        const deployed = await deploy({});
        for (const inside of [low, high]) {
          if (inside !== undefined) await change(inside);
        }
        for (const outside of [
          low === undefined ? undefined : low - step,
          high === undefined ? undefined : high + step,
        ]) {
          if (outside !== undefined) {
            await expect(change(outside)).to.be.revertedWithCustomError(deployed, error);
          }
        }
      });
    }
  }

  describe("clock", function () {
    const deployWithClock = (clock: Change<typeof CLOCK>) => deployStaking({}, { ...CLOCK, ...clock });
    bounds<typeof CLOCK>("InvalidClock", deployWithClock, [
      ["genesis", 1n, undefined],
      ["epochSeconds", 30n, undefined, 2n],
      ["epochBlocks", 32n, undefined],
    ]);

    it("epochs halve exactly and are no longer than a week, in every contract", async function () {
      for (const deploy of [deployStaking, deployAttestations, deployEscrow, deployDistributor]) {
        const deployed = await deploy();
        for (const epochSeconds of [3_601n, 7n * 86_400n + 2n]) {
          await expect(deploy({}, { ...CLOCK, epochSeconds })).to.be.revertedWithCustomError(
            deployed,
            "InvalidClock",
          );
        }
      }
      await deployEscrow({}, { ...CLOCK, epochSeconds: 7n * 86_400n });
    });
  });

  describe("staking", function () {
    bounds<typeof STAKING>("InvalidStakingConfig", deployStaking, [
      ["minBondWei", dtel(1_000), dtel(250_000)],
      ["delegationCap", 5n, 20n],
      ["unbondingSeconds", 7_200n, 30n * 86_400n],
    ]);
  });

  describe("sampling", function () {
    bounds<typeof SAMPLING>("InvalidSampling", deployAttestations, [
      ["samples", 4n, 16n],
      ["laneOdds", 1n, 1n << 32n],
    ]);
  });

  describe("payment", function () {
    bounds<typeof PAYMENT>("InvalidPaymentConfig", deployEscrow, [
      ["burnBps", 500n, 3_000n],
      ["treasuryBps", 200n, 1_500n],
      ["thawEpochs", 2n, 56n],
    ]);
  });

  describe("rewards", function () {
    bounds<typeof REWARDS>("InvalidRewardConfig", deployDistributor, [
      ["kappaBps", 5_000n, 9_500n],
      ["workShareBps", 2_000n, 8_000n],
      ["neutralScore", undefined, 9_000n],
    ]);
  });

  it("no peer and no authority may be missing", async function () {
    const inert = await new InertImplementation__factory(await signer()).deploy(PEER);
    const missing = (name: keyof typeof all) => ({ ...all, [name]: ZeroAddress });
    const attempts: (() => Promise<BaseContract>)[] = [
      async () => new InertImplementation__factory(await signer()).deploy(ZeroAddress),
      async () => new NodeRegistry__factory(await signer()).deploy(ZeroAddress, PEER),
      async () => new NodeRegistry__factory(await signer()).deploy(PEER, ZeroAddress),
      () => deployStaking({}, CLOCK, all, ZeroAddress),
      ...(["token", "registry", "distributor"] as const).map(
        (name) => () => deployStaking({}, CLOCK, missing(name)),
      ),
      ...(["registry", "escrow", "staking", "distributor"] as const).map(
        (name) => () => deployAttestations({}, CLOCK, missing(name)),
      ),
      ...(["token", "staking", "treasury"] as const).map(
        (name) => () => deployEscrow({}, CLOCK, missing(name)),
      ),
      ...(["token", "attestations", "escrow", "staking"] as const).map(
        (name) => () => deployDistributor({}, CLOCK, missing(name)),
      ),
    ];
    for (const attempt of attempts) {
      await expect(attempt()).to.be.revertedWithCustomError(inert, "ZeroAddress");
    }
  });
});
