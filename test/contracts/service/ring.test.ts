import { expect } from "chai";
import { WEI_PER_GWEI as GWEI } from "../../../node/protocol/amounts.js";
import { randomFrom } from "../../node/support/random.js";
import { addBond, addNode, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { asAuthority } from "../support/penalties.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";
import { slash } from "../support/staking.js";

describe("AuditRing", function () {
  let protocol: Protocol;
  let nodes: Node[];
  beforeEach(async function () {
    protocol = await freshProtocol();
    nodes = [];
    await protocol.clock.goTo(2, 10);
    for (let index = 0; index < 4; index++) nodes.push(await addNode(protocol, { active: true }));
  });

  const seatOf = async (node: Node, epoch: number) => {
    const { seated, seat, weight } = await protocol.attestations.seatOf(node.nodeId, epoch);
    return seated ? [Number(seat), Number(weight)] : undefined;
  };
  const occupants = async (size: number) =>
    Promise.all(Array.from({ length: size }, (_, seat) => protocol.ring.occupantOf(seat)));
  const asOwner = (node: Node) => protocol.registry.connect(node.owner);
  const ids = (...indexes: number[]) => indexes.map((index) => nodes[index]!.nodeId);

  it("gives the next seat, two epochs from now", async function () {
    const { attestations, registry } = protocol;
    const node = await addNode(protocol);
    await expect(asOwner(node).activate(node.nodeId))
      .to.emit(registry, "NodeActivated")
      .withArgs(node.nodeId, 4n)
      .and.to.emit(attestations, "SeatChanged")
      .withArgs(node.nodeId, 4n, 4n, 1_000n)
      .and.to.emit(attestations, "RingSizeChanged")
      .withArgs(4n, 5n);
    expect(await seatOf(node, 3)).to.equal(undefined);
    expect(await seatOf(node, 4)).to.deep.equal([4, 1_000]);
    expect([await attestations.ringSizeAt(3), await attestations.ringSizeAt(4)]).to.deep.equal([0n, 5n]);
    expect(await attestations.latestRingSize()).to.equal(5n);
    expect(await occupants(6)).to.deep.equal([...ids(0, 1, 2, 3), node.nodeId, 0n]);
  });

  it("fills a seat that becomes free with the last node, which keeps its weight", async function () {
    const { attestations, registry, clock } = protocol;
    const heavy = await addNode(protocol, { bond: dtel(4_500), active: true });
    nodes.push(heavy);
    await clock.goTo(5, 10);
    await expect(asOwner(nodes[1]!).drain(nodes[1]!.nodeId))
      .to.emit(registry, "NodeDrained")
      .withArgs(nodes[1]!.nodeId, 7n)
      .and.to.emit(attestations, "SeatChanged")
      .withArgs(nodes[1]!.nodeId, 7n, 1n, 0n)
      .and.to.emit(attestations, "SeatChanged")
      .withArgs(heavy.nodeId, 7n, 1n, 4_500n)
      .and.to.emit(attestations, "RingSizeChanged")
      .withArgs(7n, 4n);
    expect(await occupants(5)).to.deep.equal([...ids(0, 4, 2, 3), 0n]);
    for (const [epoch, first, last] of [
      [6, [1, 1_000], [4, 4_500]],
      [7, undefined, [1, 4_500]],
    ] as const) {
      expect(await seatOf(nodes[1]!, epoch)).to.deep.equal(first);
      expect(await seatOf(heavy, epoch)).to.deep.equal(last);
    }
    // The one in the last seat moves nobody.
    await asOwner(nodes[3]!).drain(nodes[3]!.nodeId);
    expect(await occupants(4)).to.deep.equal([...ids(0, 4, 2), 0n]);
  });

  it("never has a gap nor a node twice, however nodes come and go", async function () {
    this.timeout(120_000);
    const { attestations, clock } = protocol;
    for (let more = 0; more < 4; more++) nodes.push(await addNode(protocol));
    const random = randomFrom(11);
    const seated = new Set(nodes.slice(0, 4));
    for (let epoch = 3; epoch < 11; epoch++) {
      await clock.goTo(epoch, 10);
      for (let change = 0; change < 4; change++) {
        const node = nodes[random.below(nodes.length)]!;
        if (seated.has(node)) {
          await asOwner(node).drain(node.nodeId);
          seated.delete(node);
        } else {
          await asOwner(node).activate(node.nodeId);
          seated.add(node);
        }
      }
      const effective = epoch + 2;
      const size = Number(await attestations.ringSizeAt(effective));
      expect(size).to.equal(seated.size);
      const seats: number[] = [];
      for (const node of nodes) {
        const seat = await seatOf(node, effective);
        expect(seat !== undefined).to.equal(seated.has(node));
        if (seat === undefined) continue;
        seats.push(seat[0]!);
        expect(await protocol.ring.occupantOf(seat[0]!)).to.equal(node.nodeId);
      }
      expect(seats.toSorted((a, b) => a - b)).to.deep.equal(Array.from({ length: size }, (_, seat) => seat));
    }
  });

  it("several changes in one epoch count as the last one left it", async function () {
    const { clock } = protocol;
    await clock.goTo(5, 10);
    const [node] = nodes;
    await asOwner(node!).drain(node!.nodeId);
    await asOwner(node!).activate(node!.nodeId);
    expect(await seatOf(node!, 6)).to.deep.equal([0, 1_000]);
    expect(await seatOf(node!, 7)).to.deep.equal([3, 1_000]);
    expect(await seatOf(nodes[3]!, 7)).to.deep.equal([0, 1_000]);
  });

  it("takes changes from the registry only", async function () {
    const { ring, attestations, holder } = protocol;
    for (const attempt of [
      () => ring.enter(nodes[0]!.nodeId),
      () => ring.leave(nodes[0]!.nodeId),
      () => attestations.setSeat(nodes[0]!.nodeId, 9, 3, 1_000),
      () => attestations.setRingSize(9, 1),
    ]) {
      await expect(attempt()).to.be.revertedWithCustomError(ring, "NotPeer").withArgs(holder.address);
    }
  });

  it("takes no node without the minimum bond, and none twice", async function () {
    const { ring, staking } = protocol;
    const poor = await addNode(protocol, { bond: 0n });
    await expect(asOwner(poor).activate(poor.nodeId))
      .to.be.revertedWithCustomError(ring, "BondTooLow")
      .withArgs(poor.nodeId, 0n, dtel(1_000));
    await expect(asOwner(nodes[0]!).activate(nodes[0]!.nodeId))
      .to.be.revertedWithCustomError(ring, "AlreadySeated")
      .withArgs(nodes[0]!.nodeId);
    const slashed = await addNode(protocol);
    await slash(protocol, slashed.nodeId, GWEI);
    await expect(asOwner(slashed).activate(slashed.nodeId))
      .to.be.revertedWithCustomError(ring, "BondTooLow")
      .withArgs(slashed.nodeId, dtel(1_000) - GWEI, dtel(1_000));
    expect(await staking.bondOf(slashed.nodeId)).to.equal(dtel(1_000) - GWEI);
  });

  describe("evict", function () {
    it("is anyone's, for a node whose bond has fallen below the minimum, by a gwei", async function () {
      const { ring, attestations, clock } = protocol;
      await clock.goTo(5, 10);
      const [node] = nodes;
      await expect(ring.evict(node!.nodeId))
        .to.be.revertedWithCustomError(ring, "StillEligible")
        .withArgs(node!.nodeId, dtel(1_000), dtel(1_000));
      await slash(protocol, node!.nodeId, GWEI);
      await expect(ring.evict(node!.nodeId))
        .to.emit(attestations, "SeatChanged")
        .withArgs(node!.nodeId, 7n, 0n, 0n);
      expect(await occupants(4)).to.deep.equal([...ids(3, 1, 2), 0n]);
      await expect(ring.evict(node!.nodeId))
        .to.be.revertedWithCustomError(ring, "NotSeated")
        .withArgs(node!.nodeId);
    });

    it("leaves the node in service: with its bond it may take a seat again", async function () {
      const { ring, registry, token, staking } = protocol;
      const [node] = nodes;
      await slash(protocol, node!.nodeId, GWEI);
      await ring.evict(node!.nodeId);
      expect((await registry.nodeOf(node!.nodeId)).status).to.equal(1n);
      await token.transfer(node!.owner, GWEI);
      await token.connect(node!.owner).approve(staking, GWEI);
      await staking.connect(node!.owner).bond(node!.nodeId, GWEI);
      await asOwner(node!).activate(node!.nodeId);
      expect(await occupants(4)).to.deep.equal(ids(3, 1, 2, 0));
      // And what has no seat can be drained.
      await slash(protocol, node!.nodeId, GWEI);
      await ring.evict(node!.nodeId);
      await asOwner(node!).drain(node!.nodeId);
      expect(await occupants(4)).to.deep.equal([...ids(3, 1, 2), 0n]);
    });

    it("follows a minimum that governance raises", async function () {
      const { ring, staking } = protocol;
      await asAuthority(protocol, staking, "setStakeLimits", [dtel(1_001), 10]);
      await ring.evict(nodes[2]!.nodeId);
      expect(await ring.weightOf(nodes[1]!.nodeId)).to.equal(0n);
    });
  });

  describe("weight", function () {
    it("is the bond in thousandths of the minimum bond, ten of them at most", async function () {
      const { ring } = protocol;
      for (const [bond, weight] of [
        [dtel(1_000), 1_000n],
        [dtel("1000.999999999"), 1_000n],
        [dtel(1_001), 1_001n],
        [dtel("9999.999999999"), 9_999n],
        [dtel(10_000), 10_000n],
        [dtel(250_000), 10_000n],
      ] as const) {
        const node = await addNode(protocol, { bond, active: true });
        expect((await protocol.attestations.latestSeatOf(node.nodeId)).weight, `${bond}`).to.equal(weight);
        expect(await ring.weightOf(node.nodeId)).to.equal(weight);
      }
    });

    it("is fixed with the seat until anybody refreshes it, and then changes two epochs later", async function () {
      const { ring, attestations, token, clock } = protocol;
      const [node] = nodes;
      await clock.goTo(5, 10);
      await expect(ring.refresh(node!.nodeId))
        .to.be.revertedWithCustomError(ring, "WeightUnchanged")
        .withArgs(node!.nodeId, 1_000n);
      await token.transfer(node!.owner, dtel(500));
      await addBond(protocol, node!, dtel(500));
      await clock.goTo(9, 10);
      expect(await seatOf(node!, 9)).to.deep.equal([0, 1_000]);
      await expect(ring.refresh(node!.nodeId))
        .to.emit(attestations, "SeatChanged")
        .withArgs(node!.nodeId, 11n, 0n, 1_500n);
      expect(await seatOf(node!, 10)).to.deep.equal([0, 1_000]);
      expect(await seatOf(node!, 11)).to.deep.equal([0, 1_500]);
      expect(await attestations.latestRingSize()).to.equal(4n);
      const outside = await addNode(protocol);
      await expect(ring.refresh(outside.nodeId))
        .to.be.revertedWithCustomError(ring, "NotSeated")
        .withArgs(outside.nodeId);
    });

    it("of a bond below the minimum is not refreshed, but evicted", async function () {
      const { ring } = protocol;
      await slash(protocol, nodes[0]!.nodeId, dtel(1));
      await expect(ring.refresh(nodes[0]!.nodeId))
        .to.be.revertedWithCustomError(ring, "BondTooLow")
        .withArgs(nodes[0]!.nodeId, dtel(999), dtel(1_000));
    });
  });
});
