import { expect } from "chai";
import { MaxUint256, parseEther, ZeroAddress } from "ethers";
import type { BaseContract } from "ethers";
import { BuybackAuction__factory } from "../../../types/contracts/index.js";
import type { Account } from "../support/account.js";
import { fundedAccount } from "../support/account.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { actingAs } from "../support/impersonate.js";
import { dtel } from "../support/people.js";
import { asAdmin, DAY, deployedGovernance, deployHarness, NATIVE } from "./setup.js";
import type { Governance } from "./setup.js";

const { time } = networkHelpers;
const NATIVE_AS_ERC20 = "0x0000000000000000000000000000000000000809";
/** Ten DTEL for a token of 18 decimals, falling to one. */
const START = dtel(10);
const FLOOR = dtel(1);
/** What the treasury may let go at once of a million. */
const LOT = parseEther("50000");

describe("BuybackAuction", function () {
  let governance: Governance;
  let asset: BaseContract;
  let assetAddress: string;
  let buyer: Account;
  beforeEach(async function () {
    governance = await deployedGovernance();
    asset = await deployHarness("AssetHarness", 18, 0);
    assetAddress = await asset.getAddress();
    await asset.getFunction("mint")(governance.treasury, parseEther("1000000"));
    buyer = await fundedAccount("buyer");
    await governance.token.transfer(buyer, dtel(10_000_000));
    await governance.token.connect(buyer).approve(governance.auction, MaxUint256);
  });

  const sell = (
    amount: bigint,
    from = assetAddress,
    start = START,
    floor = FLOOR,
    duration: number | bigint = DAY,
  ) => asAdmin(governance, governance.treasury, "sell", [from, amount, start, floor, duration]);
  const buy = (amount: bigint, most = MaxUint256, lotId = 1n) =>
    governance.auction.connect(buyer).buy(lotId, amount, most, buyer);
  const balanceOf = async (who: { getAddress(): Promise<string> }, of = asset): Promise<bigint> =>
    (await of.getFunction("balanceOf")(await who.getAddress())) as bigint;

  it("sells by a falling price, any part to anyone, and burns the DTEL", async function () {
    const { auction, token, treasury } = governance;
    await expect(sell(LOT)).to.emit(treasury, "SentToAuction").withArgs(assetAddress, 1n, LOT);
    const start = await time.latest();
    const supply = await token.totalSupply();
    await time.setNextBlockTimestamp(start + DAY / 2);
    // Half way from ten to one.
    await expect(buy(parseEther("100")))
      .to.emit(auction, "Bought")
      .withArgs(1n, buyer.address, buyer.address, parseEther("100"), dtel(550));
    expect(await token.totalSupply()).to.equal(supply - dtel(550));
    expect(await balanceOf(buyer)).to.equal(parseEther("100"));
    await time.setNextBlockTimestamp(start + (DAY / 4) * 3);
    await buy(parseEther("100"));
    expect(await token.totalSupply()).to.equal(supply - dtel(550) - dtel(325));
    expect(await token.balanceOf(auction)).to.equal(0n);
    expect((await auction.lotOf(1)).remaining).to.equal(LOT - parseEther("200"));
  });

  it("begins at the start price, ends a second before its end, and returns what is left to the treasury", async function () {
    const { auction, treasury } = governance;
    await sell(LOT);
    const start = await time.latest();
    expect(await auction.priceOf(1)).to.equal(START);
    await time.setNextBlockTimestamp(start + DAY - 1);
    await expect(auction.close(1)).to.be.revertedWithCustomError(auction, "NothingToReturn").withArgs(1n);
    const snapshot = await networkHelpers.takeSnapshot();
    await buy(1n);
    await snapshot.restore();
    await time.setNextBlockTimestamp(start + DAY);
    await expect(buy(1n)).to.be.revertedWithCustomError(auction, "NotOnSale").withArgs(1n);
    await expect(auction.connect(buyer).close(1)).to.emit(auction, "Returned").withArgs(1n, LOT);
    expect(await balanceOf(treasury)).to.equal(parseEther("1000000"));
    await expect(auction.close(1)).to.be.revertedWithCustomError(auction, "NothingToReturn");
    await expect(auction.close(7)).to.be.revertedWithCustomError(auction, "NothingToReturn");
    await expect(buy(1n, MaxUint256, 7n)).to.be.revertedWithCustomError(auction, "NotOnSale");
  });

  it("gives what is left to whoever asks for more, and never for more than the buyer's limit", async function () {
    const { auction } = governance;
    await sell(parseEther("10"));
    const start = await time.latest();
    await time.setNextBlockTimestamp(start + DAY / 2);
    const cost = dtel("5.5") * 4n;
    await expect(buy(parseEther("4"), cost - 1n))
      .to.be.revertedWithCustomError(auction, "CostAboveMaximum")
      .withArgs(cost, cost - 1n);
    await expect(buy(0n)).to.be.revertedWithCustomError(auction, "InvalidAmount").withArgs(0n);
    await buy(parseEther("11"));
    expect(await balanceOf(buyer)).to.equal(parseEther("10"));
    await expect(buy(1n)).to.be.revertedWithCustomError(auction, "NotOnSale");
    await time.increase(DAY);
    await expect(auction.close(1)).to.be.revertedWithCustomError(auction, "NothingToReturn");
  });

  it("rounds what a part costs up: the smallest of parts is not for nothing", async function () {
    const { auction, token } = governance;
    const dollar = await deployHarness("AssetHarness", 6, 0);
    await dollar.getFunction("mint")(governance.treasury, 10n ** 12n);
    // A tenth of a DTEL for a dollar of six decimals, at the end a hundredth.
    await sell(10n ** 9n, await dollar.getAddress(), 10n ** 29n, 10n ** 28n);
    const before = await token.balanceOf(buyer);
    await time.setNextBlockTimestamp((await time.latest()) + DAY / 2);
    await buy(1_000_000n);
    expect(before - (await token.balanceOf(buyer))).to.equal(dtel("0.055"));
    // One unit of a token so cheap that it costs less than a wei.
    await sell(1_000n, assetAddress, 2n, 1n);
    await auction.connect(buyer).buy(2n, 1n, 1n, buyer);
    await expect(auction.connect(buyer).buy(2n, 1n, 0n, buyer)).to.be.revertedWithCustomError(
      auction,
      "CostAboveMaximum",
    );
  });

  it("sells the native coin", async function () {
    const { auction, treasury, deployer } = governance;
    await deployer.sendTransaction({ to: treasury, value: parseEther("1000") });
    await sell(parseEther("50"), NATIVE);
    expect(await ethers.provider.getBalance(auction)).to.equal(parseEther("50"));
    const receiver = await fundedAccount("receiver");
    await expect(() =>
      auction.connect(buyer).buy(1n, parseEther("20"), MaxUint256, receiver),
    ).to.changeEtherBalance(ethers, receiver, parseEther("20"));
    await time.increase(DAY);
    await auction.close(1);
    expect(await ethers.provider.getBalance(treasury)).to.equal(parseEther("980"));
  });

  it("sells what arrived of an asset that takes a fee", async function () {
    const { auction } = governance;
    const taxed = await deployHarness("AssetHarness", 18, 100);
    await taxed.getFunction("mint")(governance.treasury, parseEther("1000"));
    await sell(parseEther("50"), await taxed.getAddress());
    expect((await auction.lotOf(1)).remaining).to.equal(parseEther("49.5"));
    await buy(parseEther("50"));
    expect(await balanceOf(auction, taxed)).to.equal(0n);
    expect(await balanceOf(buyer, taxed)).to.equal(parseEther("49.005"));
  });

  it("is not entered again by an asset or a receiver in the middle of a sale", async function () {
    const { auction, token, treasury, deployer } = governance;
    await sell(LOT);
    const again = auction.interface.encodeFunctionData("buy", [1n, 1n, MaxUint256, buyer.address]);
    await asset.getFunction("callOnTransfer")(auction, again);
    // The asset itself may pay: without the guard its purchase would go through.
    await token.transfer(asset, dtel(100));
    const assetSigner = await actingAs(asset);
    await token.connect(assetSigner).approve(auction, MaxUint256);
    await buy(parseEther("1"));
    expect(await asset.getFunction("hookSucceeded")()).to.equal(false);
    expect((await auction.lotOf(1)).remaining).to.equal(LOT - parseEther("1"));

    await deployer.sendTransaction({ to: treasury, value: parseEther("1000") });
    await sell(parseEther("50"), NATIVE);
    const receiver = await deployHarness("ReceiverHarness");
    await token.transfer(receiver, dtel(1_000));
    const approve = token.interface.encodeFunctionData("approve", [await auction.getAddress(), MaxUint256]);
    await receiver.getFunction("act")(token, approve);
    const more = auction.interface.encodeFunctionData("buy", [
      2n,
      parseEther("1"),
      MaxUint256,
      await receiver.getAddress(),
    ]);
    await receiver.getFunction("callBack")(auction, more);
    await receiver.getFunction("act")(auction, more);
    expect(await receiver.getFunction("hookSucceeded")()).to.equal(false);
    expect(await ethers.provider.getBalance(receiver)).to.equal(parseEther("1"));
  });

  it("takes only what is no asset twice: not DTEL, not the native coin's second face", async function () {
    const { auction, treasury, token } = governance;
    await token.transfer(treasury, dtel(1_000));
    await expect(sell(1n, await token.getAddress())).to.be.revertedWithCustomError(treasury, "NotForSale");
    await expect(sell(1n, NATIVE_AS_ERC20)).to.be.revertedWithCustomError(treasury, "InvalidAsset");
    const asTreasury = auction.connect(await actingAs(treasury));
    await expect(asTreasury.open(token, 1n, 1n, 1n, DAY)).to.be.revertedWithCustomError(
      auction,
      "NotForSale",
    );
    await expect(asTreasury.open(NATIVE_AS_ERC20, 1n, 1n, 1n, DAY)).to.be.revertedWithCustomError(
      auction,
      "InvalidAsset",
    );
  });

  it("is fed by the treasury alone, with the money it says", async function () {
    const { auction, treasury, deployer } = governance;
    await expect(auction.open(asset, 1n, START, FLOOR, DAY))
      .to.be.revertedWithCustomError(auction, "NotPeer")
      .withArgs(deployer.address);
    const asTreasury = auction.connect(await actingAs(treasury));
    await expect(asTreasury.open(asset, 1n, START, FLOOR, DAY, { value: 1n }))
      .to.be.revertedWithCustomError(auction, "WrongPayment")
      .withArgs(0n, 1n);
    await expect(asTreasury.open(NATIVE, 2n, START, FLOOR, DAY, { value: 1n }))
      .to.be.revertedWithCustomError(auction, "WrongPayment")
      .withArgs(2n, 1n);
    await expect(asTreasury.open(NATIVE, 0n, START, FLOOR, DAY)).to.be.revertedWithCustomError(
      auction,
      "InvalidAmount",
    );
  });

  it("has prices and durations within bounds", async function () {
    const { auction } = governance;
    for (const [start, floor, duration, error] of [
      [START, 0n, DAY, "InvalidPrice"],
      [FLOOR - 1n, FLOOR, DAY, "InvalidPrice"],
      [FLOOR * 100n + 1n, FLOOR, DAY, "InvalidPrice"],
      [1n << 128n, 1n << 127n, DAY, "InvalidPrice"],
      [START, FLOOR, DAY - 1, "InvalidDuration"],
      [START, FLOOR, 30 * DAY + 1, "InvalidDuration"],
    ] as const) {
      await expect(sell(1n, assetAddress, start, floor, duration)).to.be.revertedWithCustomError(
        auction,
        error,
      );
    }
    for (const [start, floor, duration] of [
      [FLOOR, FLOOR, DAY],
      [FLOOR * 100n, FLOOR, 30 * DAY],
    ] as const) {
      await sell(1n, assetAddress, start, floor, duration);
    }
    expect(await auction.lotCount()).to.equal(2n);
  });

  it("passes the treasury's outflow limit like every other way out", async function () {
    const { treasury } = governance;
    await expect(sell(LOT + 1n)).to.be.revertedWithCustomError(treasury, "OutflowLimitExceeded");
    await sell(LOT);
    await expect(sell(parseEther("1"))).to.be.revertedWithCustomError(treasury, "OutflowLimitExceeded");
  });

  it("is deployed within bounds", async function () {
    const { manager, token, treasury, auction, deployer } = governance;
    const factory = new BuybackAuction__factory(deployer);
    for (const duration of [60, 7 * DAY]) await factory.deploy(manager, { token, treasury }, duration);
    for (const duration of [59, 7 * DAY + 1]) {
      await expect(factory.deploy(manager, { token, treasury }, duration))
        .to.be.revertedWithCustomError(auction, "InvalidMinDuration")
        .withArgs(duration);
    }
    for (const peers of [
      { token: ZeroAddress, treasury },
      { token, treasury: ZeroAddress },
    ]) {
      await expect(factory.deploy(manager, peers, DAY)).to.be.revertedWithCustomError(auction, "ZeroAddress");
    }
    expect(await auction.MIN_DURATION_SECONDS()).to.equal(DAY);
  });
});
