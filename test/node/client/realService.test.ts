import { once } from "node:events";
import { createServer } from "node:http";
import type { Server } from "node:http";
import { parseEther } from "ethers";
import { expect } from "chai";
import type { AppAccount } from "../../../node/chain/nodeChain.js";
import { openDatabase } from "../../../node/chain/sqlite.js";
import type { Disconnected } from "../../../node/client/errors.js";
import type { Room } from "../../../node/client/Room.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { SqliteVoucherStore } from "../../../node/client/SqliteVoucherStore.js";
import { VoucherEndpoint } from "../../../node/client/VoucherEndpoint.js";
import { voucherListener } from "../../../node/client/voucherHttp.js";
import { feeWei, floorToGwei } from "../../../node/protocol/amounts.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { typedDataDomain } from "../../../node/protocol/typedData.js";
import { AccountStore } from "../../../node/service/accountStore.js";
import { AppAccounts } from "../../../node/service/appAccounts.js";
import type { ServiceLimits } from "../../../node/service/limits.js";
import { ReceiptStore } from "../../../node/service/receiptStore.js";
import { SessionService } from "../../../node/service/sessionService.js";
import { SignerCache } from "../../../node/service/signerCache.js";
import { createVoucherClient } from "../../../node/service/voucherClient.js";
import { VoucherKeeper } from "../../../node/service/voucherKeeper.js";
import { eventually } from "../support/eventually.js";
import { addressOf, testDomain, walletOf } from "../support/participants.js";
import { TEST_LIMITS } from "../support/sessionServices.js";
import { TestNode, silent } from "../support/testNode.js";

const NODE_ID = 3n;
const PRICE_WEI_PER_GB = parseEther("10");
const escrowDomain = typedDataDomain(
  testDomain.chainId,
  parseAddress("0x00000000000000000000000000000000000000E5"),
);

/**
 * Everything between a participant and the chain, with nothing in between replaced: WebRTC, signaling, the node's
 * service and its database, the app's voucher endpoint over HTTP. Only what the chain would say is given.
 */
class Loop {
  readonly clock = createEpochClock({
    genesisSeconds: Math.floor(Date.now() / 1_000) - 36_000,
    epochSeconds: 3_600,
  });
  readonly app = addressOf(walletOf("app"));
  readonly signer = walletOf("signer");
  readonly operator = walletOf("operator");
  readonly database = openDatabase(":memory:");
  readonly receipts = new ReceiptStore(this.database);
  readonly accounts = new AccountStore(this.database, NODE_ID);
  readonly vouchers = new SqliteVoucherStore(":memory:");
  readonly service: SessionService;
  readonly keeper: VoucherKeeper;
  readonly http: Server;
  account: AppAccount = { paid: 0n, score: 0n, guaranteed: parseEther("1"), collectable: parseEther("1") };

  constructor(limits: Partial<ServiceLimits>) {
    const { clock, receipts, accounts, app, signer, operator } = this;
    this.service = new SessionService({
      ...{ nodeId: NODE_ID, domain: testDomain, clock, receipts, accounts, log: silent },
      limits: { ...TEST_LIMITS, ...limits },
      appAccounts: new AppAccounts(() => Promise.resolve(this.account), 100),
      signers: new SignerCache((_, key) => Promise.resolve(key === signer.address)),
      checkVoucherUrl: () => undefined,
      priceWeiPerGB: () => PRICE_WEI_PER_GB,
    });
    this.keeper = new VoucherKeeper({
      chain: {
        nodeId: NODE_ID,
        paymentDomain: escrowDomain,
        isVoucherSigner: (_, key) => Promise.resolve(key === signer.address),
        appAccount: () => Promise.resolve(this.account),
      },
      ...{ receipts, accounts, log: silent },
      ask: createVoucherClient({
        wallet: operator,
        domain: testDomain,
        timeoutMs: 5_000,
        checkUrl: () => Promise.resolve(),
        signal: new AbortController().signal,
      }),
      exposureOf: (bill) => this.service.exposureOf(bill),
      periodMs: 1_000,
    });
    const endpoint = new VoucherEndpoint({
      ...{ app, signerKey: signer, escrowDomain, clock, store: this.vouchers },
      isGrantSigner: (key) => key === signer.address,
      attestationsDomain: testDomain,
      lookUpNode: () =>
        Promise.resolve({ operatorKey: addressOf(operator), priceWeiPerGB: PRICE_WEI_PER_GB }),
      maxPriceWeiPerGB: PRICE_WEI_PER_GB,
    });
    this.http = createServer(voucherListener(endpoint));
  }

  /** Where the app's endpoint listens. */
  async listen(): Promise<string> {
    this.http.listen(0, "127.0.0.1");
    await once(this.http, "listening");
    const address = this.http.address();
    if (typeof address !== "object" || !address) throw new Error("no port");
    return `http://127.0.0.1:${address.port}/vouchers`;
  }

