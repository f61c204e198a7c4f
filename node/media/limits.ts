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
  /** Bits per second that one peer may send. */
  readonly maxIncomingBitrate: number;
}

export const DEFAULT_MEDIA_LIMITS: MediaLimits = {
  maxRooms: 200,
  maxPeers: 1000,
  maxPeersPerRoom: 100,
  maxPublicationsPerPeer: 6,
  maxSubscriptionsPerPeer: 200,
  maxIncomingBitrate: 5_000_000,
};
