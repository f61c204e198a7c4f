import type { Logger } from "pino";
import type { Publication } from "../media/Publication.js";
import type { Room, RoomCloseReason } from "../media/Room.js";
import type { PeerInfo } from "../protocol/signaling.js";
import type { SignedRoomCommand } from "../protocol/roomCommand.js";
import type { Address } from "../protocol/typedData.js";
import type { Participant } from "./Participant.js";
import type { LinkedRoom, RoomLink, RoomLinkEvents } from "./roomLinks.js";
import type { RoomEvent, RoomObserver } from "./roomObserver.js";

export interface LiveRoomOptions {
  readonly room: Pick<LinkedRoom, "app" | "name">;
  readonly media: Room;
  readonly link: RoomLink;
  readonly nodeId: bigint;
  readonly observer: RoomObserver;
  /** Another node passes a command on; it is not checked yet. */
  readonly onCommand: (command: SignedRoomCommand) => void;
  /** Its last member left. */
  readonly onEmpty: () => void;
  readonly logger: Logger;
}

/** What is not the same for all events of a room. */
type OfRoom<T> = T extends unknown ? Omit<T, "nodeId" | "app" | "room" | "atMs"> : never;

/** Those on this node who are in one room, and what they, other nodes and the app hear of each other. */
export class LiveRoom {
  readonly room: Pick<LinkedRoom, "app" | "name">;
  readonly media: Room;
  readonly link: RoomLink;
  readonly #options: LiveRoomOptions;
  readonly #members = new Map<string, Participant>();
  readonly #linkEvents: { readonly [E in keyof RoomLinkEvents]: (...args: RoomLinkEvents[E]) => void };
  #observed = 0;

  constructor(options: LiveRoomOptions) {
    const { room, media, link, onCommand } = options;
    this.room = room;
    this.media = media;
    this.link = link;
    this.#options = options;
    this.#linkEvents = {
      peerJoined: (info) => this.#remoteJoined(info),
      peerLeft: (peerId) => this.#remoteLeft(peerId),
      command: onCommand,
      moved: (sessionKey) => this.#moved(sessionKey),
    };
    link.on("peerJoined", this.#linkEvents.peerJoined);
    link.on("peerLeft", this.#linkEvents.peerLeft);
    link.on("command", this.#linkEvents.command);
    link.on("moved", this.#linkEvents.moved);
    media.on("activespeaker", this.#speaks);
    media.once("closed", this.#mediaClosed);
  }

  get members(): readonly Participant[] {
    return [...this.#members.values()];
  }

  member(sessionKey: string): Participant | undefined {
    return this.#members.get(sessionKey);
  }

  /** Whose track or voice it is; undefined for hidden participants, and for those of whom no node has told yet. */
  infoOf(peerId: string): PeerInfo | undefined {
    const here = this.member(peerId);
    if (here) return here.hidden ? undefined : here.info;
    return this.link.remotePeers.find((remote) => remote.peerId === peerId);
  }

  /** The others in the room, as a member may see them. */
  peersOf(member: Participant): PeerInfo[] {
    const here = this.#visible(member).map(({ info }) => info);
    const known = new Set<string>([member.info.peerId, ...here.map(({ peerId }) => peerId)]);
    // Who moves from one node to another may be on both for a moment.
    return [...here, ...this.link.remotePeers.filter(({ peerId }) => !known.has(peerId))];
  }

  enter(member: Participant): void {
    const { info, hidden } = member;
    if (!hidden) for (const other of this.#others(member)) other.peerJoined(info);
    this.#members.set(info.peerId, member);
    if (!member.session.audit) {
      this.#observed += 1;
      if (this.#observed === 1) this.#tell(member, { event: "room_started" });
      this.#tell(member, { event: "participant_joined", participant: asObserved(info) });
    }
  }

  /** Tells the room, other nodes and the app; again: nothing more to do. */
  leave(member: Participant, reason: string): void {
    const { info, hidden } = member;
    if (this.#members.get(info.peerId) !== member) return;
    this.#members.delete(info.peerId);
    // Who left for another node is there already, and still in the room.
    const elsewhere = this.link.remotePeers.find(({ peerId }) => peerId === info.peerId);
    for (const other of this.#members.values()) {
      if (!hidden) other.peerLeft(info.peerId);
      if (elsewhere) other.peerJoined(elsewhere);
    }
    if (!member.session.audit) {
      this.link.leave(info.peerId);
      this.#observed -= 1;
      this.#tell(member, { event: "participant_left", participant: asObserved(info), reason });
      if (this.#observed === 0) this.#tell(member, { event: "room_finished" });
    }
    if (this.#members.size === 0) this.#end();
  }

  published(member: Participant, publication: Publication): void {
    if (member.session.audit || member.hidden) return;
    const participant = asObserved(member.info);
    this.#tell(member, { event: "track_published", participant, track: asTrack(publication) });
  }

  unpublished(member: Participant, publication: Publication): void {
    if (member.session.audit || member.hidden) return;
    const participant = asObserved(member.info);
    this.#tell(member, { event: "track_unpublished", participant, track: asTrack(publication) });
  }

  #others(member: Participant): Participant[] {
    return this.members.filter((other) => other !== member);
  }

  #visible(member: Participant): Participant[] {
    return this.#others(member).filter(({ hidden }) => !hidden);
  }

  #remoteJoined(info: PeerInfo): void {
    // Who moves from one node to another may be on both for a moment; those here know it as it was here.
    if (this.member(info.peerId)) return;
    for (const member of this.#members.values()) member.peerJoined(info);
  }

  #remoteLeft(peerId: Address): void {
    if (this.member(peerId)) return;
    for (const member of this.#members.values()) member.peerLeft(peerId);
  }

  #moved(sessionKey: Address): void {
    void this.#members.get(sessionKey)?.replace("the same session key has joined on another node");
  }

  readonly #speaks = (peerId: string): void => {
    const speaker = this.infoOf(peerId);
    if (speaker) for (const member of this.#members.values()) member.activeSpeaker(speaker.peerId);
  };

  readonly #mediaClosed = (reason: RoomCloseReason): void => {
    if (reason === "empty") return;
    const { code, message } = ROOM_CLOSED[reason];
    for (const member of this.members) void member.sendAway(code, message);
  };

  #end(): void {
    const { link, media } = this;
    link.off("peerJoined", this.#linkEvents.peerJoined);
    link.off("peerLeft", this.#linkEvents.peerLeft);
    link.off("command", this.#linkEvents.command);
    link.off("moved", this.#linkEvents.moved);
    media.off("activespeaker", this.#speaks);
    media.off("closed", this.#mediaClosed);
    this.#options.onEmpty();
  }

  #tell(member: Participant, event: OfRoom<RoomEvent>): void {
    const { observer, nodeId, logger } = this.#options;
    const { app, name } = this.room;
    try {
      observer.event({ ...event, nodeId, app, room: name, atMs: Date.now() }, member.details.webhookUrl);
    } catch (error) {
      logger.error({ err: error, app, event: event.event }, "room event not taken");
    }
  }
}

const ROOM_CLOSED: Record<Exclude<RoomCloseReason, "empty">, { code: string; message: string }> = {
  worker_died: { code: "worker_died", message: "a media worker that carried this room died; join again" },
  server_closed: { code: "server_closed", message: "the node's media server was closed" },
};

function asObserved({ peerId, identity }: PeerInfo): { sessionKey: Address; identity: string } {
  return { sessionKey: peerId, identity };
}

function asTrack({ id, kind, source }: Publication): Pick<Publication, "id" | "kind" | "source"> {
  return { id, kind, source };
}
