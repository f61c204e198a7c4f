/** How much one media server carries; what goes beyond is refused with a `MediaError`. */
export interface MediaLimits {
  readonly maxRooms: number;
  /** In all rooms together. */
  readonly maxPeers: number;
  readonly maxPeersPerRoom: number;
  /** Tracks that one peer may publish at a time. */
  readonly maxPublicationsPerPeer: number;
  /** Tracks that one peer receives at a time. */
  readonly maxSubscriptionsPerPeer: number;
  /** Data channels that one peer may publish at a time. */
  readonly maxDataPublicationsPerPeer: number;
  /** Data channels that one peer receives at a time. */
  readonly maxDataSubscriptionsPerPeer: number;
  /** Largest message on a data channel; larger ones are dropped. */
  readonly maxDataMessageBytes: number;
  /**
   * Bits per second that one peer may send, all its tracks and data together. Publishers are told by congestion
   * control; one that goes on far above is stopped.
   */
  readonly maxIncomingBitsPerSecond: number;
  /** Packets and data messages per second that one peer may send; one that goes on far above is stopped. */
  readonly maxIncomingPacketsPerSecond: number;
  /**
   * Streams that one worker sends, to participants and over pipes, before a room goes on to another worker, and above
   * which, on all workers, nobody new is let in.
   */
  readonly maxSubscriptionsPerWorker: number;
  /** Bits per second that are sent to all peers together; above it nobody new is let in. Unset: no limit. */
  readonly maxOutgoingBitsPerSecond?: number | undefined;
}

export const DEFAULT_MEDIA_LIMITS: MediaLimits = {
  maxRooms: 200,
  maxPeers: 1000,
  maxPeersPerRoom: 100,
  maxPublicationsPerPeer: 6,
  maxSubscriptionsPerPeer: 200,
  maxDataPublicationsPerPeer: 4,
  maxDataSubscriptionsPerPeer: 200,
  maxDataMessageBytes: 64 * 1024,
  maxIncomingBitsPerSecond: 5_000_000,
  maxIncomingPacketsPerSecond: 2_000,
  // A third of what a 2 GHz core carries where half are video of 1 Mb/s: higher bitrates cost more, and rooms can grow
  // where they are.
  maxSubscriptionsPerWorker: 500,
};
