import { createHmac, randomBytes, timingSafeEqual } from "node:crypto";
import { isIPv4 } from "node:net";
import { crc32 } from "node:zlib";

// STUN binding requests and their answers (RFC 8489), with what ICE adds to them (RFC 8445), as a media server that
// speaks ICE lite takes them.

export interface StunCredentials {
  /** Of the agent that is asked. */
  readonly usernameFragment: string;
  readonly password: string;
}

/** A request to be sent as it is. */
export interface BindingRequest {
  readonly packet: Buffer;
  readonly transactionId: Buffer;
}

export const HEADER_BYTES = 20;
export const MAGIC_COOKIE = 0x2112a442;
export const TYPE = { request: 0x0001, success: 0x0101, error: 0x0111 } as const;
export const ATTRIBUTE = {
  username: 0x0006,
  messageIntegrity: 0x0008,
  errorCode: 0x0009,
  xorMappedAddress: 0x0020,
  priority: 0x0024,
  useCandidate: 0x0025,
  iceControlling: 0x802a,
  fingerprint: 0x8028,
} as const;
const INTEGRITY_BYTES = 20;
const FINGERPRINT_XOR = 0x5354554e;
/** Of a peer reflexive candidate (RFC 8445 5.1.2): what is asked from is no candidate of anybody. */
const PRIORITY = 0x6e_00_00_ff;

/** A binding request that an ICE agent with these credentials answers. */
export function bindingRequest({ usernameFragment, password }: StunCredentials): BindingRequest {
  const transactionId = randomBytes(12);
  const priority = Buffer.alloc(4);
  priority.writeUInt32BE(PRIORITY);
  const attributes = Buffer.concat([
    attribute(ATTRIBUTE.username, Buffer.from(`${usernameFragment}:reach`, "utf8")),
    attribute(ATTRIBUTE.priority, priority),
    attribute(ATTRIBUTE.iceControlling, randomBytes(8)),
  ]);
  return { packet: signedMessage(TYPE.request, transactionId, attributes, password), transactionId };
}

/** A whole message, with integrity and fingerprint: each counts itself into the length that it covers (RFC 8489 14.5, 14.7). */
export function signedMessage(
  type: number,
  transactionId: Buffer,
  attributes: Buffer,
  password: string,
): Buffer {
  const covered = Buffer.concat([
    header(type, transactionId, attributes.length + 4 + INTEGRITY_BYTES),
    attributes,
  ]);
  const integrity = attribute(ATTRIBUTE.messageIntegrity, hmac(password, covered));
  const all = Buffer.concat([
    header(type, transactionId, attributes.length + integrity.length + 8),
    ...[attributes, integrity],
  ]);
  return Buffer.concat([all, attribute(ATTRIBUTE.fingerprint, fingerprint(all))]);
}

/** What came back: the address that the agent saw the request come from, or why it did not take it. */
export type BindingAnswer =
  | { readonly ok: true; readonly mappedAddress: string; readonly mappedPort: number }
  | { readonly ok: false; readonly error: string };

/** @returns undefined for what is no answer to this request. */
export function readAnswer(
  packet: Buffer,
  { transactionId }: BindingRequest,
  { password }: Pick<StunCredentials, "password">,
): BindingAnswer | undefined {
  if (packet.length < HEADER_BYTES || packet.readUInt32BE(4) !== MAGIC_COOKIE) return undefined;
  if (!packet.subarray(8, HEADER_BYTES).equals(transactionId)) return undefined;
  const type = packet.readUInt16BE(0);
  const attributes = attributesOf(packet);
  if (attributes === undefined) return { ok: false, error: "the answer is malformed" };
  if (type === TYPE.error) return { ok: false, error: errorOf(attributes.get(ATTRIBUTE.errorCode)?.value) };
  if (type !== TYPE.success) return undefined;
  const integrity = attributes.get(ATTRIBUTE.messageIntegrity);
  if (integrity === undefined || !hasIntegrity(packet, integrity, password))
    return { ok: false, error: "the answer is not from this media server: its integrity check fails" };
  const mapped = attributes.get(ATTRIBUTE.xorMappedAddress)?.value;
  const address = mapped === undefined ? undefined : mappedAddress(mapped, transactionId);
  return address === undefined
    ? { ok: false, error: "the answer names no address" }
    : { ok: true, ...address };
}

