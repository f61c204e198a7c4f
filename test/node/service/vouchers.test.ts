import { createServer } from "node:http";
import type { IncomingMessage, ServerResponse } from "node:http";
import { expect } from "chai";
import { parseEther } from "ethers";
import { pino } from "pino";
import { openDatabase } from "../../../node/chain/sqlite.js";
import { httpRefusal } from "../../../node/protocol/httpRefusal.js";
import { JoinRefused } from "../../../node/protocol/refusals.js";
import { toWire } from "../../../node/protocol/schemas.js";
import { typedDataDomain, voucher, voucherRequest } from "../../../node/protocol/typedData.js";
import type { Voucher } from "../../../node/protocol/typedData.js";
import {
  ISSUED_AT_HEADER,
  SIGNATURE_HEADER,
  bodyHash,
  voucherRequestBodySchema,
} from "../../../node/protocol/voucherExchange.js";
import type { VoucherResponseBody } from "../../../node/protocol/voucherExchange.js";
import { signatureSchema } from "../../../node/protocol/schemas.js";
import { AccountStore } from "../../../node/service/accountStore.js";
import { exposureOf } from "../../../node/service/exposure.js";
import { ReceiptStore } from "../../../node/service/receiptStore.js";
import { VoucherRefused, checkVoucher } from "../../../node/service/voucherCheck.js";
import { createVoucherClient } from "../../../node/service/voucherClient.js";
import { VoucherKeeper } from "../../../node/service/voucherKeeper.js";
import { VoucherUrlPolicy } from "../../../node/service/voucherUrlPolicy.js";
import { addressOf, grantFor, receiptBy, testDomain, walletOf } from "../support/participants.js";
import { randomFrom } from "../support/random.js";

const app = addressOf(walletOf("app"));
const signer = walletOf("signer");
const domain = typedDataDomain(33_380n, randomFrom(9).address());
const GWEI = 1_000_000_000n;
const NODE_ID = 3n;

async function signed(promise: Partial<Voucher>, by = signer) {
  const complete = {
    app,
    nodeId: NODE_ID,
    cumulativeAmount: 100n * GWEI,
    cumulativeScore: 90n * GWEI,
    ...promise,
  };
  return { voucher: complete, signature: await voucher.sign(by, domain, complete) };
}

describe("voucher check", function () {
  const expected = { app, nodeId: NODE_ID, domain, previous: { amount: 50n * GWEI, score: 40n * GWEI } };

  it("gives the signer of a voucher that rises", async function () {
    expect(checkVoucher(await signed({}), expected)).to.equal(signer.address);
  });

  it("refuses what goes down, what the chain would refuse, and what is for others", async function () {
    const cases: [promise: Partial<Voucher>, says: string][] = [
      [{ cumulativeAmount: 49n * GWEI, cumulativeScore: 40n * GWEI }, "goes down"],
      [{ cumulativeScore: 39n * GWEI }, "score goes down"],
      [{ cumulativeScore: 101n * GWEI }, "more than its amount"],
      [{ cumulativeAmount: 60n * GWEI, cumulativeScore: 51n * GWEI }, "more than its amount does"],
      [{ cumulativeAmount: 100n * GWEI + 1n }, "whole number of gwei"],
      [{ nodeId: 4n }, "for node 4"],
      [{ app: addressOf(walletOf("other")) }, "of app"],
    ];
    for (const [promise, says] of cases) {
      const bad = await signed(promise);
      expect(() => checkVoucher(bad, expected), says).to.throw(VoucherRefused, says);
    }
    const cut = { ...(await signed({})), signature: "0x12" as const };
    expect(() => checkVoucher(cut, expected)).to.throw(VoucherRefused, "not a canonical");
  });
});

