import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { stringify } from "yaml";
import { z } from "zod";
import { INodeStrikes__factory } from "../../../types/contracts/factories/penalties/INodeStrikes__factory.js";
import { AuditRing } from "../support/auditRing.js";
import type { RingNode } from "../support/auditRing.js";
import { eventually } from "../support/eventually.js";
import { mined } from "../support/localChain.js";
import { runCommand } from "./support/commandRun.js";
import { NodeProcess, freePort } from "./support/nodeProcess.js";

const statusSchema = z.looseObject({
  problems: z.array(z.string()),
  jail: z.looseObject({ jailed: z.boolean(), releasableAtSeconds: z.number().optional() }),
  seat: z.looseObject({ wanted: z.boolean(), seatAhead: z.boolean() }),
});
const findingsSchema = z.looseObject({
  findings: z.array(
    z.looseObject({
      check: z.string(),
      level: z.string(),
      found: z.string(),
      change: z.string().optional(),
    }),
  ),
});
/** `NodeRegistry`'s word for a node that serves. */
const ACTIVE = 1n;

describe("a node in jail", function () {
  this.timeout(180_000);
  let ring: AuditRing;

  before(async function () {
    ring = await AuditRing.start({ behindSeconds: 420 });
  });
  after(() => ring.close());
  beforeEach(() => ring.begin());
  afterEach(() => ring.end());

  const strikesOn = () => {
    const { nodeStrikes } = ring.chain.deployment.addresses;
    if (nodeStrikes === undefined) throw new Error("the deployment has no penalties");
    return INodeStrikes__factory.connect(nodeStrikes, ring.chain.holder);
  };

  /** Lets all of a ring score one of its nodes low, epoch after epoch, and posts what follows, until it is in jail. */
  async function jail(nodes: readonly RingNode[], { nodeId: bad }: RingNode): Promise<void> {
    const { chain, clock } = ring;
    const first = (await ring.currentEpoch()) + 2;
    const epochs = new Set(Array.from({ length: 6 }, (_, index) => first + index));
    for (const node of nodes) {
      const { findings, duties } = await ring.operatorOf(node);
      const scores = new Map(nodes.map(({ nodeId }) => [nodeId, nodeId === bad ? 1_000 : 9_500]));
      for (const epoch of epochs) findings.putScores(epoch, scores);
      duties.start();
    }
    const strikes = strikesOn();
    while (!(await strikes.isJailed(bad))) {
      if (epochs.size === 0) throw new Error("the strikes did not bring the node to jail");
      // A block a second: seeds take blocks, and late ones leave epochs without audits.
      for (let second = 0; second < 2; second++) await ring.passSeconds(1);
      await pause(60);
      const [epoch = 0] = epochs;
      const now = (await chain.provider.getBlock("latest"))?.timestamp ?? 0;
      if (now < clock.endOf(epoch + 1)) continue;
      const isFinal = await strikes.strikeTarget.staticCall(bad, epoch).then(
        () => true,
        () => false,
      );
      if (isFinal) await mined(strikes.strikeTarget(bad, epoch));
      if (isFinal || now > clock.endOf(epoch + 3)) epochs.delete(epoch);
    }
  }

  it("is told until when and what to do, is released by its operator after that time, and takes its seat again", async function () {
    const { chain, directory } = ring;
    const nodes = await ring.seatedNodes(4);
    const [bad] = nodes;
    if (bad === undefined) throw new Error("there are four");
    await jail(nodes, bad);
    await ring.stopAll();
    const [jailed] = await strikesOn().queryFilter(strikesOn().filters.NodeJailed(bad.nodeId));
    const releasableAt = Number(jailed?.args.releasableAt);
    const until = `until ${new Date(releasableAt * 1_000).toISOString()}`;
    const { nodeRegistry } = chain.contracts();
    expect((await nodeRegistry.nodeOf(bad.nodeId)).status).to.not.equal(ACTIVE);

    const configFile = join(directory, "node.yaml");
    await writeFile(join(directory, "network.json"), JSON.stringify(chain.deployment));
    await writeFile(
      configFile,
      stringify({
        ...{ nodeId: bad.nodeId.toString(), dataDirectory: "./data", deploymentFile: "./network.json" },
        chain: { rpcUrls: [chain.url], pollSeconds: 0.2 },
        public: { host: "127.0.0.1", port: await freePort() },
        private: { port: await freePort() },
        media: { listen: [{ ip: "127.0.0.1" }], port: 0, workers: 1 },
        cluster: { allowPrivateEndpoints: true },
        audits: { allowPrivateEndpoints: true },
      }),
    );
    const environment = { DTEL_OPERATOR_KEY: bad.wallet.privateKey };
    const run = (command: string) => runCommand([command, "--config", configFile, "--json"], { environment });
    const status = async () => statusSchema.parse((await run("status")).json);
    const seatFinding = async () =>
      findingsSchema.parse((await run("doctor")).json).findings.find(({ check }) => check === "seat");

    // The chain and this machine have the same time while operators are told; blocks come by themselves.
    await chain.mineAt(Math.floor(Date.now() / 1_000));
    const node = await NodeProcess.start(configFile, environment);
    let mining = Promise.resolve();
    const miner = setInterval(() => {
      mining = mining.then(() => chain.mine());
    }, 1_000);
    try {
      expect((await run("status")).exitCode).to.equal(1);
      const { problems, jail: told } = await status();
      expect(told).to.include({ jailed: true, releasableAtSeconds: releasableAt });
      expect(problems.find((problem) => problem.includes("jail for its strikes"))).to.contain(until);
      const finding = await seatFinding();
      expect(finding?.level).to.equal("fail");
      expect(finding?.found).to.contain(until);
      expect(finding?.change).to.contain("dtelecom-node release");
      const early = await run("release");
      expect([early.exitCode, early.notes]).to.deep.equal([
        1,
        `the node refuses: the node stays in jail ${until}\n`,
      ]);

      await chain.mineAt(releasableAt);
      await eventually("its time is over", async () => {
        const now = await status();
        return now.jail.jailed && now.jail.releasableAtSeconds === undefined;
      });
      expect((await status()).problems.join())
        .to.contain("its time is over")
        .and.contain("dtelecom-node release");
      const released = await run("release");
      expect(released.exitCode, released.notes).to.equal(0);
      expect(await strikesOn().isJailed(bad.nodeId)).to.equal(false);
      await eventually(
        "a seat ahead",
        async () =>
          (await nodeRegistry.nodeOf(bad.nodeId)).status === ACTIVE && (await status()).seat.seatAhead,
      );
      expect((await status()).problems.join()).to.not.contain("jail");
      expect((await seatFinding())?.level).to.not.equal("fail");
      expect((await run("release")).notes).to.contain("the node is not in jail");
    } finally {
      clearInterval(miner);
      await mining;
      expect(await node.stop()).to.equal(0);
    }
  });
});
