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

/**
 * Where a client goes on after a refusal or a goodbye: on the same node at once, on another one, or nowhere, because
 * every node would say the same.
 */
export type Rejoin = "here" | "elsewhere" | "no";

const REJOIN: Readonly<Record<string, Rejoin>> = {
  // The node is well, and the reason is over as soon as it is said.
  worker_died: "here",
  session_unknown: "here",
  receipts_stopped: "here",
  handshake_timeout: "here",
  request_timeout: "here",
  rate_limited: "here",
  // This node cannot serve, another one may.
  node_full: "elsewhere",
  node_draining: "elsewhere",
  node_closing: "elsewhere",
  server_closed: "elsewhere",
  room_limit: "elsewhere",
  peer_limit: "elsewhere",
  bandwidth_limit: "elsewhere",
  load_limit: "elsewhere",
  no_worker: "elsewhere",
  chain_unavailable: "elsewhere",
  internal_error: "elsewhere",
  failed: "elsewhere",
  session_ended: "elsewhere",
  // Each node has limits of its own for what an app owes it, and a path of its own to the client.
  app_unpaid: "elsewhere",
  receipts_behind: "elsewhere",
  // What the client itself finds: the WebSocket broke or is dead, no media path is left, the node breaks the protocol.
  connection_lost: "here",
  timeout: "here",
  ice_failed: "elsewhere",
  node_not_trusted: "elsewhere",
};

/**
 * Reads a code of `JoinRefusalCode`, `SessionEndCode`, `MediaErrorCode`, `SignalingErrorCode` or of the client's
 * `DisconnectCode`.
 */
export function rejoinAfter(code: string): Rejoin {
  return Object.hasOwn(REJOIN, code) ? (REJOIN[code] ?? "no") : "no";
}