describe("voucher endpoint policy", function () {
  const strict = new VoucherUrlPolicy(false);

  it("takes public https only, unless told otherwise", function () {
    strict.check("https://app.example/vouchers");
    const bad = [
      "http://app.example/",
      "https://user:secret@app.example/",
      "https://localhost/",
      "https://api.localhost/",
      "https://127.0.0.1/",
      "https://2130706433/",
      "https://0x7f.1/",
      "https://169.254.169.254/latest",
      "https://[::1]/",
      "https://[::ffff:10.0.0.1]/",
      "https://[fe80::1]/",
      "ftp://app.example/",
      "nonsense",
    ];
    for (const url of bad) expect(() => strict.check(url), url).to.throw(JoinRefused);
    const open = new VoucherUrlPolicy(true);
    open.check("http://127.0.0.1:3000/vouchers");
    expect(() => open.check("http://user:secret@127.0.0.1/")).to.throw(JoinRefused);
  });

  it("looks where a name leads", async function () {
    const resolving = new VoucherUrlPolicy(false, (host) =>
      Promise.resolve(host === "inside.example" ? ["93.184.215.14", "192.168.1.5"] : ["93.184.215.14"]),
    );
    await resolving.checkResolved("https://outside.example/");
    const error = await resolving.checkResolved("https://inside.example/").catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(JoinRefused);
    await new VoucherUrlPolicy(true).checkResolved("http://127.0.0.1:1/");
  });
});

describe("voucher client", function () {
  let server: ReturnType<typeof createServer>;
  let answer: (request: IncomingMessage, body: Buffer, response: ServerResponse) => void;
  let url: string;
  const stop = new AbortController();

  before(async function () {
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => answer(request, Buffer.concat(chunks), response));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const address = server.address();
    url = `http://127.0.0.1:${typeof address === "object" && address !== null ? address.port : 0}/vouchers`;
  });
  after(async function () {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });

  const operator = walletOf("operator");
  const ask = createVoucherClient({
    ...{ wallet: operator, domain: testDomain, timeoutMs: 500, signal: stop.signal },
    checkUrl: (text) => new VoucherUrlPolicy(true).checkResolved(text),
  });
  const failure = async () => {
    const error: unknown = await ask(url, { nodeId: NODE_ID, app, sessions: [] }).catch(
      (reason: unknown) => reason,
    );
    return error instanceof Error ? `${error.name}: ${error.message}` : "none";
  };

  it("sends receipts with grants, signed by the operator key, and reads the voucher", async function () {
    const session = walletOf("session");
    const { grant, grantSignature } = await grantFor({ app, signer, session });
    const receipt = await receiptBy(session, { nodeId: NODE_ID, epoch: 4, bytesDelivered: 77n });
    const sessions = [{ grant: { grant, signature: grantSignature }, receipt }];
    const promised = await signed({});
    let seen: { signer: string; body: unknown } | undefined;
    answer = (request, body, response) => {
      const issuedAt = BigInt(String(request.headers[ISSUED_AT_HEADER]));
      const message = { nodeId: NODE_ID, app, bodyHash: bodyHash(body), issuedAt };
      const signature = signatureSchema.parse(request.headers[SIGNATURE_HEADER]);
      seen = {
        signer: voucherRequest.recover(testDomain, message, signature),
        body: voucherRequestBodySchema.parse(JSON.parse(body.toString())),
      };
      response.end(JSON.stringify(toWire({ voucher: promised, refused: [] })));
    };
    expect((await ask(url, { nodeId: NODE_ID, app, sessions })).voucher).to.deep.equal(promised);
    expect(seen).to.deep.equal({ signer: operator.address, body: { nodeId: NODE_ID, app, sessions } });
  });

  it("gives up on endpoints that refuse, redirect, stall, babble or talk nonsense", async function () {
    answer = (_, __, response) => response.writeHead(402).end("pay first");
    expect(await failure()).to.contain("HTTP 402: pay first");
    answer = (_, __, response) =>
      response.writeHead(402).end(JSON.stringify(httpRefusal("price_too_high", "this app pays less")));
    expect(await failure()).to.contain("HTTP 402: price_too_high: this app pays less");
    answer = (_, __, response) => response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
    expect(await failure()).to.contain("fetch failed");
    answer = () => undefined;
    expect(await failure()).to.contain("Timeout");
    answer = (_, __, response) => response.end("x".repeat(300_000));
    expect(await failure()).to.contain("longer than");
    answer = (_, __, response) => response.end(JSON.stringify({ voucher: { amount: 5 } }));
    expect(await failure()).to.contain("ZodError");
  });
});

