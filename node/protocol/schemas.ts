import { z } from "zod";
import { FULL_QUALITY, MAX_UINT64 } from "./amounts.js";
import { isHex, parseAddress } from "./hex.js";
import type { Address, Hex } from "./hex.js";

// Wire form of what people sign: numbers of 64 bits and more travel as decimal strings, bytes as hexadecimal.

/** Bytes in hexadecimal of a fixed length. */
export const hexSchema = (byteLength: number) =>
  z.custom<Hex>((value) => isHex(value, byteLength), `expected ${byteLength} bytes in hexadecimal`);

/** A signature of 65 bytes (r, s, v) or 64 bytes (ERC-2098). */
export const signatureSchema = z.custom<Hex>(
  (value) => isHex(value, 65) || isHex(value, 64),
  "expected a signature of 65 or 64 bytes in hexadecimal",
);

/** An address, brought into checksum form. */
export const addressSchema = z
  .string()
  .max(42)
  .transform((value, context): Address => {
    try {
      return parseAddress(value);
    } catch {
      context.addIssue({ code: "custom", message: "expected an address" });
      return z.NEVER;
    }
  });

/** A non-negative integer as a decimal string, up to a largest value. */
export const uintSchema = (largest: bigint) =>
  z
    .string()
    .max(78)
    .regex(/^(?:0|[1-9][0-9]*)$/, "expected a decimal number without sign and leading zeros")
    .transform((value) => BigInt(value))
    .refine((value) => value <= largest, `expected at most ${largest}`);

export const uint64Schema = uintSchema(MAX_UINT64);
export const uint256Schema = uintSchema((1n << 256n) - 1n);

/** Epochs are small: JSON numbers. */
export const epochSchema = z.number().int().nonnegative();

export const accessGrantSchema = z.strictObject({
  app: addressSchema,
  sessionKey: addressSchema,
  room: hexSchema(32),
  maxBytesPerEpoch: uint256Schema,
  expiresAt: uint64Schema,
  detailsHash: hexSchema(32),
});

export const sessionReceiptSchema = z.strictObject({
  nodeId: uint256Schema,
  epoch: epochSchema,
  bytesDelivered: uint64Schema,
  quality: z.number().int().min(0).max(FULL_QUALITY),
});

export const signedReceiptSchema = z.strictObject({
  receipt: sessionReceiptSchema,
  signature: signatureSchema,
});

export const signedGrantSchema = z.strictObject({ grant: accessGrantSchema, signature: signatureSchema });

export const voucherSchema = z.strictObject({
  app: addressSchema,
  nodeId: uint256Schema,
  cumulativeAmount: uint256Schema,
  cumulativeScore: uint256Schema,
});

export const signedVoucherSchema = z.strictObject({ voucher: voucherSchema, signature: signatureSchema });

/**
 * A value's wire form: every bigint as a decimal string, the rest as it is. The schemas of this file read it back.
 */
export function toWire(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (Array.isArray(value)) return value.map(toWire);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(
      Object.entries(value).flatMap(([key, item]) => (item === undefined ? [] : [[key, toWire(item)]])),
    );
  }
  return value;
}
