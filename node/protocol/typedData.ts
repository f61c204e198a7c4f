import { AbiCoder, Signature, TypedDataEncoder, getBytes, hexlify, keccak256, toUtf8Bytes } from "ethers";
import type { TypedDataField } from "ethers";
import { parseAddress, parseHex } from "./hex.js";
import type { Address, Hex } from "./hex.js";
import { keccakBytes } from "./keccak.js";
import { recoverSigner } from "./recovery.js";

export type { Address, Hex } from "./hex.js";

/** EIP-712 domain of one deployment. Grants, receipts, attestations, join proofs and voucher requests name
 * `ServiceAttestations` as the verifying contract, vouchers name `PaymentEscrow`. */
export interface TypedDataDomain {
  readonly name: "dTelecom";
  readonly version: "1";
  readonly chainId: bigint;
  readonly verifyingContract: Address;
}

/** An app lets a session key into a room; signed by one of the app's signers. */
export interface AccessGrant {
  readonly app: Address;
  /** The participant's ephemeral key. */
  readonly sessionKey: Address;
  /** `roomHash(name)`. */
  readonly room: Hex;
  /** Most bytes the app pays for this session in one epoch. */
  readonly maxBytesPerEpoch: bigint;
  /** Unix time in seconds. */
  readonly expiresAt: bigint;
  /** `detailsHash(details)`: identity, name, permissions and so on, which stay off chain. */
  readonly detailsHash: Hex;
}

/** What a participant says it got from a node in an epoch, cumulative; signed by the session key. */
export interface SessionReceipt {
  readonly nodeId: bigint;
  readonly epoch: number;
  readonly bytesDelivered: bigint;
  /** Byte-weighted mean of the interval scores, 0 to 10,000. */
  readonly quality: number;
}

export interface SignedReceipt {
  readonly receipt: SessionReceipt;
  readonly signature: Hex;
}

export interface SignedGrant {
  readonly grant: AccessGrant;
  readonly signature: Hex;
}

/** What a node states about one epoch; signed by its operator key. */
export interface Attestation {
  readonly nodeId: bigint;
  readonly epoch: number;
  readonly receiptRoot: Hex;
  readonly bytesDelivered: bigint;
  readonly sessions: number;
  /** `auditCommitment(…)` of the node's scores; zero where it audited nobody. */
  readonly auditCommitment: Hex;
}

/** An app promises a node a sum for all service so far; signed by one of the app's signers. Both in wei, whole gwei. */
export interface Voucher {
  readonly app: Address;
  readonly nodeId: bigint;
  readonly cumulativeAmount: bigint;
  /** Σ amount × quality / 10,000; at most the amount. */
  readonly cumulativeScore: bigint;
}

export interface SignedVoucher {
  readonly voucher: Voucher;
  readonly signature: Hex;
}

/** A participant shows a node that it holds the session key; `nonce` is from the node's welcome. */
export interface JoinProof {
  readonly nodeId: bigint;
  readonly room: Hex;
  readonly nonce: Hex;
}

/** A node shows an app's voucher endpoint who is asking; signed by the operator key. */
export interface VoucherRequest {
  readonly nodeId: bigint;
  readonly app: Address;
  /** keccak256 of the HTTP body's bytes. */
  readonly bodyHash: Hex;
  /** Unix time in seconds. */
  readonly issuedAt: bigint;
}

/** An app tells the nodes of a room what to do; signed by one of the app's signers. */
export interface RoomCommand {
  readonly app: Address;
  /** `roomHash(name)`. */
  readonly room: Hex;
  /** `ModerationAction`. */
  readonly action: string;
  /** A track's id or a session key, as the action has it; empty where it concerns the room. */
  readonly target: string;
  /** Unix time in seconds. */
  readonly expiresAt: bigint;
}

/** A node shows another one who it is; signed by its operator key over a nonce of the other. */
export interface NodeProof {
  readonly fromNodeId: bigint;
  readonly toNodeId: bigint;
  readonly nonce: Hex;
}

/** A node asks another one for something by HTTP; signed by its operator key. */
export interface NodeRequest {
  readonly fromNodeId: bigint;
  readonly toNodeId: bigint;
  /** keccak256 of the HTTP body's bytes. */
  readonly bodyHash: Hex;
  /** Unix time in seconds. */
  readonly issuedAt: bigint;
}

/** A node tells an app what happened in a room; signed by its operator key. */
export interface WebhookProof {
  readonly nodeId: bigint;
  readonly app: Address;
  /** keccak256 of the HTTP body's bytes. */
  readonly bodyHash: Hex;
  /** Unix time in seconds. */
  readonly issuedAt: bigint;
}

