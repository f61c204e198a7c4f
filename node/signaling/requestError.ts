import type { Logger } from "pino";
import { MediaError } from "../media/mediaError.js";
import { JoinRefused, ReceiptRefused, SessionEnded } from "../protocol/refusals.js";
import type { SignalingErrorCode } from "../protocol/signaling.js";
import { CommandRefused } from "./CommandRefused.js";

/** A request that signaling itself does not grant; `code` for programs, `message` for people. */
export class RequestError extends Error {
  override readonly name = "RequestError";
  readonly code: SignalingErrorCode;

  constructor(code: SignalingErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** What the grant's permissions do not allow. */
export function denied(what: string): RequestError {
  return new RequestError("permission_denied", `the grant's permissions do not allow to ${what}`);
}

/** What the client is told about an error; what it need not know is logged instead. */
export function describeError(error: unknown, logger: Logger): { errorCode: string; errorReason: string } {
  if (
    error instanceof RequestError ||
    error instanceof JoinRefused ||
    error instanceof ReceiptRefused ||
    error instanceof SessionEnded ||
    error instanceof CommandRefused ||
    error instanceof MediaError
  ) {
    return { errorCode: error.code, errorReason: error.message.slice(0, 2_048) };
  }
  logger.error({ err: error }, "request failed");
  return { errorCode: "internal_error", errorReason: "the node failed to do this; its log says why" };
}
