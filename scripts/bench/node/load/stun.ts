import { createHmac, randomBytes } from "node:crypto";
import { crc32 } from "node:zlib";

/** The credentials of one side of an ICE connection (RFC 8445). */
export interface IceCredentials {
  readonly usernameFragment: string;
  readonly password: string;
}

/** A STUN message (RFC 8489) before it is signed. */
interface Message {
  readonly type: number;
  readonly transactionId: Buffer;
  readonly attributes: Buffer;
}

const BINDING_REQUEST = 0x0001;
const BINDING_SUCCESS = 0x0101;
const MAGIC_COOKIE = 0x2112a442;
const FINGERPRINT_XOR = 0x5354554e;
const HEADER_BYTES = 20;
const INTEGRITY_BYTES = 24;
const FINGERPRINT_BYTES = 8;

/** A connectivity check that also nominates the pair: all that the controlling side has to say. */
export function bindingRequest(local: IceCredentials, remote: IceCredentials): Buffer {
  const attributes = Buffer.concat([
    attribute(0x0006, Buffer.from(`${remote.usernameFragment}:${local.usernameFragment}`)), // USERNAME
    attribute(0x0024, Buffer.from([0x6e, 0x7f, 0xff, 0xff])), // PRIORITY of a peer reflexive candidate
    attribute(0x802a, randomBytes(8)), // ICE-CONTROLLING
    attribute(0x0025, Buffer.alloc(0)), // USE-CANDIDATE
  ]);
  return signed({ type: BINDING_REQUEST, transactionId: randomBytes(12), attributes }, remote.password);
}

/** The answer to a connectivity check. IPv4 only. */
export function bindingSuccess(
  request: Buffer,
  from: { address: string; port: number },
  local: IceCredentials,
): Buffer {
  const mapped = Buffer.alloc(8);
  mapped.writeUInt8(1, 1); // IPv4
  mapped.writeUInt16BE(from.port ^ (MAGIC_COOKIE >>> 16), 2);
  const octets = from.address.split(".").map(Number);
  mapped.writeUInt32BE((Buffer.from(octets).readUInt32BE() ^ MAGIC_COOKIE) >>> 0, 4);
  const transactionId = request.subarray(8, HEADER_BYTES);
  const attributes = attribute(0x0020, mapped); // XOR-MAPPED-ADDRESS
  return signed({ type: BINDING_SUCCESS, transactionId, attributes }, local.password);
}

export function isBindingRequest(packet: Buffer): boolean {
  return packet.length >= HEADER_BYTES && packet.readUInt16BE(0) === BINDING_REQUEST;
}

export function isBindingSuccess(packet: Buffer): boolean {
  return packet.length >= HEADER_BYTES && packet.readUInt16BE(0) === BINDING_SUCCESS;
}

/** With integrity and fingerprint, each of which counts itself into the length that it covers (RFC 8489 14.5, 14.7). */
function signed({ type, transactionId, attributes }: Message, password: string): Buffer {
  const message = Buffer.concat([Buffer.alloc(8), transactionId, attributes]);
  message.writeUInt16BE(type, 0);
  message.writeUInt32BE(MAGIC_COOKIE, 4);
  message.writeUInt16BE(attributes.length + INTEGRITY_BYTES, 2);
  const integrity = attribute(0x0008, createHmac("sha1", password).update(message).digest());
  message.writeUInt16BE(attributes.length + INTEGRITY_BYTES + FINGERPRINT_BYTES, 2);
  const complete = Buffer.concat([message, integrity]);
  const fingerprint = Buffer.alloc(4);
  fingerprint.writeUInt32BE((crc32(complete) ^ FINGERPRINT_XOR) >>> 0);
  return Buffer.concat([complete, attribute(0x8028, fingerprint)]);
}

function attribute(type: number, value: Buffer): Buffer {
  const padded = Buffer.alloc(4 + Math.ceil(value.length / 4) * 4);
  padded.writeUInt16BE(type, 0);
  padded.writeUInt16BE(value.length, 2);
  value.copy(padded, 4);
  return padded;
}
