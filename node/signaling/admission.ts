import type { EpochClock } from "../protocol/epochClock.js";
import type { AccessGrant, Address, Hex, SignedReceipt, TypedDataDomain } from "../protocol/typedData.js";

/**
 * What signaling needs from whoever decides who is served. Signaling defines the interface and does not know the
 * service behind it; `node/service` implements it and `node/main.ts` wires the two.
 */

/** What a participant brings to get into a room. */
export interface JoinClaim {
  /** Name of the room in clear; the grant holds its hash. */
  readonly room: string;
  readonly grant: AccessGrant;
  /** By one of the app's signers. */
  readonly grantSignature: Hex;
  /** Claims bound by the grant's `detailsHash`: a JSON text, exactly as the app wrote it. */
  readonly details: string;
  /** By the session key over `JoinProof`. */
  readonly joinSignature: Hex;
  /** The nonce that this connection's `welcome` carried. */
  readonly nonce: Hex;
}

/** One admitted participant on one connection. */
export interface ServedSession {
  readonly sessionKey: Address;
  readonly app: Address;
  /** The highest receipt stored for this session in the running epoch, for a participant that comes back. */
  readonly lastReceipt: SignedReceipt | undefined;
  /** Bytes the node's transports sent to this participant on this connection so far (cumulative, from transport stats). */
  meter(bytesSent: bigint): void;
  /** Checks and durably stores; resolves to what is now the highest receipt; throws `ReceiptRefused`. */
  submitReceipt(receipt: SignedReceipt): Promise<SignedReceipt>;
  /** Aborted (reason: Error) when the node stops serving this session: receipts stopped or fell behind, app unpaid, draining. */
  readonly signal: AbortSignal;
  /** The connection ended; nothing more is metered on it. */
  leave(): void;
}

export interface Admission {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  readonly clock: EpochClock;
  /** Throws `JoinRefused` with a code. */
  admit(claim: JoinClaim): Promise<ServedSession>;
}
