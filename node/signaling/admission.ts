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
  /** Another node audits this one: the session pays nothing, carries little, and nobody is told of it. */
  readonly audit: boolean;
  /** The highest receipt stored for this session in the running epoch, for a participant that comes back. */
  readonly lastReceipt: SignedReceipt | undefined;
  /** Bytes the node sent to this participant since it was let in (cumulative, from transport stats; goes on over `resume`). */
  meter(bytesSent: bigint): void;
  /** Checks and durably stores; resolves to what is now the highest receipt; throws `ReceiptRefused`. */
  submitReceipt(receipt: SignedReceipt): Promise<SignedReceipt>;
  /** Aborted (reason: Error) when the node stops serving this session: receipts stopped or fell behind, app unpaid, draining. */
  readonly signal: AbortSignal;
  /** The participant is gone for good; nothing more is metered. Not called where its socket breaks and is resumed. */
  leave(): void;
}

export interface Admission {
  readonly nodeId: bigint;
  readonly domain: TypedDataDomain;
  readonly clock: EpochClock;
  /** Whether anybody would be let in now: false where the node is full, draining or in maintenance. */
  readonly accepting: boolean;
  /** Throws `JoinRefused` with a code. */
  admit(claim: JoinClaim): Promise<ServedSession>;
  /** Whether a key may sign for an app now. Throws `JoinRefused` with `chain_unavailable` where nobody can tell. */
  isAppSigner(app: Address, signer: Address): Promise<boolean>;
}
