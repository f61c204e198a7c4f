import type { Logger } from "pino";
import type { DataPublication } from "../media/DataPublication.js";
import type { Publication } from "../media/Publication.js";
import type { Room } from "../media/Room.js";
import type { Membership } from "../protocol/nodeLink.js";
import type { SignedRoomCommand } from "../protocol/roomCommand.js";
import { IncomingStreams } from "./IncomingStreams.js";
import type { ClusterLimits } from "./limits.js";
import { LinkError } from "./linkError.js";
import type { LinkHold, LinkTable } from "./LinkTable.js";
import type { MembershipCheck, RoomName } from "./MembershipCheck.js";
import type { LinkNotice, LinkRequest } from "./linkMessages.js";
import type { NodeLink } from "./NodeLink.js";
import { OutgoingStreams } from "./OutgoingStreams.js";
import type { PipeAddresses } from "./PipeAddresses.js";
import { RemoteMembers } from "./RemoteMembers.js";
import { RoomPipe } from "./RoomPipe.js";

/** A participant of this node, as other nodes are shown it. */
export interface OwnMember {
  readonly membership: Membership;
  readonly details: string;
  readonly joinedAtMs: number;
}

/** What is shared by all rooms and nodes. */
export interface ClusterContext {
  readonly nodeId: bigint;
  readonly links: LinkTable;
  readonly check: MembershipCheck;
  readonly addresses: PipeAddresses;
  readonly limits: ClusterLimits;
  readonly logger: Logger;
}

/** The room on this node, as what goes on with one other node needs it. */
export interface RoomHost {
  readonly name: RoomName;
  readonly mediaRoom: Room;
  /** Of this node's participants; the first of them vouches for the node. */
  readonly members: readonly OwnMember[];
  readonly publications: readonly Publication[];
  readonly dataPublications: readonly DataPublication[];
  /** Whether anybody here receives tracks. */
  readonly receives: boolean;
  /** Something is known, or known no longer, of participants on other nodes. */
  membersChanged(sessionKeys: readonly string[]): void;
  commanded(command: SignedRoomCommand): void;
  /** The other node has left the room, or is gone. */
  left(node: RemoteNode): void;
}

type RoomRequest = Exclude<LinkRequest, { method: "register" }>;
type RoomNotice = Exclude<LinkNotice, { method: "nodes" | "unregister" }>;

/**
 * Another node in a room. Each side first proves that it belongs there; then both show their members, then their tracks,
 * and then what changes. Where the link breaks and comes back all is said again, and what is not repeated is gone.
 */
export class RemoteNode {
  readonly nodeId: bigint;
  readonly members: RemoteMembers;
  readonly #host: RoomHost;
  readonly #context: ClusterContext;
  readonly #logger: Logger;
  readonly #pipe: RoomPipe;
  readonly #incoming: IncomingStreams;
  readonly #outgoing: OutgoingStreams;
  readonly #hold: LinkHold;
  /** Others have named it as being in the room. */
  listed = false;
  /** It has proved that it belongs here. */
  #entered = false;
  /** It has accepted that we belong there. */
  #accepted = false;
  #toldMembers = false;
  #toldTracks = false;
  /** It has shown all its members. */
  #knowsMembers = false;
  #retryTimer: NodeJS.Timeout | undefined;
  #failures = 0;
  #closed = false;

