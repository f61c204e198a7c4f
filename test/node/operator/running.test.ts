import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Wallet, encryptKeystoreJson, parseEther } from "ethers";
import { stringify } from "yaml";
import { z } from "zod";
import { AccessToken } from "../../../node/client/AccessToken.js";
import { useNodeWebrtc } from "../../../node/client/nodeWebrtc.js";
import { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { testTone } from "../../../node/client/testMedia.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import { eventually } from "../support/eventually.js";
import { LocalChain } from "../support/localChain.js";
import { runCommand } from "./support/commandRun.js";
import { NodeProcess, freePort } from "./support/nodeProcess.js";

const DASHBOARD = new URL("../../../node/deploy/grafana-dashboard.json", import.meta.url);
const PASSWORD = "correct horse battery";
const dashboardSchema = z.looseObject({
  panels: z.array(z.looseObject({ targets: z.array(z.looseObject({ expr: z.string() })) })),
});

/** Two nodes on one chain, as their operators run them, and an app with participants. */
describe("running node", function () {
  this.timeout(120_000);
  let chain: LocalChain;
  let directory: string;
  let node: NodeProcess;
  let other: NodeProcess;
  let configFile: string;
  let environment: NodeJS.ProcessEnv;
  const operator = Wallet.createRandom();
  const signer = new Wallet(Wallet.createRandom().privateKey);
  let app: Wallet;

  before(async function () {
    chain = await LocalChain.start({ behindSeconds: 300 });
    const deployment = await chain.deploy();
    directory = await mkdtemp(join(tmpdir(), "dtelecom-running-"));
    await writeFile(join(directory, "deployment.json"), JSON.stringify(deployment));
    const second = await chain.account();
    await (await chain.holder.sendTransaction({ to: operator.address, value: parseEther("10") })).wait();
    const nodeId = await chain.node(new Wallet(operator.privateKey, chain.provider));
    const otherId = await chain.node(second);
    app = await chain.app(signer.address, { [nodeId.toString()]: "100", [otherId.toString()]: "100" });
    await chain.mineAt(Math.ceil(Date.now() / 1_000));
    await writeFile(
      join(directory, "operator.json"),
      await encryptKeystoreJson({ address: operator.address, privateKey: operator.privateKey }, PASSWORD, {
        scrypt: { N: 1_024, r: 8, p: 1 },
      }),
    );
    const settings = (id: bigint, data: string, privatePort: number) => ({
      ...{ nodeId: id.toString(), dataDirectory: data, deploymentFile: "./deployment.json" },
      chain: { rpcUrls: [chain.url], pollSeconds: 0.2 },
      public: { host: "127.0.0.1", port: 0 },
      private: { port: privatePort },
      media: { listen: [{ ip: "127.0.0.1" }], port: 0, workers: 1 },
      payment: { allowPrivateVoucherUrls: true },
      log: { level: "trace" },
    });
    configFile = join(directory, "node.yaml");
    const keyed = {
      ...settings(nodeId, "./data", await freePort()),
      key: { keystoreFile: "./operator.json" },
    };
    await writeFile(configFile, stringify(keyed));
    const otherFile = join(directory, "other.yaml");
    await writeFile(otherFile, stringify(settings(otherId, "./other", 0)));
    environment = { DTEL_KEYSTORE_PASSWORD: PASSWORD };
    [node, other] = await Promise.all([
      NodeProcess.start(configFile, environment),
      NodeProcess.start(otherFile, { DTEL_OPERATOR_KEY: second.privateKey }),
    ]);
  });
  after(async function () {
    await Promise.all([node.stop(), other.stop()]);
    await chain.close();
    await rm(directory, { recursive: true });
  });

  const get = async (path: string, headers: Record<string, string> = {}) =>
    fetch(`${node.privateUrl}${path}`, { headers });

  async function enter(urls: readonly string[]): Promise<Room> {
    const sessionKey = createSessionKey();
    const { chainId, addresses } = chain.deployment;
    const domain = typedDataDomain(BigInt(chainId), addresses.serviceAttestations);
    const token = await new AccessToken({ app: parseAddress(app.address), signerKey: signer, domain }).issue({
      ...{ sessionKey: parseAddress(sessionKey.address), room: "standup", ttlSeconds: 3_600 },
      ...{ maxBytesPerEpoch: 10_000_000_000n, identity: sessionKey.address },
      voucherUrl: "http://127.0.0.1:9/vouchers",
    });
    return Room.connect({
      ...{ url: urls, room: "standup", token, sessionKey, rtc: useNodeWebrtc(), receiptIntervalMs: 500 },
    });
  }

  it("says in Prometheus' format how it is, and the dashboard asks for nothing else", async function () {
    const response = await get("/metrics");
    expect(response.headers.get("content-type")).to.contain("text/plain");
    const text = await response.text();
    const types = new Map(
      [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [name, type]),
    );
    const samples = text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
    for (const sample of samples) {
      expect(sample).to.match(
        /^[a-z_][a-z0-9_]*(\{([a-z_]+="[^"\n]*",?)+\})? (-?\d[\d.e+-]*|[Nn]a[Nn]|[+-]Inf)$/,
      );
    }
    for (const [name, type] of types) {
      if (!name.startsWith("dtelecom_")) continue;
      expect(name.endsWith("_total"), `${name} is a ${type}`).to.equal(type === "counter");
    }
    expect(text).to.match(/^dtelecom_healthy 1$/m);
    expect(text).to.match(/^dtelecom_selftest_success\{test="media"\} 1$/m);
    expect(text).to.match(/^process_resident_memory_bytes \d/m);

    const { panels } = dashboardSchema.parse(JSON.parse(await readFile(DASHBOARD, "utf8")));
    const asked = panels.flatMap(({ targets }) =>
      targets.flatMap(({ expr }) => expr.match(/[a-z_]+(?=\{)/g) ?? []),
    );
    expect(asked.length).to.be.greaterThan(30);
    expect(asked.filter((name) => !types.has(name))).to.deep.equal([]);
  });

  it("shows its panel to its own page only: buttons need the page's token, names of others are refused", async function () {
    const page = await get("/");
    expect(page.headers.get("content-security-policy")).to.contain("default-src 'none'");
    const html = await page.text();
    expect(html).to.contain(`Node ${node.ready.nodeId}`);
    const token = /name="token" value="([^"]+)"/.exec(html)?.[1] ?? "";
    const press = (body: string, headers: Record<string, string> = {}) =>
      fetch(`${node.privateUrl}/panel/activate`, {
        ...{ method: "POST", body, redirect: "manual" },
        headers: { "content-type": "application/x-www-form-urlencoded", ...headers },
      });
    expect((await press("token=guess")).status).to.equal(403);
    expect((await press(`token=${token}`, { origin: "https://evil.example" })).status).to.equal(403);
    expect((await press(`token=${token}`, { origin: node.privateUrl })).status).to.equal(303);
    const rebound = await runHost(node.ready.privatePort, "evil.example:9464");
    expect(rebound).to.equal(421);
  });

  it("keeps its secrets out of log, status, metrics and panel", async function () {
    const texts = [node.log];
    for (const path of ["/", "/status", "/metrics", "/health"]) texts.push(await (await get(path)).text());
    expect(node.log.length).to.be.greaterThan(500);
    for (const text of texts)
      expect(text).to.not.contain(operator.privateKey.slice(2)).and.not.contain(PASSWORD);
  });

  it("moves its participants to another node before it ends", async function () {
    const rooms = [
      await enter([node.ready.url, other.ready.url]),
      await enter([node.ready.url, other.ready.url]),
    ];
    try {
      const [speaker, listener] = rooms;
      if (speaker === undefined || listener === undefined) throw new Error("nobody joined");
      const tone = testTone();
      await speaker.publish(tone.track);
      await eventually("receipts", async () => {
        const text = await (await get("/metrics")).text();
        return Number(/^dtelecom_receipts_accepted_total (\d+)$/m.exec(text)?.[1]) >= 2;
      });
      const disconnected: unknown[] = [];
      for (const room of rooms) room.on("disconnected", (reason) => disconnected.push(reason));
      const drained = await runCommand(
        ["drain", "--config", configFile, "--then-stop", "--deadline", "20", "--wait", "--json"],
        { environment },
      );
      expect(drained.exitCode, drained.notes).to.equal(0);
      expect(await node.exited).to.equal(0);
      await eventually("both on the other node", () =>
        rooms.every((room) => room.nodeId.toString() === other.ready.nodeId),
      );
      expect(disconnected).to.deep.equal([]);
      tone.stop();
    } finally {
      await Promise.all(rooms.map((room) => room.leave()));
    }
    expect(node.log).to.contain("participants have moved");
  });

  it("does the same on SIGUSR2, which needs no private port", async function () {
    node = await NodeProcess.start(configFile, environment);
    const room = await enter([node.ready.url, other.ready.url]);
    try {
      expect(room.nodeId.toString()).to.equal(node.ready.nodeId);
      const disconnected: unknown[] = [];
      room.on("disconnected", (reason) => disconnected.push(reason));
      node.signal("SIGUSR2");
      expect(await node.exited).to.equal(0);
      await eventually("it is on the other node", () => room.nodeId.toString() === other.ready.nodeId);
      expect(disconnected).to.deep.equal([]);
    } finally {
      await room.leave();
    }
    expect(node.log).to.match(/"kind":"drained"[^\n]*"by":"SIGUSR2"/);
    expect(node.log).to.contain("participants have moved");
  });
});

/** The status of a request under a host name; `fetch` does not let one choose it. */
async function runHost(port: number, host: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    request({ host: "127.0.0.1", port, path: "/status", headers: { host } }, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}
