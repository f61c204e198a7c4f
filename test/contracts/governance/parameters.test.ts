import { expect } from "chai";
import { ZeroAddress } from "ethers";
import type { BaseContract } from "ethers";
import {
  AuditRing__factory,
  InertImplementation__factory,
  NodeRegistry__factory,
  NodeStaking__factory,
  PaymentEscrow__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
  ServiceProofs__factory,
  StakingExtension__factory,
} from "../../../types/contracts/index.js";
import { ethers } from "../support/chain.js";
import { dtel } from "../support/people.js";

/** Any address will do for a peer: constructors only ask that there is one. */
const PEER = "0x00000000000000000000000000000000000000AA";
const CLOCK = { genesis: 1_000n, epochSeconds: 3_600n, epochBlocks: 40n };
const STAKING = {
  minBondWei: dtel(1_000),
  delegationCap: 10n,
  unbondingSeconds: 86_400n,
  commissionNoticeSeconds: 61n * 86_400n,
};
const SAMPLING = { laneOdds: 1n << 20n, alwaysProveAboveWei: dtel(50) };
const PAYMENT = { burnBps: 1_000n, treasuryBps: 500n, thawEpochs: 2n };
const REWARDS = { kappaBps: 9_000n, workShareBps: 4_000n, neutralScore: 8_000n };
const PAUSE = { pauseSeconds: 86_400n, restSeconds: 7n * 86_400n };
type Change<T> = Partial<Record<keyof T, bigint>>;

const PEERS = {
  staking: { token: PEER, registry: PEER, distributor: PEER, penalties: PEER },
  registry: { attestations: PEER, ring: PEER, strikes: PEER },
  ring: { registry: PEER, staking: PEER, audits: PEER, strikes: PEER },
  attestations: {
    registry: PEER,
    escrow: PEER,
    staking: PEER,
    distributor: PEER,
    penalties: PEER,
    ring: PEER,
    proofs: PEER,
  },
  escrow: { token: PEER, staking: PEER, treasury: PEER, attestations: PEER },
  distributor: { token: PEER, attestations: PEER, escrow: PEER, staking: PEER },
} as const;

