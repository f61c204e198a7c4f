import { expect } from "chai";
import { EpochRefused, ReceiptKeeper } from "../../../node/client/ReceiptKeeper.js";
import type { ReceiptKeeperOptions } from "../../../node/client/ReceiptKeeper.js";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { sessionReceipt, typedDataDomain } from "../../../node/protocol/typedData.js";
import type { SignedReceipt } from "../../../node/protocol/typedData.js";

const domain = typedDataDomain(1n, parseAddress("0x00000000000000000000000000000000000000A7"));
const clock = createEpochClock({ genesisSeconds: 1_000, epochSeconds: 60 });

/** A participant whose statistics and clock the test sets, and a node that takes what it is told to. */
class Bench {
  readonly sessionKey = createSessionKey();
  readonly sent: SignedReceipt[] = [];
  readonly errors: Error[] = [];
  bytes = 0;
  roundTripSeconds = 0;
  /** Own clock: the middle of an epoch. */
  epoch = 5;
  answer: (receipt: SignedReceipt) => Promise<SignedReceipt> = (receipt) => Promise.resolve(receipt);

  keeper(options: Partial<ReceiptKeeperOptions> = {}): ReceiptKeeper {
    return new ReceiptKeeper({
      nodeId: 7n,
      domain,
      clock,
      sessionKey: this.sessionKey,
      epoch: 5,
      readStatistics: () =>
        Promise.resolve(
          new Map<string, unknown>([
            [
              "A",
              { type: "inbound-rtp", id: "A", kind: "audio", bytesReceived: this.bytes, packetsReceived: 1 },
            ],
            [
              "P",
              {
                type: "candidate-pair",
                nominated: true,
                state: "succeeded",
                currentRoundTripTime: this.roundTripSeconds,
              },
            ],
          ]),
        ),
      send: (receipt) => {
        this.sent.push(receipt);
        return this.answer(receipt);
      },
      onError: (error) => this.errors.push(error),
      nowMs: () => clock.startOf(this.epoch) * 1_000 + 30_000,
      ...options,
    });
  }

  get receipts(): [epoch: number, bytesDelivered: bigint][] {
    return this.sent.map(({ receipt }) => [receipt.epoch, receipt.bytesDelivered]);
  }

  sign(values: Partial<SignedReceipt["receipt"]>, key = this.sessionKey): Promise<SignedReceipt> {
    const receipt = { nodeId: 7n, epoch: 5, bytesDelivered: 400n, quality: 5_000, ...values };
    return sessionReceipt.sign(key, domain, receipt).then((signature) => ({ receipt, signature }));
  }
}

