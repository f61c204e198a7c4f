import { EventEmitter } from "node:events";
import type { Room } from "../media/Room.js";
import type { SignedRoomCommand } from "../protocol/roomCommand.js";
import type { PeerInfo } from "../protocol/signaling.js";
import type { Address, Hex } from "../protocol/typedData.js";
import type { JoinClaim } from "./admission.js";

// What signaling needs from whoever joins the rooms of several nodes into one. Signaling defines the interface and does
// not know other nodes; `node/cluster` implements it and `node/main.ts` wires the two.

/** A room as its app names it. */
export interface LinkedRoom {
  readonly app: Address;
  readonly name: string;
  /** `roomHash(name)`. */
  readonly hash: Hex;
  /** Nodes that may keep the room together, best first, as the member's grant names them. */
  readonly homes: readonly bigint[];
}

/** A participant on this node, with what shows other nodes that the app let it in and that it joined here. */
export interface LinkMember {
  readonly info: PeerInfo;
  /** Not to be announced to anybody. */
  readonly hidden: boolean;
  readonly claim: JoinClaim;
}

export type RoomLinkEvents = {
  /** Somebody who is not hidden came into the room on another node, or changed what is known of them. */
  peerJoined: [PeerInfo];
  /** Session key of somebody on another node who left, or whose node is gone. */
  peerLeft: [peerId: Address];
  /** Another node passes a command on; it is to be checked here as if it came from anybody. */
  command: [SignedRoomCommand];
  /** Session key of somebody here who has joined on another node since, and is to go here. */
  moved: [sessionKey: Address];
};

/** One room's connection to the other nodes that it is on: one object for each media room, whoever entered it. */
export interface RoomLink extends EventEmitter<RoomLinkEvents> {
  /** The node that keeps the room together. It may change where that node is gone. */
  readonly homeNodeId: bigint;
  /** Who is in the room on other nodes, hidden ones left out. */
  readonly remotePeers: readonly PeerInfo[];
  /** Passes a command on to the other nodes; one that came from them is not passed on again. */
  forward(command: SignedRoomCommand): void;
  /** A member left; with the last one the link ends. */
  leave(sessionKey: Address): void;
}

export interface RoomLinks {
  /**
   * A member enters, who is no audit; the first one of a room opens its link. Tracks of participants on other nodes then appear in
   * `mediaRoom` as publications with their session key as the peer's id, after `peerJoined` for them.
   * Where no other node can be reached the room goes on alone; it rejects with `JoinRefused` only where the participant
   * must not be let in.
   */
  enter(room: LinkedRoom, member: LinkMember, mediaRoom: Room): Promise<RoomLink>;
  /** Passes on a command for a room that nobody is in here; true where at least one other node was told. */
  forward(command: SignedRoomCommand): boolean;
}

/** A room that is on this node alone. */
class LoneRoom extends EventEmitter<RoomLinkEvents> implements RoomLink {
  readonly remotePeers: readonly PeerInfo[] = [];

  constructor(readonly homeNodeId: bigint) {
    super();
  }

  // There is nobody to tell.
  forward(): void {}
  leave(): void {}
}

/** Rooms that are on one node only, which is their home. */
export function loneRooms(nodeId: bigint): RoomLinks {
  // Its rooms have no members and no events, so that one serves for all.
  const link = new LoneRoom(nodeId);
  return { enter: () => Promise.resolve(link), forward: () => false };
}
