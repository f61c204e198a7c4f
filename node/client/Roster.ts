import type { PeerInfo } from "../protocol/signaling.js";

export interface RosterEvents {
  joined(peer: PeerInfo): void;
  left(peer: PeerInfo): void;
}

/** Who else is in the room, as far as the node has said. */
export class Roster {
  readonly #peers = new Map<string, PeerInfo>();
  readonly #events: RosterEvents;

  constructor(events: RosterEvents) {
    this.#events = events;
  }

  get all(): readonly PeerInfo[] {
    return [...this.#peers.values()];
  }

  get(peerId: string): PeerInfo | undefined {
    return this.#peers.get(peerId);
  }

  add(peer: PeerInfo): void {
    const known = this.#peers.has(peer.peerId);
    this.#peers.set(peer.peerId, peer);
    if (!known) this.#events.joined(peer);
  }

  remove(peerId: string): void {
    const peer = this.#peers.get(peerId);
    if (!this.#peers.delete(peerId) || !peer) return;
    this.#events.left(peer);
  }

  /** Takes what a node says of the whole room. */
  replace(peers: readonly PeerInfo[]): void {
    const present = new Set(peers.map(({ peerId }) => peerId));
    for (const { peerId } of this.all) if (!present.has(peerId)) this.remove(peerId);
    for (const peer of peers) this.add(peer);
  }
}
