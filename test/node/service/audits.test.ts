import type { DatabaseSync } from "node:sqlite";
import { expect } from "chai";
import { pino } from "pino";
import { openDatabase } from "../../../node/chain/sqlite.js";
import type { DirectoryEvent } from "../../../node/chain/ringChain.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import { AuditDesk, ScoresRefused } from "../../../node/service/audits/auditDesk.js";
import { AUDIT_ROUNDS, Auditor } from "../../../node/service/audits/auditor.js";
import { roundScore } from "../../../node/service/audits/auditScore.js";
import type { AuditRound } from "../../../node/service/audits/auditScore.js";
import { storedScores } from "../../../node/service/audits/auditScores.js";
import { AuditStore } from "../../../node/service/audits/auditStore.js";
import { NodeDirectory } from "../../../node/service/audits/nodeDirectory.js";
import { EpochStore } from "../../../node/service/epochStore.js";
import { EMPTY_ROOT } from "../../../node/protocol/receiptTree.js";

const EPOCH = 10;
const clock = createEpochClock({ genesisSeconds: 1_000_000, epochSeconds: 60 });

describe("audit findings", function () {
  let database: DatabaseSync;
  let store: AuditStore;
  beforeEach(function () {
    database = openDatabase(":memory:");
    store = new AuditStore(database);
  });
  afterEach(function () {
    database.close();
  });

  /** Loopback would look like this. */
  const measurement = { joinMs: 300, roundTripTimeMs: 2, jitterMs: 1, lossRatio: 0, frozenRatio: 0 };
  const good = roundScore({ measurement });

  /** Notes as many rounds as there are marks: "+" served, "-" not. */
  const audited = (nodeId: bigint, marks: string) =>
    Array.from(marks).forEach((mark, round) =>
      store.putRound(EPOCH, nodeId, round, mark === "+" ? { measurement } : { fault: "refused" }),
    );
  const scores = (...targets: bigint[]) => storedScores(store).scoresOf(EPOCH, targets);

  it("score who serves by its media, who never serves 0, and who serves at times in between", async function () {
    audited(1n, "+++");
    audited(2n, "---");
    audited(3n, "+-+");
    expect(good).to.be.greaterThan(9_900);
    expect(await scores(1n, 2n, 3n)).to.deep.equal([good, 0, Math.round((2 * good) / 3)]);
    expect(await scores(3n, 1n)).to.deep.equal([Math.round((2 * good) / 3), good]);
  });

  it("leave out rounds in which nobody served: this node's own network was down", async function () {
    audited(1n, "+-+");
    audited(2n, "--+");
    expect(await scores(1n, 2n)).to.deep.equal([good, Math.round(good / 2)]);
    expect(await scores(2n), "of one target nobody can tell").to.deep.equal([Math.round(good / 3)]);
  });

  it("give no scores where one node was not audited, or where nobody at all served", async function () {
    audited(1n, "+");
    expect(await scores(1n, 2n)).to.equal(undefined);
    audited(2n, "-");
    audited(3n, "--");
    expect(await scores(2n, 3n)).to.equal(undefined);
    expect(await scores(1n, 2n, 3n)).to.deep.equal([good, 0, 0]);
  });

  it("go by what an auditor handed in, and the later word of it", async function () {
    audited(1n, "+++");
    store.putScores(
      EPOCH,
      new Map([
        [2n, 9_500],
        [1n, 3_000],
      ]),
    );
    store.putScores(EPOCH, new Map([[1n, 100]]));
    expect(await scores(1n, 2n)).to.deep.equal([100, 9_500]);
    expect(await storedScores(store).scoresOf(EPOCH + 1, [1n])).to.equal(undefined);
  });

  it("count each round once, keep what was measured, and forget old epochs", function () {
    audited(1n, "+-");
    store.putRound(EPOCH, 1n, 0, { fault: "later" });
    expect(store.rounds(EPOCH, 1n)).to.deep.equal([
      { round: 0, measurement },
      { round: 1, fault: "refused" },
    ]);
    store.putScores(EPOCH, new Map([[1n, 5]]));
    store.prune(EPOCH);
    expect(store.scores(EPOCH).size).to.equal(1);
    store.prune(EPOCH + 1);
    expect(store.scores(EPOCH).size).to.equal(0);
    expect(store.rounds(EPOCH, 1n)).to.deep.equal([]);
  });

  describe("handed in on the private port", function () {
    let desk: AuditDesk;
    let epochs: EpochStore;
    let nowSeconds: number;
    beforeEach(function () {
      nowSeconds = clock.startOf(EPOCH) + 5;
      epochs = new EpochStore(database, 1n);
      desk = new AuditDesk({
        ...{ clock, store, epochs },
        planner: { planOf: () => Promise.resolve({ seat: 4, targets: [2n, 3n] }) },
        watcher: {
          get head() {
            return { number: 1, timestamp: nowSeconds };
          },
        },
      });
    });

    it("are shown with whom to audit", async function () {
      desk.handIn(EPOCH, { scores: { "2": 9_000, "77": 1 } });
      expect(await desk.view(EPOCH)).to.deep.equal({
        epoch: EPOCH,
        seat: 4,
        targets: ["2", "3"],
        scores: { "2": 9_000, "77": 1 },
        rounds: { "2": [], "3": [] },
      });
    });

    it("stand beside what this node measured", async function () {
      audited(3n, "+-");
      expect((await desk.view(EPOCH)).rounds).to.deep.equal({
        "2": [],
        "3": [
          { round: 0, measurement, score: good },
          { round: 1, fault: "refused", score: 0 },
        ],
      });
    });

    it("are refused where they are none, too many or for an unknown kind of node", function () {
      const many = Object.fromEntries(Array.from({ length: 257 }, (_, index) => [String(index + 1), 1]));
      const bad = [
        undefined,
        {},
        { scores: [] },
        { scores: { "1": 10_001 } },
        { scores: { "1": -1 } },
        { scores: { "1": 1.5 } },
        { scores: { "1": "5" } },
        { scores: { abc: 1 } },
        { scores: { "01": 1 } },
        { scores: many },
        { scores: {}, more: 1 },
      ];
      for (const body of bad)
        expect(() => desk.handIn(EPOCH, body), JSON.stringify({ body }).slice(0, 60)).to.throw(ScoresRefused);
      expect(store.scores(EPOCH).size).to.equal(0);
    });

    it("are taken for the running epoch and the last one, until it is attested", function () {
      desk.handIn(EPOCH, { scores: { "2": 1 } });
      expect(() => desk.handIn(EPOCH + 1, { scores: { "2": 1 } })).to.throw(ScoresRefused, "takes no scores");
      nowSeconds += 60;
      desk.handIn(EPOCH, { scores: { "2": 2 } });
      expect(() => desk.handIn(EPOCH - 1, { scores: { "2": 1 } })).to.throw(ScoresRefused, "takes no scores");
      epochs.seal({
        ...{ nodeId: 1n, epoch: EPOCH, receiptRoot: EMPTY_ROOT, bytesDelivered: 0n, sessions: 0 },
        auditCommitment: EMPTY_ROOT,
      });
      expect(() => desk.handIn(EPOCH, { scores: { "2": 3 } })).to.throw(ScoresRefused, "committed");
      expect(store.scores(EPOCH).get(2n)).to.equal(2);
    });
  });

  describe("of this node's audits", function () {
    /** An auditor whose blocks come one a second, and whose moments lie at a part of what is left of each round. */
    function auditor(options: {
      random: number;
      finds: (nodeId: bigint) => AuditRound;
      plan?: "none";
      targets?: bigint[];
    }) {
      let listener: (head: { number: number; timestamp: number }) => void = () => undefined;
      const state = {
        ...{ timestamp: clock.startOf(EPOCH), planFails: 0, tried: [] as [number, bigint][] },
        /** Probes that have begun wait for this. */
        probing: Promise.resolve(),
        /** Probes under way, and the most at once. */
        ...{ running: 0, most: 0 },
      };
      const instance = new Auditor({
        ...{
          clock,
          store,
          log: pino({ enabled: false }),
          random: () => options.random,
          longestProbeMs: 4_000,
        },
        now: () => state.timestamp * 1_000,
        watcher: {
          get head() {
            return { number: 1, timestamp: state.timestamp };
          },
          onBlock: (callback) => {
            listener = callback;
            return () => (listener = () => undefined);
          },
        },
        planner: {
          planOf: () => {
            if (state.planFails-- > 0) return Promise.reject(new Error("no RPC endpoint answered"));
            const { plan, targets = [1n, 2n] } = options;
            return Promise.resolve(plan === "none" ? undefined : { seat: 0, targets });
          },
        },
        directory: { endpointOf: (nodeId) => `ws://node-${nodeId}/` },
        probe: async ({ endpoint, nodeId, epoch }) => {
          expect(endpoint).to.equal(`ws://node-${nodeId}/`);
          expect(epoch).to.equal(EPOCH);
          state.tried.push([state.timestamp - clock.startOf(EPOCH), nodeId]);
          state.running += 1;
          state.most = Math.max(state.most, state.running);
          await state.probing;
          state.running -= 1;
          return options.finds(nodeId);
        },
      });
      instance.start();
      const pass = async (seconds: number) => {
        for (let second = 0; second < seconds; second++) {
          await new Promise((resolve) => setImmediate(resolve));
          state.timestamp += 1;
          listener({ number: 1, timestamp: state.timestamp });
          await new Promise((resolve) => setImmediate(resolve));
        }
      };
      return { instance, state, pass };
    }

    it("come once in each round, at its moment, for each node", async function () {
      const { instance, state, pass } = auditor({
        random: 0.5,
        finds: (id) => (id === 2n ? { fault: "down" } : { measurement }),
      });
      await pass(59);
      await instance.stop();
      // Rounds of 20 s, whose last 6 s are left for probes to end in.
      expect(state.tried.filter(([, id]) => id === 1n).map(([second]) => second)).to.deep.equal([7, 27, 47]);
      expect(store.rounds(EPOCH, 1n).map(({ measurement: found }) => found)).to.deep.equal(
        Array.from({ length: AUDIT_ROUNDS }, () => measurement),
      );
      expect(store.rounds(EPOCH, 2n).map(({ fault }) => fault)).to.deep.equal(["down", "down", "down"]);
    });

    it("are not repeated after a restart, and go on in what is left of the epoch", async function () {
      const first = auditor({ random: 0.1, finds: () => ({ measurement }) });
      await first.pass(10);
      await first.instance.stop();
      const second = auditor({ random: 0, finds: () => ({ fault: "down" }) });
      second.state.timestamp += 10;
      await second.pass(49);
      await second.instance.stop();
      expect(store.rounds(EPOCH, 1n).map(({ fault }) => fault)).to.deep.equal([undefined, "down", "down"]);
    });

    it("measure few nodes at once, and all of them in time", async function () {
      const { instance, state, pass } = auditor({
        ...{ random: 0, targets: [1n, 2n, 3n, 4n, 5n], finds: () => ({ measurement }) },
      });
      let end: () => void = () => undefined;
      state.probing = new Promise((resolve) => (end = resolve));
      await pass(5);
      expect(state.most).to.equal(2);
      expect(state.tried.length).to.equal(2);
      end();
      await pass(5);
      expect(state.tried.length).to.equal(5);
      expect(state.most).to.equal(2);
      await instance.stop();
    });

    it("that the end of the node or of the epoch cuts off say nothing about a node", async function () {
      const { instance, state, pass } = auditor({ random: 1, finds: () => ({ fault: "cut off" }) });
      let end: () => void = () => undefined;
      state.probing = new Promise((resolve) => (end = resolve));
      await pass(58);
      const stopping = instance.stop();
      end();
      await stopping;
      expect(store.rounds(EPOCH, 1n)).to.deep.equal([]);
      const late = auditor({ random: 1, finds: () => ({ fault: "cut off" }) });
      late.state.timestamp += 40;
      late.state.probing = new Promise((resolve) => (end = resolve));
      await late.pass(16);
      expect(late.state.running).to.equal(2);
      late.state.timestamp += 5;
      end();
      await late.instance.stop();
      expect(store.rounds(EPOCH, 1n)).to.deep.equal([]);
    });

    it("are tried again when the chain could not be asked, and not made where nobody is audited", async function () {
      const failing = auditor({ random: 0, finds: () => ({ measurement }) });
      failing.state.planFails = 2;
      await failing.pass(10);
      await failing.instance.stop();
      expect(store.rounds(EPOCH, 1n).length).to.equal(1);
      const idle = auditor({ random: 0, finds: () => ({ measurement }), plan: "none" });
      await idle.pass(30);
      await idle.instance.stop();
      expect(idle.state.tried).to.deep.equal([]);
    });
  });
});

