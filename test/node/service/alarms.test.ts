import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { GasLedger } from "../../../node/chain/gasLedger.js";
import { inTransaction, openDatabase } from "../../../node/chain/sqlite.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import type { Hex } from "../../../node/protocol/hex.js";
import { Alarms } from "../../../node/service/alarms.js";
import type { AlarmsOptions } from "../../../node/service/alarms.js";
import { NODE_ID, sessionServiceOn } from "../support/sessionServices.js";
import { EpochStore } from "../../../node/service/epochStore.js";

const DAY = 86_400;
const hash = (index: number): Hex => `0x${index.toString(16).padStart(64, "0")}`;

describe("gas ledger", function () {
  it("tells from what was paid how long a balance lasts, and counts nothing twice", function () {
    const database = openDatabase(":memory:");
    try {
      const ledger = new GasLedger(database);
      expect(ledger.runwayDays(10n ** 18n, 1_000, 3_600)).to.equal(undefined);
      const start = 1_000_000;
      ledger.add(hash(0), start, 10n ** 15n);
      expect(ledger.weiPerEpoch(start + 60, 3_600), "not an epoch yet").to.equal(undefined);
      // Each hour a thousandth of a coin, for two days.
      for (let hour = 0; hour < 48; hour++) ledger.add(hash(hour), start + hour * 3_600, 10n ** 15n);
      const now = start + 48 * 3_600;
      expect(ledger.spending(now)).to.deep.equal({
        spentWei: 48n * 10n ** 15n,
        transactions: 48,
        seconds: 2 * DAY,
      });
      expect(ledger.weiPerEpoch(now, 3_600)).to.equal(10n ** 15n);
      expect(ledger.runwayDays(24n * 10n ** 15n, now, 3_600)).to.be.closeTo(1, 0.001);
      // Moved by a reorganisation: one transaction still.
      ledger.add(hash(3), start + 5, 10n ** 15n);
      expect(ledger.spending(now)?.transactions).to.equal(48);
      expect(ledger.spending(now + 8 * DAY), "long ago").to.equal(undefined);
    } finally {
      database.close();
    }
  });
});

