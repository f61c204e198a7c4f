import { mayPublish } from "../protocol/grantDetails.js";
import type { Permissions } from "../protocol/grantDetails.js";
import type { Address } from "../protocol/hex.js";
import type { MediaKind } from "../protocol/mediaParameters.js";
import type { Membership } from "../protocol/nodeLink.js";
import type { PeerInfo } from "../protocol/signaling.js";
import type { ClusterLimits } from "./limits.js";
import { LinkError } from "./linkError.js";
import type { MembershipCheck, RoomName } from "./MembershipCheck.js";

export interface RemoteMember {
  readonly info: PeerInfo;
  readonly permissions: Permissions;
  readonly joinedAtMs: number;
  /** Named before the last break of the link, and not yet again. */
  stale: boolean;
}

/** A node's clock may be this much ahead of ours: whoever joins later still counts as later. */
const MAX_CLOCK_AHEAD_MS = 60_000;

/** The participants that one other node has shown to have in a room. */
export class RemoteMembers {
  readonly #nodeId: bigint;
  readonly #room: RoomName;
  readonly #check: MembershipCheck;
  readonly #limits: ClusterLimits;
  readonly #members = new Map<string, RemoteMember>();

  constructor(nodeId: bigint, room: RoomName, check: MembershipCheck, limits: ClusterLimits) {
    this.#nodeId = nodeId;
    this.#room = room;
    this.#check = check;
    this.#limits = limits;
  }

  get size(): number {
    return this.#members.size;
  }

  get keys(): readonly string[] {
    return [...this.#members.keys()];
  }

  get(sessionKey: string): RemoteMember | undefined {
    return this.#members.get(sessionKey);
  }

  /** Whether anybody there may be sent tracks. */
  get receives(): boolean {
    return [...this.#members.values()].some(({ permissions }) => permissions.subscribe);
  }

  mayPublish(sessionKey: string, kind: MediaKind): boolean {
    const member = this.#members.get(sessionKey);
    return member !== undefined && mayPublish(member.permissions, kind);
  }

  maySendData(sessionKey: string): boolean {
    const permissions = this.#members.get(sessionKey)?.permissions;
    return permissions !== undefined && permissions.data && !permissions.hidden;
  }

  /** Takes a member that the node shows. Throws `LinkError`: membership_invalid, limit_reached. */
  async add(membership: Membership, detailsText: string, joinedAtMs: number): Promise<void> {
    const sessionKey: Address = membership.grant.sessionKey;
    if (!this.#members.has(sessionKey) && this.#members.size >= this.#limits.maxMembersPerNode) {
      throw new LinkError(
        "limit_reached",
        `at most ${this.#limits.maxMembersPerNode} participants of a node`,
      );
    }
    const details = this.#check.details(membership, detailsText);
    await this.#check.check(membership, this.#room, this.#nodeId);
    const { identity, name, metadata, permissions } = details;
    this.#members.set(sessionKey, {
      info: { peerId: sessionKey, identity, name, metadata },
      permissions,
      joinedAtMs: Math.min(joinedAtMs, Date.now() + MAX_CLOCK_AHEAD_MS),
      stale: false,
    });
  }

  delete(sessionKey: string): boolean {
    return this.#members.delete(sessionKey);
  }

  markStale(): void {
    for (const member of this.#members.values()) member.stale = true;
  }

  /** Forgets those that were not named again; returns their session keys. */
  dropStale(): string[] {
    const gone = [...this.#members].filter(([, { stale }]) => stale).map(([key]) => key);
    for (const key of gone) this.#members.delete(key);
    return gone;
  }

  /** Forgets all; returns their session keys. */
  clear(): string[] {
    const gone = [...this.#members.keys()];
    this.#members.clear();
    return gone;
  }
}
