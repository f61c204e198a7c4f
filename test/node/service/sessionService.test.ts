import { expect } from "chai";
import { parseEther } from "ethers";
import { parseHex } from "../../../node/protocol/hex.js";
import { JoinRefused, ReceiptRefused, SessionEnded } from "../../../node/protocol/refusals.js";
import type { ServedSession } from "../../../node/signaling/admission.js";
import { addressOf, receiptBy, walletOf } from "../support/participants.js";
import { NODE_ID, sessionServiceOn } from "../support/sessionServices.js";

const MB = 1_000_000n;

/** The code of the refusal that an action ends with; "none" where it ends well. */
async function codeOf(action: Promise<unknown>): Promise<string> {
  try {
    await action;
  } catch (error) {
    if (error instanceof JoinRefused || error instanceof ReceiptRefused) return error.code;
    throw error;
  }
  return "none";
}

function endOf(session: ServedSession): string {
  const reason: unknown = session.signal.reason;
  return reason instanceof SessionEnded ? reason.code : "none";
}

describe("session service", function () {
  this.timeout(10_000);
  const opened: { close(): void }[] = [];
  afterEach(function () {
    for (const one of opened.splice(0)) one.close();
  });
  const open = (options?: Parameters<typeof sessionServiceOn>[0]) => {
    const services = sessionServiceOn(options);
    opened.push(services);
    return services;
  };

  describe("joining", function () {
    it("is open to whoever holds a grant and its session key", async function () {
      const { service, claim, session, app } = open();
      const served = await service.admit(await claim());
      expect([served.sessionKey, served.app, served.lastReceipt]).to.deep.equal([
        session.address,
        app,
        undefined,
      ]);
      expect(service.sessionCount).to.equal(1);
    });

    it("is refused in maintenance, while those who are served are served on", async function () {
      const { service, claim, state } = open();
      const served = await service.admit(await claim());
      state.inMaintenance = true;
      const late = await claim({ session: walletOf("late") });
      expect(await codeOf(service.admit(late))).to.equal("node_draining");
      expect(served.signal.aborted).to.equal(false);
      state.inMaintenance = false;
      expect(await codeOf(service.admit(late))).to.equal("none");
    });

    it("is refused with a grant that is expired, or expired as the epoch began", async function () {
      const { service, claim, state, clock } = open();
      const now = BigInt(state.nowMs / 1_000);
      expect(await codeOf(service.admit(await claim({ expiresAt: now })))).to.equal("grant_expired");
      expect(await codeOf(service.admit(await claim({ expiresAt: BigInt(clock.startOf(10)) })))).to.equal(
        "grant_expired",
      );
      expect(await codeOf(service.admit(await claim({ expiresAt: now + 1n })))).to.equal("none");
    });

    it("is refused with a grant for another room or with other details", async function () {
      const { service, claim } = open();
      const honest = await claim();
      expect(await codeOf(service.admit({ ...honest, room: "board" }))).to.equal("grant_room_mismatch");
      const other = `${honest.details} `;
      expect(await codeOf(service.admit({ ...honest, details: other }))).to.equal("grant_details_mismatch");
      const noUrl = await claim({ details: JSON.stringify({ identity: "ada" }) });
      expect(await codeOf(service.admit(noUrl))).to.equal("grant_details_invalid");
    });

    it("is refused with a grant whose voucher endpoint leads into the node's own network", async function () {
      const { service, claim } = open();
      const urls = [
        "http://app.example/",
        "https://127.0.0.1/",
        "https://localhost/x",
        "https://[fd00::1]/",
        "https://10.1.2.3/",
      ];
      for (const voucherUrl of urls) {
        const details = JSON.stringify({ identity: "ada", voucherUrl });
        expect(await codeOf(service.admit(await claim({ details }))), voucherUrl).to.equal(
          "grant_details_invalid",
        );
      }
    });

    it("is refused with a grant by a stranger, or by a signer who was revoked before the epoch", async function () {
      const { service, claim, state } = open();
      const byStranger = await claim({ signer: walletOf("stranger") });
      expect(await codeOf(service.admit(byStranger))).to.equal("grant_signer_unknown");
      state.lastSignerEpoch = 9;
      expect(await codeOf(service.admit(await claim()))).to.equal("grant_signer_unknown");
      state.lastSignerEpoch = 10;
      state.nowMs += 6_000;
      expect(await codeOf(service.admit(await claim()))).to.equal("none");
    });

    it("is refused with a grant of another app or with a changed member", async function () {
      const { service, claim } = open();
      const honest = await claim();
      const grant = { ...honest.grant, maxBytesPerEpoch: honest.grant.maxBytesPerEpoch + 1n };
      expect(await codeOf(service.admit({ ...honest, grant }))).to.equal("grant_signer_unknown");
      const otherApp = { ...honest.grant, app: addressOf(walletOf("other app")) };
      expect(await codeOf(service.admit({ ...honest, grant: otherApp }))).to.equal("grant_signer_unknown");
      const garbage = { ...honest, grantSignature: parseHex(honest.joinSignature.slice(0, 100)) };
      expect(await codeOf(service.admit(garbage))).to.equal("grant_signature_invalid");
    });

    it("is refused where the session key did not sign the join, or signed it for another node, room or nonce", async function () {
      const { service, claim } = open();
      const honest = await claim();
      const thief = await claim({ session: walletOf("thief") });
      const stolen = { ...honest, joinSignature: thief.joinSignature };
      const elsewhere = { ...honest, joinSignature: (await claim({ nodeId: 4n })).joinSignature };
      const otherRoom = { ...honest, joinSignature: (await claim({ room: "board" })).joinSignature };
      const replayed = { ...honest, nonce: `0x${"11".repeat(32)}` as const };
      for (const bad of [stolen, elsewhere, otherRoom, replayed]) {
        expect(await codeOf(service.admit(bad))).to.equal("join_signature_invalid");
      }
    });

    it("is refused where the node is full or shutting down, and where the chain cannot be asked", async function () {
      const { service, claim, state } = open({ limits: { maxSessions: 1 } });
      state.chainIsDown = true;
      expect(await codeOf(service.admit(await claim()))).to.equal("chain_unavailable");
      state.chainIsDown = false;
      const served = await service.admit(await claim());
      expect(await codeOf(service.admit(await claim({ session: walletOf("second") })))).to.equal("node_full");
      service.drain();
      expect(endOf(served)).to.equal("node_draining");
      expect(await codeOf(service.admit(await claim()))).to.equal("node_draining");
    });

    it("lets only so many in who come at once", async function () {
      const { service, claim } = open({ limits: { maxSessions: 2 } });
      const claims = await Promise.all([1, 2, 3, 4].map((name) => claim({ session: walletOf(`p${name}`) })));
      const codes = await Promise.all(claims.map((one) => codeOf(service.admit(one))));
      expect(codes.toSorted()).to.deep.equal(["node_full", "node_full", "none", "none"]);
    });

    it("again with the same key takes over and goes on from the last receipt", async function () {
      const { service, claim, receipt } = open();
      const first = await service.admit(await claim());
      first.meter(MB);
      const signed = await receipt(MB);
      await first.submitReceipt(signed);
      const second = await service.admit(await claim());
      expect(endOf(first)).to.equal("session_replaced");
      expect(second.lastReceipt).to.deep.equal(signed);
      expect(service.sessionCount).to.equal(1);
      first.leave();
      expect(service.sessionCount).to.equal(1);
    });

    it("with a key that was served for another app in this epoch is refused", async function () {
      const { service, claim, receipt, accounts, app } = open();
      const served = await service.admit(await claim());
      served.meter(MB);
      await served.submitReceipt(await receipt(MB));
      served.leave();
      const otherApp = addressOf(walletOf("other app"));
      expect(await codeOf(service.admit(await claim({ app: otherApp })))).to.equal("grant_app_conflict");
      expect(accounts.get(app)?.owed).to.equal(parseEther("0.01"));
    });
  });

  describe("receipts", function () {
    it("are stored before they are acknowledged, with what makes them provable", async function () {
      const { service, claim, receipt, receipts, session, signer } = open();
      const joined = await claim();
      const served = await service.admit(joined);
      served.meter(3n * MB);
      const signed = await receipt(2n * MB);
      expect(await served.submitReceipt(signed)).to.deep.equal(signed);
      const stored = receipts.get(10, addressOf(session));
      expect(stored).to.deep.include({
        bytesDelivered: 2n * MB,
        quality: 9_000,
        grantSigner: signer.address,
      });
      expect(stored?.grant).to.deep.equal({ grant: joined.grant, signature: joined.grantSignature });
    });

    it("are refused for another node, another epoch, by another key, going down, above the grant or above what was sent", async function () {
      const { service, claim, receipt, session } = open();
      const served = await service.admit(await claim({ maxBytesPerEpoch: 3n * MB }));
      served.meter(2n * MB);
      await served.submitReceipt(await receipt(MB));
      const byOther = await receiptBy(walletOf("other"), {
        nodeId: NODE_ID,
        epoch: 10,
        bytesDelivered: 2n * MB,
      });
      const cut = await receipt(2n * MB);
      const cases: [name: string, sending: Promise<unknown>, code: string][] = [
        ["node", receipt(2n * MB, { nodeId: 4n }).then((r) => served.submitReceipt(r)), "receipt_wrong_node"],
        [
          "next epoch",
          receipt(MB, { epoch: 11 }).then((r) => served.submitReceipt(r)),
          "receipt_wrong_epoch",
        ],
        ["past epoch", receipt(MB, { epoch: 9 }).then((r) => served.submitReceipt(r)), "receipt_wrong_epoch"],
        ["key", served.submitReceipt(byOther), "receipt_wrong_key"],
        ["down", receipt(MB - 1n).then((r) => served.submitReceipt(r)), "receipt_decreased"],
        ["grant", receipt(3n * MB + 1n).then((r) => served.submitReceipt(r)), "receipt_above_grant"],
        [
          "quality",
          receipt(2n * MB, { quality: 10_001 }).then((r) => served.submitReceipt(r)),
          "receipt_quality_invalid",
        ],
        ["cut", served.submitReceipt({ ...cut, signature: "0x1234" }), "receipt_signature_invalid"],
      ];
      for (const [name, sending, code] of cases) expect(await codeOf(sending), name).to.equal(code);
      const rich = await service.admit(await claim({ session }));
      rich.meter(100n);
      expect(await codeOf(receipt((MB * 21n) / 10n).then((r) => rich.submitReceipt(r)))).to.equal(
        "receipt_above_sent",
      );
    });

    it("that repeat or arrive late do no harm: the highest one counts", async function () {
      const { service, claim, receipt } = open();
      const served = await service.admit(await claim());
      served.meter(5n * MB);
      const high = await receipt(4n * MB);
      await Promise.all([served.submitReceipt(await receipt(3n * MB)), served.submitReceipt(high)]);
      expect(await served.submitReceipt(high)).to.deep.equal(high);
      expect(served.lastReceipt).to.deep.equal(high);
    });

    it("of an epoch that has just ended are taken for a while, and not any longer or once it is attested", async function () {
      const { service, claim, receipt, state, clock, epochs } = open();
      const served = await service.admit(await claim());
      served.meter(2n * MB);
      state.nowMs = clock.startOf(11) * 1_000 + 1_000;
      served.meter(3n * MB);
      await served.submitReceipt(await receipt(2n * MB));
      expect(served.lastReceipt).to.equal(undefined);
      await served.submitReceipt(await receipt(MB, { epoch: 11 }));
      epochs.seal({
        ...{
          nodeId: NODE_ID,
          epoch: 10,
          receiptRoot: `0x${"aa".repeat(32)}`,
          bytesDelivered: 2n * MB,
          sessions: 1,
        },
        auditCommitment: `0x${"00".repeat(32)}`,
      });
      expect(await codeOf(receipt(2n * MB + 1n).then((r) => served.submitReceipt(r)))).to.equal(
        "receipt_wrong_epoch",
      );
      state.nowMs += 5_000;
      expect(await codeOf(receipt(2n * MB + 2n).then((r) => served.submitReceipt(r)))).to.equal(
        "receipt_wrong_epoch",
      );
    });

    it("are refused after leaving", async function () {
      const { service, claim, receipt } = open();
      const served = await service.admit(await claim());
      served.leave();
      expect(await codeOf(receipt(0n).then((r) => served.submitReceipt(r)))).to.equal("session_closed");
    });
  });

  describe("service ends", function () {
    it("when receipts stop while bytes flow, and not while none flow", async function () {
      const { service, claim, pass } = open();
      const served = await service.admit(await claim());
      pass(30);
      expect(endOf(served)).to.equal("none");
      served.meter(MB / 2n);
      pass(10);
      expect(endOf(served)).to.equal("none");
      pass(1);
      expect(endOf(served)).to.equal("receipts_stopped");
    });

    it("when receipts fall too far behind, lost packets and headers allowed for", async function () {
      const { service, claim, receipt } = open();
      const served = await service.admit(await claim());
      served.meter((10n * MB) / 8n);
      expect(endOf(served)).to.equal("none");
      await served.submitReceipt(await receipt(MB));
      served.meter((5n * MB) / 2n);
      expect(endOf(served)).to.equal("none");
      served.meter((5n * MB) / 2n + 2n);
      expect(endOf(served)).to.equal("receipts_behind");
      // A last receipt is welcome all the same.
      await served.submitReceipt(await receipt(2n * MB));
    });

    it("when the grant's bytes are used up or it expires with the epoch", async function () {
      const { service, claim, receipt, state, clock, pass } = open();
      const limited = await service.admit(await claim({ maxBytesPerEpoch: MB }));
      limited.meter(MB);
      await limited.submitReceipt(await receipt(MB));
      expect(endOf(limited)).to.equal("grant_limit_reached");
      limited.leave();
      expect(await codeOf(service.admit(await claim({ maxBytesPerEpoch: MB })))).to.equal(
        "grant_limit_reached",
      );
      const session = walletOf("short");
      const short = await service.admit(await claim({ session, expiresAt: BigInt(clock.startOf(11)) }));
      state.nowMs = clock.startOf(11) * 1_000 - 1_000;
      service.tick();
      expect(endOf(short)).to.equal("none");
      pass(1);
      expect(endOf(short)).to.equal("grant_expired");
      const late = await receiptBy(session, { nodeId: NODE_ID, epoch: 11, bytesDelivered: 1n });
      expect(await codeOf(short.submitReceipt(late))).to.equal("receipt_grant_expired");
    });

    it("when the grant's signer was revoked before the epoch", async function () {
      const { service, claim, state, clock } = open();
      const served = await service.admit(await claim());
      state.lastSignerEpoch = 10;
      state.nowMs = clock.startOf(11) * 1_000;
      service.tick();
      await new Promise(setImmediate);
      expect(endOf(served)).to.equal("grant_signer_revoked");
    });

    it("when the app owes more than its limit, for all its sessions, and new ones are not let in", async function () {
      const { service, claim, receipt, state, pass, accounts, app } = open({
        limits: { maxUnsignedBytes: 10n * MB },
      });
      // 0.05 DTEL guaranteed and 0.01 credit are 6 MB at 0.01 DTEL each.
      const first = await service.admit(await claim());
      const second = await service.admit(await claim({ session: walletOf("second") }));
      first.meter(5n * MB + MB / 2n);
      await first.submitReceipt(await receipt(5n * MB + MB / 2n));
      pass(1);
      expect(endOf(first)).to.equal("none");
      // Unsigned service counts too, less the tolerance: 0.8 of 700,000 bytes.
      second.meter(700_000n);
      pass(1);
      expect([endOf(first), endOf(second)]).to.deep.equal(["app_unpaid", "app_unpaid"]);
      expect(await codeOf(service.admit(await claim({ session: walletOf("third") })))).to.equal("app_unpaid");
      const voucher = { app, nodeId: NODE_ID, cumulativeAmount: parseEther("0.055"), cumulativeScore: 0n };
      accounts.putVoucher({ voucher, signature: `0x${"00".repeat(65)}` });
      state.account = { ...state.account, guaranteed: parseEther("0.1") };
      pass(2);
      expect(await codeOf(service.admit(await claim({ session: walletOf("third") })))).to.equal("none");
    });

    it("for fresh keys as well: what sessions that left had not signed for stays on the app's account", async function () {
      const { service, claim, accounts, app } = open();
      let served = 0;
      for (let index = 0; index < 20; index++) {
        const code = await codeOf(
          claim({ session: walletOf(`fresh ${index}`) }).then(async (joined) => {
            const session = await service.admit(joined);
            session.meter(MB);
            session.leave();
          }),
        );
        if (code === "app_unpaid") break;
        expect(code).to.equal("none");
        served += 1;
      }
      // Each leaves 0.008 DTEL unsigned; the limit is 0.06.
      expect(served).to.equal(8);
      expect(accounts.get(app)?.lost).to.equal(parseEther("0.064"));
    });

    it("forgives a small part of what the app pays, so that lost packets do not add up for ever", async function () {
      const { service, claim, accounts, app, state } = open();
      const served = await service.admit(await claim());
      served.meter(MB);
      served.leave();
      const bill = accounts.get(app);
      expect(bill?.lost).to.equal(parseEther("0.008"));
      const voucher = { app, nodeId: NODE_ID, cumulativeAmount: parseEther("0.8"), cumulativeScore: 0n };
      accounts.putVoucher({ voucher, signature: `0x${"00".repeat(65)}` });
      state.account = { ...state.account, paid: parseEther("0.8") };
      const after = accounts.get(app);
      expect(after === undefined ? undefined : service.exposureOf(after)?.unbilled).to.equal(0n);
    });
  });
});
