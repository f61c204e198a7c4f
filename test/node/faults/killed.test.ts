import { expect } from "chai";
import { Interface } from "ethers";
import { IPaymentEscrow__factory } from "../../../types/contracts/factories/service/IPaymentEscrow__factory.js";
import { IQualityAudits__factory } from "../../../types/contracts/factories/service/IQualityAudits__factory.js";
import { IRewardDistributor__factory } from "../../../types/contracts/factories/rewards/IRewardDistributor__factory.js";
import { IServiceAttestations__factory } from "../../../types/contracts/factories/service/IServiceAttestations__factory.js";
import { floorToGwei, feeWei } from "../../../node/protocol/amounts.js";
import { PRICE_WEI_PER_GB } from "../support/testOperator.js";
import { AuditStore } from "../../../node/service/audits/auditStore.js";
import { mined } from "../support/localChain.js";
import { outOfOrder } from "./support/AppServer.js";
import { FaultStage } from "./support/FaultStage.js";
import type { StagedOperator } from "./support/StagedOperator.js";
import { calls, estimates, reads, sends, transactionOf } from "./support/RpcProxy.js";
import type { Hold, RpcMatch, RpcProxy } from "./support/RpcProxy.js";

const GB = 1_000_000_000n;
const selectorOf = (abi: ConstructorParameters<typeof Interface>[0], name: string): string => {
  const found = new Interface(abi).getFunction(name);
  if (found === null) throw new Error(`the contract has no function ${name}`);
  return found.selector;
};
const SELECTORS = {
  attest: selectorOf(IServiceAttestations__factory.abi, "attest"),
  collect: selectorOf(IPaymentEscrow__factory.abi, "collectBatch"),
  prove: selectorOf(IServiceAttestations__factory.abi, "prove"),
  reveal: selectorOf(IQualityAudits__factory.abi, "reveal"),
  claim: selectorOf(IRewardDistributor__factory.abi, "claim"),
} as const;
type Step = keyof typeof SELECTORS;

