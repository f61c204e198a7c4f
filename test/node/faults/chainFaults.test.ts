import { expect } from "chai";
import { IServiceAttestations__factory } from "../../../types/contracts/factories/service/IServiceAttestations__factory.js";
import { FaultStage } from "./support/FaultStage.js";
import type { StagedOperator } from "./support/StagedOperator.js";
import { calls, sends, transactionOf } from "./support/RpcProxy.js";
import type { RpcProxy } from "./support/RpcProxy.js";

const MB = 1_000_000n;
const ATTEST = IServiceAttestations__factory.createInterface().getFunction("attest").selector;

describe("a node whose chain fails it", function () {
  this.timeout(120_000);
  let stage: FaultStage;
  let proxy: RpcProxy;

  before(async function () {
    stage = await FaultStage.start();
  });
  beforeEach(async function () {
    proxy = await stage.proxy();
  });
  afterEach(async function () {
    await stage.reset();
  });
  after(async function () {
    await stage.close();
  });

  /** A node with receipts of an epoch that is about to end, running. */
  async function served(rpcUrls: readonly string[], settings: object = {}) {
    const operator = await stage.operator(rpcUrls, settings);
    const epoch = await stage.newEpoch();
    await operator.receive(epoch, [40n * MB, 2n * MB]);
    return { operator, epoch, node: await operator.start() };
  }

  const end = (epoch: number) => stage.goTo(stage.clock.endOf(epoch) + 6);
  const attestations = async (operator: StagedOperator, epoch: number) =>
    (await operator.outcome(epoch)).attested;

  async function attestedOnce(operator: StagedOperator, epoch: number): Promise<void> {
    await stage.mineUntil("attested", async () => (await attestations(operator, epoch)) > 0);
    const { serviceAttestations } = stage.chain.contracts();
    const { filters } = serviceAttestations;
    const [event, ...more] = await serviceAttestations.queryFilter(filters.Attested(operator.nodeId, epoch));
    expect(more).to.deep.equal([]);
    expect(event?.args.bytesDelivered).to.equal(42n * MB);
  }

  it("says that no endpoint answers, and attests and collects when one does, within the window", async function () {
    const { operator, epoch, node } = await served([proxy.url]);
    const outage = proxy.drop();
    await end(epoch);
    expect((await node.status()).problems.join()).to.contain("the chain cannot be reached");
    await stage.mine(3);
    outage.remove();
    await attestedOnce(operator, epoch);
    await stage.mineUntil("collected", async () => (await operator.outcome(epoch)).collected === 1);
    expect((await node.status()).problems).to.deep.equal([]);
  });

  it("goes on with the second endpoint where the first one is down, stalls, or is of another chain", async function () {
    const { operator, epoch, node } = await served([proxy.url, stage.chain.url]);
    const faults = [proxy.drop(), proxy.delay(60_000), proxy.refuse(() => true, -32005, "limit exceeded")];
    await end(epoch);
    await attestedOnce(operator, epoch);
    expect(node.said("RPC endpoint failed")).to.equal(true);
    await node.kill();
    for (const fault of faults) fault.remove();
    proxy.lie(calls("eth_chainId"), () => "0x1");
    const next = await stage.newEpoch();
    await operator.receive(next, [42n * MB]);
    const again = await operator.start();
    await end(next);
    await attestedOnce(operator, next);
    expect(again.log.some(({ reason }) => String(reason).includes("it serves chain 1"))).to.equal(true);
  });

  it("attests in time though every answer is slow", async function () {
    const { operator, epoch } = await served([proxy.url]);
    proxy.delay(300);
    await end(epoch);
    await attestedOnce(operator, epoch);
  });

  it("leaves an endpoint that stands still for one that goes on", async function () {
    const { operator, epoch, node } = await served([proxy.url, stage.chain.url]);
    const stuck: unknown = await stage.chain.provider.send("eth_getBlockByNumber", ["latest", false]);
    proxy.lie(
      (call) => call.method === "eth_getBlockByNumber" && call.params[0] === "latest",
      () => stuck,
    );
    await end(epoch);
    await attestedOnce(operator, epoch);
    expect(node.log.some(({ reason }) => reason === "it has no new block")).to.equal(true);
  });

  it("sends nothing twice where an endpoint does not know its transactions", async function () {
    const { operator, epoch, node } = await served([proxy.url]);
    const unknown = proxy.lie(calls("eth_getTransactionReceipt"), () => null);
    await end(epoch);
    await stage.mineUntil("put down to somebody else", () => node.said("another transaction used the nonce"));
    unknown.remove();
    await stage.mineUntil("collected", async () => (await operator.outcome(epoch)).collected > 0);
    await stage.mine(5);
    expect(await operator.outcome(epoch)).to.deep.include({ attested: 1, collected: 1 });
  });

  it("finds out that a success was a lie, and sends what the chain has never had", async function () {
    const { operator, epoch, node } = await served([proxy.url]);
    await stage.mineUntil("at rest", async () => (await node.status()).queue.length === 0);
    const before = await stage.chain.provider.getTransactionCount(operator.wallet.address);
    // The endpoint takes the transaction, says that it was mined, and passes nothing on.
    let hash: string | undefined;
    const lies = [
      proxy.fault(sends(ATTEST), (call) => {
        hash = transactionOf(call.params).hash ?? undefined;
        return Promise.resolve({ result: hash });
      }),
      proxy.lie(calls("eth_getTransactionCount"), (truth) =>
        hash === undefined ? truth : `0x${(before + 1).toString(16)}`,
      ),
      proxy.lie(
        (call) => calls("eth_getTransactionReceipt")(call) && call.params[0] === hash,
        (_, call) => fakeReceipt(String(call.params[0])),
      ),
    ];
    await end(epoch);
    await stage.mineUntil("believed", () => node.said("epoch attested"));
    expect(await attestations(operator, epoch)).to.equal(0);
    for (const lie of lies) lie.remove();
    await attestedOnce(operator, epoch);
    expect(node.said("the chain was reorganised")).to.equal(true);
  });

  const fakeReceipt = (transactionHash: string) => ({
    ...{ transactionHash, status: "0x1", gasUsed: "0x5208", cumulativeGasUsed: "0x5208", type: "0x2" },
    ...{ blockNumber: "0x1", blockHash: `0x${"11".repeat(32)}`, transactionIndex: "0x0", logs: [] },
    ...{ from: `0x${"22".repeat(20)}`, to: `0x${"33".repeat(20)}`, logsBloom: `0x${"00".repeat(256)}` },
    ...{ effectiveGasPrice: "0x1", contractAddress: null },
  });

  for (const [what, counted] of [
    ["too low", (truth: number) => Math.max(0, truth - 1)],
    ["too high", (truth: number) => truth + 3],
  ] as const)
    it(`attests once though an endpoint counts its transactions ${what} for a while`, async function () {
      const { operator, epoch } = await served([proxy.url]);
      const lie = proxy.lie(
        calls("eth_getTransactionCount"),
        (truth) => `0x${counted(Number(truth)).toString(16)}`,
      );
      await end(epoch);
      await stage.mineUntil("the lie has met the node some times", () => lie.met >= 6);
      lie.remove();
      await attestedOnce(operator, epoch);
      await stage.mine(3);
      expect(await attestations(operator, epoch)).to.equal(1);
    });

  it("never offers more than its limit for gas, whatever an endpoint asks", async function () {
    const { operator, epoch } = await served([proxy.url], {
      chain: chainSettings({ maxGasPriceGwei: "50" }),
    });
    const moon = proxy.lie(calls("eth_gasPrice"), () => `0x${(10n ** 24n).toString(16)}`);
    await end(epoch);
    await attestedOnce(operator, epoch);
    moon.remove();
    await stage.mineUntil("collected", async () => (await operator.outcome(epoch)).collected === 1);
    const offered = proxy.calls
      .filter(calls("eth_sendRawTransaction"))
      .map(({ params }) => transactionOf(params));
    expect(offered.length).to.be.greaterThan(0);
    for (const { maxFeePerGas, maxPriorityFeePerGas } of offered) {
      expect((maxFeePerGas ?? 0n) <= 50_000_000_000n, `offered ${maxFeePerGas}`).to.equal(true);
      expect((maxPriorityFeePerGas ?? 0n) <= (maxFeePerGas ?? 0n)).to.equal(true);
    }
  });

  const chainSettings = (more: object) => ({
    ...{ rpcUrls: [proxy.url], pollSeconds: 0.2, timeoutSeconds: 2, replaceAfterBlocks: 3 },
    ...more,
  });

  it("pays more where the price of gas has risen above what it offered, under the same nonce", async function () {
    const { operator, epoch } = await served([proxy.url], {
      chain: chainSettings({ maxGasPriceGwei: "500" }),
    });
    // It believes that gas is nearly free: no block takes its transactions.
    const cheap = proxy.lie(calls("eth_gasPrice"), () => "0x1");
    await end(epoch);
    await stage.mineUntil("offered", () => proxy.calls.some(sends(ATTEST)));
    await stage.mine(2);
    expect(await attestations(operator, epoch)).to.equal(0);
    cheap.remove();
    await attestedOnce(operator, epoch);
    const offers = proxy.calls.filter(sends(ATTEST)).map(({ params }) => transactionOf(params));
    const fees = offers.map(({ maxFeePerGas }) => maxFeePerGas ?? 0n);
    expect(new Set(offers.map(({ nonce }) => nonce)).size).to.equal(1);
    expect(fees.at(-1)).to.satisfy((last: bigint) => last > (fees[0] ?? 0n) && last <= 500_000_000_000n);
  });

  it("attests once where somebody else uses its account's nonce", async function () {
    const { operator, epoch, node } = await served([proxy.url]);
    await stage.mineUntil("at rest", async () => (await node.status()).queue.length === 0);
    const held = proxy.hold(sends(ATTEST), "before");
    await end(epoch);
    let reached = false;
    void held.reached.then(() => (reached = true));
    await stage.mineUntil("about to be sent", () => reached);
    const thief = await operator.wallet.sendTransaction({ to: operator.wallet.address });
    await thief.wait();
    held.release();
    await attestedOnce(operator, epoch);
    expect(node.said("another transaction used the nonce")).to.equal(true);
  });

  it("does again what a reorganisation has undone, though it was done with it", async function () {
    const { operator, epoch, node } = await served([proxy.url]);
    await stage.mineUntil("at rest", async () => (await node.status()).queue.length === 0);
    const restore = await stage.chain.snapshot();
    await end(epoch);
    await attestedOnce(operator, epoch);
    await stage.mineUntil("noted", async () => {
      const { collected } = await operator.outcome(epoch);
      return collected === 1 && (await node.status()).queue.length === 0;
    });
    await restore();
    expect(await operator.outcome(epoch)).to.deep.include({ attested: 0, collected: 0 });
    // The other branch goes through other blocks to the same moment.
    await stage.goTo(stage.clock.endOf(epoch) + 2);
    await attestedOnce(operator, epoch);
    await stage.mineUntil("collected again", async () => (await operator.outcome(epoch)).collected === 1);
    await stage.settle(operator, epoch);
    expect(await operator.outcome(epoch)).to.deep.include({ attested: 1, collected: 1, claimed: 1 });
    await node.stop();
    expect((await operator.sealed(epoch))?.bytesDelivered).to.equal(42n * MB);
  });
});
