import { expect } from "chai";
import { WEI_PER_GWEI } from "../../../node/protocol/amounts.js";
import { addApp, addNode, collect, dtel, signVoucher } from "../support/people.js";
import type { App, Node } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

const gwei = (wei: bigint): bigint => wei / WEI_PER_GWEI;

describe("PaymentEscrow: vouchers", function () {
  let protocol: Protocol;
  let node: Node;
  let app: App;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol);
    app = await addApp(protocol, dtel(1_000));
    await protocol.clock.goTo(2, 100);
  });

  /** What the node could have in all, in wei. */
  async function paid(): Promise<bigint> {
    return (await protocol.escrow.accountOf(app.account, node.nodeId)).paid * WEI_PER_GWEI;
  }

  it("pay the increase over what was collected, and split it", async function () {
    const { escrow } = protocol;
    await collect(protocol, app, node.nodeId, dtel(100), dtel(80));
    await expect(collect(protocol, app, node.nodeId, dtel(300), dtel(180)))
      .to.emit(escrow, "VoucherCollected")
      // 10 % burned, of that the half that the app's judgement makes it count; 5 % to the treasury.
      .withArgs(app.account.address, node.nodeId, 1n, dtel(200), dtel(100), 0n, dtel(20), dtel(10), dtel(10));
    expect(await escrow.balanceOf(app.account)).to.equal(dtel(700));
    expect([...(await escrow.accountOf(app.account, node.nodeId))]).to.deep.equal([
      gwei(dtel(300)),
      gwei(dtel(180)),
      0n,
    ]);
    expect([...(await escrow.nodeRevenueOf(node.nodeId, 1))]).to.deep.equal([dtel(30), dtel(18), dtel(255)]);
  });

  it("take the reserve first, then the free part", async function () {
    const { escrow } = protocol;
    await escrow.connect(app.account).reserve(node.nodeId, dtel(60));
    await expect(collect(protocol, app, node.nodeId, dtel(100)))
      .to.emit(escrow, "VoucherCollected")
      .withArgs(
        ...[app.account.address, node.nodeId, 1n, dtel(100), dtel(100), dtel(60)],
        ...[dtel(10), dtel(10), dtel(5)],
      );
    expect(await escrow.balanceOf(app.account)).to.equal(dtel(900));
  });

  it("cannot take what is reserved for another node", async function () {
    const { escrow } = protocol;
    await escrow.connect(app.account).reserve(99n, dtel(1_000));
    await expect(collect(protocol, app, node.nodeId, dtel(1)))
      .to.be.revertedWithCustomError(escrow, "NothingCollectable")
      .withArgs(app.account.address, node.nodeId);
  });

  it("a reserve stands when the app empties the rest, through its own node too", async function () {
    const { escrow } = protocol;
    const own = await addNode(protocol);
    await escrow.connect(app.account).reserve(node.nodeId, dtel(400));
    await collect(protocol, app, own.nodeId, dtel(1_000_000));
    await expect(
      escrow.connect(app.account).withdraw(app.account, 1_000_000_000n),
    ).to.be.revertedWithCustomError(escrow, "InsufficientBalance");
    await collect(protocol, app, node.nodeId, dtel(400));
    expect(await paid()).to.equal(dtel(400));
  });

  it("collected in part stay collectable for the rest, amount and score in proportion", async function () {
    const { escrow, token } = protocol;
    const voucher = { amount: dtel(4_000), score: dtel(3_000) };
    await collect(protocol, app, node.nodeId, voucher.amount, voucher.score);
    expect([...(await escrow.accountOf(app.account, node.nodeId))]).to.deep.equal([
      gwei(dtel(1_000)),
      gwei(dtel(750)),
      0n,
    ]);
    await token["transferAndCall(address,uint256)"](escrow, dtel(1));
    await escrow.connect(protocol.holder).withdraw(app.account, dtel(1));
    await expect(
      collect(protocol, app, node.nodeId, voucher.amount, voucher.score),
    ).to.be.revertedWithCustomError(escrow, "NothingCollectable");

    await token.approve(escrow, dtel(5_000));
    await escrow.deposit(app.account, dtel(5_000));
    await collect(protocol, app, node.nodeId, voucher.amount, voucher.score);
    expect([...(await escrow.accountOf(app.account, node.nodeId))]).to.deep.equal([
      gwei(dtel(4_000)),
      gwei(dtel(3_000)),
      0n,
    ]);
  });

  it("survive any number of dust payments that a stranger makes the app do", async function () {
    const { escrow, token } = protocol;
    const [amount, score] = [3_000_000_007n * WEI_PER_GWEI, 1_000_000_009n * WEI_PER_GWEI];
    await escrow.connect(app.account).withdraw(app.account, dtel(1_000));
    await token.approve(escrow, amount);
    for (let dust = 1n; dust <= 12n; dust++) {
      await escrow.deposit(app.account, dust * WEI_PER_GWEI);
      await collect(protocol, app, node.nodeId, amount, score);
    }
    await escrow.deposit(app.account, amount - (await paid()));
    await collect(protocol, app, node.nodeId, amount, score);
    expect([...(await escrow.accountOf(app.account, node.nodeId))]).to.deep.equal([
      gwei(amount),
      gwei(score),
      0n,
    ]);
  });

  describe("a voucher cannot be voided by another of the app's own", function () {
    it("with less score than the increase of this one", async function () {
      await collect(protocol, app, node.nodeId, dtel(11), 0n);
      await collect(protocol, app, node.nodeId, dtel(100), dtel(90));
      expect(await paid()).to.equal(dtel(100));
      // What the app judged counts as far as it was paid for: 89 of 90.
      const [, scored] = await protocol.escrow.nodeRevenueOf(node.nodeId, 1);
      expect(scored).to.equal(dtel("8.9"));
    });

    it("with more score than this one", async function () {
      await collect(protocol, app, node.nodeId, dtel(10), dtel(10));
      await collect(protocol, app, node.nodeId, dtel(100), 0n);
      expect(await paid()).to.equal(dtel(100));
      const [burned, scored] = await protocol.escrow.nodeRevenueOf(node.nodeId, 1);
      expect([burned, scored]).to.deep.equal([dtel(10), dtel(1)]);
    });

    it("and the score that counts never exceeds the judgement, whatever the order", async function () {
      // The same score must not count twice after one that went back.
      await collect(protocol, app, node.nodeId, dtel(100), dtel(60));
      await collect(protocol, app, node.nodeId, dtel(200), dtel(0));
      await collect(protocol, app, node.nodeId, dtel(300), dtel(60));
      const [, scored] = await protocol.escrow.nodeRevenueOf(node.nodeId, 1);
      expect(scored).to.equal(dtel(6));
    });
  });

  it("are refused when they go down, repeat, or score more than they pay", async function () {
    const { escrow } = protocol;
    await collect(protocol, app, node.nodeId, dtel(100));
    for (const amount of [dtel(100), dtel(99), 0n]) {
      await expect(collect(protocol, app, node.nodeId, amount))
        .to.be.revertedWithCustomError(escrow, "VoucherNotHigher")
        .withArgs(app.account.address, node.nodeId, amount, dtel(100));
    }
    await expect(collect(protocol, app, node.nodeId, dtel(200), dtel(200) + WEI_PER_GWEI))
      .to.be.revertedWithCustomError(escrow, "InvalidScore")
      .withArgs(app.account.address, node.nodeId, dtel(200) + WEI_PER_GWEI, dtel(200));
    await expect(collect(protocol, app, node.nodeId, dtel(200) + 1n)).to.be.revertedWithCustomError(
      escrow,
      "NotWholeGwei",
    );
    await expect(collect(protocol, app, node.nodeId, dtel(200), 1n)).to.be.revertedWithCustomError(
      escrow,
      "NotWholeGwei",
    );
  });

  it("are refused for another node, app, chain, contract and from other keys", async function () {
    const { escrow, paymentDomain, serviceDomain, newAccount } = protocol;
    const other = await addApp(protocol, dtel(1_000));
    const { voucher, signature } = await signVoucher(protocol, app, node.nodeId, dtel(10));
    const changed = [
      { ...voucher, nodeId: node.nodeId + 1n },
      { ...voucher, app: other.account.address },
      { ...voucher, cumulativeAmount: dtel(11), cumulativeScore: dtel(10) },
      { ...voucher, cumulativeScore: dtel(9) },
    ];
    for (const replayed of changed) {
      await expect(escrow.collect(replayed, signature)).to.be.revertedWithCustomError(
        escrow,
        "NotVoucherSigner",
      );
    }
    for (const domain of [{ ...paymentDomain, chainId: 1n }, serviceDomain]) {
      const foreign = await signVoucher(protocol, app, node.nodeId, dtel(10), dtel(10), domain);
      await expect(escrow.collect(foreign.voucher, foreign.signature)).to.be.revertedWithCustomError(
        escrow,
        "NotVoucherSigner",
      );
    }
    for (const signer of [app.account, node.operator, other.signer, await newAccount()]) {
      const forged = await signVoucher(protocol, { account: app.account, signer }, node.nodeId, dtel(10));
      await expect(escrow.collect(forged.voucher, forged.signature))
        .to.be.revertedWithCustomError(escrow, "NotVoucherSigner")
        .withArgs(app.account.address, signer.address);
    }
    expect(await paid()).to.equal(0n);
  });

  it("of a revoked key are collectable for the thaw and not longer", async function () {
    const { escrow, clock } = protocol;
    await clock.goTo(3, 10);
    await escrow.connect(app.account).revokeSigner(app.signer);
    await clock.nextBlockAt(6, -1);
    await collect(protocol, app, node.nodeId, dtel(1));
    await clock.nextBlockAt(6, 0);
    await expect(collect(protocol, app, node.nodeId, dtel(2)))
      .to.be.revertedWithCustomError(escrow, "NotVoucherSigner")
      .withArgs(app.account.address, app.signer.address);
  });

  it("count for the epoch that ran half an epoch ago, to the second", async function () {
    const { escrow, clock } = protocol;
    await clock.nextBlockAt(4, clock.half - 1);
    await collect(protocol, app, node.nodeId, dtel(10));
    await clock.nextBlockAt(4, clock.half);
    await collect(protocol, app, node.nodeId, dtel(30));
    expect((await escrow.nodeRevenueOf(node.nodeId, 3)).burned).to.equal(dtel(1));
    expect((await escrow.nodeRevenueOf(node.nodeId, 4)).burned).to.equal(dtel(2));
  });

  it("count for epoch 0 from the very beginning", async function () {
    protocol = await freshProtocol();
    const { escrow, clock } = protocol;
    const early = await addApp(protocol, dtel(10));
    expect(await clock.now()).to.equal(0);
    await collect(protocol, early, 1n, dtel(1));
    expect(await escrow.collectionEpoch()).to.equal(0n);
    expect((await escrow.nodeRevenueOf(1n, 0)).burned).to.equal(dtel("0.1"));
    await expect(escrow.epochAt(clock.genesisSeconds - 1))
      .to.be.revertedWithCustomError(escrow, "BeforeGenesis")
      .withArgs(clock.genesisSeconds - 1, clock.genesisSeconds);
  });

  describe("a batch", function () {
    it("passes over what pays nothing, and pays the rest", async function () {
      const { escrow } = protocol;
      const poor = await addApp(protocol, 0n);
      await collect(protocol, app, node.nodeId, dtel(100));
      await escrow.collectBatch([
        await signVoucher(protocol, app, node.nodeId, dtel(100)),
        await signVoucher(protocol, app, node.nodeId, dtel(50)),
        await signVoucher(protocol, poor, node.nodeId, dtel(50)),
        await signVoucher(protocol, app, node.nodeId, dtel(120)),
        await signVoucher(protocol, app, node.nodeId, dtel(150)),
      ]);
      expect(await paid()).to.equal(dtel(150));
      expect([...(await escrow.accountOf(poor.account, node.nodeId))]).to.deep.equal([0n, 0n, 0n]);
    });

    it("cannot be made to fail by one that is forged, revoked or scores too much", async function () {
      const { escrow, clock } = protocol;
      const revoked = await addApp(protocol, dtel(100));
      await escrow.connect(revoked.account).revokeSigner(revoked.signer);
      await clock.goTo(9, 100);
      const forger = { account: app.account, signer: await protocol.newAccount() };
      await escrow.collectBatch([
        await signVoucher(protocol, forger, node.nodeId, dtel(30)),
        await signVoucher(protocol, revoked, node.nodeId, dtel(30)),
        await signVoucher(protocol, app, node.nodeId, dtel(20), dtel(21)),
        await signVoucher(protocol, app, node.nodeId, dtel(10)),
      ]);
      expect(await paid()).to.equal(dtel(10));
      expect(await escrow.balanceOf(revoked.account)).to.equal(dtel(100));
    });
  });
});