/** An ECDSA signature in the compact form of ERC-2098, as the contracts take it. */
export interface CompactSignature {
  readonly r: Hex;
  readonly vs: Hex;
}

/** What signs: an ethers `Wallet`, or a browser wallet's `Signer`. */
export interface TypedDataSigner {
  signTypedData(
    domain: TypedDataDomain,
    types: Record<string, TypedDataField[]>,
    value: Record<string, unknown>,
  ): Promise<string>;
}

/** A signature has another length, is malleable (high s) or recovers to no key. */
export class InvalidSignature extends Error {
  constructor(what: string, cause?: unknown) {
    super(`${what}: the signature is not a canonical ECDSA signature`, { cause });
    this.name = "InvalidSignature";
  }
}

/** A kind of message that is signed as EIP-712 typed data. */
export interface TypedMessage<T extends object> {
  readonly name: string;
  /** The digest that is signed. */
  digest(domain: TypedDataDomain, value: T): Hex;
  /** Signs; 65 bytes r, s, v. */
  sign(signer: TypedDataSigner, domain: TypedDataDomain, value: T): Promise<Hex>;
  /**
   * The key that signed, whatever it is: the caller compares. Takes 65 bytes (r, s, v) and 64 bytes (ERC-2098).
   * @throws InvalidSignature
   */
  recover(domain: TypedDataDomain, value: T, signature: Hex): Address;
}

const WORD_BYTES = 32;
const MAX_UINT256 = (1n << 256n) - 1n;
const WORD_PART = new Uint8Array(8);
const WORD_VIEW = new DataView(WORD_PART.buffer);

const separators = new WeakMap<TypedDataDomain, Uint8Array>();

/** Types of members that are encoded here; each is one word of the struct's encoding (EIP-712). */
type FieldType = "address" | "bytes32" | "uint256" | "string";

function typedMessage<T extends object>(
  name: string,
  fields: [type: FieldType, name: keyof T & string][],
): TypedMessage<T> {
  const types = { [name]: fields.map(([type, field]) => ({ type, name: field })) };
  const signature = `${name}(${fields.map(([type, field]) => `${type} ${field}`).join(",")})`;
  // By hand: ethers' encoder takes any type, and several times as long as the hashing.
  const encoded = new Uint8Array(WORD_BYTES * (1 + fields.length));
  encoded.set(keccakBytes(toUtf8Bytes(signature)), 0);
  const digest = (domain: TypedDataDomain, value: T): Hex => {
    for (const [index, [type, field]] of fields.entries())
      encoded.set(wordOf(type, value[field], `${name}.${field}`), WORD_BYTES * (index + 1));
    const preimage = new Uint8Array(2 + 2 * WORD_BYTES);
    preimage.set([0x19, 0x01], 0);
    preimage.set(domainSeparator(domain), 2);
    preimage.set(keccakBytes(encoded), 2 + WORD_BYTES);
    return parseHex(hexlify(keccakBytes(preimage)), WORD_BYTES);
  };
  return {
    name,
    digest,
    async sign(signer, domain, value) {
      return parseHex(await signer.signTypedData(domain, types, membersOf(value)), 65);
    },
    recover(domain, value, signature) {
      const canonical = parseSignature(name, signature);
      try {
        return parseAddress(recoverSigner(digest(domain, value), canonical));
      } catch (cause) {
        throw new InvalidSignature(name, cause);
      }
    },
  };
}

export const accessGrant = typedMessage<AccessGrant>("AccessGrant", [
  ["address", "app"],
  ["address", "sessionKey"],
  ["bytes32", "room"],
  ["uint256", "maxBytesPerEpoch"],
  ["uint256", "expiresAt"],
  ["bytes32", "detailsHash"],
]);

export const sessionReceipt = typedMessage<SessionReceipt>("SessionReceipt", [
  ["uint256", "nodeId"],
  ["uint256", "epoch"],
  ["uint256", "bytesDelivered"],
  ["uint256", "quality"],
]);

export const attestation = typedMessage<Attestation>("Attestation", [
  ["uint256", "nodeId"],
  ["uint256", "epoch"],
  ["bytes32", "receiptRoot"],
  ["uint256", "bytesDelivered"],
  ["uint256", "sessions"],
  ["bytes32", "auditCommitment"],
]);

export const voucher = typedMessage<Voucher>("Voucher", [
  ["address", "app"],
  ["uint256", "nodeId"],
  ["uint256", "cumulativeAmount"],
  ["uint256", "cumulativeScore"],
]);

export const joinProof = typedMessage<JoinProof>("JoinProof", [
  ["uint256", "nodeId"],
  ["bytes32", "room"],
  ["bytes32", "nonce"],
]);

