import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { parseEther } from "ethers";
import type { Wallet } from "ethers";

import { z } from "zod";
import { connectContracts } from "../../../node/chain/contracts.js";
import { loadOperatorKey } from "../../../node/config/operatorKey.js";
import { loadConfig } from "../../../node/config/load.js";
import { DATABASE_FILE } from "../../../node/operator/nodeService.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import { eventually } from "../support/eventually.js";
import { LocalChain, mined } from "../support/localChain.js";
import { startOperator } from "../support/testOperator.js";
import { runCommand } from "./support/commandRun.js";
import { NodeProcess, freePort } from "./support/nodeProcess.js";

const PASSWORD = "correct horse battery";
const registeredSchema = z.looseObject({
  nodeId: z.string(),
  transactions: z.array(z.looseObject({ what: z.string() })),
});
const seatSchema = z.looseObject({ seat: z.looseObject({ wanted: z.boolean(), seatAhead: z.boolean() }) });

describe("operator's commands", function () {
  this.timeout(120_000);
  let chain: LocalChain;
  let owner: Wallet;
  let directory: string;
  let configFile: string;
  let environment: NodeJS.ProcessEnv;

  before(async function () {
    chain = await LocalChain.start();
    const deployment = await chain.deploy();
    directory = await mkdtemp(join(tmpdir(), "dtelecom-commands-"));
    await writeFile(join(directory, "network.json"), JSON.stringify(deployment));
    ({ wallet: owner } = await chain.richAccount("6000"));
    configFile = join(directory, "node", "node.yaml");
    const [publicPort, privatePort] = [await freePort(), await freePort()];
    environment = {
      DTEL_KEYSTORE_PASSWORD: PASSWORD,
      DTEL_NODE__CHAIN__POLL_SECONDS: "0.2",
      DTEL_NODE__PUBLIC__HOST: "127.0.0.1",
      DTEL_NODE__PUBLIC__PORT: String(publicPort),
      DTEL_NODE__PRIVATE__PORT: String(privatePort),
      DTEL_NODE__MEDIA__LISTEN: '[{ "ip": "127.0.0.1" }]',
      DTEL_NODE__MEDIA__PORT: "0",
      DTEL_NODE__MEDIA__WORKERS: "1",
      DTEL_NODE__AUDITS__ALLOW_PRIVATE_ENDPOINTS: "true",
    };
  });
  after(async function () {
    await chain.close();
    await rm(directory, { recursive: true });
  });

  const run = (command: string, args: string[] = [], extra: NodeJS.ProcessEnv = {}) =>
    runCommand([command, "--config", configFile, "--json", ...args], {
      environment: { ...environment, ...extra },
    });

  it("init asks for the password twice, writes key and configuration for the owner's eyes only, and overwrites nothing", async function () {
    const target = join(directory, "node");
    const args = [
      ...["init", "--directory", target, "--deployment", join(directory, "network.json")],
      ...["--rpc-url", chain.url],
    ];
    const different = await runCommand(args, { secrets: [PASSWORD, "another password"] });
    expect([different.exitCode, different.notes]).to.deep.equal([
      1,
      "the two passwords differ; nothing was written\n",
    ]);
    expect((await runCommand(args, { secrets: ["short"] })).notes).to.contain("fewer than 10 characters");
    expect((await runCommand(args)).exitCode).to.equal(2);

    const done = await runCommand(args, { secrets: [PASSWORD, PASSWORD] });
    expect(done.exitCode, done.notes).to.equal(0);
    const keystore = join(target, "operator.json");
    for (const path of [keystore, configFile]) expect((await stat(path)).mode & 0o777).to.equal(0o600);
    const { address } = z
      .looseObject({ address: z.string() })
      .parse(JSON.parse(await readFile(keystore, "utf8")));
    expect(done.out.toLowerCase()).to.contain(address.toLowerCase());
    const config = await loadConfig(configFile, {}, { unregistered: true });
    expect([config.nodeId, config.chain.rpcUrls]).to.deep.equal([0n, [chain.url]]);
    const wallet = await loadOperatorKey(config, { DTEL_KEYSTORE_PASSWORD: PASSWORD });
    expect(wallet.address.toLowerCase()).to.contain(address.toLowerCase().replace(/^0x/, ""));
    // Opening the keystore takes its time: once is enough here.
    environment["DTEL_OPERATOR_KEY"] = wallet.privateKey;

    const before = await readFile(keystore, "utf8");
    const again = await runCommand(args, { secrets: [PASSWORD, PASSWORD] });
    expect([again.exitCode, again.notes]).to.satisfy(
      ([code, notes]: [number, string]) => code === 1 && notes.includes("not overwritten"),
    );
    expect(await readFile(keystore, "utf8")).to.equal(before);
  });

  it("start and drain say that the node must be registered first", async function () {
    for (const command of ["start", "drain", "status", "claim"]) {
      const { exitCode, notes } = await run(command);
      expect([exitCode, notes.includes("dtelecom-node register")], command).to.deep.equal([1, true]);
    }
  });

  it("register does what is missing, notes the node's id, and changes nothing when it is run again", async function () {
    const ownerKey = { DTEL_OWNER_KEY: owner.privateKey };
    const wish = ["--endpoint", "ws://127.0.0.1:4443/", "--price", "100", "--capacity", "1000"];
    expect((await run("register", ["--yes"], ownerKey)).notes).to.contain(
      "--endpoint, --price and --capacity",
    );
    expect((await run("register", wish, ownerKey)).notes).to.contain("give --yes");
    expect(await chain.contracts().nodeRegistry.nodeCount()).to.equal(0n);

    const done = await run("register", [...wish, "--bond", "2000", "--fund", "5", "--yes"], ownerKey);
    expect(done.exitCode, done.notes).to.equal(0);
    const { nodeId, transactions } = registeredSchema.parse(done.json);
    expect(transactions).to.have.length(5);
    const { nodeRegistry, nodeStaking, serviceAttestations } = connectContracts(
      chain.deployment,
      chain.provider,
    );
    const config = await loadConfig(configFile, {});
    const operator = (await loadOperatorKey(config, environment)).address;
    expect(config.nodeId.toString()).to.equal(nodeId);
    expect(await serviceAttestations.operatorOf(nodeId)).to.equal(operator);
    expect(await nodeStaking.bondOf(nodeId)).to.equal(parseEther("2000"));
    expect((await nodeRegistry.nodeOf(nodeId)).status).to.equal(1n);
    expect(await chain.provider.getBalance(operator)).to.equal(parseEther("5"));
    expect(done.out + done.notes).to.not.contain(owner.privateKey.slice(2));

    const again = await run("register", [...wish, "--yes"], ownerKey);
    expect(registeredSchema.parse(again.json)).to.deep.include({ nodeId, transactions: [] });
    // Where the id got lost, the registration is found in the logs.
    const text = await readFile(configFile, "utf8");
    await writeFile(configFile, text.replace(/^nodeId: .*$/m, "nodeId: 0"));
    const lost = await run("register", ["--price", "90", "--yes"], ownerKey);
    expect(registeredSchema.parse(lost.json).nodeId).to.equal(nodeId);
    expect((await nodeRegistry.nodeOf(nodeId)).pricePerGBWei).to.equal(parseEther("90"));
    expect((await loadConfig(configFile, {})).nodeId.toString()).to.equal(nodeId);
  });

  it("register stops before anything is sent that the owner cannot pay for", async function () {
    const poor = await chain.account();
    const { exitCode, notes } = await run(
      "register",
      ["--endpoint", "ws://127.0.0.1:1/", "--price", "1", "--capacity", "1", "--yes"],
      { DTEL_OWNER_KEY: poor.privateKey, DTEL_NODE__NODE_ID: "0" },
    );
    expect(exitCode).to.equal(1);
    expect(notes).to.contain("has 0 DTEL");
    expect(await chain.contracts().nodeRegistry.nodeCount()).to.equal(1n);
  });

  it("status, drain and activate speak to the running node, claim leaves it alone", async function () {
    expect((await run("status")).notes).to.contain("no node answers");
    const node = await NodeProcess.start(configFile, environment);
    try {
      const shown = await run("status");
      expect([shown.exitCode, shown.json]).to.deep.include(0);
      expect((await runCommand(["status", "--config", configFile], { environment })).out).to.contain(
        "all is well",
      );
      expect((await run("drain")).exitCode).to.equal(0);
      const seat = async () => seatSchema.parse((await run("status")).json).seat;
      await eventually("maintenance", async () => !(await seat()).seatAhead);
      expect((await seat()).wanted).to.equal(false);
      expect((await run("activate")).exitCode).to.equal(0);
      await eventually("a seat", async () => (await seat()).seatAhead);
      const release = await run("release");
      expect([release.exitCode, release.notes]).to.deep.equal([
        1,
        "the node refuses: the node is not in jail\n",
      ]);
      expect((await run("claim")).json).to.deep.equal({ running: true, open: [] });
    } finally {
      expect(await node.stop()).to.equal(0);
    }
    expect(node.log).to.not.contain(PASSWORD);
  });

  it("claim claims what the node did not get to, once", async function () {
    const config = await loadConfig(configFile, {});
    const { nodeId, dataDirectory } = config;
    const { serviceAttestations } = connectContracts(chain.deployment, chain.provider);
    const clock = createEpochClock(chain.deployment);
    const head = await chain.provider.getBlock("latest");
    const epoch = clock.currentEpoch((head?.timestamp ?? 0) * 1_000) + 1;
    await chain.mineAt(clock.startOf(epoch) + 1);
    // The node attests, and is gone when proofs are no longer taken.
    const wallet = (await loadOperatorKey(config, environment)).connect(chain.provider);
    const node = await startOperator(chain, {
      ...{ nodeId, wallet, path: join(dataDirectory, DATABASE_FILE) },
      ask: () => Promise.reject(new Error("no app is asked here")),
    });
    node.duties.start();
    await chain.mineAt(clock.endOf(epoch) + 5);
    await eventually(
      "the attestation",
      async () => (await serviceAttestations.attestationOf(nodeId, epoch)).status === 1n,
    );
    await node.stop();
    const others = connectContracts(
      chain.deployment,
      chain.senderOf(await chain.account()),
    ).serviceAttestations;
    await chain.mineAt(clock.endOf(epoch) + chain.deployment.epochSeconds / 2 + 1);
    await mined(others.arm(epoch));
    await chain.mine(20);
    await mined(others.draw(epoch));
    const early = await run("claim", ["--epochs", "3"]);
    expect(early.out).to.contain(`{"epoch":${epoch},"state":"not yet"}`);
    const deadline = await serviceAttestations.proofDeadline(epoch);
    await chain.mine(Math.max(0, Number(deadline.blockNumber) - (await chain.provider.getBlockNumber()) + 1));
    await chain.mineAt(Math.max(Number(deadline.timestamp), clock.endOf(epoch + 1)) + 1);

    const claimed = await run("claim", ["--epochs", "8"]);
    expect(claimed.exitCode, claimed.notes).to.equal(0);
    expect(claimed.out).to.contain(`{"epoch":${epoch},"state":"claimed"}`);
    expect((await serviceAttestations.attestationOf(nodeId, epoch)).claimed).to.equal(true);
    const again = await run("claim", ["--epochs", "8"]);
    expect(again.out).to.contain(`{"epoch":${epoch},"state":"was claimed"}`);
  });

  it("exit goes step by step: retires, asks for the bond, and pays it out when it is due", async function () {
    const config = await loadConfig(configFile, {});
    const exitSchema = z.looseObject({
      retired: z.boolean(),
      bondWei: z.string(),
      waitingWei: z.string(),
      payableAtSeconds: z.number().optional(),
      transactions: z.array(z.looseObject({ what: z.string() })),
    });
    const ownerKey = { DTEL_OWNER_KEY: owner.privateKey };
    const stranger = await chain.account();
    expect((await run("exit", ["--yes"], { DTEL_OWNER_KEY: stranger.privateKey })).notes).to.contain(
      "belongs to",
    );
    const first = exitSchema.parse((await run("exit", ["--yes"], ownerKey)).json);
    expect(first).to.deep.include({ retired: true, bondWei: "0", waitingWei: parseEther("2000").toString() });
    const tooEarly = exitSchema.parse((await run("exit", ["--yes"], ownerKey)).json);
    expect(
      tooEarly.transactions.map(({ what }) => what).filter((what) => what.includes("bond")),
    ).to.deep.equal([]);

    await chain.mineAt((first.payableAtSeconds ?? 0) + 1);
    const token = chain.contracts().token;
    const before = await token.balanceOf(owner.address);
    const last = exitSchema.parse((await run("exit", ["--yes"], ownerKey)).json);
    expect(last.waitingWei).to.equal("0");
    expect((await token.balanceOf(owner.address)) - before >= parseEther("2000")).to.equal(true);
    const { nodeStaking } = connectContracts(chain.deployment, chain.provider);
    expect(await nodeStaking.bondOf(config.nodeId)).to.equal(0n);
  });
});