  constructor(nodeId: bigint, host: RoomHost, context: ClusterContext, dialAfterMs: number) {
    this.nodeId = nodeId;
    this.#host = host;
    this.#context = context;
    const { links, check, addresses, limits } = context;
    const room = host.name;
    const logger = context.logger.child({ otherNode: nodeId.toString(), app: room.app, room: room.hash });
    this.#logger = logger;
    this.members = new RemoteMembers(nodeId, room, check, limits);
    const link = () => links.link(nodeId);
    this.#pipe = new RoomPipe({
      ...{ addresses, link, limits, logger },
      router: host.mediaRoom.router,
      memberCount: () => this.members.size,
    });
    this.#incoming = new IncomingStreams({
      ...{ room, link, limits, logger, pipe: this.#pipe, mediaRoom: host.mediaRoom },
      wanted: () => host.receives,
    });
    this.#outgoing = new OutgoingStreams(host.mediaRoom, this.#pipe);
    this.#pipe.on("closed", (pipeId) => link()?.notify("pipeClosed", { room, pipeId }));
    this.#hold = links.hold(nodeId, dialAfterMs);
    if (links.link(nodeId)) this.linked();
  }

  /** Whether it has proved that it belongs in the room. */
  get entered(): boolean {
    return this.#entered;
  }

  /** There is a link to it, maybe a new one: all is said again. */
  linked(): void {
    this.#beginAnew();
    this.#enter();
  }

  /** It is gone, or has left the room: what it said is void. */
  forget(): void {
    this.#beginAnew();
    this.#pipe.reset();
    this.#incoming.clear();
    this.#host.membersChanged(this.members.clear());
    this.#host.left(this);
  }

  /** Whoever enters has been found to belong in the room. Throws `LinkError`, `MediaError`. */
  async request(request: RoomRequest): Promise<object> {
    if (request.method === "enterRoom") return this.#letIn();
    if (!this.#entered) throw new LinkError("not_in_room", "show first that you belong in this room");
    switch (request.method) {
      case "addMember": {
        const { membership, details, joinedAtMs } = request.data;
        await this.members.add(membership, details, joinedAtMs);
        this.#host.membersChanged([membership.grant.sessionKey]);
        if (this.#knowsMembers) this.#tellTracks();
        return {};
      }
      case "pipeTrack": {
        const publication = this.#host.publications.find(({ id }) => id === request.data.id);
        if (!publication) throw new LinkError("not_found", "there is no such track");
        this.#assertReceives();
        return this.#outgoing.sendTrack(publication, request.data.pipe);
      }
      case "pipeData": {
        const publication = this.#host.dataPublications.find(({ id }) => id === request.data.id);
        if (!publication) throw new LinkError("not_found", "there is no such data channel");
        this.#assertReceives();
        return this.#outgoing.sendData(publication, request.data.pipe);
      }
    }
  }

  /** Throws `LinkError`. */
  notice(notice: RoomNotice): void {
    if (!this.#entered) return;
    switch (notice.method) {
      case "synced":
        return notice.data.what === "members" ? this.#membersShown() : this.#incoming.dropStale();
      case "removeMember":
        return this.#removed([notice.data.sessionKey].filter((key) => this.members.delete(key)));
      case "leaveRoom":
        return this.forget();
      case "track": {
        const { track } = notice.data;
        if (!this.members.mayPublish(track.peerId, track.kind)) {
          throw new LinkError("membership_invalid", `no member of theirs may publish it: ${track.peerId}`);
        }
        return this.#incoming.put({ what: "track", track });
      }
      case "dataChannel": {
        const { channel } = notice.data;
        if (!this.members.maySendData(channel.peerId)) {
          throw new LinkError("membership_invalid", `no member of theirs may send data: ${channel.peerId}`);
        }
        return this.#incoming.put({ what: "data", channel });
      }
      case "trackPaused":
        return this.#incoming.setPaused(notice.data.id, notice.data.paused);
      case "trackClosed":
      case "dataChannelClosed":
        return this.#incoming.remove(notice.data.id);
      case "release":
        return this.#outgoing.stop(notice.data.id);
      case "pipeClosed":
        return this.#pipe.reset(notice.data.pipeId);
      case "command":
        return this.#host.commanded(notice.data.command);
    }
  }

  memberAdded(member: OwnMember): void {
    if (this.#toldMembers) this.#tellMember(member);
    else if (!this.#accepted) this.#enter();
  }

  memberRemoved(sessionKey: Membership["grant"]["sessionKey"]): void {
    if (this.#toldMembers) this.#link()?.notify("removeMember", { room: this.#host.name, sessionKey });
  }

  published(publication: Publication): void {
    if (this.#toldTracks) this.#tellTrack(publication);
  }

  publishedData(publication: DataPublication): void {
    if (this.#toldTracks) this.#tellData(publication);
  }

  paused(id: string, paused: boolean): void {
    if (this.#toldTracks) this.#link()?.notify("trackPaused", { room: this.#host.name, id, paused });
  }

  unpublished(id: string, method: "trackClosed" | "dataChannelClosed"): void {
    this.#outgoing.stop(id);
    if (this.#toldTracks) this.#link()?.notify(method, { room: this.#host.name, id });
  }

  forward(command: SignedRoomCommand): void {
    if (this.#entered) this.#link()?.notify("command", { room: this.#host.name, command });
  }

  /** Whether somebody here receives tracks has changed. */
  update(): void {
    this.#incoming.update();
  }

  /** This node leaves the room. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    this.#link()?.notify("leaveRoom", { room: this.#host.name });
    this.#incoming.clear();
    this.#pipe.close();
    this.#hold.release();
  }

  #beginAnew(): void {
    this.#entered = false;
    this.#accepted = false;
    this.#toldMembers = false;
    this.#toldTracks = false;
    this.#knowsMembers = false;
  }

  #link(): NodeLink | undefined {
    return this.#context.links.link(this.nodeId);
  }

  #assertReceives(): void {
    if (!this.members.receives) throw new LinkError("not_in_room", "none of your members may receive tracks");
  }

  /** Proves to the other node that we belong in the room; tried again until it works. */
  #enter(): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = undefined;
    const link = this.#link();
    const [voucher] = this.#host.members;
    if (this.#closed || !link || !voucher) return;
    link.request("enterRoom", { room: this.#host.name, membership: voucher.membership }).then(
      () => {
        if (this.#closed || link !== this.#link()) return;
        this.#failures = 0;
        this.#accepted = true;
        this.#tellMembers();
      },
      (error: unknown) => {
        if (this.#closed || link !== this.#link() || this.#accepted) return;
        // Where it is not in the room (yet) it will come to us when it is.
        this.#logger.info({ err: error }, "another node did not let this one into a room");
        const { retryMs, maxRetryMs } = this.#context.limits;
        const pauseMs = Math.min(maxRetryMs, retryMs * 2 ** Math.min(this.#failures++, 16));
        this.#retryTimer = setTimeout(() => this.#enter(), pauseMs);
      },
    );
  }

  #letIn(): object {
    this.members.markStale();
    this.#incoming.markStale();
    this.#entered = true;
    this.#knowsMembers = false;
    if (this.#accepted) this.#tellMembers();
    else this.#enter();
    return {};
  }

  #tellMembers(): void {
    if (!this.#accepted || !this.#entered || this.#toldMembers) return;
    this.#toldMembers = true;
    for (const member of this.#host.members) this.#tellMember(member);
    this.#link()?.notify("synced", { room: this.#host.name, what: "members" });
    if (this.#knowsMembers) this.#tellTracks();
  }

  #tellMember({ membership, details, joinedAtMs }: OwnMember): void {
    const data = { room: this.#host.name, membership, details, joinedAtMs };
    this.#link()
      ?.request("addMember", data)
      .catch((error: unknown) => {
        const log = { err: error, sessionKey: membership.grant.sessionKey };
        this.#logger.warn(log, "another node did not accept a participant");
      });
  }

  #membersShown(): void {
    this.#knowsMembers = true;
    this.#removed(this.members.dropStale());
    this.#tellTracks();
  }

  #removed(sessionKeys: readonly string[]): void {
    for (const key of sessionKeys) this.#incoming.removeOf(key);
    this.#host.membersChanged(sessionKeys);
    if (this.members.receives) return;
    // Nobody is left there who may receive anything.
    this.#outgoing.stopAll();
    this.#toldTracks = false;
  }

  #tellTracks(): void {
    const link = this.#link();
    if (!this.#toldMembers || !link) return;
    if (this.members.receives && !this.#toldTracks) {
      this.#toldTracks = true;
      for (const publication of this.#host.publications) this.#tellTrack(publication);
      for (const publication of this.#host.dataPublications) this.#tellData(publication);
    }
    link.notify("synced", { room: this.#host.name, what: "tracks" });
  }

  #tellTrack({ id, peerId, kind, source, paused }: Publication): void {
    this.#link()?.notify("track", { room: this.#host.name, track: { id, peerId, kind, source, paused } });
  }

  #tellData({ id, peerId, label, protocol }: DataPublication): void {
    const channel = { id, peerId, label, protocol };
    this.#link()?.notify("dataChannel", { room: this.#host.name, channel });
  }
}
