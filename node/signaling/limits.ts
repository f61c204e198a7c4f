import { MAX_MESSAGE_BYTES } from "../protocol/signaling.js";

/** What strangers may use up of a node before and after they are let in. */
export interface SignalingLimits {
  /** Open TCP connections, plain HTTP included. */
  readonly maxConnections: number;
  /** WebSockets from one address; a node behind a proxy sees one address only and must allow as many as it takes. */
  readonly maxConnectionsPerAddress: number;
  /** WebSockets that have not joined yet. */
  readonly maxHalfOpen: number;
  /** From the TCP connection to the end of the HTTP headers, and again from there to the join. */
  readonly handshakeTimeoutMs: number;
  readonly maxMessageBytes: number;
  /** A socket may send this many messages at once ... */
  readonly messageBurst: number;
  /** ... and regains this many each second. */
  readonly messagesPerSecond: number;
  /** Unreadable messages after which a socket is closed. */
  readonly maxMalformedMessages: number;
  /** A socket that did not answer a ping by the next one is gone. */
  readonly pingIntervalMs: number;
  /** How long a client may take to answer a request. */
  readonly requestTimeoutMs: number;
  /** Bytes that may wait for a client that reads too slowly. */
  readonly maxBufferedBytes: number;
  /** How often the bytes sent to each participant are read. */
  readonly meterIntervalMs: number;
  /** How long a participant who is sent away may take to hand in its last receipt. */
  readonly farewellMs: number;
}

export const DEFAULT_SIGNALING_LIMITS: SignalingLimits = {
  maxConnections: 4_096,
  maxConnectionsPerAddress: 512,
  maxHalfOpen: 256,
  handshakeTimeoutMs: 10_000,
  maxMessageBytes: MAX_MESSAGE_BYTES,
  messageBurst: 600,
  messagesPerSecond: 60,
  maxMalformedMessages: 3,
  pingIntervalMs: 15_000,
  requestTimeoutMs: 15_000,
  maxBufferedBytes: 2 * 1024 * 1024,
  meterIntervalMs: 1_000,
  farewellMs: 1_500,
};
