import { expect } from "chai";
import { ZeroAddress } from "ethers";
import { DTelToken__factory } from "../../../types/contracts/index.js";
import { ethers, networkHelpers } from "../support/chain.js";
import { actingAs } from "../support/impersonate.js";
import { dtel, ROUNDING_RESERVE } from "../support/people.js";
import { freshProtocol } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

const YEAR_SECONDS = 365 * 86_400;
const GENESIS_SUPPLY = dtel(600_000_000);

describe("DTelToken", function () {
  let protocol: Protocol;
  beforeEach(async function () {
    protocol = await freshProtocol();
  });

  it("begins with the genesis supply, and says what it is", async function () {
    const { token, holder } = protocol;
    expect(await token.totalSupply()).to.equal(GENESIS_SUPPLY);
    expect(await token.balanceOf(holder)).to.equal(GENESIS_SUPPLY - ROUNDING_RESERVE);
    expect(await Promise.all([token.name(), token.symbol(), token.decimals()])).to.deep.equal([
      "dTelecom",
      "DTEL",
      18n,
    ]);
    expect(await token.CLOCK_MODE()).to.equal("mode=timestamp");
    expect(await token.clock()).to.equal(await networkHelpers.time.latest());
    // ERC-165: ERC-1363.
    expect(await token.supportsInterface("0xb0202a11")).to.equal(true);
  });

  it("refuses constructor arguments that would break it for good", async function () {
    const { token, holder, clock } = protocol;
    const [signer] = await ethers.getSigners();
    const factory = new DTelToken__factory(signer);
    const start = clock.genesisSeconds;
    for (const [to, distributor, staking] of [
      [ZeroAddress, holder.address, holder.address],
      [holder.address, ZeroAddress, holder.address],
      [holder.address, holder.address, ZeroAddress],
    ] as const) {
      await expect(factory.deploy(to, distributor, staking, start))
        .to.be.revertedWithCustomError(token, "InvalidPeer")
        .withArgs(distributor, staking);
    }
    const now = await networkHelpers.time.latest();
    await expect(factory.deploy(holder, holder, holder, 0n)).to.be.revertedWithCustomError(
      token,
      "EmissionStartTooEarly",
    );
    await networkHelpers.time.setNextBlockTimestamp(now + 40);
    await expect(
      factory.deploy(holder, holder, holder, now + 39 - 30 * 86_400),
    ).to.be.revertedWithCustomError(token, "EmissionStartTooEarly");
    await networkHelpers.time.setNextBlockTimestamp(now + 80);
    await factory.deploy(holder, holder, holder, now + 80 - 30 * 86_400);
  });

  describe("emission", function () {
    const due = (elapsedSeconds: number): bigint => {
      // Year by year: 80M · 0.8^y.
      let total = 0n;
      let yearly = dtel(80_000_000);
      for (let year = 0; year < 20; year++) {
        const seconds = Math.min(Math.max(elapsedSeconds - year * YEAR_SECONDS, 0), YEAR_SECONDS);
        total += (yearly * BigInt(seconds)) / BigInt(YEAR_SECONDS);
        yearly = (yearly * 8n) / 10n;
      }
      return total;
    };

    it("is minted by the distributor only", async function () {
      const { token, holder, staking } = protocol;
      await networkHelpers.time.increase(86_400);
      for (const caller of [holder, await actingAs(staking)]) {
        await expect(token.connect(caller).mint(caller, 1n))
          .to.be.revertedWithCustomError(token, "NotPeer")
          .withArgs(caller.address);
      }
    });

    it("is bounded by the schedule at every moment, to the wei, for 20 years and for ever", async function () {
      const { token, distributor, clock } = protocol;
      const minter = token.connect(await actingAs(distributor));
      let emitted = 0n;
      for (const elapsed of [
        100,
        86_400,
        YEAR_SECONDS / 2,
        YEAR_SECONDS - 10,
        YEAR_SECONDS,
        1.5 * YEAR_SECONDS,
        7 * YEAR_SECONDS,
        20 * YEAR_SECONDS - 10,
        20 * YEAR_SECONDS,
        40 * YEAR_SECONDS,
      ]) {
        const limit = due(elapsed);
        await networkHelpers.time.setNextBlockTimestamp(clock.genesisSeconds + elapsed - 1);
        await expect(
          minter.mint(distributor, limit - emitted + (elapsed > 20 * YEAR_SECONDS ? 1n : 0n)),
        ).to.be.revertedWithCustomError(token, "EmissionExceeded");
        await networkHelpers.time.setNextBlockTimestamp(clock.genesisSeconds + elapsed);
        await minter.mint(distributor, limit - emitted);
        emitted = limit;
        expect(await token.emitted()).to.equal(emitted);
      }
      expect(emitted / 10n ** 18n).to.equal(395_388_313n);
      expect(await token.totalSupply()).to.equal(GENESIS_SUPPLY + emitted);
    });

    it("is not given room by burning", async function () {
      const { token, distributor, clock, holder } = protocol;
      const minter = token.connect(await actingAs(distributor));
      await token.connect(holder).burn(dtel(1_000_000));
      // Later than the burn's block is, however long the tests before this one took.
      const elapsed = 86_400;
      await networkHelpers.time.setNextBlockTimestamp(clock.genesisSeconds + elapsed);
      const limit = due(elapsed);
      await expect(minter.mint(distributor, limit + 1n))
        .to.be.revertedWithCustomError(token, "EmissionExceeded")
        .withArgs(limit + 1n, limit);
      expect(await token.emitted()).to.equal(0n);
    });
  });

  it("lets nobody but NodeStaking stake, whatever was approved", async function () {
    const { token, holder, newAccount } = protocol;
    const stranger = await newAccount();
    await token.connect(holder).approve(stranger, dtel(10));
    await expect(token.connect(stranger).stakeFrom(holder, dtel(1)))
      .to.be.revertedWithCustomError(token, "NotPeer")
      .withArgs(stranger.address);
    await expect(token.connect(stranger).unstakeTo(stranger, 0n, 0n))
      .to.be.revertedWithCustomError(token, "NotPeer")
      .withArgs(stranger.address);
  });

  it("lets NodeStaking take no more than was approved, and pay out no token that others vote with", async function () {
    const { token, staking, newAccount } = protocol;
    const asStaking = token.connect(await actingAs(staking));
    const [first, second] = [await newAccount(dtel(10)), await newAccount(dtel(10))];
    await token.connect(first).approve(staking, dtel(6));
    await token.connect(second).approve(staking, dtel(10));
    await expect(asStaking.stakeFrom(first, dtel(7))).to.be.revertedWithCustomError(
      token,
      "ERC20InsufficientAllowance",
    );
    await asStaking.stakeFrom(first, dtel(6));
    await asStaking.stakeFrom(second, dtel(10));
    await expect(asStaking.unstakeTo(first, dtel(6), dtel(6) + 1n)).to.be.revertedWithPanic(0x11);
    await expect(asStaking.unstakeTo(first, dtel(6) + ROUNDING_RESERVE + 1n, dtel(6)))
      .to.be.revertedWithCustomError(token, "UnitsNotBacked")
      .withArgs(ROUNDING_RESERVE + 1n, ROUNDING_RESERVE);
    await asStaking.unstakeTo(first, dtel(6), dtel(6));
    expect(await token.stakedUnitsOf(first)).to.equal(0n);
    expect(await token.stakedUnitsOf(second)).to.equal(dtel(10));
    expect(await token.balanceOf(staking)).to.equal(dtel(10) + ROUNDING_RESERVE);
  });

  it("knows to the wei what in NodeStaking backs no vote, and lets nothing else leave there", async function () {
    const { token, staking, distributor, holder, newAccount } = protocol;
    const asStaking = token.connect(await actingAs(staking));
    const first = await newAccount(dtel(10));
    const stranger = await newAccount();
    const expectVoteless = async (expected: bigint) => {
      expect(await token.votelessStake()).to.equal(expected);
      expect((await token.balanceOf(staking)) - (await token.stakedUnitsOf(first))).to.equal(expected);
    };
    let expected = ROUNDING_RESERVE;
    await expectVoteless(expected);
    await token.connect(first).approve(staking, dtel(10));
    await asStaking.stakeFrom(first, dtel(10));
    await expectVoteless(expected);
    // Income arrives: as a transfer, and minted.
    await token.connect(holder).transfer(staking, dtel(5));
    await networkHelpers.time.increase(3_600);
    await token.connect(await actingAs(distributor)).mint(staking, 7n);
    expected += dtel(5) + 7n;
    await expectVoteless(expected);
    // Votes are taken back without a payment, and paid out as they came.
    await asStaking.unstakeTo(first, 0n, dtel(2));
    expected += dtel(2);
    await expectVoteless(expected);
    await asStaking.unstakeTo(first, dtel(3), dtel(3));
    await expectVoteless(expected);
    // Whatever NodeStaking may become: by transfer or burn, too, only that can leave.
    for (const attempt of [
      () => asStaking.transfer(stranger, expected + 1n),
      () => asStaking.burn(expected + 1n),
      () => asStaking.unstakeTo(stranger, expected + 1n, 0n),
    ]) {
      await expect(attempt())
        .to.be.revertedWithCustomError(token, "UnitsNotBacked")
        .withArgs(expected + 1n, expected);
    }
    await asStaking.transfer(stranger, 1n);
    await asStaking.burn(2n);
    await asStaking.unstakeTo(stranger, 3n, 0n);
    // To itself nothing changes.
    await asStaking.transfer(staking, 4n);
    await expectVoteless(expected - 6n);
    await asStaking.transfer(stranger, expected - 6n);
    await expectVoteless(0n);
    await expect(asStaking.transfer(stranger, 1n)).to.be.revertedWithCustomError(token, "UnitsNotBacked");
    await asStaking.unstakeTo(first, dtel(5), dtel(5));
    expect(await token.balanceOf(staking)).to.equal(0n);
  });
});
