import { expect } from "chai";
import type { BaseContract } from "ethers";
import { WEI_PER_GWEI } from "../../../node/protocol/amounts.js";
import {
  AuditRing__factory,
  InertImplementation__factory,
  NodeRegistry__factory,
  NodeStaking__factory,
  PaymentEscrow__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
  StakingExtension__factory,
} from "../../../types/contracts/index.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { erc7201 } from "../support/erc7201.js";
import { addApp, addDelegator, addNode, collect, dtel } from "../support/people.js";
import { asAuthority } from "../support/penalties.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, honestService, passProofDeadline } from "../support/service.js";
import { slash } from "../support/staking.js";

/** Where ERC-1967 keeps the implementation. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

/** Sets everything that governance can, so that there is something to keep. */
async function setAll(protocol: Protocol): Promise<void> {
  const { staking, escrow, distributor } = protocol;
  await asAuthority(protocol, staking, "setStakeLimits", [dtel(1_000), 7]);
  await asAuthority(protocol, escrow, "setPaymentConfig", [
    { burnBps: 1_100, treasuryBps: 600, thawEpochs: 5 },
  ]);
  await asAuthority(protocol, distributor, "setRates", [8_800, 4_300]);
  for (const contract of [staking, escrow, distributor]) {
    await asAuthority(protocol, contract, "pause");
    await asAuthority(protocol, contract, "unpause");
  }
}

