/** What other nodes may use up of this one. Times in milliseconds. */
export interface ClusterLimits {
  /** Nodes that this one is linked with. */
  readonly maxLinks: number;
  /** Connections that have not yet shown who they are. */
  readonly maxHalfOpen: number;
  /** From the connection to the last proof. */
  readonly handshakeTimeoutMs: number;
  /** Another node may send this many messages at once ... */
  readonly messageBurst: number;
  /** ... and regains this many each second. This node keeps to three quarters of both, whatever it has to say. */
  readonly messagesPerSecond: number;
  /** Memberships that were not seen before cost signature checks: this many at once ... */
  readonly membershipBurst: number;
  /** ... and this many each second; more wait. */
  readonly membershipsPerSecond: number;
  readonly requestTimeoutMs: number;
  /** Requests of one node that wait for their answer. */
  readonly maxPendingRequests: number;
  /** A node that did not answer a ping by the next one is gone. */
  readonly pingIntervalMs: number;
  /** Bytes that may wait for a node that reads too slowly. */
  readonly maxBufferedBytes: number;
  /** A node whose link broke keeps its place in rooms for this long; media goes on meanwhile. */
  readonly graceMs: number;
  /** A link without rooms stays open for this long. */
  readonly idleMs: number;
  /** Pause before a link is tried again; doubles up to `maxRetryMs`. */
  readonly retryMs: number;
  readonly maxRetryMs: number;
  /** How long a first participant waits at most for the room's homes to answer. */
  readonly enterTimeoutMs: number;
  /** Rooms that one node registers here, or is in together with this one. */
  readonly maxRoomsPerNode: number;
  /** Participants of one other node in one room. */
  readonly maxMembersPerNode: number;
  /** Tracks and data channels of one participant of another node. */
  readonly maxTracksPerMember: number;
  /** A pipe over which media goes out and nothing comes back, not even RTCP, for this long is broken off. */
  readonly pipeConsentMs: number;
  /** How often pipes are looked after. */
  readonly pipeCheckMs: number;
  /** Bits per second that a node may send for each of its participants in a room. */
  readonly maxBitratePerMember: number;
}

export const DEFAULT_CLUSTER_LIMITS: ClusterLimits = {
  maxLinks: 128,
  maxHalfOpen: 16,
  handshakeTimeoutMs: 5_000,
  messageBurst: 2_000,
  messagesPerSecond: 500,
  membershipBurst: 400,
  membershipsPerSecond: 100,
  requestTimeoutMs: 15_000,
  maxPendingRequests: 1_000,
  pingIntervalMs: 5_000,
  maxBufferedBytes: 4 * 1024 * 1024,
  graceMs: 8_000,
  idleMs: 30_000,
  retryMs: 500,
  maxRetryMs: 30_000,
  enterTimeoutMs: 1_500,
  maxRoomsPerNode: 1_000,
  maxMembersPerNode: 500,
  maxTracksPerMember: 12,
  pipeConsentMs: 15_000,
  pipeCheckMs: 5_000,
  maxBitratePerMember: 10_000_000,
};
