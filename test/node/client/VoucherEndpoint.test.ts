import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Wallet } from "ethers";
import { expect } from "chai";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { SqliteVoucherStore } from "../../../node/client/SqliteVoucherStore.js";
import { VoucherEndpoint } from "../../../node/client/VoucherEndpoint.js";
import type { VoucherEndpointOptions, VoucherHttpResponse } from "../../../node/client/VoucherEndpoint.js";
import { voucherListener } from "../../../node/client/voucherHttp.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { httpRefusalSchema } from "../../../node/protocol/httpRefusal.js";
import { toWire } from "../../../node/protocol/schemas.js";
import {
  accessGrant,
  detailsHash,
  roomHash,
  sessionReceipt,
  typedDataDomain,
  voucher,
  voucherRequest,
} from "../../../node/protocol/typedData.js";
import type { AccessGrant, SessionReceipt } from "../../../node/protocol/typedData.js";
import {
  ISSUED_AT_HEADER,
  MAX_VOUCHER_REQUEST_BYTES,
  SIGNATURE_HEADER,
  bodyHash,
  voucherResponseBodySchema,
} from "../../../node/protocol/voucherExchange.js";
import type { VoucherRequestBody, VoucherResponseBody } from "../../../node/protocol/voucherExchange.js";

const attestationsDomain = typedDataDomain(1n, parseAddress("0x00000000000000000000000000000000000000A7"));
const escrowDomain = typedDataDomain(1n, parseAddress("0x00000000000000000000000000000000000000E5"));
const app = parseAddress("0x00000000000000000000000000000000000000AA");
const clock = createEpochClock({ genesisSeconds: 1_000, epochSeconds: 60 });
const NOW_MS = clock.startOf(500) * 1_000 + 10_000;
/** 1 gwei per byte: then amounts in gwei are bytes. */
const PRICE = 1_000_000_000n * 1_000_000_000n;
const GWEI = 1_000_000_000n;

type Shown = VoucherRequestBody["sessions"][number];

