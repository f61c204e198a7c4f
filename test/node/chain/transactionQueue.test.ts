import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { Interface, parseEther } from "ethers";
import type { Wallet } from "ethers";
import { pino } from "pino";
import type { BlockWatcher } from "../../../node/chain/blockWatcher.js";
import { TransactionReverted } from "../../../node/chain/reverts.js";
import { openDatabase } from "../../../node/chain/sqlite.js";
import { TransactionDisplaced, TransactionQueue } from "../../../node/chain/transactionQueue.js";
import type { Intent } from "../../../node/chain/transactionQueue.js";
import { TransactionStore } from "../../../node/chain/transactionStore.js";
import { parseHex } from "../../../node/protocol/hex.js";
import { IServiceAttestations__factory } from "../../../types/contracts/factories/service/IServiceAttestations__factory.js";
import { eventually } from "../support/eventually.js";
import { LocalChain, watch } from "../support/localChain.js";
import { randomFrom } from "../support/random.js";

describe("transaction queue", function () {
  this.timeout(60_000);
  const random = randomFrom(7);
  let chain: LocalChain;
  let directory: string;
  let wallet: Wallet;
  let running: { queue: TransactionQueue; watcher: BlockWatcher; database: DatabaseSync }[];
  let count = 0;

  before(async function () {
    chain = await LocalChain.start();
    await chain.deploy();
    directory = await mkdtemp(join(tmpdir(), "dtelecom-queue-"));
  });
  after(async function () {
    await chain.close();
    await rm(directory, { recursive: true });
  });
  beforeEach(async function () {
    running = [];
    count += 1;
    wallet = await chain.account();
  });
  afterEach(async function () {
    await chain.automine(true);
    for (const started of running.splice(0)) await stop(started);
  });

  /** A queue on this test's database file, as after a start of the node. */
  async function start(
    options: {
      replaceAfterBlocks?: number;
      confirmations?: number;
      maxFeePerGas?: bigint;
      onReorganised?: (intents: readonly string[]) => void;
    } = {},
  ) {
    const watcher = await watch(chain.provider);
    const database = openDatabase(join(directory, `${count}.sqlite`));
    const store = new TransactionStore(database);
    const queue = new TransactionQueue({
      ...{ provider: chain.provider, watcher, wallet, store },
      gasPrice: { factor: 1.5, maxFeePerGas: options.maxFeePerGas ?? parseEther("0.001") },
      replaceAfterBlocks: options.replaceAfterBlocks ?? 3,
      confirmations: options.confirmations ?? 1,
      ...(options.onReorganised === undefined ? {} : { onReorganised: options.onReorganised }),
      log: pino({ enabled: false }),
    });
    const started = { queue, watcher, database, store };
    running.push(started);
    return started;
  }

  async function stop(started: { queue: TransactionQueue; watcher: BlockWatcher; database: DatabaseSync }) {
    running = running.filter((other) => other.database !== started.database);
    await started.queue.close();
    started.watcher.stop();
    started.database.close();
  }

  const transfer = (key: string): Intent => ({ key, to: random.address(), data: "0x" });
  const countOf = (tag: "latest" | "pending") => chain.provider.getTransactionCount(wallet.address, tag);

  it("sends an intent once, whoever asks how often, and remembers across starts", async function () {
    const first = await start();
    const intent = transfer("attest:1");
    const [one, two] = await Promise.all([first.queue.send(intent), first.queue.send(intent)]);
    expect(one).to.deep.equal(two);
    expect(await first.queue.send(intent)).to.deep.equal(one);
    await stop(first);
    const second = await start();
    expect(await second.queue.send(intent)).to.deep.equal(one);
    expect(await countOf("latest")).to.equal(1);
  });

  it("gives nonces in order to intents that come at once", async function () {
    const { queue } = await start();
    const intents = Array.from({ length: 8 }, (_, index) => transfer(`many:${index}`));
    const hashes = new Set(
      (await Promise.all(intents.map((intent) => queue.send(intent)))).map(({ hash }) => hash),
    );
    expect(hashes.size).to.equal(8);
    expect(await countOf("latest")).to.equal(8);
    expect(queue.pending).to.deep.equal([]);
  });

  it("goes on after a stop with what was sent and not mined, and does not send it again", async function () {
    await chain.automine(false);
    const first = await start();
    const intent = transfer("attest:2");
    const waiting = first.queue.send(intent).catch((error: unknown) => error);
    await eventually("the transaction is in the pool", async () => (await countOf("pending")) === 1);
    const hash = first.queue.pending[0]?.attempts[0]?.hash;
    await stop(first);
    expect(String(await waiting)).to.contain("goes on at the next start");

    const second = await start();
    const mining = second.queue.send(intent);
    await eventually("it was handed over again", () => second.queue.pending.length === 1);
    await chain.mine(2);
    expect((await mining).hash).to.equal(hash);
    expect(await countOf("pending")).to.equal(1);
  });

  it("goes on after dying between storing and sending: the stored transaction is the one that is sent", async function () {
    await chain.automine(false);
    const first = await start();
    const intent = transfer("attest:3");
    void first.queue.send(intent).catch(() => undefined);
    await eventually("the transaction is in the pool", async () => (await countOf("pending")) === 1);
    const hash = first.queue.pending[0]?.attempts[0]?.hash ?? "";
    await stop(first);
    // As if the process had died before the chain got it.
    await chain.provider.send("hardhat_dropTransaction", [hash]);
    expect(await countOf("pending")).to.equal(0);

    const second = await start();
    await chain.mine();
    await eventually("it is in the pool again", async () => (await countOf("pending")) === 1);
    await chain.mine();
    expect((await second.queue.send(intent)).hash).to.equal(hash);
  });

  it("finds out after a stop that the chain has mined it meanwhile", async function () {
    await chain.automine(false);
    const first = await start();
    const intent = transfer("attest:4");
    void first.queue.send(intent).catch(() => undefined);
    await eventually("the transaction is in the pool", async () => (await countOf("pending")) === 1);
    await stop(first);
    await chain.mine();
    const second = await start();
    const mining = second.queue.send(intent);
    await chain.mine();
    await mining;
    expect(await countOf("pending")).to.equal(1);
  });

  it("replaces what is not mined in time at a higher price, with the same nonce", async function () {
    await chain.automine(false);
    const { queue, store } = await start({ replaceAfterBlocks: 2 });
    // Too cheap to be mined: the base fee rises above what was offered.
    await chain.provider.send("hardhat_setNextBlockBaseFeePerGas", ["0x3b9aca00"]);
    await chain.mine();
    const mining = queue.send(transfer("attest:5"));
    await eventually("the transaction is in the pool", async () => (await countOf("pending")) === 1);
    for (let block = 0; block < 12 && (await countOf("latest")) === 0; block++) {
      const [stored] = store.pending();
      // Each block asks more than the newest attempt offers, until three were made.
      const offered = stored?.attempts.at(-1)?.maxFeePerGas ?? 0n;
      const fee = (stored?.attempts.length ?? 0) < 3 ? offered + 1n : 1_000_000_000n;
      await chain.provider.send("hardhat_setNextBlockBaseFeePerGas", [`0x${fee.toString(16)}`]);
      await chain.mine();
      await new Promise((resolve) => setTimeout(resolve, 150));
    }
    const { hash } = await mining;
    const { attempts = [], nonce } = store.get("attest:5") ?? {};
    expect(nonce).to.equal(0);
    expect(attempts.length).to.be.greaterThanOrEqual(3);
    expect(attempts.map((attempt) => attempt.hash)).to.include(hash);
    for (const [index, attempt] of attempts.entries()) {
      const before = attempts[index - 1];
      if (before === undefined) continue;
      expect(attempt.maxFeePerGas >= (before.maxFeePerGas * 110n) / 100n).to.equal(true);
      expect(attempt.maxPriorityFeePerGas >= (before.maxPriorityFeePerGas * 110n) / 100n).to.equal(true);
    }
    expect(await countOf("latest")).to.equal(1);
  });

  it("never offers more than the limit", async function () {
    await chain.automine(false);
    const gasPrice = BigInt(parseHex(await chain.provider.send("eth_gasPrice", [])));
    const maxFeePerGas = gasPrice * 2n;
    const { queue, store } = await start({ replaceAfterBlocks: 1, maxFeePerGas });
    const sending = queue.send(transfer("attest:6")).catch((error: unknown) => error);
    await eventually("the transaction is in the pool", async () => (await countOf("pending")) === 1);
    for (let block = 0; block < 6; block++) {
      await chain.provider.send("hardhat_setNextBlockBaseFeePerGas", [
        `0x${(maxFeePerGas + 1n).toString(16)}`,
      ]);
      await chain.mine();
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    const { attempts = [] } = store.get("attest:6") ?? {};
    expect(attempts.every((attempt) => attempt.maxFeePerGas <= maxFeePerGas)).to.equal(true);
    expect(await countOf("latest")).to.equal(0);
    await queue.close();
    expect(String(await sending)).to.contain("closed");
  });

  it("says by name why the contracts refuse, sends nothing, and may try again", async function () {
    const { queue, store } = await start();
    const service = new Interface(IServiceAttestations__factory.abi);
    const to = chain.deployment.addresses.serviceAttestations;
    const data = parseHex(service.encodeFunctionData("draw", [0]));
    for (let attempt = 0; attempt < 2; attempt++) {
      const error = await queue.send({ key: "draw:0", to, data }).catch((reason: unknown) => reason);
      expect(error).to.be.instanceOf(TransactionReverted);
      expect(error).to.have.property("reason", "NotDrawable");
    }
    expect(store.get("draw:0")).to.equal(undefined);
    expect(await countOf("latest")).to.equal(0);
  });

  it("reports what is mined and reverts, and lets it be tried again", async function () {
    const { epochSeconds, genesisSeconds, addresses } = chain.deployment;
    const head = await chain.provider.getBlock("latest");
    const epoch = Math.floor(((head?.timestamp ?? 0) - genesisSeconds) / epochSeconds);
    await chain.mineAt(genesisSeconds + (epoch + 1) * epochSeconds + epochSeconds / 2 + 1);
    await chain.automine(false);
    const { queue, store } = await start();
    const service = new Interface(IServiceAttestations__factory.abi);
    const arm = {
      to: addresses.serviceAttestations,
      data: parseHex(service.encodeFunctionData("arm", [epoch])),
    };
    // Both see a seed that is not armed; the second one in the block finds it armed.
    const sendings = [queue.send({ key: "arm:a", ...arm }), queue.send({ key: "arm:b", ...arm })];
    await eventually("both are in the pool", async () => (await countOf("pending")) === 2);
    await chain.mine();
    const [a, b] = await Promise.allSettled(sendings);
    const [done, refused] = a?.status === "fulfilled" ? [a, b] : [b, a];
    expect(done?.status).to.equal("fulfilled");
    expect(refused?.status === "rejected" ? refused.reason : undefined).to.have.property(
      "reason",
      "AlreadyArmed",
    );
    const states = ["arm:a", "arm:b"].map((key) => store.get(key)?.state);
    expect(states.toSorted()).to.deep.equal(["reverted", "succeeded"]);
  });

  it("notices when somebody else uses the account", async function () {
    await chain.automine(false);
    const { queue, store } = await start({ replaceAfterBlocks: 100 });
    const sending = queue.send(transfer("attest:7")).catch((error: unknown) => error);
    await eventually("the transaction is in the pool", async () => (await countOf("pending")) === 1);
    const hash = store.get("attest:7")?.attempts[0]?.hash ?? "";
    await chain.provider.send("hardhat_dropTransaction", [hash]);
    await wallet.sendTransaction({ to: wallet.address, nonce: 0, gasLimit: 21_000 });
    await chain.mine();
    for (let block = 0; block < 8; block++) {
      await chain.mine();
      await new Promise((resolve) => setTimeout(resolve, 80));
    }
    expect(await sending).to.be.instanceOf(TransactionDisplaced);
    // Decided again, it goes out under the next nonce.
    await chain.automine(true);
    await queue.send(transfer("attest:7"));
    expect(store.get("attest:7")?.nonce).to.equal(1);
  });

  it("waits for as many confirmations as it is told to", async function () {
    const { queue } = await start({ confirmations: 3 });
    let isFinal = false;
    const sending = queue.send(transfer("attest:8")).then(() => (isFinal = true));
    await eventually("it is mined", async () => (await countOf("latest")) === 1);
    await chain.mine();
    await new Promise((resolve) => setTimeout(resolve, 150));
    expect(isFinal).to.equal(false);
    await chain.mine();
    await sending;
  });

  it("sends again what a reorganisation of the chain has undone, and says so", async function () {
    const undone: string[] = [];
    const { queue } = await start({ onReorganised: (intents) => undone.push(...intents) });
    await queue.send(transfer("attest:1"));
    // The blocks of the new branch are others: time passes differently.
    const restore = await chain.snapshot();
    const hashes = [
      (await queue.send(transfer("attest:2"))).hash,
      (await queue.send(transfer("attest:3"))).hash,
    ];
    expect(await countOf("latest")).to.equal(3);
    await restore();
    expect(await countOf("latest")).to.equal(1);
    const head = await chain.provider.getBlock("latest");
    await chain.mineAt((head?.timestamp ?? 0) + 7);
    await eventually("sent again", async () => (await countOf("latest")) === 3);
    await chain.mine();
    await eventually("noted", () => queue.pending.length === 0);
    expect(undone).to.deep.equal(["attest:2", "attest:3"]);
    for (const hash of hashes) expect((await chain.provider.getTransactionReceipt(hash))?.status).to.equal(1);
  });
});
