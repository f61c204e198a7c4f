import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { addNode, dtel } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

describe("NodeRegistry", function () {
  let protocol: Protocol;
  beforeEach(async function () {
    protocol = await freshProtocol();
  });

  it("gives ids from 1 on, to the caller, with its operator key", async function () {
    const { registry, attestations, newAccount } = protocol;
    const [owner, operator] = [await newAccount(), await newAccount()];
    await expect(registry.connect(owner).register(operator, 7, dtel(2), "wss://one.example"))
      .to.emit(registry, "NodeRegistered")
      .withArgs(1n, owner.address, 7n, dtel(2), "wss://one.example")
      .and.to.emit(attestations, "OperatorChanged")
      .withArgs(1n, operator.address);
    await registry.connect(owner).register(operator, 8, 0n, "wss://two.example");
    expect(await registry.nodeCount()).to.equal(2n);
    expect([...(await registry.nodeOf(1n))]).to.deep.equal([owner.address, 7n, dtel(2)]);
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

  it("refuses endpoints that are empty or too long, no operator, and prices it cannot store", async function () {
    const { registry, holder } = protocol;
    const register = (endpoint: string, operator = holder.address, price = 0n) =>
      registry.register(operator, 1, price, endpoint);
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
    await expect(registry.setEndpoint(1n, "")).to.be.revertedWithCustomError(registry, "InvalidEndpoint");
    await expect(registry.setOperator(1n, ZeroAddress)).to.be.revertedWithCustomError(
      registry,
      "InvalidOperator",
    );
  });

  it("lets the owner change price, endpoint and operator, and nobody else", async function () {
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
    await asOwner.setOperator(node.nodeId, next);
    expect((await registry.nodeOf(node.nodeId)).pricePerGBWei).to.equal(dtel(3));
    expect(await attestations.operatorOf(node.nodeId)).to.equal(next.address);

    for (const stranger of [node.operator, next]) {
      const asStranger = registry.connect(stranger);
      for (const attempt of [
        () => asStranger.setPricePerGB(node.nodeId, 0n),
        () => asStranger.setEndpoint(node.nodeId, "wss://evil.example"),
        () => asStranger.setOperator(node.nodeId, stranger),
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
});
