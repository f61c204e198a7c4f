import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { openDatabase } from "../../../node/chain/sqlite.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import { AccountStore } from "../../../node/service/accountStore.js";
import { EpochStore } from "../../../node/service/epochStore.js";
import { EpochSealed, ReceiptStore } from "../../../node/service/receiptStore.js";
import { addressOf, grantFor, walletOf } from "../support/participants.js";

const FIXTURE = fileURLToPath(new URL("fixtures/storeReceipts.ts", import.meta.url));

describe("receipt store", function () {
  this.timeout(60_000);
  let directory: string;
  before(async function () {
    directory = await mkdtemp(join(tmpdir(), "dtelecom-receipts-"));
  });
  after(async function () {
    await rm(directory, { recursive: true });
  });

  async function storeWith(path: string) {
    const database = openDatabase(path);
    const receipts = new ReceiptStore(database);
    const accounts = new AccountStore(database, 1n);
    const epochs = new EpochStore(database, 1n);
    const app = addressOf(walletOf("app"));
    accounts.open(app, "https://app.example/vouchers", 500n);
    const put = async (name: string, epoch: number, bytesDelivered: bigint) => {
      const session = walletOf(name);
      const { grant, grantSignature } = await grantFor({ app, signer: walletOf("signer"), session });
      const grantId = receipts.putGrant({ grant, signature: grantSignature }, addressOf(walletOf("signer")));
      const receipt = { nodeId: 1n, epoch, bytesDelivered, quality: 9_000 };
      const signed = { receipt, signature: `0x${"11".repeat(65)}` as const };
      const sessionKey = addressOf(session);
      await receipts.put({ sessionKey, grantId, app, receipt: signed, priceWeiPerGB: 1_000_000_000n });
    };
    return { database, receipts, accounts, epochs, app, put };
  }

  it("has every acknowledged receipt after the process was killed, twice", async function () {
    const path = join(directory, "killed.sqlite");
    // Over both runs: the second one goes on from what the first one has stored.
    const acknowledged = new Map<string, bigint>();
    for (const total of [5_000, 10_000]) {
      const child = spawn(process.execPath, ["--import", "tsx", FIXTURE, path, "25"], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      const lines = createInterface({ input: child.stdout });
      let count = total - 5_000;
      lines.on("line", (line) => {
        const [sessionKey = "", bytes = "0"] = line.split(" ");
        acknowledged.set(sessionKey, BigInt(bytes));
        if (++count === total) child.kill("SIGKILL");
      });
      await Promise.all([once(child, "exit"), once(lines, "close")]);
      expect(count).to.be.greaterThanOrEqual(total);
      expect(acknowledged.size).to.equal(25);
      const database = openDatabase(path);
      const receipts = new ReceiptStore(database);
      for (const [sessionKey, bytes] of acknowledged) {
        const stored = receipts.get(5, parseAddress(sessionKey))?.bytesDelivered ?? 0n;
        expect(stored >= bytes, `${sessionKey}: ${stored} < ${bytes}`).to.equal(true);
      }
      const served = receipts
        .countedReceipts(5)
        .reduce((sum, { bytesDelivered }) => sum + bytesDelivered, 0n);
      // One wei a byte: what the app owes was stored with the receipts, or not at all.
      expect(new AccountStore(database, 1n).all().map(({ owed }) => owed)).to.deep.equal([served]);
      database.close();
    }
  });

  it("keeps the highest receipt of each session and epoch, and what the app owes for it", async function () {
    const { database, receipts, accounts, app, put } = await storeWith(":memory:");
    await Promise.all([put("a", 1, 100n), put("a", 1, 250n), put("a", 2, 50n), put("b", 1, 7n)]);
    const counted = receipts.countedReceipts(1);
    expect(counted.map(({ bytesDelivered }) => bytesDelivered).toSorted()).to.deep.equal(
      [250n, 7n].toSorted(),
    );
    expect(accounts.get(app)?.owed).to.equal(500n + 250n + 50n + 7n);
    database.close();
  });

  it("takes no receipt of an epoch that is attested, and the rest of the batch all the same", async function () {
    const { database, receipts, epochs, put } = await storeWith(":memory:");
    await put("a", 1, 100n);
    const zero = `0x${"00".repeat(32)}` as const;
    epochs.seal({
      nodeId: 1n,
      epoch: 1,
      receiptRoot: zero,
      bytesDelivered: 100n,
      sessions: 1,
      auditCommitment: zero,
    });
    const [late, next] = await Promise.allSettled([put("a", 1, 200n), put("a", 2, 5n)]);
    expect(late.status === "rejected" ? late.reason : undefined).to.be.instanceOf(EpochSealed);
    expect(next.status).to.equal("fulfilled");
    expect(receipts.countedReceipts(1).map(({ bytesDelivered }) => bytesDelivered)).to.deep.equal([100n]);
    database.close();
  });

  it("shows apps what is new to them, oldest epochs first", async function () {
    const { database, receipts, app, put } = await storeWith(":memory:");
    await put("a", 2, 5n);
    await put("a", 1, 100n);
    const shown = receipts.unshown(app, 10);
    expect(shown.map(({ epoch }) => epoch)).to.deep.equal([1, 2]);
    receipts.markShown(shown);
    expect(receipts.unshown(app, 10)).to.deep.equal([]);
    await put("a", 2, 6n);
    expect(receipts.unshown(app, 10).map(({ bytesDelivered }) => bytesDelivered)).to.deep.equal([6n]);
    database.close();
  });

  it("leaves quarantined receipts out, and says which and why", async function () {
    const { database, receipts, app, put } = await storeWith(":memory:");
    await Promise.all([put("a", 1, 100n), put("b", 1, 50n)]);
    receipts.quarantine(1, addressOf(walletOf("a")), "the signer was revoked");
    expect(receipts.countedReceipts(1).map(({ bytesDelivered }) => bytesDelivered)).to.deep.equal([50n]);
    expect(receipts.unshown(app, 10)).to.have.length(1);
    expect(receipts.quarantined(1)).to.deep.equal([
      { sessionKey: addressOf(walletOf("a")), reason: "the signer was revoked" },
    ]);
    database.close();
  });

  it("forgets old epochs", async function () {
    const { database, receipts, put } = await storeWith(":memory:");
    await Promise.all([put("a", 1, 100n), put("a", 2, 50n)]);
    receipts.prune(2, 1_000);
    expect([receipts.countedReceipts(1).length, receipts.countedReceipts(2).length]).to.deep.equal([0, 1]);
    database.close();
  });

  it("refuses what is wrong in a batch, and stores the rest of it", async function () {
    const { database, receipts, app, put } = await storeWith(":memory:");
    const session = walletOf("a");
    const { grant, grantSignature } = await grantFor({ app, signer: walletOf("signer"), session });
    const grantId = receipts.putGrant({ grant, signature: grantSignature }, addressOf(walletOf("signer")));
    const bad = receipts.put({
      ...{ sessionKey: addressOf(session), grantId, app: addressOf(walletOf("no account")) },
      receipt: { receipt: { nodeId: 1n, epoch: 1, bytesDelivered: 9n, quality: 1 }, signature: "0x" },
      priceWeiPerGB: 1n,
    });
    const [refused, stored] = await Promise.allSettled([bad, put("b", 1, 50n)]);
    expect([refused.status, stored.status]).to.deep.equal(["rejected", "fulfilled"]);
    expect(receipts.countedReceipts(1).map(({ bytesDelivered }) => bytesDelivered)).to.deep.equal([50n]);
    database.close();
  });

  it("belongs to one process and one node of one deployment", async function () {
    const path = join(directory, "owned.sqlite");
    const { database, epochs } = await storeWith(path);
    expect(() => openDatabase(path)).to.throw("another node");
    epochs.claimIdentity({ nodeId: "1", deployment: "33380:0xa1:5" });
    epochs.claimIdentity({ nodeId: "1", deployment: "33380:0xa1:5" });
    expect(() => epochs.claimIdentity({ nodeId: "2" })).to.throw("belongs to another node or deployment");
    expect([epochs.firstEpoch(7), epochs.firstEpoch(9)]).to.deep.equal([7, 7]);
    database.close();
  });
});