describe("alarms", function () {
  const clock = createEpochClock({ genesisSeconds: 1_000_000, epochSeconds: 600 });
  let directory: string;
  let close: () => void;
  beforeEach(async function () {
    directory = await mkdtemp(join(tmpdir(), "dtelecom-alarms-"));
  });
  afterEach(async function () {
    close();
    await rm(directory, { recursive: true });
  });

  /** A node in the middle of epoch 11 with nothing wrong; what a test wants is changed in `state`. */
  function watched() {
    const database = openDatabase(":memory:");
    close = () => database.close();
    const epochs = new EpochStore(database, NODE_ID);
    const state = {
      nowMs: (clock.startOf(11) + 100) * 1_000,
      head: { number: 500, timestamp: clock.startOf(11) + 100 },
      status: "attested" as "none" | "attested" | "proven" | "faulted",
      open: [10] as number[],
      mustProve: false,
      drawn: false,
      chainIsDown: false,
      balance: 10n ** 18n,
      runwayDays: 100 as number | undefined,
      failure: undefined as { atMs: number; message: string } | undefined,
      lastStoredAtMs: undefined as number | undefined,
      unsigned: 0n,
      quarantined: 0,
      seatFault: undefined as string | undefined,
    };
    const ask = <T>(answer: T): Promise<T> =>
      state.chainIsDown ? Promise.reject(new Error("no RPC endpoint answered")) : Promise.resolve(answer);
    const chain: AlarmsOptions["chain"] = {
      clock,
      blockSeconds: 6,
      get head() {
        return state.head;
      },
      attestationRecord: () => ask({ status: state.status, claimed: false, attestationHash: hash(1) }),
      seedState: () =>
        ask(
          state.drawn
            ? { state: "drawn", deadlineSeconds: clock.endOf(11), deadlineBlock: 0 }
            : { state: "none" },
        ),
      mustProve: () => ask(state.mustProve),
    };
    const alarms = new Alarms({
      ...{ chain, epochs, dataDirectory: directory, now: () => state.nowMs },
      ring: { hasRevealed: () => ask(false) },
      watcher: chain,
      openEpochs: () => state.open,
      receipts: {
        get failure() {
          return state.failure;
        },
        get lastStoredAtMs() {
          return state.lastStoredAtMs;
        },
        quarantinedCount: () => state.quarantined,
      },
      admission: {
        get unsignedBytes() {
          return state.unsigned;
        },
      },
      seat: {
        get status() {
          return { wanted: true, seat: 1, seatAhead: true, fault: state.seatFault };
        },
      },
      gas: { runwayDays: () => state.runwayDays },
      balanceWei: () => ask(state.balance),
    });
    const codes = async () =>
      (await alarms.current()).map(({ code }) => code).filter((code) => code !== "disk_low");
    return { alarms, state, codes, epochs };
  }

  it("are silent while all is well, and say what is wrong with since when", async function () {
    const { alarms, state, codes } = watched();
    expect(await codes()).to.deep.equal([]);
    state.seatFault = "BondTooLow";
    state.quarantined = 3;
    expect(await codes()).to.have.members(["seat_lost", "receipts_quarantined"]);
    const since = state.nowMs;
    state.nowMs += 5_000;
    expect((await alarms.current()).find(({ code }) => code === "seat_lost")?.sinceMs).to.equal(since);
    state.seatFault = undefined;
    await alarms.current();
    state.seatFault = "again";
    expect((await alarms.current()).find(({ code }) => code === "seat_lost")?.sinceMs).to.equal(state.nowMs);
  });

  it("come before windows close: for attestations, reveals and proofs that are not there, and claims", async function () {
    const { state, codes, epochs } = watched();
    state.status = "none";
    expect(await codes(), "early").to.deep.equal([]);
    state.head = { number: 520, timestamp: clock.startOf(11) + 200 };
    state.nowMs = state.head.timestamp * 1_000;
    expect(await codes()).to.deep.equal(["attest_window_closing"]);
    epochs.seal(
      {
        ...{ nodeId: NODE_ID, epoch: 10, receiptRoot: hash(7), bytesDelivered: 5n, sessions: 1 },
        auditCommitment: hash(8),
      },
      { packedScores: 1n, salt: hash(9) },
    );
    Object.assign(state, { status: "attested", drawn: true, mustProve: true });
    expect(await codes(), "early").to.deep.equal([]);
    state.head = { number: 600, timestamp: clock.startOf(11) + 500 };
    state.nowMs = state.head.timestamp * 1_000;
    expect(await codes()).to.have.members(["reveal_window_closing", "proof_window_closing"]);
    state.status = "proven";
    expect(await codes()).to.deep.equal(["reveal_window_closing"]);
    state.open = [4, 5];
    expect(await codes()).to.deep.equal(["claim_overdue"]);
  });

  it("come for receipts that stop or cannot be stored, short gas, wrong clocks and failing endpoints", async function () {
    const { alarms, state, codes } = watched();
    state.unsigned = 10_000_000n;
    state.lastStoredAtMs = state.nowMs - 30_000;
    expect(await codes()).to.deep.equal([]);
    state.lastStoredAtMs = state.nowMs - 61_000;
    expect(await codes()).to.deep.equal(["receipts_stopped"]);
    Object.assign(state, { unsigned: 0n, failure: { atMs: 1, message: "database or disk is full" } });
    expect(await codes()).to.deep.equal(["database_failed"]);
    Object.assign(state, { failure: undefined, runwayDays: 1.5 });
    expect((await alarms.current()).find(({ code }) => code === "gas_runway_short")?.severity).to.equal(
      "critical",
    );
    Object.assign(state, { runwayDays: undefined, balance: 0n });
    expect(await codes()).to.deep.equal(["gas_runway_short"]);
    state.balance = 1n;
    alarms.serverTime(state.nowMs + 120_000);
    expect(await codes()).to.deep.equal(["clock_off"]);
    alarms.serverTime(state.nowMs);
    for (let count = 0; count < 10; count++) alarms.rpcFailed("https://rpc.example", "HTTP 502");
    expect(await codes()).to.deep.equal(["rpc_failing"]);
    state.nowMs += 301_000;
    state.chainIsDown = true;
    expect(await codes(), "a chain that is down breaks no alarm").to.deep.equal(["chain_head_old"]);
  });
});

describe("a full disk", function () {
  it("refuses receipts instead of acknowledging them, and takes the same ones when there is room", async function () {
    const { service, claim, receipt, receipts, database, close } = sessionServiceOn();
    try {
      const session = await service.admit(await claim());
      session.meter(900_000n);
      await session.submitReceipt(await receipt(1_000n));
      database.exec(`CREATE TEMP TRIGGER disk_is_full BEFORE INSERT ON receipts
        BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`);
      const signed = await receipt(2_000n);
      const refused = await session.submitReceipt(signed).catch((error: unknown) => error);
      expect(String(refused)).to.contain("full");
      expect(receipts.failure?.message).to.contain("full");
      expect(receipts.get(10, session.sessionKey)?.bytesDelivered).to.equal(1_000n);
      database.exec("DROP TRIGGER disk_is_full");
      expect(await session.submitReceipt(signed)).to.deep.equal(signed);
      expect(receipts.failure).to.equal(undefined);
      expect(receipts.get(10, session.sessionKey)?.bytesDelivered).to.equal(2_000n);
    } finally {
      close();
    }
  });

  it("is what a transaction reports, and leaves nothing of it behind", function () {
    const database = openDatabase(":memory:");
    try {
      database.exec("CREATE TABLE things (thing TEXT) STRICT; PRAGMA max_page_count = 10;");
      const insert = database.prepare("INSERT INTO things VALUES (?)");
      const filling = () =>
        inTransaction(database, () => {
          for (let count = 0; count < 1_000; count++) insert.run("x".repeat(1_000));
        });
      expect(filling).to.throw("full");
      expect(database.prepare("SELECT count(*) AS count FROM things").get()?.["count"]).to.equal(0);
      inTransaction(database, () => insert.run("small"));
    } finally {
      database.close();
    }
  });
});
