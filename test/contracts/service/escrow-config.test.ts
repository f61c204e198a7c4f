import { expect } from "chai";
import { WEI_PER_GWEI } from "../../../node/protocol/amounts.js";
import { actingAs } from "../support/impersonate.js";
import { addApp, addNode, collect, dtel, signVoucher } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import { asAuthority } from "../support/penalties.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

const EPOCH = 3;
const USUAL = { burnBps: 1_000n, treasuryBps: 500n, thawEpochs: 2n };

describe("PaymentEscrow: configuration", function () {
  let protocol: Protocol;
  let node: Node;
  let app: App;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol);
    app = await addApp(protocol);
    await protocol.clock.goTo(EPOCH, protocol.clock.half);
  });

  const set = (change: Partial<typeof USUAL>) =>
    asAuthority(protocol, protocol.escrow, "setPaymentConfig", [{ ...USUAL, ...change }]);
  const revenueOf = async (epoch: number) => {
    const { burned, treasury, stakers } = await protocol.escrow.epochRevenueOf(epoch);
    return [burned, treasury, stakers].map((gwei) => gwei * WEI_PER_GWEI);
  };

  it("is that of the deployment until governance sets another, and its alone", async function () {
    const { escrow, holder } = protocol;
    expect([...(await escrow.paymentConfig())]).to.deep.equal(Object.values(USUAL));
    await expect(escrow.setPaymentConfig(USUAL))
      .to.be.revertedWithCustomError(escrow, "NotAuthority")
      .withArgs(holder.address);
    await expect(set({ burnBps: 2_000n, thawEpochs: 9n }))
      .to.emit(escrow, "PaymentConfigChanged")
      .withArgs(2_000n, 500n, 9n);
    expect([...(await escrow.paymentConfig())]).to.deep.equal([2_000n, 500n, 9n]);
  });

  it("keeps its bounds", async function () {
    const { escrow } = protocol;
    for (const change of [
      { burnBps: 499n },
      { burnBps: 3_001n },
      { treasuryBps: 199n },
      { treasuryBps: 1_501n },
      { thawEpochs: 1n },
      { thawEpochs: 57n },
    ]) {
      await expect(set(change)).to.be.revertedWithCustomError(escrow, "InvalidPaymentConfig");
    }
    await set({ burnBps: 500n, treasuryBps: 200n, thawEpochs: 2n });
    await set({ burnBps: 3_000n, treasuryBps: 1_500n, thawEpochs: 56n });
  });

  it("splits an epoch as its first collection found it; a change waits for the next one", async function () {
    const { clock } = protocol;
    await collect(protocol, app, node.nodeId, dtel(100));
    await set({ burnBps: 3_000n, treasuryBps: 1_500n });
    await collect(protocol, app, node.nodeId, dtel(200));
    expect(await revenueOf(EPOCH)).to.deep.equal([dtel(20), dtel(10), dtel(170)]);
    await clock.goTo(EPOCH + 1, clock.half);
    await collect(protocol, app, node.nodeId, dtel(300));
    expect(await revenueOf(EPOCH + 1)).to.deep.equal([dtel(30), dtel(15), dtel(55)]);
  });

  it("leaves a thaw that runs as long as it was", async function () {
    const { escrow, clock } = protocol;
    const asApp = escrow.connect(app.account);
    await set({ thawEpochs: 5n });
    await asApp.reserve(node.nodeId, dtel(10));
    await asApp.requestRelease(node.nodeId, dtel(10));
    await set({ thawEpochs: 2n });
    await clock.nextBlockAt(EPOCH + 6, -1);
    await expect(asApp.release(node.nodeId))
      .to.be.revertedWithCustomError(escrow, "StillThawing")
      .withArgs(app.account.address, node.nodeId, EPOCH + 6);
    await clock.nextBlockAt(EPOCH + 6, 0);
    await asApp.release(node.nodeId);
  });

  it("vouchers of a revoked signer stay collectable for the thaw in force", async function () {
    const { escrow, clock } = protocol;
    await set({ thawEpochs: 4n });
    await escrow.connect(app.account).revokeSigner(app.signer);
    const { voucher, signature } = await signVoucher(protocol, app, node.nodeId, dtel(5));
    await clock.nextBlockAt(EPOCH + 5, -1);
    await escrow.collect(voucher, signature);
    const higher = await signVoucher(protocol, app, node.nodeId, dtel(6));
    await clock.nextBlockAt(EPOCH + 5, 0);
    await expect(escrow.collect(higher.voucher, higher.signature)).to.be.revertedWithCustomError(
      escrow,
      "NotVoucherSigner",
    );
  });

  it("an epoch is closed by its seed's contract alone; once is enough", async function () {
    const { escrow, attestations, holder, clock } = protocol;
    await expect(escrow.closeEpoch(EPOCH))
      .to.be.revertedWithCustomError(escrow, "NotPeer")
      .withArgs(holder.address);
    await collect(protocol, app, node.nodeId, dtel(100));
    await clock.goTo(EPOCH + 1, clock.half);
    const asAttestations = escrow.connect(await actingAs(attestations));
    expect(await asAttestations.closeEpoch.staticCall(EPOCH)).to.equal(dtel(10) / WEI_PER_GWEI);
    await expect(asAttestations.closeEpoch(EPOCH))
      .to.emit(escrow, "EpochFlushed")
      .withArgs(EPOCH, dtel(10), dtel(5), dtel(85));
    expect(await asAttestations.closeEpoch.staticCall(EPOCH)).to.equal(dtel(10) / WEI_PER_GWEI);
    await expect(asAttestations.closeEpoch(EPOCH)).not.to.emit(escrow, "EpochFlushed");
    await expect(escrow.flush(EPOCH)).to.be.revertedWithCustomError(escrow, "NotFlushable");
    // An epoch in which nobody paid.
    expect(await asAttestations.closeEpoch.staticCall(EPOCH - 1)).to.equal(0n);
    await expect(asAttestations.closeEpoch(EPOCH - 1)).not.to.emit(escrow, "EpochFlushed");
  });
});
