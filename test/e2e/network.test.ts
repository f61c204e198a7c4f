import { expect } from "chai";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { discoverNodes, networkNodes } from "../../node/client/discoverNodes.js";
import { useNodeWebrtc } from "../../node/client/nodeWebrtc.js";
import { Room } from "../../node/client/Room.js";
import { createSessionKey } from "../../node/client/sessionKey.js";
import { parseAddress } from "../../node/protocol/hex.js";
import type { Acknowledged } from "../../scripts/devnet/acknowledged.js";
import { requestToken } from "../../scripts/devnet/app/tokenExchange.js";
import { AMOUNTS } from "../../scripts/devnet/economy.js";
import { settledEpochs } from "../../scripts/devnet/epochs.js";
import { Network } from "../../scripts/devnet/network.js";
import type { DevnetNode } from "../../scripts/devnet/node.js";
import { silentProgress } from "../../scripts/devnet/progress.js";
import { roomSchema } from "../../scripts/devnet/rooms.js";
import { concludeRun } from "../../scripts/devnet/summary.js";
import { loadParameters } from "../../scripts/parameters/schema.js";
import type { Parameters } from "../../scripts/parameters/schema.js";
import { findChromium, launchChromium } from "./browser.js";

/** The shortest that the contracts take. */
const CLOCK = { epochSeconds: 30, epochBlocks: 32 };
const START_MS = 120_000;
/** Up to a whole epoch until one begins, the epoch, the next one with its seed, half of one for proofs, and slack. */
const SETTLE_MS = 240_000;
const JOIN_MS = 60_000;

const ROOMS = [
  {
    name: "talk",
    nodes: [0],
    members: [{ identity: "Ada", sends: ["audio", "video"] }, { identity: "Ben" }],
  },
  {
    name: "conversation",
    nodes: [1],
    members: [
      { identity: "Cleo", sends: ["audio", "video"] },
      { identity: "Dario", sends: ["audio"] },
    ],
  },
].map((room) => roomSchema.parse(room));

