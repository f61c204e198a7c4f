import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { WEI_PER_GWEI as GWEI } from "../../../node/protocol/amounts.js";
import { actingAs } from "../support/impersonate.js";
import { addNode, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

/** Stored in 48 bits of gwei. */
const PRICE_LIMIT = ((1n << 48n) - 1n) * GWEI;

describe("NodeRegistry", function () {
  let protocol: Protocol;
  beforeEach(async function () {
    protocol = await freshProtocol();
  });

  it("gives ids from 1 on, to the caller, with its operator key", async function () {
    const { registry, attestations, newAccount } = protocol;
    const [owner, operator] = [await newAccount(), await newAccount()];
    await expect(registry.connect(owner).register(operator, 7, 2_500, dtel(2), "wss://one.example"))
      .to.emit(registry, "NodeRegistered")
      .withArgs(1n, owner.address, 7n, 2_500n, dtel(2), "wss://one.example")
      .and.to.emit(attestations, "OperatorChanged")
      .withArgs(1n, operator.address);
    await registry.connect(owner).register(operator, 8, 1, 0n, "wss://two.example");
    expect(await registry.nodeCount()).to.equal(2n);
    expect([...(await registry.nodeOf(1n))]).to.deep.equal([owner.address, 7n, 2_500n, dtel(2), 0n]);
    expect(await registry.ownerOf(2n)).to.equal(owner.address);
    expect(await attestations.operatorOf(2n)).to.equal(operator.address);
  });

  it("does not know others", async function () {
    const { registry, attestations } = protocol;
    for (const nodeId of [0n, 1n, 1n << 255n]) {
      for (const attempt of [
        () => registry.ownerOf(nodeId),
        () => registry.nodeOf(nodeId),
        () => registry.setPricePerGB(nodeId, 0n),
      ]) {
        await expect(attempt()).to.be.revertedWithCustomError(registry, "UnknownNode").withArgs(nodeId);
      }
      expect(await attestations.operatorOf(nodeId)).to.equal(ZeroAddress);
    }
  });

  it("refuses endpoints that are empty or too long, no operator, no capacity, and prices it cannot store", async function () {
    const { registry, holder } = protocol;
    const register = (endpoint: string, operator = holder.address, price = 0n, capacity = 1_000) =>
      registry.register(operator, 1, capacity, price, endpoint);
    for (const endpoint of ["", "x".repeat(256)]) {
      await expect(register(endpoint))
        .to.be.revertedWithCustomError(registry, "InvalidEndpoint")
        .withArgs(endpoint.length);
    }
    await register("x".repeat(255));
    await expect(register("wss://x", ZeroAddress)).to.be.revertedWithCustomError(registry, "InvalidOperator");
    await expect(register("wss://x", holder.address, 1n)).to.be.revertedWithCustomError(
      registry,
      "NotWholeGwei",
    );
    await register("wss://x", holder.address, PRICE_LIMIT);
    await expect(register("wss://x", holder.address, PRICE_LIMIT + GWEI))
      .to.be.revertedWithCustomError(registry, "PriceTooHigh")
      .withArgs(PRICE_LIMIT + GWEI);
    await expect(registry.setPricePerGB(1n, PRICE_LIMIT + GWEI)).to.be.revertedWithCustomError(
      registry,
      "PriceTooHigh",
    );
    for (const attempt of [
      () => register("wss://x", holder.address, 0n, 0),
      () => registry.setCapacity(1n, 0),
    ]) {
      await expect(attempt()).to.be.revertedWithCustomError(registry, "InvalidCapacity");
    }
    await expect(registry.setEndpoint(1n, "")).to.be.revertedWithCustomError(registry, "InvalidEndpoint");
    await expect(registry.setOperator(1n, ZeroAddress)).to.be.revertedWithCustomError(
      registry,
      "InvalidOperator",
    );
  });

  it("lets the owner change price, endpoint, capacity and operator, and nobody else", async function () {
    const { registry, attestations, newAccount } = protocol;
    const node = await addNode(protocol);
    const asOwner = registry.connect(node.owner);
    const next = await newAccount();
    await expect(asOwner.setPricePerGB(node.nodeId, dtel(3)))
      .to.emit(registry, "PriceChanged")
      .withArgs(node.nodeId, dtel(3));
    await expect(asOwner.setEndpoint(node.nodeId, "wss://moved.example"))
      .to.emit(registry, "EndpointChanged")
      .withArgs(node.nodeId, "wss://moved.example");
    await expect(asOwner.setCapacity(node.nodeId, 16_777_215))
      .to.emit(registry, "CapacityChanged")
      .withArgs(node.nodeId, 16_777_215n);
    await asOwner.setOperator(node.nodeId, next);
    expect((await registry.nodeOf(node.nodeId)).capacityMbps).to.equal(16_777_215n);
    expect((await registry.nodeOf(node.nodeId)).pricePerGBWei).to.equal(dtel(3));
    expect(await attestations.operatorOf(node.nodeId)).to.equal(next.address);

    for (const stranger of [node.operator, next]) {
      const asStranger = registry.connect(stranger);
      for (const attempt of [
        () => asStranger.setPricePerGB(node.nodeId, 0n),
        () => asStranger.setEndpoint(node.nodeId, "wss://evil.example"),
        () => asStranger.setOperator(node.nodeId, stranger),
        () => asStranger.setCapacity(node.nodeId, 1),
      ]) {
        await expect(attempt())
          .to.be.revertedWithCustomError(registry, "NotNodeOwner")
          .withArgs(node.nodeId, stranger.address);
      }
    }
  });

  it("alone tells ServiceAttestations who operates", async function () {
    const { attestations, holder } = protocol;
    await expect(attestations.setOperator(1n, holder))
      .to.be.revertedWithCustomError(attestations, "NotPeer")
      .withArgs(holder.address);
  });

  describe("service", function () {
    const IDLE = 0n;
    const ACTIVE = 1n;
    const RETIRED = 2n;
    let node: Node;
    beforeEach(async function () {
      node = await addNode(protocol);
    });
    const asOwner = () => protocol.registry.connect(node.owner);
    const status = async () => (await protocol.registry.nodeOf(node.nodeId)).status;
    const seated = async () => (await protocol.attestations.latestSeatOf(node.nodeId)).seated;

    it("begins and ends when owner or operator says so", async function () {
      const { registry, clock } = protocol;
      await clock.goTo(3, 10);
      for (const who of [node.owner, node.operator]) {
        expect([await status(), await seated()]).to.deep.equal([IDLE, false]);
        await expect(registry.connect(who).activate(node.nodeId))
          .to.emit(registry, "NodeActivated")
          .withArgs(node.nodeId, 5n);
        expect([await status(), await seated()]).to.deep.equal([ACTIVE, true]);
        await expect(registry.connect(who).drain(node.nodeId))
          .to.emit(registry, "NodeDrained")
          .withArgs(node.nodeId, 5n);
      }
      await expect(asOwner().drain(node.nodeId))
        .to.be.revertedWithCustomError(registry, "WrongStatus")
        .withArgs(node.nodeId, IDLE);
    });

    it("is not for strangers, nor for an operator who was replaced", async function () {
      const { registry, newAccount, strikes, holder } = protocol;
      await asOwner().activate(node.nodeId);
      await asOwner().setOperator(node.nodeId, await newAccount());
      for (const stranger of [node.operator, await newAccount()]) {
        const asStranger = registry.connect(stranger);
        for (const attempt of [() => asStranger.activate(node.nodeId), () => asStranger.drain(node.nodeId)]) {
          await expect(attempt())
            .to.be.revertedWithCustomError(registry, "NotOwnerOrOperator")
            .withArgs(node.nodeId, stranger.address);
        }
        await expect(asStranger.retire(node.nodeId)).to.be.revertedWithCustomError(registry, "NotNodeOwner");
      }
      await expect(registry.suspend(node.nodeId))
        .to.be.revertedWithCustomError(registry, "NotPeer")
        .withArgs(holder.address);
      expect(await strikes.isJailed(node.nodeId)).to.equal(false);
    });

    it("ends for good with retirement; stake is taken out as ever", async function () {
      const { registry, staking, token, clock } = protocol;
      await asOwner().activate(node.nodeId);
      await expect(asOwner().retire(node.nodeId)).to.emit(registry, "NodeRetired").withArgs(node.nodeId);
      expect([await status(), await seated()]).to.deep.equal([RETIRED, false]);
      for (const attempt of [
        () => asOwner().activate(node.nodeId),
        () => asOwner().drain(node.nodeId),
        () => asOwner().retire(node.nodeId),
      ]) {
        await expect(attempt())
          .to.be.revertedWithCustomError(registry, "WrongStatus")
          .withArgs(node.nodeId, RETIRED);
      }
      await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1_000));
      await clock.goTo(24, 0);
      await staking.connect(node.owner).withdrawBond(node.nodeId);
      expect(await token.balanceOf(node.owner)).to.equal(dtel(1_000));
    });

    it("is suspended by strikes, and taken up again when asked for; one that does not serve is left alone", async function () {
      const { registry, strikes, clock } = protocol;
      const asStrikes = registry.connect(await actingAs(strikes));
      await expect(asStrikes.suspend(node.nodeId)).not.to.emit(registry, "NodeSuspended");
      await asOwner().activate(node.nodeId);
      await clock.goTo(3, 10);
      await expect(asStrikes.suspend(node.nodeId))
        .to.emit(registry, "NodeSuspended")
        .withArgs(node.nodeId, 5n);
      expect([await status(), await seated()]).to.deep.equal([IDLE, false]);
      await asOwner().activate(node.nodeId);
      await asOwner().retire(node.nodeId);
      await asStrikes.suspend(node.nodeId);
      expect(await status()).to.equal(RETIRED);
    });
  });
});
