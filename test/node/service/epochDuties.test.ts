import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { parseEther } from "ethers";
import type { Wallet } from "ethers";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import type { EpochClock } from "../../../node/protocol/epochClock.js";
import { EMPTY_ROOT } from "../../../node/protocol/receiptTree.js";
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import { sealEpoch } from "../../../node/service/duties/attest.js";
import { flushDuty } from "../../../node/service/duties/claim.js";
import { eventually } from "../support/eventually.js";
import { LocalChain, mined } from "../support/localChain.js";
import { addressOf, walletOf } from "../support/participants.js";
import { payingApp, startOperator } from "../support/testOperator.js";

const GB = 1_000_000_000n;
type Operator = Awaited<ReturnType<typeof startOperator>>;

describe("epoch duties", function () {
  this.timeout(120_000);
  let chain: LocalChain;
  let directory: string;
  let clock: EpochClock;
  let running: Operator[] = [];
  let count = 0;
  const signer = walletOf("app signer");

  before(async function () {
    chain = await LocalChain.start();
    clock = createEpochClock(await chain.deploy());
    directory = await mkdtemp(join(tmpdir(), "dtelecom-duties-"));
  });
  after(async function () {
    await chain.close();
    await rm(directory, { recursive: true });
  });
  afterEach(async function () {
    for (const operator of running.splice(0)) await operator.stop();
  });

  const paymentDomain = () =>
    typedDataDomain(BigInt(chain.deployment.chainId), chain.deployment.addresses.paymentEscrow);

  async function operatorOf(
    wallet: Wallet,
    nodeId: bigint,
    ask = payingApp(signer, paymentDomain()),
  ): Promise<Operator> {
    const operator = await startOperator(chain, {
      nodeId,
      wallet,
      path: join(directory, `${nodeId}.sqlite`),
      ask,
    });
    running.push(operator);
    return operator;
  }

  async function stop(operator: Operator): Promise<void> {
    running = running.filter((other) => other !== operator);
    await operator.stop();
  }

  /** Begins an epoch that nothing has happened in; its number. */
  async function newEpoch(): Promise<number> {
    const head = await chain.provider.getBlock("latest");
    const epoch = clock.currentEpoch((head?.timestamp ?? 0) * 1_000) + 1;
    await chain.mineAt(clock.startOf(epoch) + 1);
    return epoch;
  }

  /** Lets the chain go on, a block a moment, until something holds. */
  async function mineUntil(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
    await eventually(what, async () => {
      await chain.mine();
      await pause(100);
      return holds();
    });
  }

  async function newNode(): Promise<{ wallet: Wallet; nodeId: bigint }> {
    const wallet = await chain.account();
    return { wallet, nodeId: await chain.node(wallet) };
  }

  const participant = (app: Wallet) => ({
    app: addressOf(app),
    signer,
    session: walletOf(`session ${count++}`),
  });

  it("attest, collect, draw, prove, claim, flush and mint an epoch, each once for all nodes", async function () {
    const one = await newNode();
    const two = await newNode();
    const app = await chain.app(
      signer.address,
      { [one.nodeId.toString()]: "900", [two.nodeId.toString()]: "900" },
      "2000",
    );
    const epoch = await newEpoch();
    const operators = [
      await operatorOf(one.wallet, one.nodeId),
      await operatorOf(two.wallet, two.nodeId),
    ] as const;
    // So much that the fees burned alone demand a proof: 10 % of 800 DTEL.
    for (const bytes of [GB, 3n * GB, 4n * GB]) await operators[0].receive(participant(app), epoch, bytes);
    await operators[1].receive(participant(app), epoch, 5_000n);
    for (const operator of operators) operator.duties.start();
    const { serviceAttestations, paymentEscrow, rewardDistributor, token } = chain.contracts();

    await chain.mineAt(clock.endOf(epoch) + 5);
    await eventually("both attested and collected", async () => {
      const records = await Promise.all(operators.map((operator) => operator.chain.attestationRecord(epoch)));
      const revenue = await paymentEscrow.nodeRevenueOf(one.nodeId, epoch);
      return records.every(({ status }) => status === "attested") && revenue.burned > 0n;
    });
    expect(operators[0].epochs.attestation(epoch)).to.deep.include({ bytesDelivered: 8n * GB, sessions: 3 });

    await chain.mineAt(clock.commitWindowOf(epoch).closesAt);
    await mineUntil("the seed is armed", async () => {
      return (await operators[0].chain.seedState(epoch)).state !== "none";
    });
    await chain.mine(16);
    await mineUntil("the seed is drawn", async () => {
      return (await operators[0].chain.seedState(epoch)).state === "drawn";
    });
    await mineUntil("node one has proven", async () => {
      return (await operators[0].chain.attestationRecord(epoch)).status === "proven";
    });

    const seed = await operators[0].chain.seedState(epoch);
    const deadline = seed.state === "drawn" ? seed.deadlineSeconds : 0;
    await chain.mine(30);
    await chain.mineAt(deadline + 1);
    await mineUntil("both claimed", async () => {
      const records = await Promise.all(operators.map((operator) => operator.chain.attestationRecord(epoch)));
      return records.every(({ claimed }) => claimed);
    });
    await chain.mineAt(deadline + 40);
    await mineUntil("nothing is left to do", async () => {
      return operators.every((operator) => operator.epochs.isSettled(epoch));
    });

    expect(await rewardDistributor.pendingMint()).to.equal(0n);
    expect(await token.emitted()).to.equal(await rewardDistributor.totalCredited());
    const revenue = await paymentEscrow.epochRevenueOf(epoch);
    expect(revenue.flushed).to.equal(true);
    // Drawing has moved the fees: nobody paid for that once more.
    const [drawn] = await serviceAttestations.queryFilter(serviceAttestations.filters.SeedDrawn(epoch));
    const flushed = await paymentEscrow.queryFilter(paymentEscrow.filters.EpochFlushed(epoch));
    expect(flushed.map(({ transactionHash }) => transactionHash)).to.deep.equal([drawn?.transactionHash]);
    const times = async (name: "SeedArmed" | "SeedDrawn") =>
      (await serviceAttestations.queryFilter(serviceAttestations.filters[name](epoch))).length;
    expect([await times("SeedArmed"), await times("SeedDrawn")]).to.deep.equal([1, 1]);
    // 800.0000005 DTEL for both nodes: 80 burned.
    expect(revenue.burned * 1_000_000_000n).to.equal(parseEther("80.00005"));
  });

  it("attest an epoch without service, and claim it", async function () {
    const { wallet, nodeId } = await newNode();
    const epoch = await newEpoch();
    const operator = await operatorOf(wallet, nodeId);
    operator.duties.start();
    await chain.mineAt(clock.endOf(epoch) + 5);
    await eventually(
      "attested",
      async () => (await operator.chain.attestationRecord(epoch)).status === "attested",
    );
    expect(operator.epochs.attestation(epoch)).to.deep.include({ receiptRoot: EMPTY_ROOT, sessions: 0 });
  });

  it("attest the very same tree after a crash between fixing and sending it", async function () {
    const { wallet, nodeId } = await newNode();
    const app = await chain.app(signer.address, { [nodeId.toString()]: "100" });
    const epoch = await newEpoch();
    const first = await operatorOf(wallet, nodeId);
    await first.receive(participant(app), epoch, 1_000_000n);
    await chain.mineAt(clock.endOf(epoch) + 5);
    await eventually("the node sees the block", () => first.watcher.head.timestamp >= clock.endOf(epoch) + 5);
    const sealed = await sealEpoch(first.context, epoch);
    // A receipt that comes now is too late, whatever the reason.
    const late = await first.receive(participant(app), epoch, 5n).catch((error: unknown) => error);
    expect(String(late)).to.contain("attested already");
    await stop(first);

    const second = await operatorOf(wallet, nodeId);
    second.duties.start();
    await eventually(
      "attested",
      async () => (await second.chain.attestationRecord(epoch)).status === "attested",
    );
    const { attestationHash } = await second.chain.attestationRecord(epoch);
    expect(attestationHash).to.equal(await second.chain.attestationHash(sealed));
  });

  it("leave out receipts under grants of a signer who was revoked before the epoch, and attest the rest", async function () {
    const { wallet, nodeId } = await newNode();
    const app = await chain.app(signer.address, { [nodeId.toString()]: "100" });
    const revoked = walletOf("revoked signer");
    const { paymentEscrow } = chain.contracts(chain.senderOf(app));
    await mined(paymentEscrow.addSigner(revoked.address));
    await mined(paymentEscrow.revokeSigner(revoked.address));
    const epoch = await newEpoch();
    const operator = await operatorOf(wallet, nodeId);
    const good = participant(app);
    const bad = { ...participant(app), signer: revoked };
    await operator.receive(good, epoch, 1_000_000n);
    await operator.receive(bad, epoch, 2_000_000n);
    operator.duties.start();
    await chain.mineAt(clock.endOf(epoch) + 5);
    await eventually(
      "attested",
      async () => (await operator.chain.attestationRecord(epoch)).status === "attested",
    );
    expect(operator.epochs.attestation(epoch)).to.deep.include({ bytesDelivered: 1_000_000n, sessions: 1 });
    expect(operator.receipts.quarantined(epoch)).to.deep.equal([
      { sessionKey: addressOf(bad.session), reason: "the grant's signer was revoked" },
    ]);
  });

  it("collect what an app has signed for even if its endpoint fails at the end", async function () {
    const { wallet, nodeId } = await newNode();
    const app = await chain.app(signer.address, { [nodeId.toString()]: "100" });
    const epoch = await newEpoch();
    const answering = payingApp(signer, paymentDomain());
    let fails = false;
    const operator = await operatorOf(wallet, nodeId, (url, request) =>
      fails ? Promise.reject(new Error("HTTP 503")) : answering(url, request),
    );
    await operator.receive(participant(app), epoch, GB / 10n);
    expect(await operator.keeper.ask(addressOf(app))).to.equal(true);
    fails = true;
    await operator.receive(participant(app), epoch, GB / 10n);
    operator.duties.start();
    await chain.mineAt(clock.endOf(epoch) + 5);
    await eventually(
      "attested",
      async () => (await operator.chain.attestationRecord(epoch)).status === "attested",
    );
    expect((await operator.chain.appAccount(addressOf(app))).paid).to.equal(0n);
    await chain.mineAt(clock.collectionWindowOf(epoch).closesAt - 5);
    await eventually("collected", async () => (await operator.chain.appAccount(addressOf(app))).paid > 0n);
    expect((await operator.chain.appAccount(addressOf(app))).paid).to.equal(parseEther("10"));
    const { burned } = await chain.contracts().paymentEscrow.nodeRevenueOf(nodeId, epoch);
    expect(burned).to.equal(parseEther("1"));
  });

  it("move the fees of an epoch whose seed nobody draws, but not before others had an epoch to draw it", async function () {
    const { wallet, nodeId } = await newNode();
    const app = await chain.app(signer.address, { [nodeId.toString()]: "100" });
    const epoch = await newEpoch();
    const operator = await operatorOf(wallet, nodeId);
    await operator.receive(participant(app), epoch, GB / 10n);
    operator.duties.start();
    await chain.mineAt(clock.endOf(epoch) + 5);
    const { paymentEscrow } = chain.contracts();
    await eventually("collected", async () => (await paymentEscrow.nodeRevenueOf(nodeId, epoch)).burned > 0n);
    await stop(operator);

    const second = await operatorOf(wallet, nodeId);
    const flush = flushDuty(second.context);
    const runAt = async (seconds: number) => {
      await chain.mineAt(seconds);
      await eventually("the node sees the block", () => second.watcher.head.timestamp >= seconds);
      return flush.run(epoch);
    };
    const { closesAt } = clock.collectionWindowOf(epoch);
    expect(await runAt(closesAt - 1)).to.equal("later");
    expect(await runAt(closesAt + clock.epochSeconds - 1)).to.equal("later");
    expect((await paymentEscrow.epochRevenueOf(epoch)).flushed).to.equal(false);
    expect(await runAt(closesAt + 2 * clock.epochSeconds)).to.equal("done");
    expect((await paymentEscrow.epochRevenueOf(epoch)).flushed).to.equal(true);
    expect(await flush.run(epoch)).to.equal("done");
  });

  it("arm again where nobody drew the seed in time", async function () {
    const { wallet, nodeId } = await newNode();
    const epoch = await newEpoch();
    const operator = await operatorOf(wallet, nodeId);
    await chain.mineAt(clock.commitWindowOf(epoch).closesAt + 1);
    const { serviceAttestations } = chain.contracts();
    await mined(serviceAttestations.arm(epoch));
    const before = await operator.chain.seedState(epoch);
    await chain.mine(280);
    operator.duties.start();
    await mineUntil(
      "armed again and drawn",
      async () => (await operator.chain.seedState(epoch)).state === "drawn",
    );
    expect(before.state).to.equal("armed");
    const armed = await serviceAttestations.queryFilter(serviceAttestations.filters.SeedArmed(epoch));
    expect(armed).to.have.length(2);
  });
});