export const voucherRequest = typedMessage<VoucherRequest>("VoucherRequest", [
  ["uint256", "nodeId"],
  ["address", "app"],
  ["bytes32", "bodyHash"],
  ["uint256", "issuedAt"],
]);

export const roomCommand = typedMessage<RoomCommand>("RoomCommand", [
  ["address", "app"],
  ["bytes32", "room"],
  ["string", "action"],
  ["string", "target"],
  ["uint256", "expiresAt"],
]);

export const nodeProof = typedMessage<NodeProof>("NodeProof", [
  ["uint256", "fromNodeId"],
  ["uint256", "toNodeId"],
  ["bytes32", "nonce"],
]);

export const nodeRequest = typedMessage<NodeRequest>("NodeRequest", [
  ["uint256", "fromNodeId"],
  ["uint256", "toNodeId"],
  ["bytes32", "bodyHash"],
  ["uint256", "issuedAt"],
]);

export const webhookProof = typedMessage<WebhookProof>("WebhookProof", [
  ["uint256", "nodeId"],
  ["address", "app"],
  ["bytes32", "bodyHash"],
  ["uint256", "issuedAt"],
]);

/** The domain of one verifying contract on one chain. */
export function typedDataDomain(chainId: bigint, verifyingContract: Address): TypedDataDomain {
  return { name: "dTelecom", version: "1", chainId, verifyingContract };
}

/** What a grant and a join proof call a room: keccak256 of the name's UTF-8 bytes. */
export function roomHash(roomName: string): Hex {
  return parseHex(keccak256(toUtf8Bytes(roomName)), 32);
}

/** What binds the off-chain claims to a grant: keccak256 of the JSON text's UTF-8 bytes, exactly as it was sent. */
export function detailsHash(details: string): Hex {
  return parseHex(keccak256(toUtf8Bytes(details)), 32);
}

/** One word that names a grant: keccak256 of its ABI encoding. */
export function grantId(grant: AccessGrant): Hex {
  const encoded = AbiCoder.defaultAbiCoder().encode(
    ["address", "address", "bytes32", "uint256", "uint256", "bytes32"],
    [grant.app, grant.sessionKey, grant.room, grant.maxBytesPerEpoch, grant.expiresAt, grant.detailsHash],
  );
  return parseHex(keccak256(encoded), 32);
}

/**
 * A signature as the contracts take it.
 * @throws InvalidSignature
 */
export function toCompactSignature(signature: Hex): CompactSignature {
  const { r, yParityAndS } = parseSignature("signature", signature);
  return { r: parseHex(r, 32), vs: parseHex(yParityAndS, 32) };
}

/** n / 2 of secp256k1: the contracts refuse a larger s (EIP-2), so this code must too. */
const HALF_ORDER = 0x7fffffffffffffffffffffffffffffff5d576e7357a4501ddfe92f46681b20a0n;

function parseSignature(what: string, signature: Hex): Signature {
  try {
    const parsed = Signature.from(signature);
    if (BigInt(parsed.s) <= HALF_ORDER) return parsed;
  } catch (cause) {
    throw new InvalidSignature(what, cause);
  }
  throw new InvalidSignature(what);
}

function domainSeparator(domain: TypedDataDomain): Uint8Array {
  const known = separators.get(domain);
  if (known !== undefined) return known;
  const separator = getBytes(TypedDataEncoder.hashDomain(domain));
  separators.set(domain, separator);
  return separator;
}

/** @throws RangeError where the value is none of the type. */
function wordOf(type: FieldType, value: unknown, what: string): Uint8Array {
  if (type === "string") {
    if (typeof value !== "string") throw new RangeError(`${what} is no text`);
    return keccakBytes(toUtf8Bytes(value));
  }
  if (type === "bytes32") return getBytes(parseHex(value, WORD_BYTES));
  const word = new Uint8Array(WORD_BYTES);
  if (type === "address") {
    word.set(getBytes(parseHex(value, 20)), WORD_BYTES - 20);
    return word;
  }
  if ((typeof value !== "bigint" && typeof value !== "number") || value < 0 || value > MAX_UINT256)
    throw new RangeError(`${what} is ${String(value)}: expected an integer of 256 bits`);
  let rest = BigInt(value);
  for (let at = WORD_BYTES; rest > 0n && at > 0; at -= 8) {
    WORD_VIEW.setBigUint64(0, rest & 0xffff_ffff_ffff_ffffn);
    word.set(WORD_PART, at - 8);
    rest >>= 64n;
  }
  return word;
}

function membersOf(value: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(value));
}
