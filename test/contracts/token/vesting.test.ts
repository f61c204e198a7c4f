import { expect } from "chai";
import { ZeroAddress, ZeroHash } from "ethers";
import { allocationTree } from "../../../scripts/governance/allocations.js";
import type { Allocation, AllocationClaim } from "../../../scripts/governance/allocations.js";
import { TokenVesting__factory } from "../../../types/contracts/index.js";
import type { TokenVesting } from "../../../types/contracts/index.js";
import { asAdmin, DAY, deployedGovernance, INERT } from "../governance/setup.js";
import type { Governance } from "../governance/setup.js";
import { fundedAccount } from "../support/account.js";
import type { Account } from "../support/account.js";
import { networkHelpers } from "../support/chain.js";
import { dtel } from "../support/people.js";

const { time } = networkHelpers;
const YEAR = 365 * DAY;

describe("TokenVesting", function () {
  let governance: Governance;
  let vesting: TokenVesting;
  let beneficiary: Account;
  let start: number;
  let claims: readonly AllocationClaim[];
  beforeEach(async function () {
    governance = await deployedGovernance();
    beneficiary = await fundedAccount("beneficiary");
    start = (await time.latest()) + 1_000;
    const base = { beneficiary: beneficiary.address, start: BigInt(start), revocable: true };
    const list: Allocation[] = [
      { ...base, index: 0n, amountWei: dtel(3_600), cliffSeconds: BigInt(YEAR), durationSeconds: 3_600n },
      { ...base, index: 1n, amountWei: dtel(50), cliffSeconds: 0n, durationSeconds: 0n },
      { ...base, index: 2n, amountWei: dtel(50), cliffSeconds: 0n, durationSeconds: 0n },
      {
        ...base,
        index: 3n,
        amountWei: dtel(1_000),
        cliffSeconds: 0n,
        durationSeconds: 1_000n,
        revocable: false,
      },
      { ...base, index: 4n, amountWei: dtel(7), cliffSeconds: 100n, durationSeconds: 0n },
    ];
    const tree = allocationTree(list);
    claims = tree.claims;
    const { manager, token, treasury, deployer } = governance;
    vesting = await new TokenVesting__factory(deployer).deploy(manager, token, treasury, tree.root);
    await token.transfer(vesting, dtel(3_600 + 100 + 1_000 + 7));
  });

  function claimOf(index: number): AllocationClaim {
    const claim = claims[index];
    if (claim === undefined) throw new Error("no such allocation");
    return claim;
  }
  const claim = (index: number) => {
    const { allocation, proof } = claimOf(index);
    return vesting.claim(allocation, [...proof]);
  };
  const revoke = (index: number) => {
    const { allocation, proof } = claimOf(index);
    return asAdmin(governance, vesting, "revoke", [allocation, proof]);
  };
  const paid = () => governance.token.balanceOf(beneficiary);

  it("pays nothing until the cliff ends, then evenly, to the wei", async function () {
    const begin = start + YEAR;
    await time.setNextBlockTimestamp(begin);
    await expect(claim(0)).to.be.revertedWithCustomError(vesting, "NothingToClaim").withArgs(0n);
    await time.setNextBlockTimestamp(begin + 1);
    await expect(claim(0))
      .to.emit(vesting, "Claimed")
      .withArgs(claimOf(0).leaf, beneficiary.address, 0n, dtel(1));
    await time.setNextBlockTimestamp(begin + 1_801);
    await claim(0);
    expect(await paid()).to.equal(dtel(1_801));
    await time.setNextBlockTimestamp(begin + 3_600);
    await claim(0);
    expect(await paid()).to.equal(dtel(3_600));
    await time.increase(YEAR);
    await expect(claim(0)).to.be.revertedWithCustomError(vesting, "NothingToClaim");
  });

  it("pays at once what has no duration: when the cliff ends, not a second before", async function () {
    await time.setNextBlockTimestamp(start - 1);
    await expect(claim(1)).to.be.revertedWithCustomError(vesting, "NothingToClaim");
    await time.setNextBlockTimestamp(start);
    await claim(1);
    expect(await paid()).to.equal(dtel(50));
    await time.setNextBlockTimestamp(start + 99);
    await expect(claim(4)).to.be.revertedWithCustomError(vesting, "NothingToClaim");
    await time.setNextBlockTimestamp(start + 100);
    await claim(4);
    expect(await paid()).to.equal(dtel(57));
  });

  it("is claimed by anyone, for the beneficiary alone, and each allocation by itself", async function () {
    await time.increaseTo(start);
    const stranger = await fundedAccount("stranger");
    const { allocation, proof } = claimOf(1);
    await vesting.connect(stranger).claim(allocation, [...proof]);
    expect(await paid()).to.equal(dtel(50));
    expect(await governance.token.balanceOf(stranger)).to.equal(0n);
    await expect(claim(1)).to.be.revertedWithCustomError(vesting, "NothingToClaim").withArgs(1n);
    // The same but for its index.
    await claim(2);
    expect(await paid()).to.equal(dtel(100));
  });

  it("accepts an allocation only as it stands in the tree", async function () {
    await time.increaseTo(start + 500);
    const { allocation, proof } = claimOf(3);
    const stranger = await fundedAccount("stranger");
    const changes: Partial<Allocation>[] = [
      { index: 9n },
      { beneficiary: stranger.address },
      { amountWei: dtel(1_001) },
      { start: 1n },
      { cliffSeconds: 1n },
      { durationSeconds: 0n },
      { revocable: true },
    ];
    for (const change of changes) {
      await expect(
        vesting.claim({ ...allocation, ...change }, [...proof]),
        Object.keys(change).join(),
      ).to.be.revertedWithCustomError(vesting, "NotInTree");
    }
    await expect(vesting.claim(allocation, [])).to.be.revertedWithCustomError(vesting, "NotInTree");
    await expect(vesting.claim(allocation, [...claimOf(0).proof])).to.be.revertedWithCustomError(
      vesting,
      "NotInTree",
    );
    await expect(vesting.claim(allocation, [...proof, ZeroHash])).to.be.revertedWithCustomError(
      vesting,
      "NotInTree",
    );
  });

  it("refuses a tree's nonsense, and hurts nobody else with it", async function () {
    const { manager, token, treasury, deployer } = governance;
    const good = claimOf(1).allocation;
    const bad: Partial<Allocation>[] = [
      { beneficiary: ZeroAddress },
      { amountWei: 1n << 96n },
      { start: 0n },
      { start: 1n << 40n },
      { cliffSeconds: BigInt(20 * YEAR + 1) },
      { durationSeconds: BigInt(20 * YEAR + 1) },
    ];
    const tree = allocationTree([
      good,
      ...bad.map((change, i) => ({ ...good, ...change, index: BigInt(i + 10) })),
    ]);
    const other = await new TokenVesting__factory(deployer).deploy(manager, token, treasury, tree.root);
    await token.transfer(other, dtel(50));
    await time.increaseTo(start);
    for (const { allocation, proof } of tree.claims.slice(1)) {
      await expect(other.claim(allocation, [...proof]))
        .to.be.revertedWithCustomError(other, "InvalidAllocation")
        .withArgs(allocation.index);
    }
    const first = tree.claims[0];
    await other.claim(good, [...(first?.proof ?? [])]);
    expect(await paid()).to.equal(dtel(50));
  });

  it("never pays one allocation out of another's, even one that the list has with the same index", async function () {
    const { manager, token, treasury, deployer } = governance;
    const base = { ...claimOf(1).allocation, index: 0n };
    const tree = allocationTree([base, { ...base, amountWei: dtel(30) }]);
    const other = await new TokenVesting__factory(deployer).deploy(manager, token, treasury, tree.root);
    await token.transfer(other, dtel(80));
    await time.increaseTo(start);
    for (const { allocation, proof } of tree.claims) await other.claim(allocation, [...proof]);
    expect(await paid()).to.equal(dtel(80));
  });

  describe("revocation", function () {
    it("leaves what has vested to the beneficiary and returns the rest to the treasury", async function () {
      const { token, treasury } = governance;
      const begin = start + YEAR;
      await time.setNextBlockTimestamp(begin + 600);
      await claim(0);
      await time.setNextBlockTimestamp(begin + 1_000);
      await expect(revoke(0))
        .to.emit(vesting, "Revoked")
        .withArgs(claimOf(0).leaf, beneficiary.address, 0n, dtel(1_000), dtel(2_600));
      expect(await token.balanceOf(treasury)).to.equal(dtel(2_600));
      await time.increase(YEAR);
      expect(await vesting.claimableOf(claimOf(0).allocation)).to.equal(dtel(400));
      await claim(0);
      expect(await paid()).to.equal(dtel(1_000));
      await expect(claim(0)).to.be.revertedWithCustomError(vesting, "NothingToClaim");
      await expect(revoke(0)).to.be.revertedWithCustomError(vesting, "NothingToRevoke");
      expect(await token.balanceOf(vesting)).to.equal(dtel(1_107));
      const { claimedWei, cappedWei, revoked } = await vesting.progressOf(claimOf(0).leaf);
      expect([claimedWei, cappedWei, revoked]).to.deep.equal([dtel(1_000), dtel(1_000), true]);
    });

    it("before the cliff's end takes everything, and after the last second nothing", async function () {
      const { token, treasury } = governance;
      await revoke(0);
      expect(await token.balanceOf(treasury)).to.equal(dtel(3_600));
      await time.increaseTo(start + 2 * YEAR);
      await expect(claim(0)).to.be.revertedWithCustomError(vesting, "NothingToClaim");
      await expect(revoke(1)).to.be.revertedWithCustomError(vesting, "NothingToRevoke").withArgs(1n);
    });

    it("is for the authority, and for what the list says can be revoked", async function () {
      const { allocation, proof } = claimOf(0);
      const { deployer } = governance;
      await expect(vesting.revoke(allocation, [...proof]))
        .to.be.revertedWithCustomError(vesting, "NotAuthority")
        .withArgs(deployer.address);
      await expect(revoke(3)).to.be.revertedWithCustomError(vesting, "NotRevocable").withArgs(3n);
      const locked = claimOf(3);
      await expect(
        asAdmin(governance, vesting, "revoke", [{ ...locked.allocation, revocable: true }, locked.proof]),
      ).to.be.revertedWithCustomError(vesting, "NotInTree");
    });
  });

  it("gives the votes of what has not vested to nobody, and those of what was claimed to its owner", async function () {
    const { token } = governance;
    expect(await token.delegates(vesting)).to.equal(await token.delegates(governance.treasury));
    expect((await token.delegates(vesting)).toLowerCase()).to.equal(INERT);
    expect(await token.getVotes(INERT)).to.equal(dtel(4_707));
    await token.connect(beneficiary).delegate(beneficiary);
    await time.increaseTo(start);
    await claim(1);
    expect(await token.getVotes(beneficiary)).to.equal(dtel(50));
    expect(await token.getVotes(INERT)).to.equal(dtel(4_657));
  });

  it("is deployed with everything it needs or not at all", async function () {
    const { manager, token, treasury, deployer } = governance;
    const factory = new TokenVesting__factory(deployer);
    const root = await vesting.ROOT();
    for (const [authority, dtelToken, receiver, tree] of [
      [ZeroAddress, token, treasury, root],
      [manager, ZeroAddress, treasury, root],
      [manager, token, ZeroAddress, root],
      [manager, token, treasury, ZeroHash],
    ] as const) {
      await expect(factory.deploy(authority, dtelToken, receiver, tree)).to.be.revertedWithCustomError(
        vesting,
        "ZeroArgument",
      );
    }
    expect(await vesting.authority()).to.equal(await manager.getAddress());
    expect(await vesting.TOKEN()).to.equal(await token.getAddress());
    expect(await vesting.TREASURY()).to.equal(await treasury.getAddress());
  });
});
