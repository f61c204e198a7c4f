import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { pino } from "pino";
import { openDatabase } from "../../../node/chain/sqlite.js";
import { isHex } from "../../../node/protocol/hex.js";
import type { Address } from "../../../node/protocol/hex.js";
import { webhookProof } from "../../../node/protocol/typedData.js";
import { bodyHash } from "../../../node/protocol/voucherExchange.js";
import { WEBHOOK_HEADERS } from "../../../node/protocol/webhook.js";
import { WebhookSender } from "../../../node/service/webhooks/webhookSender.js";
import type { WebhookSenderOptions } from "../../../node/service/webhooks/webhookSender.js";
import { WebhookStore } from "../../../node/service/webhooks/webhookStore.js";
import { Webhooks } from "../../../node/service/webhooks/webhooks.js";
import type { WebhooksOptions } from "../../../node/service/webhooks/webhooks.js";
import type { RoomEvent } from "../../../node/signaling/roomObserver.js";
import { eventually } from "../support/eventually.js";
import { addressOf, testDomain, walletOf } from "../support/participants.js";
import { WebhookEndpoint, ok } from "./support/WebhookEndpoint.js";

const FIXTURE = fileURLToPath(new URL("fixtures/sendWebhooks.ts", import.meta.url));
const operator = walletOf("operator");
const app = addressOf(walletOf("app"));
const otherApp = addressOf(walletOf("other app"));

const joined = (room: string, identity: string, of: Address = app, atMs = Date.now()): RoomEvent => ({
  ...{ event: "participant_joined", nodeId: 7n, app: of, room, atMs },
  participant: { sessionKey: addressOf(walletOf(identity)), identity },
});

interface StartOptions extends Partial<Omit<WebhooksOptions, "sender" | "store">> {
  readonly path?: string;
  readonly sender?: Partial<WebhookSenderOptions>;
}

