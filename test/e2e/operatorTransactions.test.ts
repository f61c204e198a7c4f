import { expect } from "chai";
import type { Wallet } from "ethers";
import { createEpochClock } from "../../node/protocol/epochClock.js";
import { readOperatorTransactions } from "../../scripts/devnet/operatorTransactions.js";
import { LocalChain, mined } from "../node/support/localChain.js";

/** Enough for anything here; given, so that what will revert is sent all the same. */
const GAS = { gasLimit: 1_000_000 };

describe("what is counted of the operators' transactions", function () {
  this.timeout(120_000);
  let chain: LocalChain;
  let operators: Wallet[];

  before(async () => {
    chain = await LocalChain.start();
    await chain.deploy();
    operators = [await chain.account(), await chain.account()];
  });
  after(() => chain.close());

  const operatorAt = (index: number): Wallet => {
    const operator = operators[index];
    if (operator === undefined) throw new Error(`there is no operator ${index}`);
    return operator;
  };
  const contractsOf = (index: number) => chain.contracts(chain.senderOf(operatorAt(index)));

  async function countedSince(block: number) {
    const nodeIds = new Map(operators.map(({ address }, index) => [address, BigInt(index + 1)]));
    const to = await chain.provider.getBlockNumber();
    return readOperatorTransactions(chain.provider, nodeIds, { from: block, to });
  }

  it("tells those that were refused and the upkeep that two have paid for, whoever else sends what", async () => {
    const clock = createEpochClock(chain.deployment);
    const head = await chain.provider.getBlock("latest");
    const epoch = clock.currentEpoch((head?.timestamp ?? 0) * 1_000) + 1;
    await chain.mineAt(clock.commitWindowOf(epoch).closesAt);
    const from = (await chain.provider.getBlockNumber()) + 1;
    const [first, second] = [contractsOf(0), contractsOf(1)];
    // Both want to arm the seed: in the same block, and both pay.
    await chain.automine(false);
    await first.serviceAttestations.arm(epoch, GAS);
    await second.serviceAttestations.arm(epoch, GAS);
    await chain.mine();
    await chain.automine(true);
    await chain.mine(16);
    await mined(second.serviceAttestations.draw(epoch));
    // Somebody who operates no node does not count.
    await mined(chain.contracts().serviceAttestations.arm(epoch - 1));
    const armed = await countedSince(from);
    expect(armed.byFunction).to.deep.equal({ arm: 2, draw: 1 });
    expect(armed.reverted).to.have.length(1);
    expect(armed.reverted[0]).to.match(/^arm by node [12] in block \d+, 0x[0-9a-f]{64}$/);
    expect(armed.redundant).to.deep.equal(armed.reverted);

    // A mint that serves no epoch's claims.
    const next = (await chain.provider.getBlockNumber()) + 1;
    await chain.automine(false);
    await first.rewardDistributor.mintPending(GAS);
    await chain.mine();
    await chain.automine(true);
    const minted = await countedSince(next);
    expect([minted.byFunction, minted.reverted.length, minted.redundant.length]).to.deep.equal([
      { mintPending: 1 },
      1,
      1,
    ]);
  });

  it("finds nothing wrong with each epoch's upkeep done once", async () => {
    const clock = createEpochClock(chain.deployment);
    const head = await chain.provider.getBlock("latest");
    const epoch = clock.currentEpoch((head?.timestamp ?? 0) * 1_000) + 1;
    const from = (await chain.provider.getBlockNumber()) + 1;
    for (const one of [epoch, epoch + 1]) {
      const { serviceAttestations } = contractsOf(one % 2);
      await chain.mineAt(clock.commitWindowOf(one).closesAt);
      await mined(serviceAttestations.arm(one));
      await chain.mine(16);
      await mined(serviceAttestations.draw(one));
    }
    expect(await countedSince(from)).to.deep.include({
      byFunction: { arm: 2, draw: 2 },
      reverted: [],
      redundant: [],
    });
  });
});
