export type CommandRefusalCode =
  | "command_expired"
  | "command_valid_too_long"
  | "signature_invalid"
  | "signer_unknown"
  | "grant_mismatch"
  | "grant_expired"
  | "not_admin"
  | "room_unknown"
  | "target_unknown";

/** A command that was not carried out; `code` for programs, `message` for people. */
export class CommandRefused extends Error {
  override readonly name = "CommandRefused";

  constructor(
    /** Of HTTP. */
    readonly status: 400 | 403 | 404,
    readonly code: CommandRefusalCode,
    message: string,
  ) {
    super(message);
  }
}
