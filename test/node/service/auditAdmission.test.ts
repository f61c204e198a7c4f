import { expect } from "chai";
import { pino } from "pino";
import { openDatabase } from "../../../node/chain/sqlite.js";
import type { AppAccount } from "../../../node/chain/nodeChain.js";
import { createEpochClock } from "../../../node/protocol/epochClock.js";
import { JoinRefused, ReceiptRefused } from "../../../node/protocol/refusals.js";
import { AccountStore } from "../../../node/service/accountStore.js";
import { AppAccounts } from "../../../node/service/appAccounts.js";
import {
  AUDIT_BYTES,
  AUDIT_MILLISECONDS,
  AuditAdmission,
} from "../../../node/service/audits/auditAdmission.js";
import { ReceiptStore } from "../../../node/service/receiptStore.js";
import { SessionService } from "../../../node/service/sessionService.js";
import { SignerCache } from "../../../node/service/signerCache.js";
import { TEST_LIMITS } from "../support/sessionServices.js";
import { addressOf, claimFor, receiptBy, testDomain, walletOf } from "../support/participants.js";

const NODE_ID = 3n;
const EPOCH = 10;
const clock = createEpochClock({ genesisSeconds: 1_000_000, epochSeconds: 600 });
const operator = walletOf("auditor's operator");

