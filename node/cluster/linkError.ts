import type { LinkErrorCode } from "../protocol/nodeLink.js";

/** A node's request that is not granted, or a link that fails; `code` for programs, `message` for people. */
export class LinkError extends Error {
  override readonly name = "LinkError";

  constructor(
    readonly code: LinkErrorCode | (string & {}),
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
  }
}
