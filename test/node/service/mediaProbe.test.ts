import { createServer } from "node:http";
import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { expect } from "chai";
import { Wallet } from "ethers";
import { pino } from "pino";
import { WebSocketServer } from "ws";
import { LossyRelay } from "../../../scripts/devnet/lossyRelay.js";
import { roundScore } from "../../../node/service/audits/auditScore.js";
import type { AuditRound } from "../../../node/service/audits/auditScore.js";
import { createMediaProbe, probeTimes, longestProbeMs } from "../../../node/service/audits/mediaProbe.js";
import { AuditTransport } from "../../../node/service/audits/auditTransport.js";
import { isPrivateAddress } from "../../../node/service/publicUrl.js";
import { MediaServer } from "../../../node/media/MediaServer.js";
import { startSignaling } from "../../../node/signaling/signalingServer.js";
import { TestAdmission } from "../support/TestAdmission.js";

const EPOCH = 10;
const silent = pino({ enabled: false });
const host = (ip: string) => ({ ip, address: ip });

describe("media probe", function () {
  this.timeout(60_000);
  const closers: (() => Promise<unknown>)[] = [];
  const stopping = new AbortController();
  let admission: TestAdmission;
  let media: MediaServer;
  let endpoint: string;
  /** A second address of the same node, behind a relay. */
  let relay: LossyRelay;

  before(async function () {
    admission = new TestAdmission();
    media = await MediaServer.start({
      workers: 1,
      listen: { addresses: [{ ip: "127.0.0.1", announcedAddress: "127.0.0.2" }], port: 0 },
      logger: silent,
    });
    const port = media.ports[0]?.udp;
    if (port === undefined) throw new Error("there is no media port");
    closers.push(() => media.close());
    const signaling = await startSignaling({
      ...{ admission, media, listen: { host: "127.0.0.1", port: 0 }, logger: silent },
    });
    closers.push(() => signaling.close());
    endpoint = signaling.url;
    relay = await LossyRelay.open({ address: "127.0.0.2", port }, "127.0.0.1");
    closers.push(() => relay.close());
  });
  after(async function () {
    for (const close of closers.reverse()) await close();
  });
  afterEach(function () {
    relay.impair({});
  });

  const probe = (
    options: { nodeId?: bigint; url?: string; joinTimeoutMs?: number; measureMs?: number } = {},
  ) =>
    createMediaProbe({
      ...{ auditorId: 5n, operator: admission.signer, domain: admission.domain, allowPrivate: true },
      ...{ joinTimeoutMs: 15_000, measureMs: 2_000, signal: stopping.signal, ...options },
    })({ nodeId: options.nodeId ?? admission.nodeId, endpoint: options.url ?? endpoint, epoch: EPOCH });

  const measured = ({ measurement, fault }: AuditRound) => {
    if (measurement === undefined) throw new Error(`nothing was measured: ${fault}`);
    return measurement;
  };

  it("finds a node next door nearly perfect, and leaves nothing behind", async function () {
    const found = await probe();
    const { joinMs, lossRatio, roundTripTimeMs, frozenRatio } = measured(found);
    expect(joinMs).to.be.within(50, 5_000);
    expect(roundTripTimeMs).to.be.lessThan(50);
    expect(lossRatio).to.be.lessThan(0.02);
    expect(frozenRatio).to.be.lessThan(0.1);
    expect(roundScore(found)).to.be.greaterThan(9_000);
    await pause(500);
    expect(
      admission.sessions.every(({ left }) => left),
      "both sessions have left",
    ).to.equal(true);
  });

  it("measures the delay, jitter and loss of the way to a node, and scores it below the low mark", async function () {
    relay.impair({ delayMs: 180, jitterMs: 40, loss: 0.05 });
    const found = await probe({ measureMs: 4_000 });
    const { roundTripTimeMs, lossRatio, jitterMs } = measured(found);
    // Twice through the relay: 2 × (180 + 0 to 40) ms, 1 − 0.95² lost.
    expect(roundTripTimeMs).to.be.within(380, 450);
    expect(lossRatio).to.be.within(0.04, 0.18);
    expect(jitterMs).to.be.within(8, 60);
    expect(roundScore(found)).to.be.within(500, 5_500);
  });

  it("says why a node does not serve: nobody there, another node, another deployment, no media, a refusal", async function () {
    expect((await probe({ url: "ws://127.0.0.1:1/" })).fault).to.contain("ECONNREFUSED");
    expect((await probe({ nodeId: 8n })).fault).to.contain("node 7");
    const other = createMediaProbe({
      ...{ auditorId: 5n, operator: admission.signer, allowPrivate: true, joinTimeoutMs: 5_000 },
      ...{ domain: { ...admission.domain, chainId: 1n }, signal: stopping.signal },
    });
    expect((await other({ nodeId: 7n, endpoint, epoch: EPOCH })).fault).to.contain("another deployment");
    relay.impair({ loss: 1 });
    const began = Date.now();
    expect((await probe({ joinTimeoutMs: 2_000 })).fault).to.equal("no media within 2000 ms");
    expect(Date.now() - began).to.be.lessThan(3_500);
    const stranger = createMediaProbe({
      ...{ auditorId: 5n, operator: Wallet.createRandom(), allowPrivate: true, joinTimeoutMs: 5_000 },
      ...{ domain: admission.domain, signal: stopping.signal },
    });
    expect((await stranger({ nodeId: 7n, endpoint, epoch: EPOCH })).fault).to.contain("grant_signer_unknown");
  });

  it("is not led astray by strangers: silence, garbage, redirects, private addresses", async function () {
    const silentServer = new WebSocketServer({ port: 0, host: "127.0.0.1" });
    await once(silentServer, "listening");
    const redirecting = createServer((_, response) => response.writeHead(302, { location: endpoint }).end());
    redirecting.on("upgrade", (_, socket) =>
      socket.end(`HTTP/1.1 302 Found\r\nlocation: ${endpoint}\r\n\r\n`),
    );
    redirecting.listen(0, "127.0.0.1");
    await once(redirecting, "listening");
    const urlOf = (server: { address(): unknown }) => {
      const address = server.address();
      const port = typeof address === "object" && address !== null && "port" in address ? address.port : 0;
      return `ws://127.0.0.1:${String(port)}/`;
    };
    try {
      expect((await probe({ url: urlOf(silentServer), joinTimeoutMs: 1_000 })).fault).to.contain(
        "no media within",
      );
      silentServer.on("connection", (socket) => socket.send("what?"));
      expect((await probe({ url: urlOf(silentServer), joinTimeoutMs: 1_000 })).fault).to.contain(
        "another protocol",
      );
      expect((await probe({ url: urlOf(redirecting) })).fault).to.contain("302");
      const careful = createMediaProbe({
        ...{ auditorId: 5n, operator: admission.signer, domain: admission.domain, allowPrivate: false },
        ...{ joinTimeoutMs: 1_000, signal: stopping.signal },
      });
      for (const url of ["wss://127.0.0.1:1/", "wss://[::1]:1/", "wss://localhost:1/", "http://example.org/"])
        expect((await careful({ nodeId: 7n, endpoint: url, epoch: EPOCH })).fault, url).to.match(
          /private|not ws/,
        );
    } finally {
      for (const client of silentServer.clients) client.terminate();
      silentServer.close();
      redirecting.close();
    }
  });

  it("sends nothing to addresses that it may not, whatever a target announces", async function () {
    const opening = AuditTransport.open(
      {
        parameters: {
          id: "transport",
          iceParameters: { usernameFragment: "u".repeat(8), password: "p".repeat(24) },
          iceCandidates: [
            {
              ...{ foundation: "1", priority: 1, type: "host", port: 9, protocol: "udp" },
              ...host("10.0.0.1"),
            },
            {
              ...{ foundation: "2", priority: 1, type: "host", port: 9, protocol: "tcp" },
              ...host("8.8.8.8"),
            },
          ],
          dtlsParameters: { fingerprints: [{ algorithm: "sha-256", value: "00" }] },
        },
        isAllowed: (address) => !isPrivateAddress(address),
        connect: () => Promise.reject(new Error("it must not come to this")),
      },
      stopping.signal,
    );
    expect(String(await opening.catch((error: unknown) => error))).to.contain("no public address for UDP");
  });

  it("ends at once with the node, and rejects then", async function () {
    const ending = new AbortController();
    const probing = createMediaProbe({
      ...{ auditorId: 5n, operator: admission.signer, domain: admission.domain, allowPrivate: true },
      ...{ joinTimeoutMs: 10_000, measureMs: 30_000, signal: ending.signal },
    })({ nodeId: 7n, endpoint, epoch: EPOCH });
    setTimeout(() => ending.abort(new Error("the node is shutting down")), 1_500);
    const began = Date.now();
    const failure = await probing.catch((error: unknown) => error);
    expect(String(failure)).to.contain("shutting down");
    expect(Date.now() - began).to.be.lessThan(2_500);
  });

  it("takes times that fit into epochs of any length", function () {
    for (const epochSeconds of [30, 60, 600, 21_600])
      expect(longestProbeMs(probeTimes(epochSeconds, 15_000)), String(epochSeconds)).to.be.lessThan(
        (epochSeconds * 1_000) / 3,
      );
  });
});
