import { spawn } from "node:child_process";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import type { Wallet } from "ethers";
import { stringify } from "yaml";
import { z } from "zod";
import { eventually } from "../support/eventually.js";
import { LocalChain } from "../support/localChain.js";

const MAIN = fileURLToPath(new URL("../../../node/main.ts", import.meta.url));
const readySchema = z.looseObject({
  ready: z.literal(true),
  nodeId: z.string(),
  port: z.number(),
  privatePort: z.number(),
});
const statusSchema = z.looseObject({
  healthy: z.boolean(),
  problems: z.array(z.string()),
  sessions: z.number(),
});

const healthSchema = z.looseObject({
  healthy: z.boolean(),
  problems: z.array(z.string()),
  selfTest: z.looseObject({ media: z.array(z.looseObject({ ok: z.boolean(), pid: z.number() })) }),
});

describe("node process", function () {
  this.timeout(60_000);
  let chain: LocalChain;
  let directory: string;
  let operator: Wallet;
  let nodeId: bigint;
  const children: ChildProcess[] = [];

  before(async function () {
    chain = await LocalChain.start();
    const deployment = await chain.deploy();
    operator = await chain.account();
    nodeId = await chain.node(operator);
    directory = await mkdtemp(join(tmpdir(), "dtelecom-node-"));
    await writeFile(join(directory, "deployment.json"), JSON.stringify(deployment));
  });
  after(async function () {
    await chain.close();
    await rm(directory, { recursive: true });
  });
  afterEach(async function () {
    for (const child of children.splice(0)) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
  });

  async function start(settings: object = {}, key = operator.privateKey) {
    const path = join(directory, "node.yaml");
    const config = {
      ...{ nodeId: nodeId.toString(), dataDirectory: "./data", deploymentFile: "./deployment.json" },
      chain: { rpcUrls: [chain.url], pollSeconds: 0.2 },
      public: { host: "127.0.0.1", port: 0 },
      private: { host: "127.0.0.1", port: 0 },
      media: { listen: [{ ip: "127.0.0.1" }], port: 0, workers: 1 },
      ...settings,
    };
    await writeFile(path, stringify(config));
    const child = spawn(process.execPath, ["--import", "tsx", MAIN, "start", "--config", path], {
      env: { ...process.env, DTEL_OPERATOR_KEY: key },
      stdio: ["ignore", "pipe", "pipe"],
    });
    children.push(child);
    const output = { lines: [] as string[], errors: "" };
    const firstLine = new Promise<string>((resolve) => {
      createInterface({ input: child.stdout }).on("line", (line) => {
        output.lines.push(line);
        resolve(line);
      });
    });
    child.stderr.on("data", (chunk: Buffer) => (output.errors += chunk.toString()));
    const exited = once(child, "close").then(([code]: unknown[]) => code);
    return { child, output, firstLine, exited };
  }

  async function ready(settings: object = {}) {
    const started = await start(settings);
    const line = await Promise.race([started.firstLine, started.exited.then(() => started.output.errors)]);
    return { ...started, ready: readySchema.parse(JSON.parse(line)) };
  }

  it("says when it is ready, answers for its health, and ends cleanly when told to", async function () {
    const { child, output, exited, ready: info } = await ready();
    expect(info.nodeId).to.equal(nodeId.toString());
    const base = `http://127.0.0.1:${info.privatePort}`;
    const health = await fetch(`${base}/health`);
    const healthBody = healthSchema.parse(await health.json());
    expect([health.status, healthBody.healthy, healthBody.problems]).to.deep.equal([200, true, []]);
    expect(healthBody.selfTest.media.map(({ ok }) => ok)).to.deep.equal([true]);
    const status = statusSchema.parse(await (await fetch(`${base}/status`)).json());
    expect(status).to.deep.include({ healthy: true, sessions: 0, operator: operator.address });
    expect((await fetch(`${base}/secrets`)).status).to.equal(404);
    expect((await fetch(`${base}/status`, { method: "POST" })).status).to.equal(404);
    child.kill("SIGTERM");
    expect(await exited).to.equal(0);
    expect(output.lines).to.have.length(1);
    expect(output.errors).to.not.contain(operator.privateKey.slice(2));
    expect(output.errors).to.not.contain('"level":50');
  });

  it("takes its seat, and lets its operator ask whom it audits, hand in scores and go into maintenance", async function () {
    const { exited, child, ready: info } = await ready();
    const base = `http://127.0.0.1:${info.privatePort}`;
    const send = (method: string, path: string, body?: string, headers: Record<string, string> = {}) =>
      fetch(`${base}${path}`, { method, headers, ...(body === undefined ? {} : { body }) });
    const seatAhead = async () =>
      z
        .looseObject({ seat: z.looseObject({ wanted: z.boolean(), seatAhead: z.boolean() }) })
        .parse(await (await fetch(`${base}/status`)).json()).seat;
    await eventually("a seat", async () => (await seatAhead()).seatAhead);

    const { epoch } = z
      .looseObject({ epoch: z.number() })
      .parse(await (await fetch(`${base}/status`)).json());
    const scores = JSON.stringify({ scores: { "5": 9_000 } });
    expect((await send("PUT", `/audits/${epoch}`, scores)).status).to.equal(200);
    expect(await (await send("GET", `/audits/${epoch}`)).json()).to.deep.equal({
      ...{ epoch, targets: [], rounds: {} },
      scores: { "5": 9_000 },
    });
    expect((await send("PUT", `/audits/${epoch + 5}`, scores)).status).to.equal(409);
    expect((await send("PUT", `/audits/${epoch}`, "{")).status).to.equal(409);
    expect((await send("PUT", `/audits/${epoch}`, " ".repeat(40_000))).status).to.equal(413);
    expect((await send("PUT", "/audits/x", scores)).status).to.equal(404);

    const page = { origin: "https://evil.example" };
    for (const [method, path] of [
      ["POST", "/drain"],
      ["PUT", `/audits/${epoch}`],
    ] as const)
      expect((await send(method, path, scores, page)).status, `${path} from a web page`).to.equal(403);
    expect(await seatAhead()).to.deep.include({ wanted: true, seatAhead: true });
    expect((await send("POST", "/drain")).status).to.equal(202);
    await eventually("maintenance", async () => !(await seatAhead()).seatAhead);
    expect((await send("POST", "/activate")).status).to.equal(202);
    await eventually("back", async () => (await seatAhead()).seatAhead);
    child.kill("SIGTERM");
    expect(await exited).to.equal(0);
  });

  it("starts again after kill -9 on the same data", async function () {
    const first = await ready();
    first.child.kill("SIGKILL");
    await first.exited;
    const second = await ready();
    second.child.kill("SIGINT");
    expect(await second.exited).to.equal(0);
  });

  it("goes on when a media worker dies, on the same port, and counts it", async function () {
    const { child, exited, ready: info } = await ready();
    const base = `http://127.0.0.1:${info.privatePort}`;
    const workerPid = async (): Promise<number> => {
      const test = await fetch(`${base}/media-test`, { method: "POST" });
      const { selfTest } = z
        .looseObject({ selfTest: z.array(z.object({ pid: z.number(), ok: z.literal(true) })) })
        .parse(await test.json());
      return selfTest[0]?.pid ?? 0;
    };
    const first = await workerPid();
    process.kill(first, "SIGKILL");
    await eventually("another worker", async () => (await workerPid().catch(() => first)) !== first);
    const metrics = await (await fetch(`${base}/metrics`)).text();
    expect(metrics).to.match(/^dtelecom_media_worker_deaths_total 1$/m);
    child.kill("SIGTERM");
    expect(await exited).to.equal(0);
  });

  it("does not start with an unknown key in its configuration, and names it", async function () {
    const { exited, output } = await start({ publik: {} });
    expect(await exited).to.equal(1);
    expect(output.errors).to.contain('"publik"');
    expect(output.lines).to.deep.equal([]);
  });

  it("does not start with another key than the node's operator key, and says whose is whose", async function () {
    const stranger = await chain.account();
    const { exited, output } = await start({}, stranger.privateKey);
    expect(await exited).to.equal(1);
    expect(output.errors)
      .to.contain(operator.address)
      .and.contain(stranger.address)
      .and.contain("setOperator");
    expect(output.errors).to.not.contain(stranger.privateKey.slice(2));
  });

  it("does not start on another node's data", async function () {
    const other = await chain.account();
    const otherId = await chain.node(other);
    const { exited, output } = await start({ nodeId: otherId.toString() }, other.privateKey);
    expect(await exited).to.equal(1);
    expect(output.errors).to.contain("belongs to another node");
  });

  it("does not start without a chain", async function () {
    const { exited, output } = await start({ chain: { rpcUrls: ["http://127.0.0.1:1"] } });
    expect(await exited).to.equal(1);
    expect(output.errors).to.contain("no RPC endpoint answered");
  });
});
