import { expect } from "chai";
import {
  ALLOCATED_WEI,
  allocationLeaf,
  allocationListSchema,
  allocationTree,
  loadAllocations,
  resolveAllocations,
} from "../../../scripts/governance/allocations.js";
import type { Allocation } from "../../../scripts/governance/allocations.js";
import { TokenVesting__factory } from "../../../types/contracts/index.js";
import { deployedGovernance } from "../governance/setup.js";
import { networkHelpers } from "../support/chain.js";
import { dtel } from "../support/people.js";

const NAMES = ["treasury", "team", "investors", "community", "liquidity"];
const beneficiaries = Object.fromEntries(
  NAMES.map((name, i) => [name, `0x${(i + 0xa0).toString(16).padStart(40, "0")}`]),
);
const file = (network: string) =>
  new URL(`../../../scripts/parameters/allocations/${network}.json`, import.meta.url);

describe("allocations of the genesis supply", function () {
  it("are on mainnet what the design says", async function () {
    const list = resolveAllocations(await loadAllocations(file("peaq")), 1_000, beneficiaries);
    const month = (365 * 86_400) / 12;
    expect(
      list.map(({ amountWei, start, cliffSeconds, durationSeconds, revocable }) => [
        amountWei,
        start,
        Number(cliffSeconds) / month,
        Number(durationSeconds) / month,
        revocable,
      ]),
    ).to.deep.equal([
      [dtel(220_000_000), 1_000n, 0, 48, false],
      [dtel(170_000_000), 1_000n, 12, 36, true],
      [dtel(130_000_000), 1_000n, 12, 36, false],
      [dtel(49_999_999), 1_000n, 0, 0, false],
      [dtel(30_000_000), 1_000n, 0, 0, false],
    ]);
  });

  for (const network of ["peaq", "agung", "devnet"]) {
    it(`of ${network} are the genesis supply, all of it, and every one can be claimed`, async function () {
      const { manager, token, treasury, deployer } = await deployedGovernance();
      const genesis = (await networkHelpers.time.latest()) - 10;
      const allocations = resolveAllocations(await loadAllocations(file(network)), genesis, {
        ...beneficiaries,
        treasury: await treasury.getAddress(),
      });
      const { root, claims } = allocationTree(allocations);
      const vesting = await new TokenVesting__factory(deployer).deploy(manager, token, treasury, root);
      await token.transfer(vesting, ALLOCATED_WEI);
      await networkHelpers.time.increase(5 * 365 * 86_400);
      for (const { allocation, proof, leaf } of claims) {
        expect(await vesting.leafOf(allocation)).to.equal(leaf);
        await vesting.claim(allocation, [...proof]);
      }
      expect(await token.balanceOf(vesting)).to.equal(0n);
      expect(await token.balanceOf(treasury)).to.equal(dtel(220_000_000));
      // A stranger's proof for the root fails, so the root is not the mere list.
      expect(allocationTree(allocations.slice(1)).root).to.not.equal(root);
    });
  }

  it("name whoever has no address, and refuse a list that does not add up or an allocation of nothing", async function () {
    const list = await loadAllocations(file("peaq"));
    expect(() => resolveAllocations(list, 1, { ...beneficiaries, team: undefined as never })).to.throw(
      /team/,
    );
    const entry = {
      name: "all",
      beneficiary: "community",
      amount: "599999999",
      cliffSeconds: 0,
      durationSeconds: 0,
      revocable: false,
    };
    const parses = (...allocations: object[]) => allocationListSchema.safeParse({ allocations }).success;
    expect(parses(entry)).to.equal(true);
    expect(parses({ ...entry, amount: "600000000" })).to.equal(false);
    expect(parses(entry, { ...entry, amount: "0" })).to.equal(false);
    expect(parses({ ...entry, beneficiary: "0x12" })).to.equal(false);
    expect(parses()).to.equal(false);
  });

  it("make trees of any size whose every proof leads to the root", async function () {
    const { manager, token, treasury, deployer } = await deployedGovernance();
    const base: Allocation = {
      index: 0n,
      beneficiary: `0x${"a1".repeat(20)}`,
      amountWei: 1n,
      start: 1n,
      cliffSeconds: 0n,
      durationSeconds: 0n,
      revocable: false,
    };
    for (const size of [1, 2, 3, 6, 13]) {
      const list = Array.from({ length: size }, (_, i) => ({ ...base, index: BigInt(i) }));
      const { root, claims } = allocationTree(list);
      const vesting = await new TokenVesting__factory(deployer).deploy(manager, token, treasury, root);
      await token.transfer(vesting, size);
      for (const { allocation, proof } of claims) await vesting.claim(allocation, [...proof]);
      expect(await token.balanceOf(vesting)).to.equal(0n);
    }
    expect(() => allocationTree([])).to.throw(/no allocations/);
    expect(() => allocationTree([base, base])).to.throw(/the same/);
    expect(allocationLeaf(base)).to.not.equal(allocationLeaf({ ...base, revocable: true }));
  });
});
