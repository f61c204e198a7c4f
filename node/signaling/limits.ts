import { MAX_MESSAGE_BYTES } from "../protocol/signaling.js";

/** What strangers may use up of a node before and after they are let in. */
export interface SignalingLimits {
  /** Open TCP connections, plain HTTP included. */
  readonly maxConnections: number;
  /** WebSockets from one address; behind a proxy that is not a trusted one, all come from the proxy's. */
  readonly maxConnectionsPerAddress: number;
  /**
   * An address may open twice as many WebSockets at once as it may have, since all of them may break and come back, and
   * regains this many each second.
   */
  readonly connectionsPerSecond: number;
  /** HTTP requests that one address may make at once ... */
  readonly requestBurst: number;
  /** ... and how many it regains each second. */
  readonly requestsPerSecond: number;
  /** HTTP requests that are worked on at a time, of all addresses. */
  readonly maxRunningRequests: number;
  /** WebSockets that have not joined yet. */
  readonly maxHalfOpen: number;
  /** From the TCP connection to the end of the HTTP headers and body, and again from there to the join. */
  readonly handshakeTimeoutMs: number;
  readonly maxMessageBytes: number;
  /** A socket may send this many messages at once ... */
  readonly messageBurst: number;
  /** ... and regains this many each second. */
  readonly messagesPerSecond: number;
  /** Requests of one socket that wait for their turn; more are refused. */
  readonly maxWaitingRequests: number;
  /** Unreadable messages after which a socket is closed. */
  readonly maxMalformedMessages: number;
  /** A socket that did not answer a ping by the next one is gone. */
  readonly pingIntervalMs: number;
  /** How long a client may take to answer a request. */
  readonly requestTimeoutMs: number;
  /** Bytes that may wait for a client that reads too slowly. */
  readonly maxBufferedBytes: number;
  /** The bytes sent to each participant are read when nobody, a receipt for example, did for this long. */
  readonly meterIntervalMs: number;
  /** How long a participant who is sent away may take to hand in its last receipt. */
  readonly farewellMs: number;
  /** How long a participant whose socket broke may take to resume; its media goes on meanwhile. */
  readonly resumeGraceMs: number;
  /** Participants without a socket; beyond it the one that has been without longest is given up. */
  readonly maxSuspended: number;
  /** How long a participant who was removed by a moderator may not come back, at most; its grant may end before. */
  readonly removalMs: number;
}

export const DEFAULT_SIGNALING_LIMITS: SignalingLimits = {
  maxConnections: 4_096,
  maxConnectionsPerAddress: 512,
  connectionsPerSecond: 20,
  requestBurst: 60,
  requestsPerSecond: 20,
  maxRunningRequests: 256,
  maxHalfOpen: 256,
  handshakeTimeoutMs: 10_000,
  maxMessageBytes: MAX_MESSAGE_BYTES,
  messageBurst: 600,
  messagesPerSecond: 60,
  maxWaitingRequests: 256,
  maxMalformedMessages: 3,
  pingIntervalMs: 15_000,
  requestTimeoutMs: 15_000,
  maxBufferedBytes: 2 * 1024 * 1024,
  meterIntervalMs: 2_000,
  farewellMs: 1_500,
  resumeGraceMs: 15_000,
  maxSuspended: 1_024,
  removalMs: 24 * 3_600_000,
};
