import { expect } from "chai";
import { WEI_PER_GWEI } from "../../../node/protocol/amounts.js";
import { addApp, addNode, collect, dtel } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

const RING = 256;

describe("PaymentEscrow: flush", function () {
  let protocol: Protocol;
  let node: Node;
  let app: App;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol);
    app = await addApp(protocol, dtel(1_000));
  });

  it("burns and pays out what an epoch collected, once and by anyone", async function () {
    const { escrow, token, staking, treasury, clock } = protocol;
    const other = await addNode(protocol);
    await clock.goTo(3, clock.half);
    await collect(protocol, app, node.nodeId, dtel(100));
    await collect(protocol, app, other.nodeId, dtel(300));
    const supply = await token.totalSupply();
    const staked = await token.balanceOf(staking);

    await clock.nextBlockAt(4, clock.half);
    await expect(escrow.flush(3)).to.emit(escrow, "EpochFlushed").withArgs(3n, dtel(40), dtel(20), dtel(340));
    expect(supply - (await token.totalSupply())).to.equal(dtel(40));
    expect(await token.balanceOf(treasury)).to.equal(dtel(20));
    expect((await token.balanceOf(staking)) - staked).to.equal(dtel(340));
    expect(await token.balanceOf(escrow)).to.equal(dtel(600));
    await expect(escrow.flush(3)).to.be.revertedWithCustomError(escrow, "NotFlushable").withArgs(3n);
    // What was collected remains to be read: claims need it.
    const revenue = await escrow.epochRevenueOf(3);
    expect([revenue.burned, revenue.flushed]).to.deep.equal([dtel(40) / WEI_PER_GWEI, true]);
  });

  it("waits until the epoch collects no more", async function () {
    const { escrow, clock } = protocol;
    await clock.goTo(3, clock.half);
    await collect(protocol, app, node.nodeId, dtel(100));
    await clock.nextBlockAt(4, clock.half - 1);
    await expect(escrow.flush(3)).to.be.revertedWithCustomError(escrow, "NotFlushable");
    await expect(escrow.flush(2)).to.be.revertedWithCustomError(escrow, "NotFlushable");
    await expect(escrow.flush(9)).to.be.revertedWithCustomError(escrow, "NotFlushable");
  });

  it("is still possible a whole lap later", async function () {
    const { escrow, token, clock } = protocol;
    await clock.goTo(3, clock.half);
    await collect(protocol, app, node.nodeId, dtel(100));
    await clock.goTo(3 + RING, clock.half - 10);
    await escrow.flush(3);
    expect(await token.balanceOf(escrow)).to.equal(dtel(900));
  });

  it("happens by itself where the ring comes round to an epoch that nobody flushed", async function () {
    const { escrow, token, treasury, clock } = protocol;
    await clock.goTo(3, clock.half);
    await collect(protocol, app, node.nodeId, dtel(100));
    await clock.goTo(3 + RING, clock.half);
    await expect(collect(protocol, app, node.nodeId, dtel(300)))
      .to.emit(escrow, "EpochFlushed")
      .withArgs(3n, dtel(10), dtel(5), dtel(85));
    expect(await token.balanceOf(treasury)).to.equal(dtel(5));
    expect((await escrow.epochRevenueOf(3)).burned).to.equal(0n);
    expect([...(await escrow.nodeRevenueOf(node.nodeId, 3))]).to.deep.equal([0n, 0n, 0n]);
    expect((await escrow.nodeRevenueOf(node.nodeId, 3 + RING)).burned).to.equal(dtel(20));
    await expect(escrow.flush(3)).to.be.revertedWithCustomError(escrow, "NotFlushable");

    await clock.goTo(4 + RING, clock.half);
    await escrow.flush(3 + RING);
    expect(await token.balanceOf(escrow)).to.equal(dtel(700));
  });

  it("several laps later names the epoch that it was", async function () {
    const { escrow, clock } = protocol;
    await clock.goTo(3, clock.half);
    await collect(protocol, app, node.nodeId, dtel(100));
    await clock.goTo(3 + 3 * RING, clock.half);
    await expect(collect(protocol, app, node.nodeId, dtel(300)))
      .to.emit(escrow, "EpochFlushed")
      .withArgs(3n, dtel(10), dtel(5), dtel(85));
  });

  it("does not pay twice for an epoch that was flushed before the ring came round", async function () {
    const { escrow, token, clock } = protocol;
    await clock.goTo(3, clock.half);
    await collect(protocol, app, node.nodeId, dtel(100));
    await clock.goTo(4, clock.half);
    await escrow.flush(3);
    await clock.goTo(3 + RING, clock.half);
    await expect(collect(protocol, app, node.nodeId, dtel(300))).not.to.emit(escrow, "EpochFlushed");
    expect(await token.balanceOf(escrow)).to.equal(dtel(900));
  });
});
