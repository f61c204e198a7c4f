import { EventEmitter } from "node:events";
import type { DataPublication } from "../media/DataPublication.js";
import type { Peer } from "../media/Peer.js";
import type { Publication } from "../media/Publication.js";
import type { Room } from "../media/Room.js";
import type { Address } from "../protocol/hex.js";
import type { SignedRoomCommand } from "../protocol/roomCommand.js";
import type { PeerInfo } from "../protocol/signaling.js";
import { roomHash } from "../protocol/typedData.js";
import type { LinkMember, RoomLink, RoomLinkEvents } from "../signaling/roomLinks.js";
import { HomeRegistration } from "./HomeRegistration.js";
import type { RoomName } from "./MembershipCheck.js";
import type { Registrar } from "./Registrar.js";
import { RemoteNode } from "./RemoteNode.js";
import type { ClusterContext, OwnMember, RoomHost } from "./RemoteNode.js";

/** Who comes into a room dials those who are there; who is there dials a newcomer only if nothing comes of that. */
const OTHERS_DIAL_FIRST_MS = 1_500;

/** Whoever leaves one node may just be joining another: news of the one may come before news of the other. */
const HANDOVER_MS = 500;
/** Grants of one room may name different homes; those that come after so many are left out. */
const MAX_HOMES = 16;

/** One room on this node, with the other nodes that it is on. */
export class ClusterRoom extends EventEmitter<RoomLinkEvents> implements RoomLink, RoomHost {
  readonly name: RoomName;
  readonly mediaRoom: Room;
  readonly #context: ClusterContext;
  readonly #registrar: Registrar;
  readonly #onClose: () => void;
  readonly #members = new Map<string, OwnMember>();
  /** Homes that grants name, in their order; this node may be among them. */
  readonly #named = new Set<bigint>();
  readonly #homes = new Map<bigint, HomeRegistration>();
  readonly #nodes = new Map<bigint, RemoteNode>();
  readonly #publications = new Map<string, Publication>();
  readonly #dataPublications = new Map<string, DataPublication>();
  readonly #receivers = new Set<Peer>();
  /** Participants on other nodes, as those here have been told of them. */
  readonly #shown = new Map<string, PeerInfo>();
  /** Those who are about to be shown as gone. */
  readonly #leaving = new Map<string, NodeJS.Timeout>();
  /** Who has been told to go because they joined elsewhere. */
  readonly #moved = new Set<string>();
  #closed = false;