describe("parameters at deployment", function () {
  const signer = async () => (await ethers.getSigners())[0];

  const deployStaking = async (
    config: Change<typeof STAKING> = {},
    clock = CLOCK,
    peers: typeof PEERS.staking = PEERS.staking,
    { authority = PEER, extension = PEER, pause = PAUSE } = {},
  ) =>
    new NodeStaking__factory(await signer()).deploy(
      authority,
      peers,
      clock,
      { ...STAKING, ...config },
      pause,
      extension,
    );
  const deployExtension = async (config: Change<typeof STAKING> = {}, peers = PEERS.staking) =>
    new StakingExtension__factory(await signer()).deploy(PEER, peers, CLOCK, { ...STAKING, ...config });
  const deployAttestations = async (
    config: Change<typeof SAMPLING & { auditors: bigint }> = {},
    clock = CLOCK,
    peers = PEERS.attestations,
  ) => {
    const { auditors = 3n, ...sampling } = config;
    const factory = new ServiceAttestations__factory(await signer());
    return factory.deploy(PEER, peers, clock, { ...SAMPLING, ...sampling }, auditors);
  };
  const deployProofs = async ({ samples = 4n }: { samples?: bigint } = {}) =>
    new ServiceProofs__factory(await signer()).deploy(PEER, samples);
  const deployEscrow = async (
    config: Change<typeof PAYMENT> = {},
    clock = CLOCK,
    peers = PEERS.escrow,
    pause = PAUSE,
  ) =>
    new PaymentEscrow__factory(await signer()).deploy(PEER, peers, clock, { ...PAYMENT, ...config }, pause);
  const deployDistributor = async (
    config: Change<typeof REWARDS> = {},
    clock = CLOCK,
    peers = PEERS.distributor,
    pause = PAUSE,
  ) =>
    new RewardDistributor__factory(await signer()).deploy(
      PEER,
      peers,
      clock,
      { ...REWARDS, ...config },
      pause,
    );
  const deployRegistry = async (peers: typeof PEERS.registry, authority = PEER) =>
    new NodeRegistry__factory(await signer()).deploy(authority, peers);
  const deployRing = async (peers: typeof PEERS.ring, clock = CLOCK) =>
    new AuditRing__factory(await signer()).deploy(PEER, peers, clock);

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
      const withRing = (_: object = {}, clock = CLOCK) => deployRing(PEERS.ring, clock);
      const unbonding = { unbondingSeconds: 14n * 86_400n };
      const withStaking = (_: object = {}, clock = CLOCK) => deployStaking(unbonding, clock);
      for (const deploy of [withStaking, deployAttestations, deployEscrow, deployDistributor, withRing]) {
        const deployed = await deploy();
        for (const epochSeconds of [3_601n, 7n * 86_400n + 2n]) {
          await expect(deploy({}, { ...CLOCK, epochSeconds })).to.be.revertedWithCustomError(
            deployed,
            "InvalidClock",
          );
        }
        await deploy({}, { ...CLOCK, epochSeconds: 7n * 86_400n });
      }
    });
  });

  for (const [what, deploy] of [
    ["staking", deployStaking],
    ["staking's extension", (config: Change<typeof STAKING>) => deployExtension(config)],
  ] as const) {
    describe(what, function () {
      bounds<typeof STAKING>("InvalidStakingConfig", deploy, [
        ["minBondWei", dtel(1_000), dtel(250_000)],
        ["delegationCap", 5n, 20n],
        ["unbondingSeconds", 7_200n, 30n * 86_400n],
      ]);

      it("a commission rise is announced longer ahead than two unbonding periods, by a second", async function () {
        const deployed = await deploy({});
        await deploy({ commissionNoticeSeconds: 2n * 86_400n + 1n });
        await expect(deploy({ commissionNoticeSeconds: 2n * 86_400n }))
          .to.be.revertedWithCustomError(deployed, "InvalidCommissionNotice")
          .withArgs(2n * 86_400n, 86_400n);
      });

      it("the minimum bond is whole DTEL", async function () {
        const deployed = await deploy({});
        await expect(deploy({ minBondWei: dtel(1_000) + 1n })).to.be.revertedWithCustomError(
          deployed,
          "InvalidStakingConfig",
        );
      });
    });
  }

  describe("sampling", function () {
    bounds<typeof SAMPLING>("InvalidSampling", deployAttestations, [["laneOdds", 1n, 1n << 32n]]);
    bounds<{ samples: bigint }>("InvalidSamples", deployProofs, [["samples", 4n, 16n]]);
  });

  describe("audits", function () {
    bounds<{ auditors: bigint }>("InvalidAuditors", deployAttestations, [["auditors", 3n, 7n, 2n]]);

    it("auditors are odd in number, and no more than a seed has lanes", async function () {
      const deployed = await deployAttestations();
      for (const auditors of [0n, 4n, 6n, 8n]) {
        await expect(deployAttestations({ auditors }))
          .to.be.revertedWithCustomError(deployed, "InvalidAuditors")
          .withArgs(auditors);
      }
    });
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

  describe("pause", function () {
    for (const [what, deploy] of [
      ["staking", (pause: typeof PAUSE) => deployStaking({}, CLOCK, PEERS.staking, { pause })],
      ["escrow", (pause: typeof PAUSE) => deployEscrow({}, CLOCK, PEERS.escrow, pause)],
      ["distributor", (pause: typeof PAUSE) => deployDistributor({}, CLOCK, PEERS.distributor, pause)],
    ] as const) {
      it(`of ${what} is a week at most, and the rest no shorter than it`, async function () {
        const deployed = await deploy(PAUSE);
        const week = 7n * 86_400n;
        await deploy({ pauseSeconds: week, restSeconds: week });
        await deploy({ pauseSeconds: 1n, restSeconds: 1n });
        for (const [pauseSeconds, restSeconds] of [
          [0n, week],
          [week + 1n, 2n * week],
          [week, week - 1n],
        ] as const) {
          await expect(deploy({ pauseSeconds, restSeconds }))
            .to.be.revertedWithCustomError(deployed, "InvalidPause")
            .withArgs(pauseSeconds, restSeconds);
        }
      });
    }
  });

  it("no peer and no authority may be missing", async function () {
    const inert = await new InertImplementation__factory(await signer()).deploy(PEER);
    /** One attempt for each peer, without it. */
    const without = <Peers extends object>(
      peers: Peers,
      deploy: (peers: Peers) => Promise<BaseContract>,
    ): (() => Promise<BaseContract>)[] =>
      Object.keys(peers).map((name) => () => deploy({ ...peers, [name]: ZeroAddress }));
    const attempts: (() => Promise<BaseContract>)[] = [
      async () => new InertImplementation__factory(await signer()).deploy(ZeroAddress),
      () => deployRegistry(PEERS.registry, ZeroAddress),
      () => deployStaking({}, CLOCK, PEERS.staking, { authority: ZeroAddress }),
      () => deployStaking({}, CLOCK, PEERS.staking, { extension: ZeroAddress }),
      ...without(PEERS.registry, deployRegistry),
      ...without(PEERS.ring, deployRing),
      ...without(PEERS.staking, (peers) => deployStaking({}, CLOCK, peers)),
      ...without(PEERS.staking, (peers) => deployExtension({}, peers)),
      ...without(PEERS.attestations, (peers) => deployAttestations({}, CLOCK, peers)),
      ...without(PEERS.escrow, (peers) => deployEscrow({}, CLOCK, peers)),
      ...without(PEERS.distributor, (peers) => deployDistributor({}, CLOCK, peers)),
    ];
    expect(attempts.length).to.equal(34);
    for (const [index, attempt] of attempts.entries()) {
      await expect(attempt(), `attempt ${index}`).to.be.revertedWithCustomError(inert, "ZeroAddress");
    }
  });
});