describe("upgrades", function () {
  let protocol: Protocol;
  let implementations: [name: string, proxy: BaseContract, deploy: () => Promise<BaseContract>][];
  beforeEach(async function () {
    protocol = await freshProtocol();
    const { manager, token, registry, staking, attestations, escrow, distributor } = protocol;
    const { treasury, parameters, clock, penalties, strikes, ring } = protocol;
    const [deployer] = await ethers.getSigners();
    const proofs = await attestations.PROOFS();
    const stakingPeers = { token, registry, distributor, penalties };
    const time = { genesis: clock.genesisSeconds, epochSeconds: clock.epochSeconds, epochBlocks: 40 };
    implementations = [
      [
        "NodeRegistry",
        registry,
        () => new NodeRegistry__factory(deployer).deploy(manager, { attestations, ring, strikes }),
      ],
      [
        "AuditRing",
        ring,
        () =>
          new AuditRing__factory(deployer).deploy(
            manager,
            { registry, staking, audits: attestations, strikes },
            time,
          ),
      ],
      [
        "NodeStaking",
        staking,
        async () =>
          new NodeStaking__factory(deployer).deploy(
            manager,
            stakingPeers,
            time,
            parameters.staking,
            parameters.pause,
            await new StakingExtension__factory(deployer).deploy(
              manager,
              stakingPeers,
              time,
              parameters.staking,
            ),
          ),
      ],
      [
        "ServiceAttestations",
        attestations,
        () =>
          new ServiceAttestations__factory(deployer).deploy(
            manager,
            { registry, escrow, staking, distributor, penalties, ring, proofs },
            time,
            parameters.sampling,
            parameters.auditors,
          ),
      ],
      [
        "PaymentEscrow",
        escrow,
        () =>
          new PaymentEscrow__factory(deployer).deploy(
            manager,
            { token, staking, treasury, attestations },
            time,
            parameters.payment,
            parameters.pause,
          ),
      ],
      [
        "RewardDistributor",
        distributor,
        () =>
          new RewardDistributor__factory(deployer).deploy(
            manager,
            { token, attestations, escrow, staking },
            time,
            parameters.rewards,
            parameters.pause,
          ),
      ],
    ];
  });

  const upgradeCall = (implementation: BaseContract) =>
    InertImplementation__factory.createInterface().encodeFunctionData("upgradeToAndCall", [
      implementation.target,
      "0x",
    ]);

  it("come from the authority only", async function () {
    const { manager, newAccount } = protocol;
    const stranger = await newAccount();
    for (const [name, proxy, deploy] of implementations) {
      const implementation = await deploy();
      const upgradeable = InertImplementation__factory.connect(await proxy.getAddress(), stranger);
      expect(await upgradeable.authority(), name).to.equal(manager.target);
      await expect(upgradeable.upgradeToAndCall(implementation, "0x"), name)
        .to.be.revertedWithCustomError(upgradeable, "NotAuthority")
        .withArgs(stranger.address);
      await expect(
        manager.connect(stranger).execute(proxy, upgradeCall(implementation)),
        name,
      ).to.be.revertedWithCustomError(manager, "AccessManagerUnauthorizedCall");
      // The implementation itself is nothing that anybody could take over.
      const bare = InertImplementation__factory.connect(await implementation.getAddress(), stranger);
      await expect(bare.upgradeToAndCall(implementation, "0x"), name).to.be.revertedWithCustomError(
        bare,
        "UUPSUnauthorizedCallContext",
      );
    }
  });

  it("keep all state, in the place that ERC-7201 gives it", async function () {
    const { manager, token, registry, staking, attestations, escrow, distributor, clock, ring } = protocol;
    await setAll(protocol);
    const node = await addNode(protocol, { commissionBps: 700, active: true });
    const delegator = await addDelegator(protocol, node.nodeId, dtel(500));
    const app = await addApp(protocol);
    await escrow.connect(app.account).reserve(node.nodeId, dtel(300));
    await clock.goTo(3, clock.half);
    await collect(protocol, app, node.nodeId, dtel(100));
    const service = await honestService(protocol, node, app, 3);
    await clock.goTo(4, 10);
    await service.attest();
    await drawSeed(protocol, 3);
    await service.prove();
    await passProofDeadline(protocol, 3);
    await service.claim();
    await staking.connect(delegator).requestUndelegate(node.nodeId, 1_000_000_000_000n);
    await staking.connect(node.owner).announceCommission(node.nodeId, 1_000);
    await slash(protocol, node.nodeId, dtel(1_005));

    const state = async () => ({
      registry: [...(await registry.nodeOf(node.nodeId)), await registry.nodeCount()],
      pool: [...(await staking.poolOf(node.nodeId))],
      stream: [...(await staking.streamOf(node.nodeId))],
      position: [...(await staking.positionOf(node.nodeId, delegator))],
      exits: [...(await staking.exitOf(node.nodeId, delegator)), ...(await staking.unbondingOf(node.nodeId))],
      stakes: await Promise.all([1, 2, 3, 9].map((epoch) => staking.stakeAt(node.nodeId, epoch))),
      total: await staking.totalStakeAt(9),
      attestation: [...(await attestations.attestationOf(node.nodeId, 3))],
      operator: await attestations.operatorOf(node.nodeId),
      record: [...(await attestations.epochRecordOf(3))],
      seed: await attestations.seedOf(3),
      account: [...(await escrow.accountOf(app.account, node.nodeId))],
      signer: [...(await escrow.signerOf(app.account, app.signer))],
      free: await escrow.balanceOf(app.account),
      revenue: [...(await escrow.nodeRevenueOf(node.nodeId, 3)), ...(await escrow.epochRevenueOf(3))],
      credited: [await distributor.pendingMint(), await distributor.totalCredited()],
      seat: [...(await attestations.seatOf(node.nodeId, 9)), await ring.occupantOf(0)],
      audits: [await attestations.ringSizeAt(9), ...(await attestations.auditOf(node.nodeId, 3))],
      rise: [...(await staking.commissionRiseOf(node.nodeId))],
      loss: await staking.exitLossOf(node.nodeId, await staking.currentPeriod()),
      limits: [await staking.minBond(), await staking.delegationCap()],
      rates: [...(await distributor.ratesOf(9))],
      payment: [...(await escrow.paymentConfig())],
      pauses: await Promise.all([staking, escrow, distributor].map((each) => each.pausedUntil())),
    });
    const before = await state();
    for (const [name, proxy, deploy] of implementations) {
      const implementation = await deploy();
      await manager.execute(proxy, upgradeCall(implementation));
      const address = await proxy.getAddress();
      const stored = await networkHelpers.getStorageAt(address, IMPLEMENTATION_SLOT);
      expect(BigInt(stored), name).to.equal(BigInt(await implementation.getAddress()));
      // Nothing lies where an inherited contract's ordinary variables would.
      for (let slot = 0; slot < 4; slot++) {
        expect(BigInt(await networkHelpers.getStorageAt(address, slot)), name).to.equal(0n);
      }
    }
    expect(await state()).to.deep.equal(before);
    const at = async (proxy: BaseContract, name: string) =>
      BigInt(await networkHelpers.getStorageAt(await proxy.getAddress(), erc7201(name)));
    expect(await at(registry, "dtelecom.NodeRegistry")).to.equal(1n);
    const [pendingMint = 0n, totalCredited = 0n] = before.credited;
    const credited = await at(distributor, "dtelecom.RewardDistributor");
    expect(credited & ((1n << 128n) - 1n)).to.equal(
      ((totalCredited / WEI_PER_GWEI) << 64n) | (pendingMint / WEI_PER_GWEI),
    );
    for (const contract of [staking, escrow, distributor]) {
      expect(await at(contract, "dtelecom.TimedPause")).to.equal(await contract.pausedUntil());
    }
    // And it goes on working.
    await distributor.mintPending();
    expect(await token.emitted()).to.equal(pendingMint);
  });

  it("a proxy not upgraded yet can do nothing but be upgraded", async function () {
    const { manager } = protocol;
    const inert = await new InertImplementation__factory((await ethers.getSigners())[0]).deploy(manager);
    const functions = inert.interface.fragments
      .filter((fragment) => fragment.type === "function")
      .map((fragment) => ("name" in fragment ? fragment.name : ""));
    expect(functions).to.have.members([
      "UPGRADE_INTERFACE_VERSION",
      "authority",
      "proxiableUUID",
      "upgradeToAndCall",
    ]);
  });
});
