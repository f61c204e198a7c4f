import { getAddress, hexlify } from "ethers";

/** A byte string in hexadecimal with the prefix 0x. */
export type Hex = `0x${string}`;

/** An account in EIP-55 checksum form, as `parseAddress` gives it; two of them can be compared with `===`. */
export type Address = `0x${string}`;

/** Whether a value is a byte string in hexadecimal, of `byteLength` bytes where that is given. */
export function isHex(value: unknown, byteLength?: number): value is Hex {
  if (typeof value !== "string" || !/^0x(?:[0-9a-fA-F]{2})*$/.test(value)) return false;
  return byteLength === undefined || value.length === 2 + 2 * byteLength;
}

/**
 * Checks a byte string in hexadecimal.
 * @throws RangeError where it is something else or of another length than `byteLength`.
 */
export function parseHex(value: unknown, byteLength?: number): Hex {
  if (isHex(value, byteLength)) return value;
  const expected = byteLength === undefined ? "hexadecimal bytes" : `${byteLength} bytes in hexadecimal`;
  throw new RangeError(`expected ${expected} with the prefix 0x, got ${printable(value)}`);
}

/** Bytes as a hexadecimal string in lower case. */
export function toHex(bytes: Uint8Array): Hex {
  return parseHex(hexlify(bytes));
}

/**
 * Brings an address into the form that this code base compares and stores.
 * @throws RangeError where it is no address, or its checksum is wrong.
 */
export function parseAddress(value: unknown): Address {
  if (isHex(value, 20)) {
    try {
      return parseHex(getAddress(value), 20);
    } catch {
      // A wrong checksum: said below.
    }
  }
  throw new RangeError(`expected an address, got ${printable(value)}`);
}

function printable(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : String(value);
  return text.length > 80 ? `${text.slice(0, 77)}...` : text;
}