describe("webhooks", function () {
  this.timeout(30_000);
  let directory: string;
  const closers: (() => Promise<void>)[] = [];
  before(async function () {
    directory = await mkdtemp(join(tmpdir(), "dtelecom-webhooks-"));
  });
  after(async function () {
    await rm(directory, { recursive: true });
  });
  afterEach(async function () {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function endpointOn(port = 0): Promise<WebhookEndpoint> {
    const endpoint = await WebhookEndpoint.start(port);
    closers.push(() => endpoint.close());
    return endpoint;
  }

  function start(options: StartOptions = {}) {
    const { path = ":memory:", sender, ...more } = options;
    const database = openDatabase(path);
    const webhooks = new Webhooks({
      store: new WebhookStore(database),
      sender: new WebhookSender({
        ...{ nodeId: 7n, wallet: operator, domain: testDomain, timeoutMs: 300, allowPrivate: true },
        ...sender,
      }),
      log: pino({ enabled: false }),
      firstPauseMs: 20,
      ...more,
    });
    webhooks.start();
    let closed = false;
    const close = async (): Promise<void> => {
      if (closed) return;
      closed = true;
      await webhooks.close();
      database.close();
    };
    closers.push(close);
    return { webhooks, close };
  }

  const identities = (endpoint: WebhookEndpoint, room: string): string[] =>
    endpoint.received.flatMap(({ event }) =>
      event.event === "participant_joined" && event.room === room ? [event.participant.identity] : [],
    );

  it("reach the app as the operator signed them, with all that happened", async function () {
    const endpoint = await endpointOn();
    const { webhooks } = start();
    const before = Math.floor(Date.now() / 1_000);
    webhooks.event(joined("stand-up", "ada", app, 1_234), endpoint.url);
    await eventually("delivered", () => webhooks.status.delivered === 1);
    const [received] = endpoint.received;
    expect(received?.event).to.deep.include({
      ...{ event: "participant_joined", nodeId: 7n, app, room: "stand-up", atMs: 1_234 },
      participant: { sessionKey: addressOf(walletOf("ada")), identity: "ada" },
    });
    const signature = received?.headers[WEBHOOK_HEADERS.signature];
    const issuedAt = BigInt(String(received?.headers[WEBHOOK_HEADERS.issuedAt]));
    if (!isHex(signature, 65) || received === undefined) throw new Error("the request is not signed");
    const proof = { nodeId: 7n, app, bodyHash: bodyHash(received.body), issuedAt };
    expect(webhookProof.recover(testDomain, proof, signature)).to.equal(addressOf(operator));
    expect(Number(issuedAt)).to.be.within(before, before + 5);
  });

  it("of one room come in order although tries fail, each with the same id", async function () {
    const endpoint = await endpointOn();
    let tries = 0;
    endpoint.answer = (response, received) => {
      tries += 1;
      if (tries % 3 === 0) return ok(response, received);
      if (tries % 3 === 1) response.writeHead(503).end();
      else response.destroy();
    };
    const { webhooks } = start();
    const names = Array.from({ length: 8 }, (_, index) => `guest ${index}`);
    for (const name of names) webhooks.event(joined("stand-up", name), endpoint.url);
    await eventually("all delivered", () => webhooks.status.delivered === names.length);
    expect(identities(endpoint, "stand-up")).to.deep.equal(names.flatMap((name) => [name, name, name]));
    expect(new Set(endpoint.ids()).size).to.equal(names.length);
    expect(webhooks.status).to.deep.include({ waiting: 0, lost: 0, failing: [] });
  });

  it("of several rooms go side by side, not more than a few at once for an app", async function () {
    const endpoint = await endpointOn();
    let open = 0;
    let most = 0;
    endpoint.answer = (response, received) => {
      most = Math.max(most, ++open);
      setTimeout(() => {
        open -= 1;
        ok(response, received);
      }, 30);
    };
    const { webhooks } = start();
    for (let index = 0; index < 30; index++)
      webhooks.event(joined(`room ${index % 10}`, `${index}`), endpoint.url);
    await eventually("all delivered", () => webhooks.status.delivered === 30);
    expect(most).to.be.within(2, 4);
    for (let room = 0; room < 10; room++)
      expect(identities(endpoint, `room ${room}`)).to.deep.equal([room, room + 10, room + 20].map(String));
  });

  it("that one room's endpoint refuses hold up no other room", async function () {
    const endpoint = await endpointOn();
    endpoint.answer = (response, received) => {
      if (received.event.room === "refused") response.writeHead(400).end();
      else ok(response, received);
    };
    const { webhooks } = start();
    for (let index = 0; index < 5; index++) {
      webhooks.event(joined("refused", `${index}`), endpoint.url);
      webhooks.event(joined("taken", `${index}`), endpoint.url);
    }
    await eventually("the other room's", () => identities(endpoint, "taken").length === 5);
    expect(new Set(identities(endpoint, "refused"))).to.deep.equal(new Set(["0"]));
    expect(webhooks.status.failing).to.deep.equal([app]);
  });

  it("of an app whose endpoint is dead or hangs hold up no other app's", async function () {
    const endpoint = await endpointOn();
    const hanging = await endpointOn();
    hanging.answer = () => undefined;
    const gone = await WebhookEndpoint.start();
    await gone.close();
    const { webhooks } = start();
    for (let index = 0; index < 50; index++) {
      webhooks.event(joined(`room ${index}`, "x"), hanging.url);
      webhooks.event(joined(`room ${index}`, "x"), gone.url);
    }
    const began = Date.now();
    for (let index = 0; index < 20; index++)
      webhooks.event(joined("stand-up", `${index}`, otherApp), endpoint.url);
    await eventually("the other app's", () => endpoint.received.length === 20);
    expect(Date.now() - began).to.be.lessThan(1_500);
    await eventually("noticed", () => webhooks.status.failing.length === 1);
    expect(webhooks.status.failing).to.deep.equal([app]);
    await eventually("the endpoint failed some times", () => hanging.received.length >= 5);
    const tries = hanging.received.length;
    await pause(600);
    // It rests, and then one request at a time asks whether it is back.
    expect(hanging.received.length - tries).to.be.lessThan(4);
  });

  it("come again and again until an endpoint is back, without being lost meanwhile", async function () {
    const endpoint = await WebhookEndpoint.start();
    await endpoint.close();
    const { webhooks } = start();
    for (let index = 0; index < 10; index++)
      webhooks.event(joined(`room ${index % 2}`, `${index}`), endpoint.url);
    await eventually("a failure", () => webhooks.status.failing.length === 1);
    await pause(300);
    const back = await endpointOn(Number(new URL(endpoint.url).port));
    await eventually("all delivered", () => webhooks.status.delivered === 10);
    expect(identities(back, "room 0")).to.deep.equal(["0", "2", "4", "6", "8"]);
    expect(identities(back, "room 1")).to.deep.equal(["1", "3", "5", "7", "9"]);
  });

  it("are delivered after kill -9 wherever it struck, in order", async function () {
    const endpoint = await endpointOn();
    const path = join(directory, "killed.sqlite");
    let held = 0;
    // The child is killed while its third request is under way: that one may come twice.
    const third = new Promise<void>((resolve) => {
      endpoint.answer = (response, received) => {
        if (++held < 3) ok(response, received);
        else resolve();
      };
    });
    const child = spawn(process.execPath, ["--import", "tsx", FIXTURE, path, endpoint.url, "12"], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const stored = once(createInterface({ input: child.stdout }), "line");
    await Promise.all([third, stored]);
    child.kill("SIGKILL");
    await once(child, "exit");
    endpoint.answer = ok;
    const { webhooks } = start({ path });
    // Ten of those who joined; then that all twelve left, and that the room is over.
    expect(webhooks.status.waiting).to.equal(10 + 12 + 1);
    await eventually("all delivered", () => webhooks.status.waiting === 0);
    const expected = Array.from({ length: 12 }, (_, index) => `guest ${index}`);
    expect(identities(endpoint, "stand-up")).to.deep.equal([...expected.slice(0, 3), ...expected.slice(2)]);
    expect(new Set(endpoint.ids()).size).to.equal(12 + 12 + 1);
  });

  it("say once who left and which rooms are over where the node was killed, with reason and time", async function () {
    const endpoint = await endpointOn();
    // Nothing is delivered before the kill: also what was to be told meanwhile comes first.
    endpoint.answer = (response) => void response.writeHead(503).end();
    const path = join(directory, "cut-off.sqlite");
    const startedAt = Date.now();
    const kill = async (guests: number): Promise<void> => {
      const child = spawn(process.execPath, ["--import", "tsx", FIXTURE, path, endpoint.url, `${guests}`], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      await once(createInterface({ input: child.stdout }), "line");
      child.kill("SIGKILL");
      await once(child, "exit");
    };
    await kill(2);
    const killedAt = Date.now();
    // The next start tells the end of the first run, and is killed too before anything was delivered.
    await kill(0);
    endpoint.received.length = 0;
    endpoint.answer = ok;
    const first = start({ path });
    const kinds = () => endpoint.received.map(({ event }) => event.event);
    const ends = ["participant_left", "participant_left", "room_finished"];
    await eventually("all delivered", () => first.webhooks.status.waiting === 0);
    expect(kinds()).to.deep.equal(["participant_joined", "participant_joined", ...ends]);
    const left = endpoint.received.flatMap(({ event }) =>
      event.event === "participant_left" ? [event] : [],
    );
    expect(left.map(({ participant, reason, room }) => [participant.identity, reason, room])).to.deep.equal([
      ["guest 0", "node_interrupted", "stand-up"],
      ["guest 1", "node_interrupted", "stand-up"],
    ]);
    expect(left[0]?.participant.sessionKey).to.equal(addressOf(walletOf("guest 0")));
    // Not the time of the start, but when the node was seen alive last.
    for (const { event } of endpoint.received) expect(event.atMs).to.be.within(startedAt, killedAt);

    // Who leaves in a run that ends well is not told of again.
    const guest = { app, nodeId: 7n, room: "later", atMs: Date.now() };
    const participant = { sessionKey: addressOf(walletOf("eve")), identity: "eve" };
    first.webhooks.event(joined("later", "eve"), endpoint.url);
    first.webhooks.event({ ...guest, event: "participant_left", participant, reason: "left" }, endpoint.url);
    first.webhooks.event({ ...guest, event: "room_finished" }, endpoint.url);
    await eventually("delivered", () => first.webhooks.status.delivered === 5 + 3);
    await first.close();
    const second = start({ path });
    await pause(200);
    expect([second.webhooks.status.waiting, second.webhooks.status.delivered]).to.deep.equal([0, 0]);
    expect(endpoint.received.length).to.equal(5 + 3);
  });

  it("end each room that was cut off by itself, and tell each endpoint only of its own participants", async function () {
    const [endpoint, others] = [await endpointOn(), await endpointOn()];
    const path = join(directory, "rooms.sqlite");
    const cutOff = start({ path });
    cutOff.webhooks.event(joined("one", "ada"), endpoint.url);
    cutOff.webhooks.event(joined("two", "bob"), endpoint.url);
    cutOff.webhooks.event(joined("one", "eve"), others.url);
    cutOff.webhooks.event(joined("one", "mallory", otherApp), others.url);
    await eventually("delivered", () => cutOff.webhooks.status.delivered === 4);
    await cutOff.close();
    for (const { received } of [endpoint, others]) received.length = 0;
    const { webhooks } = start({ path });
    await eventually("all delivered", () => webhooks.status.delivered === 4 + 3);
    const told = ({ received }: WebhookEndpoint): string[] =>
      received
        .map(({ event }) => {
          const who = event.event === "participant_left" ? event.participant.identity : "";
          return [event.app === app ? "app" : "other", event.room, event.event, who].join(" ").trim();
        })
        .toSorted();
    expect(told(endpoint)).to.deep.equal([
      "app one participant_left ada",
      "app two participant_left bob",
      "app two room_finished",
    ]);
    expect(told(others)).to.deep.equal([
      "app one participant_left eve",
      "app one room_finished",
      "other one participant_left mallory",
      "other one room_finished",
    ]);
  });

  it("wait on disk while the node is stopped, which a hanging endpoint does not hold up", async function () {
    const endpoint = await endpointOn();
    endpoint.answer = () => undefined;
    const path = join(directory, "stopped.sqlite");
    const first = start({ path, sender: { timeoutMs: 60_000 } });
    first.webhooks.event(joined("stand-up", "ada"), endpoint.url);
    await eventually("asked", () => endpoint.received.length === 1);
    first.webhooks.event(joined("stand-up", "bob"), endpoint.url);
    const began = Date.now();
    await first.close();
    expect(Date.now() - began).to.be.lessThan(1_000);
    endpoint.answer = ok;
    const second = start({ path });
    // What waited, and that both left: they were in the room when all stopped.
    await eventually("delivered", () => second.webhooks.status.delivered === 2 + 3);
    expect(identities(endpoint, "stand-up")).to.deep.equal(["ada", "ada", "bob"]);
  });

  it("beyond what an app may have waiting push out its oldest ones, not another app's", async function () {
    const endpoint = await endpointOn();
    endpoint.answer = (response) => void response.writeHead(500).end();
    const { webhooks } = start({ maxEventsPerApp: 5, firstPauseMs: 200 });
    webhooks.event(joined("other", "kept", otherApp), endpoint.url);
    for (let index = 0; index < 12; index++) webhooks.event(joined("stand-up", `${index}`), endpoint.url);
    webhooks.flush();
    expect(webhooks.status).to.deep.include({ waiting: 6, lost: 7 });
    endpoint.answer = ok;
    await eventually("delivered", () => webhooks.status.waiting === 0);
    expect(identities(endpoint, "other")).to.include("kept");
    expect(identities(endpoint, "stand-up").slice(-5)).to.deep.equal(["7", "8", "9", "10", "11"]);
  });

  it("are given up after a day, and counted", async function () {
    const endpoint = await endpointOn();
    endpoint.answer = (response) => void response.writeHead(500).end();
    let now = Date.now();
    const { webhooks } = start({ now: () => now });
    webhooks.event(joined("stand-up", "ada"), endpoint.url);
    await eventually("failing", () => webhooks.status.failing.length === 1);
    now += 25 * 3_600_000;
    await eventually("given up", () => webhooks.status.lost === 1);
    expect(webhooks.status.waiting).to.equal(0);
    await eventually("forgotten", () => webhooks.status.failing.length === 0);
  });

  it("follow no redirect and read no endless answer", async function () {
    const secret = await endpointOn();
    const endpoint = await endpointOn();
    let tries = 0;
    endpoint.answer = (response) => {
      if (++tries === 1) return void response.writeHead(307, { location: secret.url }).end();
      response.writeHead(200);
      const flood = setInterval(() => response.write(Buffer.alloc(64 * 1024)), 1);
      response.on("close", () => clearInterval(flood));
    };
    const { webhooks } = start({ sender: { timeoutMs: 5_000 } });
    const began = Date.now();
    webhooks.event(joined("stand-up", "ada"), endpoint.url);
    await eventually("delivered", () => webhooks.status.delivered === 1);
    expect(Date.now() - began).to.be.lessThan(3_000);
    expect([tries, secret.received.length]).to.deep.equal([2, 0]);
  });

  it("go to no private address, be it written, in a name, or in a name that has just changed", async function () {
    const endpoint = await endpointOn();
    const refusing = start({ sender: { allowPrivate: false } }).webhooks;
    for (const url of [
      endpoint.url,
      endpoint.url.replace("http", "https"),
      "https://localhost/x",
      "nonsense",
    ])
      refusing.event(joined("stand-up", "ada"), url);
    expect(refusing.status).to.deep.include({ waiting: 0, lost: 4 });

    let asked = 0;
    const named = start({
      sender: {
        allowPrivate: false,
        resolve: () => {
          asked += 1;
          return Promise.resolve(["127.0.0.1"]);
        },
      },
    }).webhooks;
    const { port } = new URL(endpoint.url);
    named.event(joined("stand-up", "ada"), `https://app.example:${port}/hook`);
    await eventually("tried again", () => asked >= 2);
    expect(named.status).to.deep.include({ waiting: 1, delivered: 0, failing: [app] });
    expect(endpoint.received).to.deep.equal([]);
  });

  it("connect to the very addresses that were checked", async function () {
    const endpoint = await endpointOn();
    const { port } = new URL(endpoint.url);
    const sender = new WebhookSender({
      ...{ nodeId: 7n, wallet: operator, domain: testDomain, timeoutMs: 500, allowPrivate: false },
      // An address of TEST-NET-3, which leads nowhere, while the real resolver knows the name as this machine.
      resolve: () => Promise.resolve(["203.0.113.1"]),
    });
    closers.push(async () => sender.close());
    const sending = sender.send(`https://app.example:${port}/hook`, app, "{}", new AbortController().signal);
    const error: unknown = await sending.catch((reason: unknown) => reason);
    expect(String(error)).to.not.contain("ENOTFOUND");
    expect(endpoint.received).to.deep.equal([]);
  });
});