describe("a node that is killed", function () {
  this.timeout(240_000);
  let stage: FaultStage;
  let proxy: RpcProxy;
  let operator: StagedOperator;

  before(async function () {
    stage = await FaultStage.start();
  });
  beforeEach(async function () {
    proxy = await stage.proxy();
    operator = await stage.operator([proxy.url]);
  });
  afterEach(async function () {
    await stage.reset();
  });
  after(async function () {
    await stage.close();
  });

  /** Starts the node, lets the chain go on until a call is held back, and kills the node there. */
  async function killAt(hold: Hold): Promise<void> {
    const node = await operator.start();
    let reached = false;
    void hold.reached.then(() => (reached = true));
    await stage.mineUntil("the node is where it is to be killed", () => reached);
    await node.kill();
    hold.release();
  }

  /** Kills the node four times on the way of one transaction. */
  async function killThrough(step: Step): Promise<void> {
    const selector = SELECTORS[step];
    // Decided, nothing signed.
    await killAt(proxy.hold(estimates(selector), "before"));
    // Signed and stored, not sent.
    const unsent = proxy.hold(sends(selector), "before");
    await killAt(unsent);
    const { hash } = transactionOf((await unsent.reached).params);
    // Sent, and the chain has not mined it.
    await stage.chain.automine(false);
    const sent = proxy.hold(sends(selector), "after");
    await killAt(sent);
    expect(transactionOf((await sent.reached).params).hash, "the transaction after the kill").to.equal(hash);
    // Mined, and the node has not noted it.
    const receipts: RpcMatch = (call) => calls("eth_getTransactionReceipt")(call) && call.params[0] === hash;
    const noted = proxy.hold(receipts, "after");
    await killAt(noted);
    await stage.chain.automine(true);
  }

  it("at each step from receipt to claim does each thing once, for all receipts it has acknowledged", async function () {
    const epoch = await stage.newEpoch();
    // So much that the fees alone demand a proof.
    const sessions = [GB, 3n * GB, 4n * GB];
    await operator.receive(epoch, sessions);
    operator.app.instead = outOfOrder;
    await stage.goTo(stage.clock.endOf(epoch) + 6);

    // Before the tree is fixed: the signer of grants is the last thing that is asked.
    const asking = selectorOf(IPaymentEscrow__factory.abi, "isGrantSigner");
    await killAt(proxy.hold(reads(asking), "before"));
    expect(await operator.sealed(epoch)).to.equal(undefined);
    await killAt(proxy.hold(estimates(SELECTORS.attest), "before"));
    const sealed = await operator.sealed(epoch);
    expect(sealed).to.deep.include({ sessions: 3, bytesDelivered: 8n * GB });

    await killThrough("attest");
    operator.app.instead = undefined;
    await killThrough("collect");
    await stage.goTo(stage.clock.commitWindowOf(epoch).closesAt);
    await killThrough("prove");
    const { timestamp, blockNumber } = await stage.chain.contracts().serviceAttestations.proofDeadline(epoch);
    await stage.mine(Math.max(0, Number(blockNumber) - (await stage.chain.provider.getBlockNumber())));
    await stage.goTo(Math.max(Number(timestamp), stage.clock.endOf(epoch + 1)) + 1);
    await killThrough("claim");

    const last = await operator.start();
    await stage.mineUntil("all is noted", async () => {
      const { queue } = await last.status();
      return queue.length === 0 && (await operator.outcome(epoch)).claimed === 1;
    });
    await last.stop();

    expect(await operator.outcome(epoch)).to.deep.equal({ attested: 1, collected: 1, proven: 1, claimed: 1 });
    expect(await operator.sealed(epoch)).to.deep.equal(sealed);
    await expectNothingTwice();
    const { paymentEscrow } = stage.chain.contracts();
    const owed = sessions.reduce((sum, bytes) => sum + feeWei(bytes, PRICE_WEI_PER_GB), 0n);
    expect((await paymentEscrow.accountOf(operator.app.app, operator.nodeId)).paid * GB).to.equal(
      floorToGwei(owed),
    );
  });

  it("on the way of its audits reveals once what it has committed to", async function () {
    const { serviceAttestations, qualityAudits } = stage.chain.contracts();
    // A ring of four: this node and those that it audits.
    const targets: bigint[] = [];
    for (let count = 0; count < 3; count++) {
      const wallet = await stage.chain.account();
      const { nodeId } = await stage.chain.ownedNode(wallet);
      await mined(stage.chain.contracts(stage.chain.senderOf(wallet)).nodeRegistry.activate(nodeId));
      targets.push(nodeId);
    }
    await mined(stage.chain.contracts(operator.owner).nodeRegistry.activate(operator.nodeId));
    await stage.mine();
    const epoch = stage.epoch + 3;
    await stage.goTo(stage.clock.commitWindowOf(epoch - 2).closesAt + 1);
    await mined(serviceAttestations.arm(epoch - 2));
    await stage.mine(16);
    await mined(serviceAttestations.draw(epoch - 2));
    await stage.goTo(stage.clock.startOf(epoch) + 1);
    await operator.receive(epoch, [GB]);
    await operator.inspect(({ database }) =>
      new AuditStore(database).putScores(epoch, new Map(targets.map((id) => [id, 9_000 + Number(id)]))),
    );
    await stage.goTo(stage.clock.endOf(epoch) + 6);
    const first = await operator.start();
    await stage.mineUntil("attested and collected", async () => {
      const { attested, collected } = await operator.outcome(epoch);
      return attested + collected === 2 && (await first.status()).queue.length === 0;
    });
    await first.kill();
    const committed = await operator.inspect(({ epochs }) => epochs.reveal(epoch));
    await stage.goTo(stage.clock.commitWindowOf(epoch).closesAt);
    await killThrough("reveal");

    const last = await operator.start();
    await stage.mineUntil("all is noted", async () => (await last.status()).queue.length === 0);
    await last.stop();
    const filter = qualityAudits.filters.AuditsRevealed(operator.nodeId, epoch);
    const [revealed, ...more] = await qualityAudits.queryFilter(filter);
    expect(more).to.deep.equal([]);
    expect(revealed?.args.packedScores).to.equal(committed?.packedScores);
    expect(await operator.outcome(epoch)).to.deep.include({ attested: 1, collected: 1 });
    await expectNothingTwice();
  });

  /** Every transaction of the account is one of the node's intents, and none was refused, for being there for example. */
  async function expectNothingTwice(): Promise<void> {
    const rows = await operator.inspect(({ database }) =>
      database.prepare("SELECT key, nonce, state FROM transactions ORDER BY nonce").all(),
    );
    const listed = JSON.stringify(rows);
    const succeeded = rows.filter(({ state }) => state === "succeeded").length;
    const pending = rows.filter(({ state }) => state === "pending").length;
    expect(succeeded + pending, listed).to.equal(rows.length);
    expect(rows.map(({ nonce }) => nonce)).to.deep.equal(rows.map((_, index) => index));
    // Of later epochs something may be on its way.
    const sent = await stage.chain.provider.getTransactionCount(operator.wallet.address);
    expect(sent, listed).to.be.within(succeeded, rows.length);
  }
});