describe("ReceiptKeeper", () => {
  let bench: Bench;

  beforeEach(() => {
    bench = new Bench();
  });

  it("signs cumulative receipts for what arrived, and none where nothing new did", async () => {
    const keeper = bench.keeper();
    await keeper.submit();
    bench.bytes = 100;
    await keeper.submit();
    await keeper.submit();
    bench.bytes = 250;
    await keeper.submit();
    expect(bench.receipts).to.deep.equal([
      [5, 100n],
      [5, 250n],
    ]);
    const [first] = bench.sent;
    expect(first && sessionReceipt.recover(domain, first.receipt, first.signature)).to.equal(
      bench.sessionKey.address,
    );
    expect(first?.receipt).to.include({ nodeId: 7n });
  });

  it("weighs quality with bytes", async () => {
    const keeper = bench.keeper();
    bench.bytes = 100;
    await keeper.submit();
    const good = keeper.quality;
    bench.bytes = 400;
    bench.roundTripSeconds = 2;
    await keeper.submit();
    // An interval of three quarters of the bytes at two seconds of round trip scores next to nothing.
    expect(keeper.quality).to.be.within(Math.floor(good / 4), Math.floor(good / 4) + 1_000);
    expect(bench.sent.at(-1)?.receipt.quality).to.equal(keeper.quality);
  });

  it("counts samples without signing for them", async () => {
    const keeper = bench.keeper();
    bench.bytes = 100;
    await keeper.sample();
    expect([keeper.bytesDelivered, bench.sent.length]).to.deep.equal([100n, 0]);
  });

  it("makes up for a receipt that was lost with the next one", async () => {
    const keeper = bench.keeper();
    bench.answer = () => Promise.reject(new Error("lost"));
    bench.bytes = 100;
    await keeper.submit();
    bench.answer = (receipt) => Promise.resolve(receipt);
    await keeper.submit();
    expect(bench.errors.map(({ message }) => message)).to.deep.equal(["lost"]);
    expect(bench.receipts).to.deep.equal([
      [5, 100n],
      [5, 100n],
    ]);
  });

  it("goes on from its last receipt, and acknowledges none but its own", async () => {
    const keeper = bench.keeper({ lastReceipt: await bench.sign({ bytesDelivered: 400n, quality: 5_000 }) });
    expect([keeper.bytesDelivered, keeper.quality]).to.deep.equal([400n, 5_000]);
    await keeper.submit();
    expect(bench.sent).to.deep.equal([]);
    bench.bytes = 100;
    await keeper.submit();
    expect(bench.receipts).to.deep.equal([[5, 500n]]);

    bench.bytes = 200;
    bench.answer = async () => bench.sign({ bytesDelivered: 600n }, createSessionKey());
    await keeper.submit();
    bench.answer = async () => bench.sign({ bytesDelivered: 500n });
    await keeper.submit();
    expect(bench.errors.map(({ message }) => message)).to.deep.equal([
      "the node showed a receipt that this session key did not sign for it",
      "the node acknowledged another receipt than that for 600 bytes",
    ]);
  });

  it("goes on from nothing where the last receipt is of an epoch before", async () => {
    const keeper = bench.keeper({ lastReceipt: await bench.sign({ epoch: 4 }) });
    expect(keeper.bytesDelivered).to.equal(0n);
  });

  it("refuses a last receipt that it did not sign for this node, or that is of a later epoch", async () => {
    const forged = await bench.sign({ bytesDelivered: 10_000_000n }, createSessionKey());
    expect(() => bench.keeper({ lastReceipt: forged })).to.throw("did not sign");
    const elsewhere = await bench.sign({ nodeId: 8n });
    expect(() => bench.keeper({ lastReceipt: elsewhere })).to.throw("did not sign");
    const later = await bench.sign({ epoch: 6 });
    expect(() => bench.keeper({ lastReceipt: later })).to.throw(EpochRefused, "holds a receipt of epoch 6");
  });

  it("signs a last receipt for the old epoch as a new one begins, and counts from zero", async () => {
    const keeper = bench.keeper();
    bench.bytes = 100;
    await keeper.submit();
    bench.bytes = 150;
    bench.epoch = 6;
    await keeper.advance(6);
    bench.bytes = 170;
    await keeper.submit();
    expect(bench.receipts).to.deep.equal([
      [5, 100n],
      [5, 150n],
      [6, 20n],
    ]);
  });

  it("begins the new epoch even where the last receipt of the old one is lost", async () => {
    const keeper = bench.keeper();
    bench.bytes = 100;
    bench.answer = () => Promise.reject(new Error("lost"));
    await keeper.advance(6);
    expect([keeper.epoch, keeper.bytesDelivered, bench.errors.length]).to.deep.equal([6, 0n, 1]);
  });

  it("takes the same epoch twice for nothing", async () => {
    const keeper = bench.keeper();
    bench.bytes = 100;
    await keeper.submit();
    await keeper.advance(5);
    expect([keeper.bytesDelivered, bench.sent.length]).to.deep.equal([100n, 1]);
  });

  it("refuses an epoch that is lower than its last or more than one from its own clock", () => {
    const keeper = bench.keeper();
    expect(() => keeper.advance(4)).to.throw(EpochRefused, "epoch 4 after epoch 5");
    expect(() => keeper.advance(7)).to.throw(EpochRefused, "this machine's clock says 5");
    expect(() => bench.keeper({ epoch: 3 })).to.throw(EpochRefused);
    expect(() => bench.keeper({ epoch: 7 })).to.throw(EpochRefused);
    for (const epoch of [4, 6]) expect(bench.keeper({ epoch }).epoch).to.equal(epoch);
  });

  it("signs nothing for an epoch that its own clock left behind", async () => {
    const keeper = bench.keeper();
    bench.bytes = 100;
    bench.epoch = 7;
    await keeper.submit();
    expect(bench.sent).to.deep.equal([]);
    expect(bench.errors).to.have.length(1);
    expect(bench.errors[0]).to.be.instanceOf(EpochRefused);
  });
});