interface Attribute {
  /** Of its header, from the start of the message. */
  readonly offset: number;
  readonly value: Buffer;
}

function attributesOf(packet: Buffer): Map<number, Attribute> | undefined {
  const attributes = new Map<number, Attribute>();
  for (let offset = HEADER_BYTES; offset + 4 <= packet.length;) {
    const length = packet.readUInt16BE(offset + 2);
    const end = offset + 4 + length;
    if (end > packet.length) return undefined;
    // Only the first of a kind counts.
    const type = packet.readUInt16BE(offset);
    if (!attributes.has(type)) attributes.set(type, { offset, value: packet.subarray(offset + 4, end) });
    offset = end + padding(length);
  }
  return attributes;
}

function hasIntegrity(packet: Buffer, { offset, value }: Attribute, password: string): boolean {
  if (value.length !== INTEGRITY_BYTES) return false;
  const covered = Buffer.from(packet.subarray(0, offset));
  covered.writeUInt16BE(offset - HEADER_BYTES + 4 + INTEGRITY_BYTES, 2);
  return timingSafeEqual(hmac(password, covered), value);
}

/** RFC 8489 14.2: address and port are XORed with the cookie and, for IPv6, the transaction id. */
function mappedAddress(
  value: Buffer,
  transactionId: Buffer,
): { mappedAddress: string; mappedPort: number } | undefined {
  const family = value.length >= 8 ? value.readUInt8(1) : 0;
  if (!(family === 1 && value.length === 8) && !(family === 2 && value.length === 20)) return undefined;
  const mask = Buffer.alloc(16);
  mask.writeUInt32BE(MAGIC_COOKIE);
  transactionId.copy(mask, 4);
  const bytes = value.subarray(4).map((byte, index) => byte ^ (mask[index] ?? 0));
  const mappedPort = value.readUInt16BE(2) ^ (MAGIC_COOKIE >>> 16);
  if (family === 1) return { mappedAddress: bytes.join("."), mappedPort };
  const groups = Array.from({ length: 8 }, (_, index) =>
    (((bytes[2 * index] ?? 0) << 8) | (bytes[2 * index + 1] ?? 0)).toString(16),
  );
  // The URL parser writes IPv6 in its canonical form.
  return { mappedAddress: new URL(`http://[${groups.join(":")}]`).hostname.slice(1, -1), mappedPort };
}

function errorOf(value: Buffer | undefined): string {
  if (value === undefined || value.length < 4) return "it was refused";
  const code = value.readUInt8(2) * 100 + value.readUInt8(3);
  return `it was refused with ${code} ${value.subarray(4, 132).toString("utf8")}`.trim();
}

function header(type: number, transactionId: Buffer, length: number): Buffer {
  const start = Buffer.alloc(8);
  start.writeUInt16BE(type, 0);
  start.writeUInt16BE(length, 2);
  start.writeUInt32BE(MAGIC_COOKIE, 4);
  return Buffer.concat([start, transactionId]);
}

/** One attribute, padded. */
export function attribute(type: number, value: Buffer): Buffer {
  const start = Buffer.alloc(4);
  start.writeUInt16BE(type, 0);
  start.writeUInt16BE(value.length, 2);
  return Buffer.concat([start, value, Buffer.alloc(padding(value.length))]);
}

/** Attributes end on a multiple of four. */
function padding(length: number): number {
  return (4 - (length % 4)) % 4;
}

function hmac(password: string, bytes: Buffer): Buffer {
  return createHmac("sha1", password).update(bytes).digest();
}

function fingerprint(bytes: Buffer): Buffer {
  const value = Buffer.alloc(4);
  value.writeUInt32BE((crc32(bytes) ^ FINGERPRINT_XOR) >>> 0);
  return value;
}

/** An IPv4 address that was written as IPv6 (RFC 4291 2.5.5.2), in its own form; others as they are. */
export function plainAddress(address: string): string {
  const mapped = /^::ffff:(.+)$/i.exec(address)?.[1];
  return mapped !== undefined && isIPv4(mapped) ? mapped : address;
}
