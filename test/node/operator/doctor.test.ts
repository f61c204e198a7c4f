import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { createServer as createHttpServer } from "node:http";
import type { Server } from "node:http";
import { once } from "node:events";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet, id } from "ethers";
import { stringify } from "yaml";
import { z } from "zod";
import { GasLedger } from "../../../node/chain/gasLedger.js";
import { openDatabase } from "../../../node/chain/sqlite.js";
import { DATABASE_FILE } from "../../../node/operator/nodeService.js";
import { parseHex } from "../../../node/protocol/hex.js";
import { LocalChain } from "../support/localChain.js";
import { runCommand } from "./support/commandRun.js";
import { NodeProcess, freePort } from "./support/nodeProcess.js";

const reportSchema = z.object({
  healthy: z.boolean(),
  findings: z.array(
    z.object({
      check: z.string(),
      level: z.enum(["ok", "warn", "fail"]),
      found: z.string(),
      change: z.string().optional(),
    }),
  ),
});
type Report = z.infer<typeof reportSchema>;

describe("doctor", function () {
  this.timeout(120_000);
  let chain: LocalChain;
  let directory: string;
  let operator: Wallet;
  let nodeId: bigint;
  let privatePort: number;
  let publicPort: number;
  /** A node of somebody else, who is asked to look from outside. */
  let other: NodeProcess;

  before(async function () {
    chain = await LocalChain.start({ keepsTime: true });
    const deployment = await chain.deploy();
    directory = await mkdtemp(join(tmpdir(), "dtelecom-doctor-"));
    await writeFile(join(directory, "deployment.json"), JSON.stringify(deployment));
    [privatePort, publicPort] = [await freePort(), await freePort()];
    operator = await chain.account();
    nodeId = await chain.node(operator);
    const otherOperator = await chain.account();
    const otherPort = await freePort();
    const { nodeId: otherId } = await chain.ownedNode(otherOperator, {
      endpoint: `ws://127.0.0.1:${otherPort}/`,
    });
    const path = await configFile("other", {
      nodeId: otherId.toString(),
      dataDirectory: "./other-data",
      public: { host: "127.0.0.1", port: otherPort },
      private: { port: 0 },
    });
    other = await NodeProcess.start(path, { DTEL_OPERATOR_KEY: otherOperator.privateKey });
  });
  after(async function () {
    await other.stop();
    await chain.close();
    await rm(directory, { recursive: true });
  });

  async function configFile(name: string, settings: object = {}): Promise<string> {
    const path = join(directory, `${name}.yaml`);
    const config = {
      ...{ nodeId: nodeId.toString(), dataDirectory: "./data", deploymentFile: "./deployment.json" },
      chain: { rpcUrls: [chain.url, chain.url.replace("127.0.0.1", "localhost")], pollSeconds: 0.2 },
      public: { host: "127.0.0.1", port: publicPort },
      private: { port: privatePort },
      media: { listen: [{ ip: "127.0.0.1" }], port: 0, workers: 1 },
      cluster: { allowPrivateEndpoints: true },
      audits: { allowPrivateEndpoints: true },
      ...settings,
    };
    await writeFile(path, stringify(config));
    return path;
  }

  async function examine(
    settings: object = {},
    key: Wallet = operator,
  ): Promise<Report & { exitCode: number }> {
    const path = await configFile("node", settings);
    await chain.mineAt(Math.floor(Date.now() / 1_000));
    const run = await runCommand(["doctor", "--config", path, "--json"], {
      environment: { DTEL_OPERATOR_KEY: key.privateKey },
    });
    expect(run.out + run.notes).to.not.contain(key.privateKey.slice(2));
    return { ...reportSchema.parse(run.json), exitCode: run.exitCode };
  }
  const failed = ({ findings }: Report): string[] =>
    findings.filter(({ level }) => level === "fail").map(({ check }) => check);

  it("finds nothing wrong with a node that is right, tried from outside by another one, running or not", async function () {
    const stopped = await examine();
    expect(failed(stopped), JSON.stringify(stopped.findings)).to.deep.equal([]);
    const reach = stopped.findings.find(({ check }) => check === "reach.ipv4");
    expect(reach?.level).to.equal("ok");
    expect(reach?.found).to.match(/reached udp \d+, tcp \d+/);

    const node = await NodeProcess.start(await configFile("node"), {
      DTEL_OPERATOR_KEY: operator.privateKey,
    });
    try {
      // The other one serves a node again after some seconds.
      await new Promise((resolve) => setTimeout(resolve, 5_500));
      const running = await examine();
      expect(failed(running), JSON.stringify(running.findings)).to.deep.equal([]);
      const port = node.ready.media[0]?.udp;
      expect(running.findings.find(({ check }) => check === "reach.ipv4")?.found).to.contain(
        `udp ${port}, tcp ${port}`,
      );
      expect(running.findings.find(({ check }) => check === "ports")?.found).to.contain("the node runs");
    } finally {
      await node.stop();
    }
  });

  it("finds ports that somebody else has", async function () {
    const taken = createServer().listen(publicPort, "127.0.0.1");
    await once(taken, "listening");
    try {
      const report = await examine({
        media: { listen: [{ ip: "127.0.0.1" }], port: publicPort, workers: 1 },
      });
      expect(failed(report)).to.include.members(["ports.public", "media"]);
      expect(report.exitCode).to.equal(1);
    } finally {
      taken.close();
    }
  });

  it("finds an announced address that cannot be right, or that others do not see", async function () {
    const wildcard = await examine({ media: { listen: [{ ip: "0.0.0.0" }], port: 0, workers: 1 } });
    expect(failed(wildcard)).to.include("announced");
    const hidden = await examine({
      media: { listen: [{ ip: "127.0.0.1" }], port: 0, workers: 1 },
      cluster: { allowPrivateEndpoints: false },
      audits: { allowPrivateEndpoints: false },
    });
    expect(hidden.findings.find(({ check }) => check === "announced")?.found).to.contain("private address");
    await new Promise((resolve) => setTimeout(resolve, 5_500));
    const wrong = await examine({
      media: { listen: [{ ip: "127.0.0.1", announcedAddress: "203.0.113.7" }], port: 0, workers: 1 },
    });
    const seen = wrong.findings.find(({ check }) => check === "announced.seen");
    expect([seen?.level, seen?.found]).to.deep.equal([
      "fail",
      "others see this machine at 127.0.0.1, participants are told 203.0.113.7",
    ]);
  });

  it("finds a key that is not the node's, an account without coins, and a bond that is too low", async function () {
    const stranger = new Wallet(Wallet.createRandom().privateKey);
    const report = await examine({}, stranger);
    expect(failed(report)).to.include.members(["operator-key", "balance"]);
    const key = report.findings.find(({ check }) => check === "operator-key");
    expect(key?.found).to.contain(operator.address).and.contain(stranger.address);

    const poor = await chain.account();
    const { nodeId: bondless } = await chain.ownedNode(poor, { bond: "0" });
    expect(failed(await examine({ nodeId: bondless.toString() }, poor))).to.deep.equal(["bond"]);
    const unregistered = await examine({ nodeId: 0 }, poor);
    expect(unregistered.findings.find(({ check }) => check === "registration")?.change).to.contain(
      "register",
    );
  });

  it("finds endpoints that are dead, of another chain, or without logs", async function () {
    const dead = await examine({ chain: { rpcUrls: [chain.url, "http://127.0.0.1:1"] } });
    expect(failed(dead)).to.deep.equal(["rpc"]);
    const all = await examine({ chain: { rpcUrls: ["http://127.0.0.1:1"] } });
    expect(failed(all)).to.deep.equal(["rpc", "chain"]);
    const silent = await fakeEndpoint(chain.url, (method) => method !== "eth_getLogs");
    const foreign = await fakeEndpoint(chain.url, () => true, "0x1");
    try {
      const report = await examine({ chain: { rpcUrls: [chain.url, silent.url, foreign.url] } });
      const founds = report.findings.filter(({ level }) => level === "fail").map(({ found }) => found);
      expect(founds.filter((found) => found.includes("gives no logs"))).to.have.length(1);
      expect(founds.filter((found) => found.includes("serves chain 1"))).to.have.length(1);
    } finally {
      silent.server.close();
      foreign.server.close();
    }
  });

  it("finds a deployment file of another chain, and a clock that is off", async function () {
    const { addresses } = chain.deployment;
    const strange = {
      ...chain.deployment,
      addresses: { ...addresses, auditRing: Wallet.createRandom().address },
    };
    await writeFile(join(directory, "strange.json"), JSON.stringify(strange));
    const report = await examine({ deploymentFile: "./strange.json" });
    expect(report.findings.find(({ check }) => check === "contracts")?.found).to.contain("auditRing");

    const late = await fakeEndpoint(chain.url, () => true, undefined, 120_000);
    try {
      const clock = (await examine({ chain: { rpcUrls: [late.url] } })).findings.filter(
        ({ check }) => check === "clock",
      );
      expect(clock.map(({ level }) => level)).to.deep.equal(["fail"]);
      expect(clock[0]?.found).to.match(/is 1(19|20|21) s behind/);
    } finally {
      late.server.close();
    }
  });

  it("tells a chain that runs ahead from a clock that is behind", async function () {
    const restore = await chain.snapshot();
    const late = await fakeEndpoint(chain.url, () => true, undefined, 60_000);
    try {
      await chain.mineAt(Math.floor(Date.now() / 1_000) + 60);
      const clockOf = ({ findings }: Report) => findings.filter(({ check }) => check === "clock");
      const [ahead, ...more] = clockOf(await examine());
      expect([ahead?.level, more]).to.deep.equal(["warn", []]);
      expect(ahead?.found).to.match(/newest block is [56]\d s ahead .* RPC endpoints' clocks agree/);
      // Where an endpoint's clock says what the chain says, it is this machine's.
      const behind = clockOf(await examine({ chain: { rpcUrls: [late.url] } }));
      expect(behind.map(({ level }) => level)).to.deep.equal(["fail", "fail"]);
      expect(behind.map(({ found }) => found).join()).to.contain("behind the newest block's time");
    } finally {
      late.server.close();
      await restore();
    }
  });

  it("tells how long the gas lasts: by what the node has spent, once it has, running or not", async function () {
    const settings = { dataDirectory: "./spending-data" };
    const balance = async () =>
      (await examine(settings)).findings.find(({ check }) => check === "balance")?.found ?? "";
    expect(await balance()).to.match(/about [\d.]+ days of gas by an estimate$/);

    // A thousandth of what there is in two epochs of a minute: it lasts for two thousand of them, 1.4 days.
    const epochsAgo = Math.floor(Date.now() / 1_000) - 2 * chain.deployment.epochSeconds;
    const spent = (await chain.provider.getBalance(operator.address)) / 1_000n;
    await mkdir(join(directory, "spending-data"));
    const database = openDatabase(join(directory, "spending-data", DATABASE_FILE));
    new GasLedger(database).add(parseHex(id("a transaction"), 32), epochsAgo, spent);
    database.close();
    const bySpending = /about 1\.[34] days of gas by what the node has spent lately$/;
    expect(await balance()).to.match(bySpending);
    // A running node has its data to itself, and is asked.
    const node = await NodeProcess.start(await configFile("node", settings), {
      DTEL_OPERATOR_KEY: operator.privateKey,
    });
    try {
      expect(await balance()).to.match(bySpending);
    } finally {
      await node.stop();
    }
  });

  it("names what is wrong in the configuration, and does not get further", async function () {
    const report = await examine({ publik: {} });
    expect(failed(report)).to.deep.equal(["config"]);
    expect(report.findings[0]?.found).to.contain('"publik"');
  });

  describe("a node that is asked", function () {
    it("serves only registered nodes, that sign for what they ask, and not too often", async function () {
      const url = other.ready.url.replace("ws:", "http:");
      const post = (body: string, headers: Record<string, string> = {}) =>
        fetch(new URL("/reach", url), { method: "POST", body, headers });
      expect((await post("{}")).status).to.equal(400);
      const question = {
        ...{ fromNodeId: nodeId.toString(), toNodeId: other.ready.nodeId },
        targets: [{ protocol: "udp", port: 9, usernameFragment: "abcd", password: "x".repeat(22) }],
      };
      expect((await post(JSON.stringify(question))).status).to.equal(401);
      const now = String(Math.floor(Date.now() / 1_000));
      const unsigned = { "dtelecom-issued-at": now, "dtelecom-signature": `0x${"11".repeat(65)}` };
      expect((await post(JSON.stringify(question), unsigned)).status).to.be.oneOf([401, 403]);
      expect((await post(JSON.stringify({ ...question, toNodeId: "77" }), unsigned)).status).to.equal(400);
      // No address can be named: there is no such member.
      expect((await post(JSON.stringify({ ...question, address: "192.0.2.1" }), unsigned)).status).to.equal(
        400,
      );
    });
  });
});

/** Hands requests on to an endpoint; refuses methods, tells another chain, or dates its answers otherwise. */
async function fakeEndpoint(
  upstream: string,
  serves: (method: string) => boolean,
  chainId?: string,
  dateOffsetMs = 0,
): Promise<{ url: string; server: Server }> {
  const callSchema = z.looseObject({ id: z.number(), method: z.string() });
  const server = createHttpServer((request, response) => {
    const answer = async (): Promise<string> => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) if (Buffer.isBuffer(chunk)) chunks.push(chunk);
      const body = Buffer.concat(chunks).toString("utf8");
      const parsed: unknown = JSON.parse(body);
      const calls = z.array(callSchema).parse(Array.isArray(parsed) ? parsed : [parsed]);
      const [call] = calls;
      if (call !== undefined && calls.length === 1 && call.method === "eth_chainId" && chainId !== undefined)
        return JSON.stringify({ jsonrpc: "2.0", id: call.id, result: chainId });
      if (call !== undefined && calls.length === 1 && !serves(call.method))
        return JSON.stringify({ jsonrpc: "2.0", id: call.id, error: { code: -32601, message: "not here" } });
      return (
        await fetch(upstream, { method: "POST", body, headers: { "content-type": "application/json" } })
      ).text();
    };
    void answer().then((text) => {
      response.setHeader("date", new Date(Date.now() + dateOffsetMs).toUTCString());
      response.end(text);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("no port");
  return { url: `http://127.0.0.1:${address.port}`, server };
}
