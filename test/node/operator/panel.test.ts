import { mkdir } from "node:fs/promises";
import { createServer } from "node:http";
import { once } from "node:events";
import { expect } from "chai";
import { panelHeaders, renderPanel } from "../../../node/operator/panel/page.js";
import type { PanelView } from "../../../node/operator/panel/page.js";
import { findChromium, launchChromium } from "../../e2e/browser.js";

const HOSTILE = `"><script>alert(1)</script><img src=x onerror=alert(2)>' onload='alert(3)\u202e`;

/** A node with a good deal going on, whose names are what strangers gave it. */
function view(name: string): PanelView {
  return {
    status: {
      ...{
        nodeId: "7",
        operator: "0x00000000000000000000000000000000000000A1",
        alarms: [],
        gas: { weiPerEpoch: "1000000000000000", runwayDays: 41.5 },
        healthy: false,
        epoch: 4_711,
        sessions: 128,
      },
      problems: [],
      alarms: [],
      gas: { weiPerEpoch: "1000", runwayDays: 12.3 },
      receipts: { storedInThisRun: 51_234, lastAgeSeconds: 2 },
      attestation: { lastEpoch: 4_710, openEpochs: [4_709, 4_710] },
      seat: { wanted: true, seat: 3, seatAhead: true, fault: undefined },
      jail: { jailed: true, jails: 1 },
      chain: { block: 1_234_567, blockAgeSeconds: 4, balance: "12345678900000000000" },
      queue: [{ intent: `attest:${name}`, nonce: 12, attempts: 2 }],
      earnings: { owed: "1234500000000000000000", promised: "1200000000000000000000", lost: "0" },
      dutyFailures: { claim: 2 },
      audits: { given: { "3": 9_870, "5": 4_100 }, received: { epoch: 4_709, median: 9_700, auditors: 3 } },
      webhooks: { waiting: 3, oldestAtMs: undefined, delivered: 5, lost: 0, failing: [] },
    },
    problems: [`an app says ${name}`, "the operator account has no coins for gas"],
    health: {
      testedAtMs: 1,
      media: [{ pid: 4, ok: true, roundTripMs: 0.4 }],
      store: { ok: false, error: name },
      eventLoop: { meanDelayMs: 1.2, maxDelayMs: 14 },
    },
    load: {
      ...{
        rooms: 2,
        peers: 128,
        publications: 60,
        dataPublications: 2,
        subscriptions: 900,
        dataSubscriptions: 20,
      },
      outgoingBitsPerSecond: 312_000_000,
      workers: [
        {
          ...{
            pid: 4,
            ports: { udp: 40_000, tcp: 40_000 },
            peers: 128,
            subscriptions: 900,
            dataSubscriptions: 20,
            pipedStreams: 30,
          },
          cpuShare: 0.62,
        },
      ],
    },
    rooms: [
      { name, peers: 100 },
      { name: "0x00000000000000000000000000000000000000A1/standup", peers: 28 },
    ],
    apps: [{ app: name, sessions: 128, bytesDelivered: 81_234_567_890, quality: 9_412 }],
    epochs: [
      {
        epoch: 4_710,
        sessions: 97,
        bytesDelivered: 71_234_567_890n,
        status: "attested",
        claimed: false,
        settled: false,
      },
      {
        epoch: 4_709,
        sessions: 110,
        bytesDelivered: 61_234_567_890n,
        status: "proven",
        claimed: true,
        settled: true,
      },
    ],
    links: 2,
    formToken: "token",
    nonce: "bm9uY2U=",
  };
}

describe("panel", function () {
  it("escapes whatever strangers call themselves", function () {
    const page = renderPanel(view(HOSTILE));
    expect(page).to.not.contain("<script>alert").and.not.contain("<img").and.not.contain("\u202e");
    expect(page).to.not.match(/\son(error|load)='/);
    expect(page).to.contain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(page.match(/<script/g)).to.have.length(1);
  });

  it("lets nothing in that it does not name, and asks for nothing from outside", function () {
    const policy = panelHeaders("abc")["content-security-policy"] ?? "";
    expect(policy).to.contain("default-src 'none'").and.contain("frame-ancestors 'none'");
    expect(policy).to.not.contain("unsafe");
    expect(renderPanel(view("x"))).to.not.match(/(src|href)=|@import|url\(/);
  });

  it("fits a phone and a desk, runs nothing hostile, and its buttons are large enough", async function () {
    const chromium = findChromium();
    if (chromium === undefined) return this.skip();
    this.timeout(60_000);
    const server = createServer((_, response) => {
      response.writeHead(200, panelHeaders("bm9uY2U="));
      response.end(renderPanel(view(HOSTILE)));
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const browser = await launchChromium(chromium);
    try {
      for (const [width, colorScheme] of [
        [390, "dark"],
        [1_280, "light"],
      ] as const) {
        const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
        const said: string[] = [];
        page.on("console", (message) => said.push(message.text()));
        page.on("dialog", (dialog) => {
          said.push(`dialog ${dialog.message()}`);
          void dialog.dismiss();
        });
        await page.goto(`http://127.0.0.1:${port}/`);
        const sizes = await page.evaluate(() => ({
          scroll: document.documentElement.scrollWidth,
          styled: getComputedStyle(document.querySelector("section") ?? document.body).borderRadius,
          buttons: [...document.querySelectorAll("button")].map(
            (button) => button.getBoundingClientRect().height,
          ),
        }));
        expect(sizes.scroll, `at ${width} px`).to.be.at.most(width);
        expect(sizes.styled).to.equal("12px");
        expect(sizes.buttons.length).to.equal(2);
        expect(Math.min(...sizes.buttons)).to.be.at.least(44);
        expect(said).to.deep.equal([]);
        const shots = process.env["PANEL_SCREENSHOTS"];
        if (shots !== undefined) {
          await mkdir(shots, { recursive: true });
          await page.screenshot({ path: `${shots}/panel-${width}.png`, fullPage: true });
        }
        await page.close();
      }
    } finally {
      await browser.close();
      server.close();
    }
  });
});
