/** Why a node does not let a participant in. */
export type JoinRefusalCode =
  | "grant_expired"
  | "grant_room_mismatch"
  | "grant_details_mismatch"
  | "grant_details_invalid"
  | "grant_signature_invalid"
  | "grant_signer_unknown"
  | "grant_limit_reached"
  | "join_signature_invalid"
  | "grant_app_conflict"
  | "app_unpaid"
  | "node_full"
  | "node_draining"
  | "chain_unavailable"
  | "join_not_permitted"
  | "audit_not_due";

/** Why a node does not take a receipt. */
export type ReceiptRefusalCode =
  | "receipt_wrong_node"
  | "receipt_wrong_epoch"
  | "receipt_wrong_key"
  | "receipt_signature_invalid"
  | "receipt_decreased"
  | "receipt_above_grant"
  | "receipt_grant_expired"
  | "receipt_above_sent"
  | "receipt_quality_invalid"
  | "session_closed";

/** Why a node stops serving a session that it let in: the reason of `ServedSession.signal`. */
export type SessionEndCode =
  | "receipts_stopped"
  | "receipts_behind"
  | "grant_expired"
  | "grant_limit_reached"
  | "grant_signer_revoked"
  | "app_unpaid"
  | "node_draining"
  | "session_replaced";

/** A join that was refused; `code` for programs, `message` for people. */
export class JoinRefused extends Error {
  constructor(
    readonly code: JoinRefusalCode,
    message: string,
  ) {
    super(message);
    this.name = "JoinRefused";
  }
}

/** A receipt that was refused; `code` for programs, `message` for people. */
export class ReceiptRefused extends Error {
  constructor(
    readonly code: ReceiptRefusalCode,
    message: string,
  ) {
    super(message);
    this.name = "ReceiptRefused";
  }
}

/** A session that the node no longer serves; `code` for programs, `message` for people. */
export class SessionEnded extends Error {
  constructor(
    readonly code: SessionEndCode,
    message: string,
  ) {
    super(message);
    this.name = "SessionEnded";
  }
}