describe("audit admission", function () {
  /** A service whose node is audited by nodes 5 and 6, each with the same operator key. */
  function auditedNode({ maxSessions = 4 } = {}) {
    const database = openDatabase(":memory:");
    const state = { nowMs: (clock.startOf(EPOCH) + 30) * 1_000, chainAsked: 0, chainIsDown: false };
    const now = () => state.nowMs;
    const audits = new AuditAdmission({
      ...{ clock, now },
      planner: { auditorsOf: (epoch) => Promise.resolve(epoch === EPOCH ? [5n, 6n] : []) },
      operatorOf: () => {
        state.chainAsked += 1;
        return state.chainIsDown
          ? Promise.reject(new Error("no RPC endpoint answered"))
          : Promise.resolve(addressOf(operator));
      },
    });
    const receipts = new ReceiptStore(database);
    const accounts = new AccountStore(database, NODE_ID);
    const account: AppAccount = { paid: 0n, score: 0n, guaranteed: 10n ** 18n, collectable: 10n ** 18n };
    const service = new SessionService({
      ...{ nodeId: NODE_ID, domain: testDomain, clock, receipts, accounts, now, audits },
      limits: { ...TEST_LIMITS, maxSessions },
      appAccounts: new AppAccounts(() => Promise.resolve(account), 1_000, now),
      signers: new SignerCache(() => Promise.resolve(true), now),
      checkVoucherUrl: () => undefined,
      priceWeiPerGB: () => 1n,
      log: pino({ enabled: false }),
    });
    const admit = async (options: {
      session?: string;
      signer?: typeof operator;
      app?: typeof operator;
      auditorId?: bigint;
      epoch?: number;
    }) => {
      const { session = "audit session", signer = operator, app = operator } = options;
      const audit = { auditorId: String(options.auditorId ?? 5n), epoch: options.epoch ?? EPOCH };
      const details = JSON.stringify({ identity: "audit", audit });
      return service.admit(
        await claimFor({
          ...{ app: addressOf(app), signer, session: walletOf(session), nodeId: NODE_ID, details },
        }),
      );
    };
    return {
      service,
      accounts,
      receipts,
      audits,
      state,
      admit,
      close: () => {
        service.close();
        database.close();
      },
    };
  }
  type Node = ReturnType<typeof auditedNode>;
  let node: Node;
  beforeEach(function () {
    node = auditedNode();
  });
  afterEach(function () {
    node.close();
  });

  const codeOf = (joining: Promise<unknown>): Promise<string> =>
    joining.then(
      () => "none",
      (error: unknown) => (error instanceof JoinRefused ? error.code : String(error)),
    );

  it("serves an auditor of the running epoch without receipts, bill or place", async function () {
    const session = await node.admit({});
    expect(session.audit).to.equal(true);
    session.meter(1_000_000n);
    node.service.tick();
    expect(session.signal.aborted).to.equal(false);
    expect(node.service.sessionCount).to.equal(0);
    expect(node.accounts.all()).to.deep.equal([]);
    const signed = await receiptBy(walletOf("audit session"), {
      ...{ nodeId: NODE_ID, epoch: EPOCH, bytesDelivered: 5n },
    });
    const refusal = await session.submitReceipt(signed).catch((error: unknown) => error);
    expect(refusal).to.be.instanceOf(ReceiptRefused);
    node.receipts.flush();
    expect(node.receipts.countedReceipts(EPOCH)).to.deep.equal([]);
    session.leave();
    expect(node.audits.sessionCount).to.equal(0);
  });

  it("refuses who does not audit the node now, and asks the chain nothing for it", async function () {
    expect(await codeOf(node.admit({ auditorId: 7n }))).to.equal("audit_not_due");
    expect(await codeOf(node.admit({ epoch: EPOCH - 1 }))).to.equal("audit_not_due");
    expect(await codeOf(node.admit({ epoch: EPOCH + 1 }))).to.equal("audit_not_due");
    expect(node.state.chainAsked).to.equal(0);
    node.state.nowMs += 600_000;
    expect(await codeOf(node.admit({ epoch: EPOCH + 1 })), "nobody audits then").to.equal("audit_not_due");
  });

  it("refuses a grant that the auditor's operator key did not sign, or that names another app", async function () {
    expect(await codeOf(node.admit({ signer: walletOf("stranger") }))).to.equal("grant_signer_unknown");
    expect(await codeOf(node.admit({ app: walletOf("an app that pays") }))).to.equal("grant_signer_unknown");
    node.state.nowMs += 60_000;
    node.state.chainIsDown = true;
    expect(await codeOf(node.admit({}))).to.equal("chain_unavailable");
    node.state.chainIsDown = false;
    expect(await codeOf(node.admit({})), "a failure is not remembered").to.equal("none");
  });

  it("gives two sessions to each auditor, on a full node too, and a repeated key its place again", async function () {
    node.close();
    node = auditedNode({ maxSessions: 0 });
    expect(node.service.accepting).to.equal(false);
    await node.admit({ session: "a" });
    await node.admit({ session: "b" });
    expect(await codeOf(node.admit({ session: "c" }))).to.equal("grant_limit_reached");
    expect(await codeOf(node.admit({ session: "b" }))).to.equal("none");
    expect(await codeOf(node.admit({ session: "c", auditorId: 6n }))).to.equal("none");
    expect(node.state.chainAsked, "each operator once").to.equal(2);
  });

  it("ends what exceeds the free bytes or seconds of the epoch, over several sessions", async function () {
    const first = await node.admit({});
    first.meter(AUDIT_BYTES - 1n);
    first.leave();
    const second = await node.admit({});
    node.service.tick();
    expect(second.signal.aborted).to.equal(false);
    second.meter(1n);
    node.service.tick();
    expect(second.signal.aborted).to.equal(true);
    second.leave();
    expect(await codeOf(node.admit({}))).to.equal("grant_limit_reached");
    // The other auditor has its own.
    const [left, right] = [
      await node.admit({ auditorId: 6n, session: "left" }),
      await node.admit({ auditorId: 6n, session: "right" }),
    ];
    node.state.nowMs += AUDIT_MILLISECONDS / 2 - 1;
    node.service.tick();
    expect(left.signal.aborted || right.signal.aborted).to.equal(false);
    node.state.nowMs += 1;
    node.service.tick();
    expect(left.signal.aborted && right.signal.aborted).to.equal(true);
  });

  it("ends with the epoch and with the node", async function () {
    const session = await node.admit({});
    node.state.nowMs = clock.endOf(EPOCH) * 1_000;
    node.service.tick();
    expect(session.signal.aborted).to.equal(true);
    node.state.nowMs = clock.endOf(EPOCH) * 1_000 - 1;
    const draining = await node.admit({ session: "other", auditorId: 6n });
    node.service.drain();
    expect(draining.signal.aborted).to.equal(true);
    expect(await codeOf(node.admit({ session: "late" }))).to.equal("node_draining");
  });
});
