import { expect } from "chai";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { addNode, delegateMore, dtel } from "../contracts/support/people.js";
import { TestChain } from "./support/chain.js";
import { TestDatabases, withClient } from "./support/databases.js";
import { FINALITY, startProcessor, TestIndexer } from "./support/indexer.js";
import type { IndexerOptions } from "./support/indexer.js";
import type { Program } from "./support/program.js";
import { deployTo } from "./support/protocol.js";
import type { TestProtocol } from "./support/protocol.js";
import { RpcRelay } from "./support/rpcRelay.js";
import { liveEpoch, settle } from "./support/scenario.js";

const EXIT_FOREIGN_DATABASE = 3;

const transfersSchema = z.object({
  transfers: z.array(z.object({ to: z.object({ id: z.string() }), txHash: z.string() })),
});
const TRANSFERS = "{ transfers(limit: 200, orderBy: id_ASC) { to { id } txHash } }";

describe("the processor and its chain", function () {
  this.timeout(120_000);
  let chain: TestChain;
  let databases: TestDatabases;
  let protocol: TestProtocol;
  let directory: string;
  /** Ends what a test started, last first. */
  const cleanups: (() => Promise<unknown>)[] = [];

  /** The chain as it is after deployment; every test goes back to it. */
  let deployed: string;
  const finalCleanups: (() => Promise<unknown>)[] = [];

  before(async () => {
    chain = await TestChain.start();
    finalCleanups.push(() => chain.stop());
    databases = await TestDatabases.start();
    finalCleanups.push(() => databases.stop());
    protocol = await deployTo(chain);
  });

  after(async () => {
    for (const end of finalCleanups.reverse()) await end();
  });

  beforeEach(async () => {
    deployed = await chain.snapshot();
    directory = await mkdtemp(join(tmpdir(), "dtelecom-processor-"));
    cleanups.push(() => rm(directory, { recursive: true }));
    await writeFile(join(directory, "deployment.json"), JSON.stringify(protocol.file));
  });

  afterEach(async () => {
    for (const end of cleanups.splice(0).reverse()) await end();
    await chain.revert(deployed);
  });

  async function startIndexer(options: Partial<IndexerOptions> = {}): Promise<TestIndexer> {
    const indexer = await TestIndexer.start({
      databaseUrl: await databases.create(),
      chain,
      deployment: protocol.file,
      ...options,
    });
    cleanups.push(() => indexer.stop());
    return indexer;
  }

  function startAlone(
    options: Partial<IndexerOptions> & { databaseUrl: string },
    ...args: string[]
  ): Program {
    const program = startProcessor({ chain, deployment: protocol.file, ...options }, directory, args);
    cleanups.push(() => program.stop());
    return program;
  }

  it("takes back what a fork took back, and takes in what it put in its place", async () => {
    const people = await settle(protocol);
    const [node] = people.nodes;
    const indexer = await startIndexer();
    const lost = await protocol.newAccount();
    const kept = await protocol.newAccount();
    await indexer.catchUp();
    const snapshot = await chain.snapshot();
    // Changes rows that there were, makes new ones, and removes a delegator's last share.
    await protocol.token.transfer(lost, dtel(5));
    await delegateMore(protocol, node.nodeId, people.delegators[1], dtel(50));
    const { shares } = await protocol.staking.positionOf(node.nodeId, people.delegators[0]);
    await protocol.staking.connect(people.delegators[0]).requestUndelegate(node.nodeId, shares);
    await addNode(protocol);
    await indexer.catchUp();
    const before = await indexer.query(TRANSFERS, transfersSchema);
    expect(before.transfers.map(({ to }) => to.id)).to.include(lost.address.toLowerCase());

    await chain.revert(snapshot);
    // The fork is shorter than what it replaces.
    await protocol.token.transfer(kept, dtel(7));
    const { mismatches, compared } = await indexer.compare();
    expect(mismatches).to.deep.equal([]);
    expect(compared).to.be.greaterThan(100);
    const after = await indexer.query(TRANSFERS, transfersSchema);
    expect(after.transfers.map(({ to }) => to.id)).to.include(kept.address.toLowerCase());
    expect(after.transfers.map(({ to }) => to.id)).not.to.include(lost.address.toLowerCase());
    expect(indexer.processor.log()).to.include("navigating a fork");
  });

  it("goes on after it was stopped and after it was killed, without missing or doubling anything", async () => {
    const people = await settle(protocol);
    const indexer = await startIndexer();
    expect(await indexer.processor.stop()).to.equal(0);
    await liveEpoch(chain, protocol, people);
    await indexer.restartProcessor();
    await delegateMore(protocol, people.nodes[0].nodeId, people.delegators[1], dtel(5));
    await indexer.processor.stop("SIGKILL");
    await liveEpoch(chain, protocol, people);
    await indexer.restartProcessor();
    const { mismatches } = await indexer.compare();
    expect(mismatches).to.deep.equal([]);
  });

  it("reads the same from the past in large batches as block by block", async () => {
    const people = await settle(protocol);
    await liveEpoch(chain, protocol, people);
    await liveEpoch(chain, protocol, people);
    const indexer = await startIndexer({ processor: { COLD_BATCH_BLOCKS: "1000" } });
    const { mismatches, compared } = await indexer.compare();
    expect(mismatches).to.deep.equal([]);
    expect(compared).to.be.greaterThan(200);
  });

  it("says so and ends where the database was filled from another chain", async () => {
    const databaseUrl = await databases.create();
    const first = startAlone({ databaseUrl });
    await first.ready;
    await first.stop();
    const other = await TestChain.start();
    cleanups.push(() => other.stop());
    const otherProtocol = await deployTo(other);
    await writeFile(join(directory, "deployment.json"), JSON.stringify(otherProtocol.file));
    const second = startAlone({ databaseUrl, chain: other });
    expect(await second.exited).to.equal(EXIT_FOREIGN_DATABASE);
    expect(second.log())
      .to.match(/filled from another (chain|deployment)/)
      .and.to.include("--reset-on-mismatch");
  });

  it("starts over in a database of another chain where it was told to", async () => {
    const databaseUrl = await databases.create();
    const first = startAlone({ databaseUrl });
    await first.ready;
    await first.stop();
    // What else the database holds is none of its business.
    await withClient(databaseUrl, (client) => client.query("CREATE TABLE of_somebody_else (id int)"));
    const other = await TestChain.start();
    cleanups.push(() => other.stop());
    const otherProtocol = await deployTo(other);
    await otherProtocol.token.transfer(await otherProtocol.newAccount(), dtel(3));
    await writeFile(join(directory, "deployment.json"), JSON.stringify(otherProtocol.file));
    const indexer = await startIndexer({
      databaseUrl,
      chain: other,
      deployment: otherProtocol.file,
      processor: { RESET_ON_MISMATCH: "1" },
    });
    const { mismatches } = await indexer.compare();
    expect(mismatches).to.deep.equal([]);
    expect(indexer.processor.log()).to.include("thrown away");
    await withClient(databaseUrl, (client) => client.query("SELECT * FROM of_somebody_else"));
  });

  it("says so and ends where the chain goes back behind what was final", async () => {
    const snapshot = await chain.snapshot();
    await chain.mine(3 * FINALITY);
    const processor = startAlone({ databaseUrl: await databases.create() });
    await processor.ready;
    await chain.revert(snapshot);
    await protocol.token.transfer(await protocol.newAccount(), dtel(1));
    await chain.mine(4 * FINALITY);
    expect(await processor.exited).to.equal(EXIT_FOREIGN_DATABASE);
    expect(processor.log()).to.include("went back deeper than the finality setting");
  });

  it("starts over by itself where the chain goes back behind what was final, if it was told to", async () => {
    const snapshot = await chain.snapshot();
    await protocol.token.transfer(await protocol.newAccount(), dtel(1));
    await chain.mine(3 * FINALITY);
    const indexer = await startIndexer({ processor: { RESET_ON_MISMATCH: "1" } });
    await chain.revert(snapshot);
    // The chain stays shorter than it was: nothing new would ever tell.
    await protocol.token.transfer(await protocol.newAccount(), dtel(2));
    const { mismatches } = await indexer.compare();
    expect(mismatches).to.deep.equal([]);
    expect(indexer.processor.log()).to.include("went back deeper than the finality setting");
  });

  it("waits for a chain that is not there yet, and stops when asked to meanwhile", async () => {
    const nowhere = await RpcRelay.start(chain.rpcUrl);
    nowhere.fail();
    cleanups.push(() => nowhere.stop());
    const processor = startAlone({
      databaseUrl: await databases.create(),
      processor: { RPC_URLS: nowhere.url },
    });
    while (nowhere.requests === 0) await sleep(20);
    expect(await processor.stop()).to.equal(0);
  });

  it("refuses a chain, a file and settings that do not fit, naming what", async () => {
    const databaseUrl = await databases.create();
    const file = { ...protocol.file, chainId: 1 };
    await writeFile(join(directory, "deployment.json"), JSON.stringify(file));
    const wrongChain = startAlone({ databaseUrl });
    expect(await wrongChain.exited).to.equal(1);
    expect(wrongChain.log()).to.include("of chain 31337, the deployment file of chain 1");

    await writeFile(
      join(directory, "deployment.json"),
      JSON.stringify({ ...protocol.file, surprise: true, epochSeconds: 0 }),
    );
    const wrongFile = startAlone({ databaseUrl });
    expect(await wrongFile.exited).to.equal(1);
    expect(wrongFile.log()).to.include("surprise").and.to.include("epochSeconds");

    const wrongSettings = startAlone({
      databaseUrl,
      processor: { HEAD_POLL_MS: "soon", RPC_URLS: "ftp://x" },
    });
    expect(await wrongSettings.exited).to.equal(1);
    expect(wrongSettings.log()).to.include("HEAD_POLL_MS").and.to.include("RPC_URLS");

    const wrongArgument = startAlone({ databaseUrl }, "--reset");
    expect(await wrongArgument.exited).to.equal(1);
    expect(wrongArgument.log()).to.include("--reset");
  });

  it("follows a chain over WebSocket, forks included", async () => {
    const indexer = await startIndexer({
      processor: { RPC_URLS: chain.rpcUrl.replace("http", "ws"), HEAD_POLL_MS: "60000" },
    });
    const delays: number[] = [];
    for (let round = 0; round < 20; round += 1) {
      const started = performance.now();
      await protocol.token.transfer(await protocol.newAccount(), dtel(1));
      await indexer.catchUp();
      delays.push(performance.now() - started);
    }
    delays.sort((a, b) => a - b);
    console.log(`      new block to query over WebSocket: median ${delays[10]?.toFixed(0)} ms`);
    const snapshot = await chain.snapshot();
    await protocol.token.transfer(await protocol.newAccount(), dtel(1));
    await indexer.catchUp();
    await chain.revert(snapshot);
    await protocol.token.transfer(await protocol.newAccount(), dtel(2));
    const { mismatches } = await indexer.compare();
    expect(mismatches).to.deep.equal([]);
  });

  it("goes over to another endpoint when one fails, and leaves out those of other chains", async () => {
    const relay = await RpcRelay.start(chain.rpcUrl);
    cleanups.push(() => relay.stop());
    const stranger = await RpcRelay.start(chain.rpcUrl, { eth_chainId: "0x1" });
    cleanups.push(() => stranger.stop());
    const indexer = await startIndexer({
      processor: { RPC_URLS: [relay.url, stranger.url, chain.rpcUrl].join(",") },
    });
    await indexer.catchUp();
    expect(relay.requests).to.be.greaterThan(5);
    relay.fail();
    await protocol.token.transfer(await protocol.newAccount(), dtel(1));
    const { mismatches } = await indexer.compare();
    expect(mismatches).to.deep.equal([]);
    expect(indexer.processor.log()).to.include("chain endpoint failed").and.to.include("it is left out");
    expect(stranger.requests).to.equal(1);
  });
});
