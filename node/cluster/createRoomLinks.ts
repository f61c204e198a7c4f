import { randomBytes } from "node:crypto";
import type { Logger } from "pino";
import type { Room } from "../media/Room.js";
import type { Address } from "../protocol/hex.js";
import { toHex } from "../protocol/hex.js";
import {
  LINK_SEAL_BYTES,
  MAX_LINK_MESSAGE_BYTES,
  NODE_LINK_PATH,
  NODE_LINK_SUBPROTOCOL,
} from "../protocol/nodeLink.js";
import type { Membership } from "../protocol/nodeLink.js";
import type { SignedRoomCommand } from "../protocol/roomCommand.js";
import { roomHash } from "../protocol/typedData.js";
import type { TypedDataDomain, TypedDataSigner } from "../protocol/typedData.js";
import type { PublicUpgrade } from "../signaling/publicRoutes.js";
import type { LinkedRoom, LinkMember, RoomLink, RoomLinks } from "../signaling/roomLinks.js";
import { TokenBucket } from "../signaling/TokenBucket.js";
import { ClusterRoom } from "./ClusterRoom.js";
import { DEFAULT_CLUSTER_LIMITS } from "./limits.js";
import type { ClusterLimits } from "./limits.js";
import { LinkError } from "./linkError.js";
import { LinkTable } from "./LinkTable.js";
import { MembershipCheck } from "./MembershipCheck.js";
import type { LinkNotice, LinkRequest } from "./linkMessages.js";
import type { NodeLink } from "./NodeLink.js";
import type { NodeFinder } from "./NodeFinder.js";
import { PipeAddresses } from "./PipeAddresses.js";
import { Registrar, keyOf } from "./Registrar.js";
import type { ClusterContext } from "./RemoteNode.js";

export interface RoomLinksOptions {
  readonly nodeId: bigint;
  /** Of grants, join proofs and node proofs: `ServiceAttestations`. */
  readonly domain: TypedDataDomain;
  /** The operator key. */
  readonly signer: TypedDataSigner;
  readonly finder: NodeFinder;
  /** Whether a key signs for an app now. Rejects where nobody can tell. */
  readonly isAppSigner: (app: Address, signer: Address) => Promise<boolean>;
  /** What speaks against connecting to another node's endpoint, or undefined: it may be any stranger's. */
  readonly endpointFault: (url: string) => Promise<string | undefined>;
  /** What speaks against sending media to an IP address, or undefined. */
  readonly addressFault: (ip: string) => string | undefined;
  readonly listen: {
    /** As for participants: where media arrives, best first. */
    readonly addresses: readonly { readonly ip: string; readonly announcedAddress?: string | undefined }[];
    /** UDP ports for pipes, one for each room and other node. */
    readonly ports?: { readonly from: number; readonly to: number } | undefined;
  };
  readonly limits?: Partial<ClusterLimits> | undefined;
  readonly logger: Logger;
}

/** For health and metrics. */
export interface ClusterStatus {
  /** Nodes that this one is linked with. */
  readonly links: readonly bigint[];
  /** Rooms here that are on other nodes too. */
  readonly sharedRooms: number;
  /** Rooms for which this node is a home. */
  readonly homeOf: number;
}

/** Joins this node's rooms with the same rooms on other nodes. */
export interface ClusterLinks extends RoomLinks {
  /** To be served on the public port. */
  readonly upgrade: PublicUpgrade;
  readonly status: ClusterStatus;
  /** Leaves all rooms and closes the links. */
  close(): void;
}

/** Nothing is opened before a room needs it. */
export function createRoomLinks(options: RoomLinksOptions): ClusterLinks {
  return new Cluster(options);
}

class Cluster implements ClusterLinks {
  readonly upgrade: PublicUpgrade;
  readonly #context: ClusterContext;
  readonly #registrar: Registrar;
  readonly #rooms = new Map<string, ClusterRoom>();
  readonly #membershipBuckets = new WeakMap<NodeLink, TokenBucket>();

