import { JoinRefused, ReceiptRefused, SessionEnded } from "../../protocol/refusals.js";
import type { Address, SignedReceipt } from "../../protocol/typedData.js";
import type { Admission, JoinClaim, ServedSession } from "../../signaling/admission.js";

/** Who is told what admission decided. */
export interface AdmissionCounts {
  joined(audit: boolean): void;
  joinRefused(code: string): void;
  receiptAccepted(): void;
  receiptRefused(code: string): void;
  bytesSent(bytes: number): void;
  sessionEnded(code: string): void;
}

/** An admission that decides as another one does and counts it. */
export function countedAdmission(inner: Admission, counts: AdmissionCounts): Admission {
  return {
    nodeId: inner.nodeId,
    domain: inner.domain,
    clock: inner.clock,
    get accepting() {
      return inner.accepting;
    },
    isAppSigner: (app: Address, signer: Address) => inner.isAppSigner(app, signer),
    async admit(claim: JoinClaim) {
      try {
        const session = await inner.admit(claim);
        counts.joined(session.audit);
        return countedSession(session, counts);
      } catch (error) {
        counts.joinRefused(error instanceof JoinRefused ? error.code : "internal_error");
        throw error;
      }
    },
  };
}

function countedSession(inner: ServedSession, counts: AdmissionCounts): ServedSession {
  let metered = 0n;
  inner.signal.addEventListener(
    "abort",
    () => {
      const reason: unknown = inner.signal.reason;
      counts.sessionEnded(reason instanceof SessionEnded ? reason.code : "other");
    },
    { once: true },
  );
  return {
    sessionKey: inner.sessionKey,
    app: inner.app,
    audit: inner.audit,
    signal: inner.signal,
    get lastReceipt() {
      return inner.lastReceipt;
    },
    meter(bytesSent) {
      if (bytesSent > metered) {
        counts.bytesSent(Number(bytesSent - metered));
        metered = bytesSent;
      }
      inner.meter(bytesSent);
    },
    async submitReceipt(receipt: SignedReceipt) {
      try {
        const highest = await inner.submitReceipt(receipt);
        counts.receiptAccepted();
        return highest;
      } catch (error) {
        counts.receiptRefused(error instanceof ReceiptRefused ? error.code : "internal_error");
        throw error;
      }
    },
    leave: () => inner.leave(),
  };
}