  async close(): Promise<void> {
    await this.keeper.stop();
    this.service.close();
    this.database.close();
    await this.vouchers.close();
    this.http.closeAllConnections();
    this.http.close();
    await once(this.http, "close");
  }
}

describe("participants, node and app", () => {
  let loop: Loop;
  let node: TestNode<SessionService>;

  async function start(limits: Partial<ServiceLimits> = {}): Promise<void> {
    loop = new Loop(limits);
    const { app, signer, service } = loop;
    const voucherUrl = await loop.listen();
    node = await TestNode.startWith(service, { app, signer, voucherUrl });
    service.start();
  }

  afterEach(async () => {
    await node.stop();
    await loop.close();
  });

  function end(room: Room): Promise<Disconnected> {
    return new Promise((resolve) => room.once("disconnected", resolve));
  }

  it("agree on bytes, quality and what they cost", async () => {
    await start();
    const keys = [createSessionKey(), createSessionKey(), createSessionKey()];
    const rooms: Room[] = [];
    for (const sessionKey of keys) rooms.push(await node.join({ sessionKey }));
    for (const room of rooms) await node.publishTestMedia(room);
    await eventually("some receipts of all", () =>
      rooms.every(({ received }) => received.bytesDelivered > 50_000n),
    );
    await Promise.all(rooms.map((room) => room.leave()));
    await eventually("all are gone", () => loop.service.sessionCount === 0);

    const stored = keys.map((key) => loop.receipts.get(10, addressOf(key)));
    rooms.forEach(({ received }, index) => {
      expect(stored[index]).to.include({
        bytesDelivered: received.bytesDelivered,
        quality: received.quality,
      });
    });
    expect(await loop.keeper.ask(loop.app)).to.equal(true);
    const bytes = rooms.reduce((sum, { received }) => sum + received.bytesDelivered, 0n);
    const amount = loop.accounts.get(loop.app)?.voucher?.voucher.cumulativeAmount ?? 0n;
    // Each of the receipts that were counted rounds down by less than a wei.
    expect(Number(floorToGwei(feeWei(bytes, PRICE_WEI_PER_GB)) - amount)).to.be.within(0, 1e9);
    expect(Number(amount)).to.be.greaterThan(0);
    expect(loop.receipts.unshown(loop.app, 10)).to.deep.equal([]);
  });

  it("part where receipts fall behind, and what was delivered is signed for even so", async () => {
    await start({ maxUnsignedBytes: 30_000n });
    await node.publishTestMedia(await node.join());
    const sessionKey = createSessionKey();
    const room = await node.join({ sessionKey, receiptIntervalMs: 60_000, giveUpAfterMs: 0 });
    expect((await end(room)).code).to.equal("receipts_behind");
    const last = loop.receipts.get(10, addressOf(sessionKey));
    expect(Number(last?.bytesDelivered)).to.be.greaterThan(30_000);
    expect(last?.bytesDelivered).to.equal(room.received.bytesDelivered);
  });

  it("part where the app does not pay, and meet again once it does", async () => {
    await start({ creditWei: 0n });
    const publisher = await node.join({ receiptIntervalMs: 60_000, giveUpAfterMs: 0 });
    await node.publishTestMedia(publisher);
    const room = await node.join({ giveUpAfterMs: 0 });
    await eventually("a receipt", () => room.received.bytesDelivered > 20_000n);
    loop.account = { ...loop.account, guaranteed: 0n, collectable: 0n };
    expect((await end(room)).code).to.equal("app_unpaid");
    const refused: unknown = await node.join().then(
      () => undefined,
      (error: unknown) => error,
    );
    expect(refused).to.include({ name: "JoinRefused", code: "app_unpaid" });

    loop.account = { ...loop.account, guaranteed: parseEther("1"), collectable: parseEther("1") };
    await eventually("let in again", async () => {
      try {
        await node.join();
        return true;
      } catch {
        return false;
      }
    });
  });

  it("go on with the same receipts where a participant comes back", async () => {
    await start();
    await node.publishTestMedia(await node.join());
    const sessionKey = createSessionKey();
    const first = await node.join({ sessionKey });
    await eventually("bytes", () => first.received.bytesDelivered > 20_000n);
    await first.leave();
    const before = first.received.bytesDelivered;
    const again = await node.join({ sessionKey });
    expect(again.received.bytesDelivered).to.equal(before);
    await eventually("more", () => again.received.bytesDelivered > before + 20_000n);
    await again.leave();
    expect(loop.receipts.get(10, addressOf(sessionKey))?.bytesDelivered).to.equal(
      again.received.bytesDelivered,
    );
  });
});