  constructor(options: RoomLinksOptions) {
    const { nodeId, domain, isAppSigner, listen, addressFault, logger } = options;
    const limits = { ...DEFAULT_CLUSTER_LIMITS, ...options.limits };
    const addresses = new PipeAddresses({ ...listen, addressFault });
    const links = new LinkTable({
      ...options,
      limits,
      about: { instance: toHex(randomBytes(16)), families: addresses.families },
      handler: {
        request: (link, request) => this.#request(link, request),
        notice: (link, notice) => this.#notice(link, notice),
      },
    });
    const check = new MembershipCheck({ domain, isAppSigner });
    this.#context = { nodeId, links, check, addresses, limits, logger };
    this.#registrar = new Registrar({
      ...{ nodeId, links, limits },
      onChange: (room, nodes) => this.#rooms.get(keyOf(room))?.registered(nodes),
    });
    links.on("up", ({ nodeId: other }) => {
      for (const room of this.#rooms.values()) room.node(other)?.linked();
    });
    links.on("lost", (other) => {
      this.#registrar.drop(other);
      for (const room of [...this.#rooms.values()]) room.node(other)?.forget();
    });
    this.upgrade = {
      path: NODE_LINK_PATH,
      subprotocol: NODE_LINK_SUBPROTOCOL,
      maxMessageBytes: MAX_LINK_MESSAGE_BYTES + LINK_SEAL_BYTES,
      accept: (ws, { remoteAddress }) => links.accept(ws, remoteAddress),
    };
  }

  get status(): ClusterStatus {
    return {
      links: this.#context.links.linked,
      sharedRooms: [...this.#rooms.values()].filter(({ nodes }) => nodes.length > 0).length,
      homeOf: this.#registrar.size,
    };
  }

  async enter({ app, hash, homes }: LinkedRoom, member: LinkMember, mediaRoom: Room): Promise<RoomLink> {
    const key = keyOf({ app, hash });
    const known = this.#rooms.get(key);
    // A media room that has closed takes its link along; a new one may have opened under the same name.
    if (known && known.mediaRoom !== mediaRoom) known.close();
    const room = this.#rooms.get(key) ?? this.#open({ app, hash }, mediaRoom);
    await room.enter(homes, member);
    return room;
  }

  forward(command: SignedRoomCommand): boolean {
    const { nodeId, links } = this.#context;
    const room = { app: command.command.app, hash: roomHash(command.command.room) };
    const others = this.#registrar.nodesIn(room).filter((other) => other !== nodeId);
    const linked = others.flatMap((other) => links.link(other) ?? []);
    for (const link of linked) link.notify("command", { room, command });
    return linked.length > 0;
  }

  close(): void {
    for (const room of [...this.#rooms.values()]) room.close();
    this.#context.links.close();
  }

  #open(name: ClusterRoom["name"], mediaRoom: Room): ClusterRoom {
    const key = keyOf(name);
    const room: ClusterRoom = new ClusterRoom(name, mediaRoom, this.#context, this.#registrar, () => {
      if (this.#rooms.get(key) === room) this.#rooms.delete(key);
    });
    this.#rooms.set(key, room);
    return room;
  }

  async #request(link: NodeLink, request: LinkRequest): Promise<unknown> {
    const { nodeId } = link;
    const { room: name } = request.data;
    if ("membership" in request.data) await this.#membershipTurn(link, request.data.membership);
    if (request.method === "register" || request.method === "enterRoom") {
      await this.#context.check.check(request.data.membership, name, nodeId);
    }
    if (!link.open) throw new LinkError("failed", "the link has ended");
    if (request.method === "register") return { nodes: this.#registrar.register(name, nodeId) };
    const room = this.#rooms.get(keyOf(name));
    if (!room) throw new LinkError("not_in_room", "nobody is in this room here");
    const node = request.method === "enterRoom" ? this.#newcomer(room, nodeId) : room.node(nodeId);
    if (!node) throw new LinkError("not_in_room", "show first that you belong in this room");
    return node.request(request);
  }

  #notice({ nodeId }: NodeLink, notice: LinkNotice): void {
    const { room: name } = notice.data;
    if (notice.method === "unregister") return this.#registrar.unregister(name, nodeId);
    const room = this.#rooms.get(keyOf(name));
    if (!room) return;
    if (notice.method === "nodes") return room.told(nodeId, notice.data.nodes);
    // A home passes commands on without being in the room; whoever does, they are checked by their signatures.
    if (notice.method === "command") return room.commanded(notice.data.command);
    room.node(nodeId)?.notice(notice);
  }

  #newcomer(room: ClusterRoom, nodeId: bigint): ReturnType<ClusterRoom["newcomer"]> {
    const { maxRoomsPerNode } = this.#context.limits;
    const shared = [...this.#rooms.values()].filter((one) => one.node(nodeId) !== undefined).length;
    if (!room.node(nodeId) && shared >= maxRoomsPerNode) {
      throw new LinkError("limit_reached", `at most ${maxRoomsPerNode} rooms with one node`);
    }
    return room.newcomer(nodeId);
  }

  /** Signature checks take their time: a node that shows many members waits for its turn. */
  async #membershipTurn(link: NodeLink, membership: Membership): Promise<void> {
    if (this.#context.check.remembers(membership, link.nodeId)) return;
    const { membershipBurst, membershipsPerSecond } = this.#context.limits;
    const bucket =
      this.#membershipBuckets.get(link) ?? new TokenBucket(membershipBurst, membershipsPerSecond);
    this.#membershipBuckets.set(link, bucket);
    while (!bucket.take()) await new Promise((resolve) => setTimeout(resolve, 1_000 / membershipsPerSecond));
  }
}
