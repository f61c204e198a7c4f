import { randomBytes } from "node:crypto";
import {
  ATTRIBUTE,
  HEADER_BYTES,
  MAGIC_COOKIE,
  TYPE,
  attribute,
  signedMessage,
} from "../../../../node/operator/reach/stunMessage.js";

/** The credentials of one side of an ICE connection (RFC 8445). */
export interface IceCredentials {
  readonly usernameFragment: string;
  readonly password: string;
}

/** Of a peer reflexive candidate. */
const PRIORITY = Buffer.from([0x6e, 0x7f, 0xff, 0xff]);

/** A connectivity check that also nominates the pair: all that the controlling side has to say. */
export function bindingRequest(local: IceCredentials, remote: IceCredentials): Buffer {
  const attributes = Buffer.concat([
    attribute(ATTRIBUTE.username, Buffer.from(`${remote.usernameFragment}:${local.usernameFragment}`)),
    attribute(ATTRIBUTE.priority, PRIORITY),
    attribute(ATTRIBUTE.iceControlling, randomBytes(8)),
    attribute(ATTRIBUTE.useCandidate, Buffer.alloc(0)),
  ]);
  return signedMessage(TYPE.request, randomBytes(12), attributes, remote.password);
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
  const attributes = attribute(ATTRIBUTE.xorMappedAddress, mapped);
  return signedMessage(TYPE.success, transactionId, attributes, local.password);
}

export function isBindingRequest(packet: Buffer): boolean {
  return packet.length >= HEADER_BYTES && packet.readUInt16BE(0) === TYPE.request;
}

export function isBindingSuccess(packet: Buffer): boolean {
  return packet.length >= HEADER_BYTES && packet.readUInt16BE(0) === TYPE.success;
}