describe("VoucherEndpoint", () => {
  const signerKey = new Wallet(`0x${"5".repeat(64)}`);
  const operators = new Map([
    [7n, new Wallet(`0x${"7".repeat(64)}`)],
    [8n, new Wallet(`0x${"8".repeat(64)}`)],
  ]);
  let price = PRICE;
  let errors: unknown[];
  let store: SqliteVoucherStore;
  let endpoint: VoucherEndpoint;

  function createEndpoint(options: Partial<VoucherEndpointOptions> = {}): VoucherEndpoint {
    return new VoucherEndpoint({
      app,
      signerKey,
      isGrantSigner: (signer) => signer === signerKey.address,
      attestationsDomain,
      escrowDomain,
      clock,
      lookUpNode: (nodeId) => {
        const operator = operators.get(nodeId);
        return Promise.resolve(
          operator && { operatorKey: parseAddress(operator.address), priceWeiPerGB: price },
        );
      },
      store,
      maxPriceWeiPerGB: 2n * PRICE,
      onError: (error) => errors.push(error),
      nowMs: () => NOW_MS,
      ...options,
    });
  }

  beforeEach(() => {
    price = PRICE;
    errors = [];
    store = new SqliteVoucherStore(":memory:");
    endpoint = createEndpoint();
  });

  afterEach(async () => {
    await store.close();
    expect(errors).to.deep.equal([]);
  });

  /** A participant who was let in, with receipts to sign. */
  class Participant {
    readonly key = createSessionKey();

    constructor(
      readonly grantValues: Partial<AccessGrant> = {},
      readonly grantKey: Wallet = signerKey,
    ) {}

    async shown(values: Partial<SessionReceipt> = {}, receiptKey = this.key): Promise<Shown> {
      const grant = {
        app,
        sessionKey: parseAddress(this.key.address),
        room: roomHash("standup"),
        maxBytesPerEpoch: 1_000n,
        expiresAt: BigInt(clock.startOf(600)),
        detailsHash: detailsHash("{}"),
        ...this.grantValues,
      };
      const receipt = { nodeId: 7n, epoch: 500, bytesDelivered: 100n, quality: 10_000, ...values };
      return {
        grant: { grant, signature: await accessGrant.sign(this.grantKey, attestationsDomain, grant) },
        receipt: { receipt, signature: await sessionReceipt.sign(receiptKey, attestationsDomain, receipt) },
      };
    }
  }

  interface Asking {
    nodeId?: bigint;
    operator?: Wallet | undefined;
    issuedAtSeconds?: number;
    app?: VoucherRequestBody["app"];
    tamper?: (body: string) => string;
    by?: VoucherEndpoint;
  }

  async function signedRequest(
    sessions: Shown[],
    asking: Asking,
  ): Promise<{ body: Uint8Array; headers: Record<string, string> }> {
    const { nodeId = 7n, issuedAtSeconds = Math.floor(NOW_MS / 1_000) } = asking;
    const operator = asking.operator ?? operators.get(nodeId) ?? signerKey;
    const request = { nodeId, app: asking.app ?? app, sessions };
    const text = JSON.stringify(toWire(request));
    const body = new TextEncoder().encode(text);
    const message = { nodeId, app: request.app, bodyHash: bodyHash(body), issuedAt: BigInt(issuedAtSeconds) };
    return {
      body: new TextEncoder().encode(asking.tamper?.(text) ?? text),
      headers: {
        [ISSUED_AT_HEADER]: String(issuedAtSeconds),
        [SIGNATURE_HEADER]: await voucherRequest.sign(operator, attestationsDomain, message),
      },
    };
  }

  async function post(sessions: Shown[], asking: Asking = {}): Promise<VoucherHttpResponse> {
    const { body, headers } = await signedRequest(sessions, asking);
    return (asking.by ?? endpoint).handle({ body, header: (name) => headers[name] });
  }

  async function ask(sessions: Shown[], asking: Asking = {}): Promise<VoucherResponseBody> {
    const { status, body } = await post(sessions, asking);
    expect(status, body).to.equal(200);
    return voucherResponseBodySchema.parse(JSON.parse(body));
  }

  /** Amount and score of the voucher in gwei; zeros where there is none. */
  async function promised(sessions: Shown[], asking: Asking = {}): Promise<[bigint, bigint]> {
    const { voucher: signed } = await ask(sessions, asking);
    if (!signed) return [0n, 0n];
    return [signed.voucher.cumulativeAmount / GWEI, signed.voucher.cumulativeScore / GWEI];
  }

  async function refusal(sessions: Shown[], asking: Asking = {}): Promise<[number, string]> {
    const { status, body } = await post(sessions, asking);
    return [status, httpRefusalSchema.parse(JSON.parse(body)).error];
  }

  it("signs a cumulative voucher for the bytes at the node's price, with a score by quality", async () => {
    const [alice, bob] = [new Participant(), new Participant()];
    const { voucher: signed, refused } = await ask([
      await alice.shown({ bytesDelivered: 100n, quality: 10_000 }),
      await bob.shown({ bytesDelivered: 300n, quality: 5_000 }),
    ]);
    expect(refused).to.deep.equal([]);
    const cumulativeAmount = 400n * GWEI;
    expect(signed?.voucher).to.deep.equal({
      app,
      nodeId: 7n,
      cumulativeAmount,
      cumulativeScore: 250n * GWEI,
    });
    expect(signed && voucher.recover(escrowDomain, signed.voucher, signed.signature)).to.equal(
      signerKey.address,
    );
  });

  it("counts each receipt once, at its highest, whatever the order and the repetition", async () => {
    const alice = new Participant();
    const [low, high] = [
      await alice.shown({ bytesDelivered: 100n }),
      await alice.shown({ bytesDelivered: 250n }),
    ];
    expect(await promised([low])).to.deep.equal([100n, 100n]);
    expect(await promised([high, low])).to.deep.equal([250n, 250n]);
    expect(await promised([low, high, high])).to.deep.equal([250n, 250n]);
    expect(await promised([])).to.deep.equal([250n, 250n]);
    expect(await promised([await alice.shown({ epoch: 499, bytesDelivered: 50n })])).to.deep.equal([
      300n,
      300n,
    ]);
  });

  it("keeps nodes apart", async () => {
    const [alice, bob] = [new Participant(), new Participant()];
    expect(await promised([await alice.shown()])).to.deep.equal([100n, 100n]);
    expect(
      await promised([await bob.shown({ nodeId: 8n, bytesDelivered: 40n })], { nodeId: 8n }),
    ).to.deep.equal([40n, 40n]);
    expect(await promised([])).to.deep.equal([100n, 100n]);
  });

  it("pays a session no more than its grant allows in an epoch, on all nodes together", async () => {
    const alice = new Participant({ maxBytesPerEpoch: 150n });
    const { refused } = await ask([await alice.shown({ bytesDelivered: 200n })]);
    expect(refused.map(({ reason }) => reason)).to.deep.equal([
      "the grant's 150 bytes in an epoch are used up",
    ]);
    expect(await promised([])).to.deep.equal([150n, 150n]);
    expect(await promised([await alice.shown({ nodeId: 8n })], { nodeId: 8n })).to.deep.equal([0n, 0n]);
    expect(await promised([await alice.shown({ epoch: 499 })])).to.deep.equal([250n, 250n]);
  });

  it("takes each byte at the price of when it was shown", async () => {
    const alice = new Participant();
    await promised([await alice.shown({ bytesDelivered: 100n })]);
    price = 2n * PRICE;
    expect(await promised([await alice.shown({ bytesDelivered: 200n })])).to.deep.equal([300n, 300n]);
  });

  it("never lowers a score, and never raises it by more than the amount, whatever a participant signs", async () => {
    const alice = new Participant();
    expect(await promised([await alice.shown({ bytesDelivered: 100n, quality: 8_000 })])).to.deep.equal([
      100n,
      80n,
    ]);
    expect(await promised([await alice.shown({ bytesDelivered: 110n, quality: 0 })])).to.deep.equal([
      110n,
      80n,
    ]);
    expect(await promised([await alice.shown({ bytesDelivered: 120n, quality: 10_000 })])).to.deep.equal([
      120n,
      90n,
    ]);
  });

  it("rounds to whole gwei so that no voucher's score rises by more than its amount", async () => {
    // 0.1 gwei per byte.
    price = PRICE / 10n;
    const alice = new Participant();
    let last: [bigint, bigint] = [0n, 0n];
    for (const [bytesDelivered, quality] of [
      [10n, 9_000],
      [19n, 9_474],
      [25n, 9_000],
      [31n, 9_300],
    ] as const) {
      const [amount, score] = await promised([await alice.shown({ bytesDelivered, quality })]);
      expect(amount).to.equal(bytesDelivered / 10n);
      expect(score >= last[1] && score - last[1] <= amount - last[0], `${amount} ${score}`).to.equal(true);
      last = [amount, score];
    }
  });

  describe("does not pay for", () => {
    const cases: [string, () => Promise<Shown>, RegExp][] = [
      [
        "a grant of another app",
        () => new Participant({ app: attestationsDomain.verifyingContract }).shown(),
        /another app/,
      ],
      [
        "a grant that a stranger signed",
        () => new Participant({}, createSessionKey()).shown(),
        /not signed by a signer/,
      ],
      [
        "a receipt that a stranger signed",
        () => new Participant().shown({}, createSessionKey()),
        /session key/,
      ],
      ["a receipt for another node", () => new Participant().shown({ nodeId: 8n }), /for node 8/],
      ["an epoch to come", () => new Participant().shown({ epoch: 502 }), /has not come/],
      ["an epoch of long ago", () => new Participant().shown({ epoch: 243 }), /too long ago/],
      [
        "an expired grant",
        () => new Participant({ expiresAt: BigInt(clock.startOf(500)) }).shown(),
        /expired/,
      ],
    ];
    for (const [what, shown, reason] of cases) {
      it(what, async () => {
        const good = new Participant();
        const { voucher: signed, refused } = await ask([await shown(), await good.shown()]);
        expect(refused).to.have.length(1);
        expect(refused[0]?.reason).to.match(reason);
        expect(signed?.voucher.cumulativeAmount).to.equal(100n * GWEI);
      });
    }
  });

  it("answers only the node's own operator, and only fresh requests for its app as they were signed", async () => {
    const sessions = [await new Participant().shown()];
    const nowSeconds = Math.floor(NOW_MS / 1_000);
    const invalid = "request_signature_invalid";
    expect(await refusal(sessions, { operator: operators.get(8n) })).to.deep.equal([401, invalid]);
    expect(await refusal(sessions, { tamper: (body) => `${body} ` })).to.deep.equal([401, invalid]);
    expect(await refusal(sessions, { issuedAtSeconds: nowSeconds - 62 })).to.deep.equal([
      401,
      "request_stale",
    ]);
    expect(await refusal(sessions, { issuedAtSeconds: nowSeconds + 62 })).to.deep.equal([
      401,
      "request_stale",
    ]);
    expect(await refusal(sessions, { nodeId: 9n })).to.deep.equal([404, "node_unknown"]);
    expect(await refusal(sessions, { app: escrowDomain.verifyingContract })).to.deep.equal([
      404,
      "app_unknown",
    ]);
    price = 3n * PRICE;
    expect(await refusal(sessions)).to.deep.equal([402, "price_too_high"]);
    price = PRICE;
    expect(await promised([])).to.deep.equal([0n, 0n]);
    const unsigned = await endpoint.handle({
      ...(await signedRequest(sessions, {})),
      header: () => undefined,
    });
    expect(unsigned.status).to.equal(401);
  });

  it("refuses what is not a request", async () => {
    const header = () => undefined;
    for (const [body, status] of [
      [new TextEncoder().encode("{"), 400],
      [new Uint8Array([0xff, 0xfe]), 400],
      [new TextEncoder().encode('{"nodeId":7}'), 400],
      [new Uint8Array(MAX_VOUCHER_REQUEST_BYTES + 1), 413],
    ] as const) {
      expect((await endpoint.handle({ body, header })).status).to.equal(status);
    }
  });

  it("says nothing of its own failures but that it failed", async () => {
    const broken = createEndpoint({
      lookUpNode: () => Promise.reject(new Error("secret address of the RPC")),
    });
    const { status, body } = await post([], { by: broken });
    expect(status).to.equal(500);
    expect(body).not.to.include("secret");
    expect(errors.splice(0).map(String)).to.deep.equal(["Error: secret address of the RPC"]);
  });

  it("counts right where a node asks several times at once, and forgets nothing on a restart", async () => {
    const folder = mkdtempSync(join(tmpdir(), "dtelecom-vouchers-"));
    try {
      const path = join(folder, "vouchers.sqlite");
      const first = new SqliteVoucherStore(path);
      const alice = new Participant();
      const shown = await Promise.all(
        [100n, 200n, 300n].map((bytesDelivered) => alice.shown({ bytesDelivered })),
      );
      const by = createEndpoint({ store: first });
      const amounts = await Promise.all(shown.map((one) => promised([one], { by })));
      expect(amounts.map(([amount]) => amount)).to.include(300n);
      await first.close();

      const second = new SqliteVoucherStore(path);
      expect(await promised(shown, { by: createEndpoint({ store: second }) })).to.deep.equal([300n, 300n]);
      await second.close();
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it("stores nothing where an action fails half way", async () => {
    const failed: unknown = await store
      .atomically(async (ledger) => {
        await ledger.putTotals(7n, {
          amountWei: 1n,
          scoreWei: 1n,
          promisedAmountWei: 1n,
          promisedScoreWei: 1n,
        });
        throw new Error("half way");
      })
      .catch((error: unknown) => error);
    expect(String(failed)).to.equal("Error: half way");
    expect((await store.atomically((ledger) => ledger.totals(7n))).amountWei).to.equal(0n);
  });

  describe("over HTTP", () => {
    const server = createServer();

    beforeEach(async () => {
      server.removeAllListeners("request");
      server.on("request", voucherListener(endpoint));
      server.listen(0, "127.0.0.1");
      await once(server, "listening");
    });

    afterEach(async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    });

    function port(): number {
      const address = server.address();
      return typeof address === "object" && address ? address.port : 0;
    }

    it("answers POST", async () => {
      const url = `http://127.0.0.1:${port()}/vouchers`;
      const { body, headers } = await signedRequest([await new Participant().shown()], {});
      const response = await fetch(url, { method: "POST", body: Buffer.from(body), headers });
      expect(response.status).to.equal(200);
      const { voucher: signed } = voucherResponseBodySchema.parse(await response.json());
      expect(signed?.voucher.cumulativeAmount).to.equal(100n * GWEI);
      const get = await fetch(url);
      expect(get.status).to.equal(405);
      await get.arrayBuffer();
    });

    it("reads no more of a body than it takes", async () => {
      const socket = connect(port(), "127.0.0.1");
      socket.on("error", () => undefined);
      let answer = "";
      socket.on("data", (data) => (answer += String(data)));
      socket.write(
        `POST / HTTP/1.1\r\nHost: app\r\nContent-Length: ${100 * MAX_VOUCHER_REQUEST_BYTES}\r\n\r\n`,
      );
      socket.write("x".repeat(MAX_VOUCHER_REQUEST_BYTES + 1));
      await once(socket, "close");
      expect(answer).to.match(/^HTTP\/1\.1 413 /);
    });
  });
});