describe("a whole network: chain, indexer, nodes, app, WebRTC clients", function () {
  this.timeout(START_MS);
  let directory: string;
  let network: Network;
  let parameters: Parameters;
  let stop = (): Promise<void> => Promise.resolve();

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "dtelecom-network-"));
    parameters = await loadParameters(new URL("../../scripts/parameters/devnet.json", import.meta.url));
    parameters = { ...parameters, clock: CLOCK };
    network = await Network.start({
      directory,
      parameters,
      nodeCount: 2,
      rooms: ROOMS,
      rpcPort: 0,
      apiPort: 0,
      appPort: 0,
      progress: silentProgress,
      interrupted: new AbortController().signal,
    });
    stop = () => network.stop();
  });

  after(async () => {
    await stop();
    await rm(directory, { recursive: true, force: true });
    // That nothing had to be killed, and everything ended well, shows only now.
    expect(network.group.problems()).to.deep.equal([]);
  });

  // Each test may stop what it needs stopped.
  beforeEach(() => network.startService());

  afterEach(() => {
    expect(network.group.problems()).to.deep.equal([]);
    network.group.failure.throwIfAborted();
  });

  const nodeAt = (index: number): DevnetNode => {
    const node = network.nodes[index];
    if (node === undefined) throw new Error(`there is no node ${index}`);
    return node;
  };

  it("lets a person join from the page, counts the receipts and stores them", async function () {
    const executable = findChromium();
    if (executable === undefined) {
      console.log(
        "      no Chromium here: the page is not tested (apt-get install chromium, or set CHROMIUM_BIN)",
      );
      return this.skip();
    }
    const browser = await launchChromium(executable);
    try {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on("pageerror", (error) => errors.push(error.message));
      page.on("console", (message) => {
        if (message.type() === "error") errors.push(message.text());
      });
      page.setDefaultTimeout(JOIN_MS);
      await page.goto(network.apiUrl);
      await page.locator('#connection[data-state="live"]').waitFor();
      await page.locator("#node-cards article").nth(1).waitFor();

      await page.getByLabel("Room").selectOption("talk");
      await page.getByLabel("Your name").fill("Fay");
      await page.getByLabel("a test pattern").check();
      await page.getByRole("button", { name: "Join" }).click();
      // Ada's picture is not only there, it moves.
      await page.waitForFunction(() => {
        const video = document.querySelector('[data-participant="Ada"] video');
        return video instanceof HTMLVideoElement && video.videoWidth > 0 && video.currentTime > 1;
      });
      await page.waitForFunction(() => {
        const bytes = document.querySelector<HTMLElement>("#bytes-acknowledged")?.dataset.bytes;
        return Number(bytes) > 0;
      });
      const sessionKey = await page.locator("#receipt-now code").getAttribute("title");
      const epoch = Number(
        await page.locator("#receipt-table tbody tr:first-child td:first-child").textContent(),
      );
      const acknowledged = BigInt(
        (await page.locator("#bytes-acknowledged").getAttribute("data-bytes")) ?? "0",
      );
      await page.getByRole("button", { name: "Leave" }).click();
      await page.getByText("You left.").waitFor();
      expect(errors).to.deep.equal([]);

      const node = nodeAt(0);
      await node.stop();
      const [stored] = node.storedEpochs([epoch]);
      const receipt = stored?.receipts.find((one) => one.sessionKey === sessionKey);
      expect(receipt?.bytesDelivered ?? 0n, `the store's receipt of ${sessionKey}`).to.satisfy(
        (bytes: bigint) => bytes >= acknowledged,
      );
    } finally {
      await browser.close();
    }
  });

  it("lets a client find nodes over GraphQL, pick one by region, and receive a room's media there", async () => {
    const { graphqlUrl, appUrl, nodes } = network;
    const known = nodes.map(({ nodeId, endpoint }) => ({ nodeId, url: endpoint }));
    let found = await discoverNodes({ graphqlUrl });
    await eventually("the index knows all nodes", async () => {
      found = await discoverNodes({ graphqlUrl });
      return found.length === nodes.length;
    });
    expect(found.map(({ nodeId, url }) => ({ nodeId, url }))).to.have.deep.members(known);
    expect(found.map(({ priceWeiPerGB }) => priceWeiPerGB)).to.deep.equal(
      known.map(() => AMOUNTS.pricePerGB),
    );
    // Each node of the devnet is in a region of its own.
    const [inRegion, ...others] = await discoverNodes({ graphqlUrl, region: 0 });
    expect([inRegion?.nodeId, others]).to.deep.equal([nodeAt(0).nodeId, []]);

    const sessionKey = createSessionKey();
    const { token, domain } = await requestToken(appUrl, {
      ...{ sessionKey: parseAddress(sessionKey.address), room: "talk", identity: "Eve" },
    });
    const room = await Room.connect({
      url: networkNodes({ graphqlUrl, region: 0 }),
      ...{ room: "talk", token, sessionKey, rtc: useNodeWebrtc() },
      expect: { domain, nodeId: nodeAt(0).nodeId },
    });
    try {
      expect([room.nodeId, room.url]).to.deep.equal([nodeAt(0).nodeId, nodeAt(0).endpoint]);
      // Another test may have stopped the node: she comes back by herself.
      await eventually("Ada is there", () => room.participants.some(({ name }) => name === "Ada"));
      await eventually("her tracks", () => room.tracks.length === 2);
      await eventually("her media", () => room.received.bytesDelivered > 20_000n);
    } finally {
      await room.leave();
    }
  });

  it("loses no acknowledged receipt of a node that is killed within an epoch, and attests in time", async function () {
    this.timeout(SETTLE_MS);
    const { watch, ledger } = network;
    const node = nodeAt(1);
    const epoch = await earlyInEpoch(network);
    const acknowledged = () => ledger.of(node.nodeId, epoch);
    const listeners = 2;
    await eventually("receipts of both participants", () => acknowledged().length === listeners);

    const before = acknowledged();
    await node.kill();
    expect(node.running).to.equal(false);
    await node.start();
    await eventually("higher receipts of the same sessions in the same epoch", () =>
      before.every((old) => acknowledged().some((now) => isHigher(now, old))),
    );
    expect(watch.epochAt(Date.now()), "the epoch is still the one of the crash").to.equal(epoch);

    const record = watch.epoch(epoch);
    await watch.until(
      () => record.claimed.has(node.nodeId),
      deadline(SETTLE_MS, "the epoch is attested and claimed"),
    );
    await node.stop();
    const stored = node.storedEpochs([epoch]);
    expect(ledger.missingFrom(stored)).to.deep.equal([]);
    expect(record.attested.get(node.nodeId)).to.deep.equal({
      receiptRoot: stored[0]?.receiptRoot,
      bytesDelivered: stored[0]?.bytesDelivered,
      sessions: BigInt(listeners),
    });
  });

  it("settles an epoch: receipts, attestations, money, tokens and GraphQL agree", async function () {
    this.timeout(SETTLE_MS);
    const nodeIds = network.nodes.map(({ nodeId }) => nodeId);
    const signal = AbortSignal.any([network.group.failure, deadline(SETTLE_MS, "an epoch is settled")]);
    const epochs = await settledEpochs(network.watch, nodeIds, 1, silentProgress, signal);
    const { summary, faults } = await concludeRun(network, parameters, epochs, silentProgress);
    expect(faults).to.deep.equal([]);
    expect(summary).to.include({ epochsSettled: 1, nodes: 2, attestations: 2, indexerMatchesChain: true });
    // Ben hears and sees Ada; Cleo hears Dario, Dario hears and sees Cleo. Nobody sends anything to Ada.
    expect(summary).to.include({ sessions: 3, receipts: 3 });
    expect(summary.bytesDelivered).to.be.greaterThan(100_000);
    expect(summary.feesCollected).to.be.greaterThan(0);
    const tenth = summary.feesCollected / 10;
    expect(Math.abs(summary.feesBurned - tenth) < 1e-6, "a tenth of the fees is burned").to.equal(true);
    expect(summary.rewardsMinted).to.be.greaterThan(0);
    // Gas that bought nothing, or twice the same.
    expect(summary).to.include({ revertedTransactions: 0, redundantUpkeepTransactions: 0 });
    const { arm, draw, mintPending, attest } = summary.operatorTransactions;
    expect(
      [arm, draw, mintPending].every((count = 0) => count > 0),
      "upkeep was done",
    ).to.equal(true);
    expect(attest).to.be.greaterThanOrEqual(2);
  });
});

/** Waits for a moment when there is time left in the epoch for a crash and a restart. Resolves to the epoch. */
async function earlyInEpoch({ watch }: Network): Promise<number> {
  const lengthMs = CLOCK.epochSeconds * 1_000;
  const now = Date.now();
  const current = watch.epochAt(now);
  if (now < watch.startOfMs(current) + lengthMs / 5) return current;
  await sleep(watch.startOfMs(current + 1) - now);
  return current + 1;
}

function isHigher(now: Acknowledged, old: Acknowledged): boolean {
  return now.sessionKey === old.sessionKey && now.bytesDelivered > old.bytesDelivered;
}

async function eventually(what: string, condition: () => boolean | Promise<boolean>): Promise<void> {
  const signal = deadline(JOIN_MS, what);
  while (!(await condition())) {
    signal.throwIfAborted();
    await sleep(100);
  }
}

function deadline(ms: number, what: string): AbortSignal {
  const controller = new AbortController();
  setTimeout(() => controller.abort(new Error(`not within ${ms} ms: ${what}`)), ms).unref();
  return controller.signal;
}
