import { execFile } from "node:child_process";
import type { RequestListener } from "node:http";
import { promisify } from "node:util";
import { expect } from "chai";
import { getAddress } from "ethers";
import { z } from "zod";
import { feeWei, floorToGwei } from "../../../node/protocol/amounts.js";
import { toWire } from "../../../node/protocol/schemas.js";
import { typedDataDomain, voucher } from "../../../node/protocol/typedData.js";
import { eventually } from "../support/eventually.js";
import { mined } from "../support/localChain.js";
import { walletOf } from "../support/participants.js";
import { PRICE_WEI_PER_GB } from "../support/testOperator.js";
import { outOfOrder } from "./support/AppServer.js";
import { FaultStage } from "./support/FaultStage.js";
import type { StagedOperator } from "./support/StagedOperator.js";

const pendingBlockSchema = z.looseObject({
  transactions: z.array(z.looseObject({ hash: z.string(), from: z.string() })),
});
const MB = 1_000_000n;
const WEI_PER_GWEI = 1_000_000_000n;

describe("a node whose machine, key or app fails it", function () {
  this.timeout(120_000);
  let stage: FaultStage;

  before(async function () {
    stage = await FaultStage.start();
    // A clock that is late must not be one of before the network began.
    await stage.goTo(stage.clock.startOf(5));
  });
  afterEach(async function () {
    await stage.reset();
  });
  after(async function () {
    await stage.close();
  });

  const end = (epoch: number) => stage.goTo(stage.clock.endOf(epoch) + 6);

  /** Waits for the attestation; the bytes that it states. */
  async function attestedBytes(operator: StagedOperator, epoch: number): Promise<bigint> {
    await stage.mineUntil("attested", async () => (await operator.outcome(epoch)).attested > 0);
    const { serviceAttestations } = stage.chain.contracts();
    const { filters } = serviceAttestations;
    const events = await serviceAttestations.queryFilter(filters.Attested(operator.nodeId, epoch));
    expect(events).to.have.length(1);
    return events[0]?.args.bytesDelivered ?? 0n;
  }

  async function expectPaidFor(operator: StagedOperator, bytes: bigint): Promise<void> {
    const { paymentEscrow } = stage.chain.contracts();
    const paid = async () => (await paymentEscrow.accountOf(operator.app.app, operator.nodeId)).paid;
    // What comes too late for this epoch's window is collected with the next one.
    await stage.mineUntil("collected", async () => (await paid()) > 0n, 40_000);
    expect((await paid()) * WEI_PER_GWEI).to.equal(floorToGwei(feeWei(bytes, PRICE_WEI_PER_GB)));
  }

  it("has attested all that it acknowledged when it was killed in the midst of receipts", async function () {
    const operator = await stage.operator([stage.chain.url]);
    const epoch = await stage.newEpoch();
    const node = await operator.start();
    const guests = await Promise.all([1, 2, 3].map(() => operator.participant(node)));
    const acknowledged = new Map<object, bigint>();
    const stream = async (guest: (typeof guests)[number]): Promise<void> => {
      for (let bytes = 1_000n; ; bytes += 1_000n) {
        const receipt = await guest.receipt(epoch, bytes);
        try {
          acknowledged.set(guest, await guest.submit(receipt));
        } catch (error) {
          if (!String(error).includes("the node ended")) throw error;
          return;
        }
        if (bytes === 20_000n && guest === guests[0]) void node.kill();
      }
    };
    await Promise.all(guests.map(stream));
    expect(acknowledged.size).to.equal(3);
    await operator.start();
    await end(epoch);
    const sum = [...acknowledged.values()].reduce((total, bytes) => total + bytes, 0n);
    // Each of the three may have had one more on disk whose acknowledgement was on its way.
    expect(Number((await attestedBytes(operator, epoch)) - sum)).to.be.within(0, 3_000);
  });

  it("acknowledges no receipt that a full disk does not take, says so, and goes on when there is room", async function () {
    // Elsewhere no limit can be set on a process that runs.
    if (process.platform !== "linux") return this.skip();
    const operator = await stage.operator([stage.chain.url]);
    const epoch = await stage.newEpoch();
    const node = await operator.start();
    const limitFiles = (bytes: string) =>
      promisify(execFile)("prlimit", ["--pid", String(node.pid), `--fsize=${bytes}:unlimited`]);
    const guest = await operator.participant(node);
    expect(await guest.submit(await guest.receipt(epoch, MB))).to.equal(MB);

    await limitFiles("4096");
    const last = await guest.receipt(epoch, 2n * MB);
    for (let tries = 0; tries < 3; tries++) {
      const refused: unknown = await guest.submit(last).catch((error: unknown) => error);
      expect(String(refused)).to.match(/disk|full|I\/O/i);
    }
    await limitFiles("unlimited");
    // The very receipt that was refused, as a participant's last one is sent again.
    expect(await guest.submit(last)).to.equal(2n * MB);

    // And in the midst of its duties.
    await limitFiles("4096");
    await end(epoch);
    await stage.mineUntil("the node says so", () =>
      node.log.some(({ level, err }) => level >= 40 && /disk|full|I\/O/i.test(JSON.stringify(err))),
    );
    expect((await operator.outcome(epoch)).attested).to.equal(0);
    expect(node.isRunning).to.equal(true);
    await limitFiles("unlimited");
    expect(await attestedBytes(operator, epoch)).to.equal(2n * MB);
    await expectPaidFor(operator, 2n * MB);
  });

  for (const [what, skewMs, problem] of [
    ["behind", -180_000, "ahead of this machine's clock"],
    ["ahead", 180_000, "s old"],
  ] as const)
    it(`loses no epoch where its clock is minutes ${what}, and says so`, async function () {
      const operator = await stage.operator([stage.chain.url]);
      const epoch = await stage.newEpoch();
      await operator.receive(epoch, [40n * MB, 2n * MB]);
      stage.skewMs = skewMs;
      const node = await operator.start();
      expect((await node.status()).problems.join()).to.contain(problem);
      await end(epoch);
      expect(await attestedBytes(operator, epoch)).to.equal(42n * MB);
      // Apps take no requests of another time; what they owe is collected when the clock is right again.
      stage.skewMs = 0;
      await end(epoch + 1);
      await expectPaidFor(operator, 42n * MB);
      await stage.settle(operator, epoch);
      expect(await operator.outcome(epoch)).to.deep.include({ attested: 1, collected: 1, claimed: 1 });
    });

  it("says that its operator key was replaced, and goes on with the new one where the old one was", async function () {
    const operator = await stage.operator([stage.chain.url]);
    const epoch = await stage.newEpoch();
    await operator.receive(epoch, [42n * MB]);
    const node = await operator.start();
    // Some transactions of the old key, with nonces of their own.
    await stage.mineUntil("a seat", async () => {
      const count = await stage.chain.provider.getTransactionCount(operator.wallet.address);
      return count > 0 && (await node.status()).queue.length === 0;
    });
    const former = operator.wallet;
    const replacement = await stage.chain.account();
    await mined(
      stage.chain.contracts(operator.owner).nodeRegistry.setOperator(operator.nodeId, replacement.address),
    );
    expect((await node.status()).problems.join()).to.contain(replacement.address);
    await end(epoch);
    await stage.mineUntil("refused by the contracts", () => node.said("a duty failed"));
    expect((await operator.outcome(epoch)).attested).to.equal(0);
    await node.kill();
    const sealed = await operator.sealed(epoch);

    const refused: unknown = await operator.start().catch((error: unknown) => error);
    expect(String(refused)).to.contain(former.address).and.to.contain("setOperator");
    operator.wallet = replacement;
    await operator.start();
    expect(await attestedBytes(operator, epoch)).to.equal(42n * MB);
    await expectPaidFor(operator, 42n * MB);
    await stage.settle(operator, epoch);
    expect(await operator.outcome(epoch)).to.deep.include({ attested: 1, collected: 1, claimed: 1 });
    await stage.reset();
    expect(await operator.sealed(epoch)).to.deep.equal(sealed);
  });

  it("goes on with a new operator key, though the old one has left a transaction behind", async function () {
    const operator = await stage.operator([stage.chain.url]);
    const epoch = await stage.newEpoch();
    await operator.receive(epoch, [42n * MB]);
    const node = await operator.start();
    await stage.mineUntil("at rest", async () => (await node.status()).queue.length === 0);
    await stage.chain.automine(false);
    await end(epoch);
    await eventually("sent", async () => (await node.status()).queue.length > 0);
    await node.kill();
    // It was never mined, and the key is replaced while the node is down.
    const former = operator.wallet;
    await stage.chain.provider.send("hardhat_dropTransaction", [await pendingHash(former.address)]);
    await stage.chain.automine(true);
    operator.wallet = await stage.chain.account();
    const { nodeRegistry } = stage.chain.contracts(operator.owner);
    await mined(nodeRegistry.setOperator(operator.nodeId, operator.wallet.address));
    const next = await operator.start();
    expect(await attestedBytes(operator, epoch)).to.equal(42n * MB);
    expect(next.said("its old transactions are given up")).to.equal(true);
    await expectPaidFor(operator, 42n * MB);
  });

  async function pendingHash(from: string): Promise<string> {
    const block: unknown = await stage.chain.provider.send("eth_getBlockByNumber", ["pending", true]);
    const { transactions } = pendingBlockSchema.parse(block);
    const found = transactions.find((transaction) => getAddress(transaction.from) === from);
    if (found === undefined) throw new Error(`no transaction of ${from} is pending`);
    return found.hash;
  }

  it("attests without its app's endpoint, keeps no voucher that is a lie, and is paid once when told the truth", async function () {
    const operator = await stage.operator([stage.chain.url]);
    const { app, signer } = operator.app;
    const epoch = await stage.newEpoch();
    await operator.receive(epoch, [42n * MB]);
    const { chainId, addresses } = stage.chain.deployment;
    const escrow = typedDataDomain(BigInt(chainId), addresses.paymentEscrow);
    const owed = floorToGwei(feeWei(42n * MB, PRICE_WEI_PER_GB));
    const promise = { app, nodeId: operator.nodeId, cumulativeAmount: owed, cumulativeScore: 0n };
    const voucherBy = async (key: typeof signer, changes: object = {}): Promise<string> => {
      const changed = { ...promise, ...changes };
      return JSON.stringify(
        toWire({
          voucher: { voucher: changed, signature: await voucher.sign(key, escrow, changed) },
          refused: [],
        }),
      );
    };
    const saying =
      (body: string): RequestListener =>
      (_, response) => {
        response.setHeader("content-type", "application/json").end(body);
      };
    const lies: RequestListener[] = [
      outOfOrder,
      saying("<html>"),
      saying(await voucherBy(walletOf("a stranger"))),
      saying(await voucherBy(signer, { nodeId: operator.nodeId + 1n })),
      saying(await voucherBy(signer, { cumulativeScore: owed + WEI_PER_GWEI })),
    ];
    let asked = 0;
    operator.app.instead = (request, response) => lies[asked++ % lies.length]?.(request, response);
    const node = await operator.start();
    await end(epoch);
    expect(await attestedBytes(operator, epoch)).to.equal(42n * MB);
    await stage.mineUntil("all lies", () => asked >= lies.length);
    expect(node.said("no voucher from the app's endpoint")).to.equal(true);
    expect((await operator.outcome(epoch)).collected).to.equal(0);
    operator.app.instead = undefined;
    await expectPaidFor(operator, 42n * MB);
    await stage.mine(3);
    expect((await operator.outcome(epoch)).collected).to.equal(1);
  });
});
