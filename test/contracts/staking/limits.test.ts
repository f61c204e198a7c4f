import { expect } from "chai";
import { WEI_PER_GWEI as GWEI } from "../../../node/protocol/amounts.js";
import { addBond, addDelegator, addNode, delegateMore, dtel } from "../support/people.js";
import type { Node } from "../support/people.js";
import { asAuthority } from "../support/penalties.js";
import { freshProtocol, protocolFixture } from "../support/protocol.js";
import type { Protocol } from "../support/protocol.js";

const dearProofs = protocolFixture({
  staking: { minBond: "5000" },
  sampling: { missingProofSlash: "500" },
});

describe("NodeStaking: stake limits", function () {
  let protocol: Protocol;
  let node: Node;
  beforeEach(async function () {
    protocol = await freshProtocol();
    node = await addNode(protocol);
  });

  const set = (minBond: bigint, cap: number) =>
    asAuthority(protocol, protocol.staking, "setStakeLimits", [minBond, cap]);
  const stakeNext = async () => protocol.staking.stakeAt(node.nodeId, (await protocol.clock.now()) + 1);

  it("are those of the deployment until governance sets others, and its alone", async function () {
    const { staking, holder } = protocol;
    expect([await staking.minBond(), await staking.delegationCap()]).to.deep.equal([dtel(1_000), 10n]);
    await expect(staking.setStakeLimits(dtel(2_000), 5))
      .to.be.revertedWithCustomError(staking, "NotAuthority")
      .withArgs(holder.address);
    await expect(set(dtel(2_000), 5))
      .to.emit(staking, "StakeLimitsChanged")
      .withArgs(dtel(2_000), 5n);
    expect([await staking.minBond(), await staking.delegationCap()]).to.deep.equal([dtel(2_000), 5n]);
  });

  it("keep their bounds, whole DTEL among them", async function () {
    const { staking } = protocol;
    for (const [minBond, cap] of [
      [dtel(999), 10],
      [dtel(250_001), 10],
      [dtel(1_000) + GWEI, 10],
      [dtel(1_000), 4],
      [dtel(1_000), 21],
    ] as const) {
      await expect(set(minBond, cap)).to.be.revertedWithCustomError(staking, "InvalidStakingConfig");
    }
    await set(dtel(250_000), 20);
    await set(dtel(1_000), 5);
  });

  it("keep room for four missing proofs in the smallest bond", async function () {
    protocol = await freshProtocol(dearProofs);
    const { staking, penalties } = protocol;
    expect(await penalties.missingProofSlashWei()).to.equal(dtel(500));
    await expect(set(dtel(1_999), 10))
      .to.be.revertedWithCustomError(staking, "BondTooLow")
      .withArgs(dtel(1_999), dtel(2_000));
    await set(dtel(2_000), 10);
  });

  it("leave a node what it has until it changes its stake: then the new ones hold", async function () {
    const { staking } = protocol;
    const delegator = await addDelegator(protocol, node.nodeId, dtel(8_000));
    await set(dtel(1_000), 5);
    expect(await stakeNext()).to.equal(dtel(9_000));
    await expect(delegateMore(protocol, node.nodeId, delegator, GWEI))
      .to.be.revertedWithCustomError(staking, "DelegationCapExceeded")
      .withArgs(dtel(8_000) + GWEI, dtel(5_000));
    const { shares } = await staking.positionOf(node.nodeId, delegator);
    await staking.connect(delegator).requestUndelegate(node.nodeId, shares / 8n);
    // 7,000 are delegated, 5,000 count.
    expect(await stakeNext()).to.equal(dtel(6_000));
    expect(await staking.totalStakeAt((await protocol.clock.now()) + 1)).to.equal(dtel(6_000));
  });

  it("raised above a bond, count that node out with its next change, and its owner gets out all the same", async function () {
    const { staking, token } = protocol;
    await set(dtel(3_000), 10);
    await protocol.token.transfer(node.owner, dtel(2_500));
    await token.connect(node.owner).approve(staking, dtel(2_500));
    await expect(staking.connect(node.owner).bond(node.nodeId, dtel(1_999)))
      .to.be.revertedWithCustomError(staking, "BondTooLow")
      .withArgs(dtel(2_999), dtel(3_000));
    await expect(staking.connect(node.owner).requestUnbond(node.nodeId, dtel(1)))
      .to.be.revertedWithCustomError(staking, "BondTooLow")
      .withArgs(dtel(999), dtel(3_000));
    const delegator = await protocol.newAccount();
    await expect(delegateMore(protocol, node.nodeId, delegator, dtel(1))).to.be.revertedWithCustomError(
      staking,
      "BondTooLow",
    );
    await staking.connect(node.owner).bond(node.nodeId, dtel(2_000));
    expect(await stakeNext()).to.equal(dtel(3_000));
    await staking.connect(node.owner).requestUnbond(node.nodeId, dtel(3_000));
    expect(await stakeNext()).to.equal(0n);
  });

  it("lowered, let a bond in that was too small before", async function () {
    const { staking } = protocol;
    await set(dtel(3_000), 10);
    const small = await addNode(protocol, { bond: 0n });
    await protocol.token.transfer(small.owner, dtel(1_000));
    await expect(addBond(protocol, small, dtel(1_000))).to.be.revertedWithCustomError(staking, "BondTooLow");
    await set(dtel(1_000), 10);
    await addBond(protocol, small, dtel(1_000));
    expect(await staking.stakeAt(small.nodeId, (await protocol.clock.now()) + 1)).to.equal(dtel(1_000));
  });
});
