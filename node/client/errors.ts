import { JoinRefused, ReceiptRefused, rejoinAfter } from "../protocol/refusals.js";
import type { JoinRefusalCode, ReceiptRefusalCode, Rejoin } from "../protocol/refusals.js";
import type { ClientMethod } from "../protocol/signaling.js";

/** The node did not do what it was asked; `code` for programs, `message` for people. */
export class RequestRefused extends Error {
  override readonly name = "RequestRefused";

  constructor(
    readonly method: ClientMethod,
    readonly code: string,
    reason: string,
  ) {
    super(reason);
  }
}

/** Why a connection is over or did not come about. */
export type DisconnectCode =
  /** `leave()` was called. */
  | "left"
  /** The WebSocket broke or the node went away without a word. */
  | "connection_lost"
  /** The node said something that it must not: another network, an epoch that cannot be, a message out of shape. */
  | "node_not_trusted"
  /** The node did not answer in time. */
  | "timeout"
  /** No media path to the node could be found again. */
  | "ice_failed"
  /** For `giveUpAfterMs` no node could be joined; the cause says why the last one could not. */
  | "gave_up"
  /** What the node gave as its reason: a session's end (`SessionEndCode`), `node_closing`, `replaced` and so on. */
  | (string & {});

export class Disconnected extends Error {
  override readonly name = "Disconnected";
  /** Where one may go on: the node's own word, where it said goodbye. `Room` does so by itself. */
  readonly rejoin: Rejoin;

  constructor(
    readonly code: DisconnectCode,
    reason: string,
    options?: ErrorOptions & { readonly rejoin?: Rejoin | undefined },
  ) {
    super(reason, options);
    this.rejoin = options?.rejoin ?? rejoinAfter(code);
  }
}

/** Where to go on after what was thrown; nowhere after what is no node's doing. */
export function rejoinAfterError(error: unknown): Rejoin {
  if (error instanceof Disconnected) return error.rejoin;
  if (error instanceof JoinRefused || error instanceof RequestRefused) return rejoinAfter(error.code);
  return error instanceof Error && error.name === "EpochRefused" ? "elsewhere" : "no";
}

/** What ended or prevented a connection, as the reason of its end. */
export function asDisconnected(error: unknown): Disconnected {
  if (error instanceof Disconnected) return error;
  const code = error instanceof JoinRefused || error instanceof RequestRefused ? error.code : "client_error";
  const message = error instanceof Error ? error.message : String(error);
  return new Disconnected(code, message, { cause: error, rejoin: rejoinAfterError(error) });
}

/** Records, so that the compiler notices a code that is missing here. */
const JOIN_REFUSALS: Record<JoinRefusalCode, true> = {
  grant_expired: true,
  grant_room_mismatch: true,
  grant_details_mismatch: true,
  grant_details_invalid: true,
  grant_signature_invalid: true,
  grant_signer_unknown: true,
  grant_limit_reached: true,
  join_signature_invalid: true,
  grant_app_conflict: true,
  app_unpaid: true,
  node_full: true,
  node_draining: true,
  chain_unavailable: true,
  join_not_permitted: true,
  audit_not_due: true,
};

const RECEIPT_REFUSALS: Record<ReceiptRefusalCode, true> = {
  receipt_wrong_node: true,
  receipt_wrong_epoch: true,
  receipt_wrong_key: true,
  receipt_signature_invalid: true,
  receipt_decreased: true,
  receipt_above_grant: true,
  receipt_grant_expired: true,
  receipt_above_sent: true,
  receipt_quality_invalid: true,
  session_closed: true,
};

function isJoinRefusal(code: string): code is JoinRefusalCode {
  return Object.hasOwn(JOIN_REFUSALS, code);
}

function isReceiptRefusal(code: string): code is ReceiptRefusalCode {
  return Object.hasOwn(RECEIPT_REFUSALS, code);
}

/** The error that an answer of the node stands for: the same class that the node threw, where it has a name. */
export function refusal(method: ClientMethod, code: string, reason: string): Error {
  if (method === "join" && isJoinRefusal(code)) return new JoinRefused(code, reason);
  if (method === "receipt" && isReceiptRefusal(code)) return new ReceiptRefused(code, reason);
  return new RequestRefused(method, code, reason);
}
