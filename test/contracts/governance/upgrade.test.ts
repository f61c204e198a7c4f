import { expect } from "chai";
import { keccak256, toBeHex, toUtf8Bytes } from "ethers";
import type { BaseContract } from "ethers";
import {
  InertImplementation__factory,
  NodeRegistry__factory,
  NodeStaking__factory,
  PaymentEscrow__factory,
  RewardDistributor__factory,
  ServiceAttestations__factory,
} from "../../../types/contracts/index.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { addApp, addDelegator, addNode, collect, dtel } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { drawSeed, honestService, passProofDeadline } from "../support/service.js";

/** Where ERC-1967 keeps the implementation. */
const IMPLEMENTATION_SLOT = "0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc";

/** Where a contract's storage begins (ERC-7201). */
function erc7201(name: string): string {
  const inner = BigInt(keccak256(toUtf8Bytes(name))) - 1n;
  return toBeHex(BigInt(keccak256(toBeHex(inner, 32))) & ~0xffn, 32);
}

describe("upgrades", function () {
  let protocol: Protocol;
  let implementations: [name: string, proxy: BaseContract, deploy: () => Promise<BaseContract>][];
  beforeEach(async function () {
    protocol = await freshProtocol();
    const { manager, token, registry, staking, attestations, escrow, distributor } = protocol;
    const { treasury, parameters, clock } = protocol;
    const [deployer] = await ethers.getSigners();
    const time = { genesis: clock.genesisSeconds, epochSeconds: clock.epochSeconds, epochBlocks: 40 };
    implementations = [
      ["NodeRegistry", registry, () => new NodeRegistry__factory(deployer).deploy(manager, attestations)],
      [
        "NodeStaking",
        staking,
        () =>
          new NodeStaking__factory(deployer).deploy(
            manager,
            { token, registry, distributor },
            time,
            parameters.staking,
          ),
      ],
      [
        "ServiceAttestations",
        attestations,
        () =>
          new ServiceAttestations__factory(deployer).deploy(
            manager,
            { registry, escrow, staking, distributor },
            time,
            parameters.sampling,
          ),
      ],
      [
        "PaymentEscrow",
        escrow,
        () =>
          new PaymentEscrow__factory(deployer).deploy(
            manager,
            { token, staking, treasury },
            time,
            parameters.payment,
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
    const { manager, token, registry, staking, attestations, escrow, distributor, clock } = protocol;
    const node = await addNode(protocol, { commissionBps: 700 });
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
    expect(await at(distributor, "dtelecom.RewardDistributor")).to.equal(
      (totalCredited << 128n) | pendingMint,
    );
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