  constructor(
    name: RoomName,
    mediaRoom: Room,
    context: ClusterContext,
    registrar: Registrar,
    onClose: () => void,
  ) {
    super();
    // Every participant listens.
    this.setMaxListeners(0);
    this.name = name;
    this.mediaRoom = mediaRoom;
    this.#context = context;
    this.#registrar = registrar;
    this.#onClose = onClose;
    mediaRoom.once("closed", () => this.close());
    mediaRoom.on("published", (publication) => this.#published(publication));
    mediaRoom.on("publishedData", (publication) => this.#publishedData(publication));
    mediaRoom.on("peerjoined", (peer) => this.#watch(peer));
    for (const peer of mediaRoom.peers) this.#watch(peer);
    for (const publication of mediaRoom.publications) this.#published(publication);
    for (const publication of mediaRoom.dataPublications) this.#publishedData(publication);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** The first home of the list that this node is registered with; itself where there is none. */
  get homeNodeId(): bigint {
    const { nodeId: ownId } = this.#context;
    const isHome = (id: bigint) => id === ownId || this.#homes.get(id)?.registered;
    return [...this.#named].find(isHome) ?? ownId;
  }

  get remotePeers(): readonly PeerInfo[] {
    return [...this.#shown.values()];
  }

  get members(): readonly OwnMember[] {
    return [...this.#members.values()];
  }

  get publications(): readonly Publication[] {
    return [...this.#publications.values()];
  }

  get dataPublications(): readonly DataPublication[] {
    return [...this.#dataPublications.values()];
  }

  get receives(): boolean {
    return this.#receivers.size > 0;
  }

  /** Nodes that have proved that they belong in the room. */
  get nodes(): readonly bigint[] {
    return [...this.#nodes.values()].filter(({ entered }) => entered).map(({ nodeId }) => nodeId);
  }

  /** Resolves when the room's homes have answered, or after a moment. */
  async enter(homes: readonly bigint[], { claim }: LinkMember): Promise<void> {
    const { grant, grantSignature, nonce, joinSignature, details } = claim;
    const membership = { grant, grantSignature, nonce, joinSignature };
    const member = { membership, details, joinedAtMs: Date.now() };
    this.#moved.delete(grant.sessionKey);
    this.#members.set(grant.sessionKey, member);
    this.membersChanged([grant.sessionKey]);
    this.registered(this.#registrar.register(this.name, this.#context.nodeId), 0);
    const added = this.#addHomes(homes);
    for (const node of this.#nodes.values()) node.memberAdded(member);
    if (added.length === 0) return;
    const { enterTimeoutMs } = this.#context.limits;
    let timer: NodeJS.Timeout | undefined;
    const timeout = new Promise<void>((resolve) => (timer = setTimeout(resolve, enterTimeoutMs)));
    await Promise.race([Promise.all(added.map(({ answered }) => answered)), timeout]);
    clearTimeout(timer);
  }

  forward(command: SignedRoomCommand): void {
    for (const node of this.#nodes.values()) node.forward(command);
  }

  leave(sessionKey: Address): void {
    if (!this.#members.delete(sessionKey)) return;
    this.#moved.delete(sessionKey);
    if (this.#members.size === 0) return this.close();
    for (const node of this.#nodes.values()) node.memberRemoved(sessionKey);
    // Those here hear first that the participant has left, and then that it is on another node.
    setImmediate(() => this.membersChanged([sessionKey]));
  }

  /** A home, or this node as one, names the other nodes in the room. */
  told(homeId: bigint, nodes: readonly bigint[]): void {
    this.#homes.get(homeId)?.told(nodes);
  }

  /** This node, as a home, hears of other nodes in the room. */
  registered(nodes: readonly bigint[], dialAfterMs = OTHERS_DIAL_FIRST_MS): void {
    this.#reconcile(nodes, dialAfterMs);
  }

  node(nodeId: bigint): RemoteNode | undefined {
    return this.#nodes.get(nodeId);
  }

  /** A node wants to enter: it need not be known from a home. */
  newcomer(nodeId: bigint): RemoteNode {
    return this.#nodes.get(nodeId) ?? this.#add(nodeId, 0);
  }

  membersChanged(sessionKeys: readonly string[]): void {
    if (this.#closed) return;
    for (const sessionKey of sessionKeys) this.#show(sessionKey);
  }

  commanded(command: SignedRoomCommand): void {
    const { app, room } = command.command;
    if (app === this.name.app && roomHash(room) === this.name.hash) this.emit("command", command);
  }

  left(node: RemoteNode): void {
    if (node.listed || this.#nodes.get(node.nodeId) !== node) return;
    this.#nodes.delete(node.nodeId);
    node.close();
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const node of this.#nodes.values()) node.close();
    this.#nodes.clear();
    for (const timer of this.#leaving.values()) clearTimeout(timer);
    for (const registration of this.#homes.values()) registration.close();
    this.#registrar.unregister(this.name, this.#context.nodeId);
    this.#onClose();
  }

  /** Registers with homes that are not known yet, in their order. */
  #addHomes(homes: readonly bigint[]): HomeRegistration[] {
    const { nodeId: ownId, links, limits, logger } = this.#context;
    const unknown = homes.filter((homeId) => !this.#named.has(homeId)).slice(0, MAX_HOMES - this.#named.size);
    for (const homeId of unknown) this.#named.add(homeId);
    const added = unknown
      .filter((homeId) => homeId !== ownId)
      .map((homeId) => {
        const registration: HomeRegistration = new HomeRegistration({
          ...{ homeId, room: this.name, links, limits, logger },
          membership: () => this.members[0]?.membership,
          onNodes: (news) =>
            this.#reconcile(registration.nodes, news === "answer" ? 0 : OTHERS_DIAL_FIRST_MS),
        });
        return registration;
      });
    for (const registration of added) this.#homes.set(registration.homeId, registration);
    return added;
  }

  /** Links with nodes that are named, and forgets those that neither are nor have come by themselves. */
  #reconcile(named: readonly bigint[], dialAfterMs: number): void {
    if (this.#closed) return;
    const { nodeId: ownId } = this.#context;
    const listed = new Set([
      ...named,
      ...this.#registrar.nodesIn(this.name),
      ...[...this.#homes.values()].flatMap(({ nodes }) => nodes),
    ]);
    listed.delete(ownId);
    for (const nodeId of listed) {
      const node = this.#nodes.get(nodeId) ?? this.#add(nodeId, dialAfterMs);
      node.listed = true;
    }
    for (const node of [...this.#nodes.values()]) {
      if (listed.has(node.nodeId)) continue;
      node.listed = false;
      if (!node.entered && node.members.size === 0) this.left(node);
    }
  }

  #add(nodeId: bigint, dialAfterMs: number): RemoteNode {
    const node = new RemoteNode(nodeId, this, this.#context, dialAfterMs);
    this.#nodes.set(nodeId, node);
    return node;
  }

  /** Whoever is on several nodes is where they joined last; for the same millisecond the larger node id decides. */
  #show(sessionKey: string): void {
    const { nodeId: ownId } = this.#context;
    const [latest] = [...this.#nodes.values()]
      .flatMap(({ nodeId, members }) => {
        const member = members.get(sessionKey);
        return member ? [{ nodeId, member }] : [];
      })
      .sort((a, b) => b.member.joinedAtMs - a.member.joinedAtMs || (b.nodeId > a.nodeId ? 1 : -1));
    const own = this.#members.get(sessionKey);
    if (own && latest) {
      const { joinedAtMs } = latest.member;
      const later = joinedAtMs > own.joinedAtMs || (joinedAtMs === own.joinedAtMs && latest.nodeId > ownId);
      if (later && !this.#moved.has(sessionKey)) {
        this.#moved.add(sessionKey);
        this.emit("moved", own.membership.grant.sessionKey);
      }
    }
    const info = own || latest?.member.permissions.hidden ? undefined : latest?.member.info;
    if (info) {
      this.#stays(sessionKey);
      if (isSame(info, this.#shown.get(sessionKey))) return;
      this.#shown.set(sessionKey, info);
      this.emit("peerJoined", info);
    } else if (own) {
      // A member of this node is announced by signaling, under the same key.
      this.#stays(sessionKey);
      this.#shown.delete(sessionKey);
    } else if (this.#shown.has(sessionKey) && !this.#leaving.has(sessionKey)) {
      this.#leaving.set(
        sessionKey,
        setTimeout(() => this.#gone(sessionKey), HANDOVER_MS),
      );
    }
  }

  #stays(sessionKey: string): void {
    clearTimeout(this.#leaving.get(sessionKey));
    this.#leaving.delete(sessionKey);
  }

  #gone(sessionKey: string): void {
    this.#leaving.delete(sessionKey);
    const shown = this.#shown.get(sessionKey);
    this.#shown.delete(sessionKey);
    if (shown) this.emit("peerLeft", shown.peerId);
  }

  #watch(peer: Peer): void {
    const change = () => {
      for (const node of this.#nodes.values()) node.update();
    };
    peer.once("receiving", () => {
      this.#receivers.add(peer);
      change();
    });
    peer.once("closed", () => {
      this.#receivers.delete(peer);
      if (!this.receives) change();
    });
  }

  #published(publication: Publication): void {
    const { id } = publication;
    const each = (tell: (node: RemoteNode) => void) => {
      for (const node of this.#nodes.values()) tell(node);
    };
    this.#publications.set(id, publication);
    publication.on("paused", () => each((node) => node.paused(id, true)));
    publication.on("resumed", () => each((node) => node.paused(id, false)));
    publication.once("closed", () => {
      this.#publications.delete(id);
      each((node) => node.unpublished(id, "trackClosed"));
    });
    each((node) => node.published(publication));
  }

  #publishedData(publication: DataPublication): void {
    const { id } = publication;
    this.#dataPublications.set(id, publication);
    publication.once("closed", () => {
      this.#dataPublications.delete(id);
      for (const node of this.#nodes.values()) node.unpublished(id, "dataChannelClosed");
    });
    for (const node of this.#nodes.values()) node.publishedData(publication);
  }
}

function isSame(a: PeerInfo, b: PeerInfo | undefined): boolean {
  return b !== undefined && a.identity === b.identity && a.name === b.name && a.metadata === b.metadata;
}
