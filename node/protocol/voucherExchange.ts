import { keccak256 } from "ethers";
import { z } from "zod";
import { parseHex } from "./hex.js";
import type { Hex } from "./hex.js";
import {
  addressSchema,
  signedGrantSchema,
  signedReceiptSchema,
  signedVoucherSchema,
  uint256Schema,
} from "./schemas.js";

// How a node asks an app's voucher endpoint for a higher voucher: POST with a JSON body, the operator key's signature
// of a `VoucherRequest` over the body's exact bytes in headers. The answer is the app's highest voucher for the node,
// whether the request raised it or not, and which sessions it did not accept and why.

/** Unix time in seconds at which the request was signed. */
export const ISSUED_AT_HEADER = "dtelecom-issued-at";
/** The operator key's signature of the `VoucherRequest`. */
export const SIGNATURE_HEADER = "dtelecom-signature";
/** Requests older or newer than this by the endpoint's clock are refused. */
export const VOUCHER_REQUEST_MAX_AGE_SECONDS = 60;
/** A request shows at most this many sessions; a node with more asks several times. */
export const MAX_SESSIONS_PER_VOUCHER_REQUEST = 256;
/** Largest request body, in bytes. */
export const MAX_VOUCHER_REQUEST_BYTES = 512 * 1024;

export const voucherRequestBodySchema = z.strictObject({
  nodeId: uint256Schema,
  app: addressSchema,
  sessions: z
    .array(z.strictObject({ grant: signedGrantSchema, receipt: signedReceiptSchema }))
    .max(MAX_SESSIONS_PER_VOUCHER_REQUEST),
});
export type VoucherRequestBody = z.infer<typeof voucherRequestBodySchema>;

export const voucherResponseBodySchema = z.strictObject({
  /** Absent while the app owes this node nothing. */
  voucher: signedVoucherSchema.optional(),
  refused: z
    .array(
      z.strictObject({ sessionKey: addressSchema, epoch: z.number().int(), reason: z.string().max(300) }),
    )
    .max(MAX_SESSIONS_PER_VOUCHER_REQUEST)
    .default([]),
});
export type VoucherResponseBody = z.infer<typeof voucherResponseBodySchema>;

/** What `VoucherRequest.bodyHash` binds: keccak256 of the body's bytes. */
export function bodyHash(body: Uint8Array): Hex {
  return parseHex(keccak256(body), 32);
}