describe("voucher keeper", function () {
  async function keeperWith(reply: (sessions: number) => Promise<VoucherResponseBody>) {
    const database = openDatabase(":memory:");
    const receipts = new ReceiptStore(database);
    const accounts = new AccountStore(database, NODE_ID);
    accounts.open(app, "https://app.example/vouchers", 0n);
    const requests: number[] = [];
    const keeper = new VoucherKeeper({
      ...{ receipts, accounts, periodMs: 60_000, exposureOf: () => undefined, log: pino({ enabled: false }) },
      chain: {
        nodeId: NODE_ID,
        paymentDomain: domain,
        isVoucherSigner: (_, key) => Promise.resolve(key === addressOf(signer)),
        appAccount: () => Promise.resolve({ paid: 0n, score: 0n, guaranteed: 0n, collectable: 0n }),
      },
      ask: (_, { sessions }) => {
        requests.push(sessions.length);
        return reply(sessions.length);
      },
    });
    const store = async (name: string, bytesDelivered: bigint) => {
      const session = walletOf(name);
      const { grant, grantSignature } = await grantFor({ app, signer, session });
      await receipts.put({
        ...{ sessionKey: addressOf(session), app, priceWeiPerGB: 10n ** 18n },
        grantId: receipts.putGrant({ grant, signature: grantSignature }, addressOf(signer)),
        receipt: await receiptBy(session, { nodeId: NODE_ID, epoch: 4, bytesDelivered }),
      });
    };
    return { database, receipts, accounts, keeper, requests, store };
  }

  it("shows each receipt until it is answered to, keeps the voucher and asks no more", async function () {
    const promised = await signed({ cumulativeAmount: 5_000_000n * GWEI, cumulativeScore: 0n });
    const { database, accounts, keeper, requests, store } = await keeperWith(() =>
      Promise.resolve({ voucher: promised, refused: [] }),
    );
    await store("a", 5_000_000n);
    expect(await keeper.ask(app)).to.equal(true);
    expect(await keeper.ask(app)).to.equal(true);
    expect(requests).to.deep.equal([1]);
    expect(accounts.get(app)).to.deep.include({ voucher: promised, owed: 5_000_000n * GWEI, lost: 0n });
    await keeper.stop();
    database.close();
  });

  it("shows receipts again after a failure, and keeps no voucher that is worth nothing", async function () {
    const replies = [
      () => Promise.reject(new Error("HTTP 503")),
      () => signed({ cumulativeScore: 101n * GWEI }),
      () => signed({}, walletOf("stranger")),
      () => signed({}),
    ];
    const { database, accounts, keeper, requests, store } = await keeperWith(async () => {
      const reply = replies.shift();
      return { voucher: await (reply ?? (() => signed({})))(), refused: [] };
    });
    await store("a", 100n);
    expect([await keeper.ask(app), await keeper.ask(app), await keeper.ask(app)]).to.deep.equal([
      false,
      false,
      false,
    ]);
    expect(accounts.get(app)?.voucher).to.equal(undefined);
    expect(await keeper.ask(app)).to.equal(true);
    expect(requests).to.deep.equal([1, 1, 1, 1]);
    expect(accounts.get(app)?.voucher?.voucher.cumulativeAmount).to.equal(100n * GWEI);
    await keeper.stop();
    database.close();
  });

  it("counts what an app disputes like service without receipts", async function () {
    const { database, accounts, keeper, store } = await keeperWith(async () => ({
      voucher: await signed({ cumulativeAmount: 3_000n * GWEI, cumulativeScore: 0n }),
      refused: [{ sessionKey: addressOf(walletOf("a")), epoch: 4, reason: "the grant's bytes are used up" }],
    }));
    await store("a", 5_000n);
    await keeper.ask(app);
    const bill = accounts.get(app);
    expect(bill).to.deep.include({ owed: 3_000n * GWEI, lost: 2_000n * GWEI });
    const limits = { creditWei: 0n, maxUnbilledWei: parseEther("1"), forgivenLossBps: 1_000 };
    if (bill === undefined) throw new Error("the app has an account");
    const account = { paid: 0n, guaranteed: parseEther("1") };
    expect(exposureOf(bill, account, 500n * GWEI, limits)).to.deep.equal({
      // 2,000 lost and 500 unsigned, less a tenth of the 3,000 that are promised.
      unbilled: 2_200n * GWEI,
      limit: parseEther("1") - 3_000n * GWEI,
    });
    await keeper.stop();
    database.close();
  });
});