describe("node directory", function () {
  let database: DatabaseSync;
  beforeEach(function () {
    database = openDatabase(":memory:");
  });
  afterEach(function () {
    database.close();
  });

  const seat = (nodeId: bigint, fromEpoch: number, place: number, weight = 1_000): DirectoryEvent => ({
    ...{ kind: "seat", nodeId, fromEpoch },
    seat: { seat: place, weight },
  });

  /** A directory of a chain that has these events in these blocks. */
  function directoryOf(events: [block: number, event: DirectoryEvent][], startBlock = 0) {
    const asked: [number, number][] = [];
    const state = { failFrom: Number.MAX_SAFE_INTEGER };
    const directory = new NodeDirectory(database, {
      startBlock,
      directoryEvents: (from, to) => {
        if (from >= state.failFrom)
          return Promise.reject(new Error("query returned more than 10000 results"));
        asked.push([from, to]);
        return Promise.resolve(
          events.filter(([block]) => block >= from && block <= to).map(([, event]) => event),
        );
      },
    });
    return { directory, asked, state, events };
  }

  it("knows who sat in a seat in which epoch, through changes, moves and departures", async function () {
    const { directory } = directoryOf([
      [1, seat(1n, 5, 0)],
      [2, seat(2n, 5, 1)],
      [3, seat(3n, 6, 2)],
      // Node 1 leaves, the last one moves into its seat; node 2 only weighs more.
      [9, seat(1n, 8, 0, 0)],
      [9, seat(3n, 8, 0)],
      [9, seat(2n, 8, 1, 2_000)],
    ]);
    await directory.catchUp(10);
    expect(directory.nodesIn(0, 4)).to.deep.equal([]);
    expect(directory.nodesIn(0, 5)).to.deep.equal([1n]);
    expect(directory.nodesIn(0, 7)).to.deep.equal([1n]);
    expect(directory.nodesIn(0, 8)).to.deep.equal([3n]);
    expect(directory.nodesIn(1, 9)).to.deep.equal([2n]);
    expect(directory.nodesIn(2, 7)).to.deep.equal([3n]);
    expect(directory.nodesIn(2, 8)).to.deep.equal([]);
    directory.prune(9);
    expect(directory.nodesIn(0, 9)).to.deep.equal([3n]);
    expect(directory.nodesIn(1, 9)).to.deep.equal([2n]);
  });

  it("lets the last of several changes of the same moment count, and the last endpoint", async function () {
    const { directory } = directoryOf([
      [1, seat(1n, 5, 3)],
      [1, seat(1n, 5, 3, 0)],
      [1, seat(1n, 5, 7)],
      [1, { kind: "endpoint", nodeId: 1n, endpoint: "ws://old/" }],
      [2, { kind: "endpoint", nodeId: 1n, endpoint: "ws://new/" }],
    ]);
    await directory.catchUp(2);
    expect(directory.nodesIn(3, 5)).to.deep.equal([]);
    expect(directory.nodesIn(7, 5)).to.deep.equal([1n]);
    expect(directory.endpointOf(1n)).to.equal("ws://new/");
    expect(directory.endpointOf(2n)).to.equal(undefined);
  });

  it("reads a long history in pieces, once, and keeps what it has read when one fails", async function () {
    const { directory, asked, state } = directoryOf([[4_500, seat(1n, 5, 0)]], 100);
    state.failFrom = 4_000;
    const failure = await directory.catchUp(5_000).catch((error: unknown) => error);
    expect(String(failure)).to.contain("more than 10000");
    expect(asked).to.deep.equal([
      [100, 2_099],
      [2_100, 4_099],
    ]);
    state.failFrom = Number.MAX_SAFE_INTEGER;
    asked.splice(0);
    await directory.catchUp(5_000);
    expect(asked).to.deep.equal([[4_068, 5_000]]);
    expect(directory.nodesIn(0, 5)).to.deep.equal([1n]);
    asked.splice(0);
    await directory.catchUp(5_000);
    expect(asked, "nothing is new").to.deep.equal([]);
    await new NodeDirectory(database, {
      startBlock: 100,
      directoryEvents: (from, to) => {
        asked.push([from, to]);
        return Promise.resolve([]);
      },
    }).catchUp(5_001);
    expect(asked, "after a restart").to.deep.equal([[4_969, 5_001]]);
  });

  it("asks for fewer blocks where a provider allows only so many", async function () {
    const answered: [number, number][] = [];
    const directory = new NodeDirectory(database, {
      startBlock: 0,
      directoryEvents: (from, to) => {
        if (to - from >= 600) return Promise.reject(new Error("block range is limited to 600"));
        answered.push([from, to]);
        return Promise.resolve(from <= 2_500 && 2_500 <= to ? [seat(1n, 5, 0)] : []);
      },
    });
    await directory.catchUp(3_000);
    expect(directory.nodesIn(0, 5)).to.deep.equal([1n]);
    // Without a gap, and each block once.
    expect(answered.map(([from]) => from)).to.deep.equal([
      0,
      ...answered.slice(0, -1).map(([, to]) => to + 1),
    ]);
    expect(answered.at(-1)?.[1]).to.equal(3_000);
  });

  it("finds what a reorganisation moved into a block that was read already", async function () {
    const { directory, events } = directoryOf([]);
    await directory.catchUp(50);
    events.push([48, seat(4n, 9, 2)]);
    await directory.catchUp(51);
    expect(directory.nodesIn(2, 9)).to.deep.equal([4n]);
  });
});
