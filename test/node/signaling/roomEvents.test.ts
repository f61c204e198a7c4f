import { EventEmitter } from "node:events";
import { expect } from "chai";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import type { Room } from "../../../node/media/Room.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import type { SignedRoomCommand } from "../../../node/protocol/roomCommand.js";
import { roomCommand, roomHash } from "../../../node/protocol/typedData.js";
import { webhookEventSchema } from "../../../node/protocol/webhook.js";
import { toWire } from "../../../node/protocol/schemas.js";
import type { PeerInfo } from "../../../node/protocol/signaling.js";
import type {
  LinkMember,
  LinkedRoom,
  RoomLink,
  RoomLinkEvents,
  RoomLinks,
} from "../../../node/signaling/roomLinks.js";
import type { RoomEvent, RoomObserver } from "../../../node/signaling/roomObserver.js";
import { eventually } from "../support/eventually.js";
import { Stage } from "./support/stage.js";

class Notebook implements RoomObserver {
  readonly lines: { event: RoomEvent; webhookUrl: string | undefined }[] = [];

  event(event: RoomEvent, webhookUrl: string | undefined): void {
    this.lines.push({ event, webhookUrl });
  }

  /** In short: what happened to whom, and who is told. */
  get story(): string[] {
    return this.lines.map(({ event, webhookUrl }) => {
      const who = "participant" in event ? ` ${event.participant.identity}` : "";
      const what = "track" in event ? ` ${event.track.source}` : "reason" in event ? ` ${event.reason}` : "";
      return `${event.event}${who}${what} → ${webhookUrl?.split("//")[1] ?? "nobody"}`;
    });
  }
}

/** Another node of which this one hears, and what it hears of this one. */
class OtherNode extends EventEmitter<RoomLinkEvents> implements RoomLinks, RoomLink {
  readonly homeNodeId = 9n;
  readonly remotePeers: PeerInfo[] = [];
  readonly entered: { room: LinkedRoom; member: LinkMember }[] = [];
  readonly left: string[] = [];
  readonly commands: SignedRoomCommand[] = [];
  mediaRoom: Room | undefined;

  enter(room: LinkedRoom, member: LinkMember, mediaRoom: Room): Promise<RoomLink> {
    this.entered.push({ room, member });
    this.mediaRoom = mediaRoom;
    return Promise.resolve(this);
  }

  forward(command: SignedRoomCommand): boolean {
    this.commands.push(command);
    return true;
  }

  leave(sessionKey: string): void {
    this.left.push(sessionKey);
  }

  join(info: PeerInfo): void {
    this.remotePeers.push(info);
    this.emit("peerJoined", info);
  }
}

describe("what apps and other nodes hear of a room", () => {
  let stage: Stage | undefined;

  afterEach(async () => {
    await stage?.close();
    stage = undefined;
  });

  it("tells the app of rooms, participants and tracks, at the URL of each grant", async () => {
    const observer = new Notebook();
    stage = await Stage.open({ signaling: { observer } });
    const alice = await stage.joined("alice", { webhookUrl: "https://one.example" });
    const producer = await alice.publish(stage.tone(), "flute");
    const bob = await stage.joined("bob", { webhookUrl: "https://two.example" });
    const ghost = await stage.joined("ghost", { permissions: { hidden: true } });
    // A break that is mended is nobody's business.
    await bob.client.end();
    await bob.resume();
    await alice.request("closeProducer", { producerId: producer.id });
    await alice.publish(stage.tone(), "drum");
    alice.client.socket.close(1000);
    await eventually("alice left", () => observer.lines.length === 9);
    ghost.client.socket.close(1000);
    await eventually("the ghost left", () => observer.lines.length === 10);
    await stage.node.signaling.close();
    expect(observer.story).to.deep.equal([
      "room_started → one.example",
      "participant_joined alice → one.example",
      "track_published alice flute → one.example",
      "participant_joined bob → two.example",
      "participant_joined ghost → nobody",
      "track_unpublished alice flute → one.example",
      "track_published alice drum → one.example",
      "track_unpublished alice drum → one.example",
      "participant_left alice left → one.example",
      "participant_left ghost left → nobody",
      "participant_left bob node_closing → two.example",
      "room_finished → two.example",
    ]);
    for (const { event } of observer.lines) webhookEventSchema.parse(toWire({ ...event, id: "1" }));
  });

  it("keeps audits apart: few tracks, no events, not counted, not even in the room of the same name", async () => {
    const observer = new Notebook();
    const links = new OtherNode();
    stage = await Stage.open({ signaling: { observer, links } });
    const alice = await stage.joined("alice");
    stage.node.admission.isAudit = ({ identity }) => identity === "audit";
    const auditor = await stage.joined("audit");
    const second = await stage.joined("audit");
    expect(second.client.messages.find(({ id }) => id === 0)?.data).to.have.nested.property(
      "peers.length",
      1,
    );
    for (const source of ["a", "b"]) await auditor.publish(stage.tone(), source);
    await expectDenied(auditor.publish(stage.tone(), "c"));
    expect(observer.story.length).to.equal(2);
    expect(links.entered).to.have.length(1);
    expect(alice.client.received("peerJoined")).to.deep.equal([]);
    expect(await (await fetch(`http://127.0.0.1:${stage.node.signaling.port}/health`)).json()).to.include({
      participants: 1,
    });
  });

  it("shows those who are in the room on other nodes, and tells these of everybody here", async () => {
    const links = new OtherNode();
    stage = await Stage.open({ signaling: { links } });
    const rita: PeerInfo = { peerId: parseAddress(createSessionKey().address), identity: "rita" };
    const alice = await stage.joined("alice", { homes: [9n, 4n] });
    expect(links.entered[0]?.room).to.deep.include({
      name: "standup",
      hash: roomHash("standup"),
      homes: [9n, 4n],
    });
    expect(links.entered[0]?.member).to.deep.include({
      hidden: false,
      info: infoOf(alice.key.address, "alice"),
    });
    links.join(rita);
    expect((await alice.client.notification("peerJoined")).data).to.deep.equal(rita);
    const bob = await stage.joined("bob");
    const answer = bob.client.messages.find(({ id }) => id === 0)?.data;
    expect(answer).to.have.property("homeNodeId", "9");
    expect(answer).to.have.property("peers").that.deep.includes(rita);

    links.mediaRoom?.emit("activespeaker", rita.peerId);
    expect((await bob.client.notification("activeSpeaker")).data).to.deep.equal({ peerId: rita.peerId });
    links.remotePeers.length = 0;
    links.emit("peerLeft", rita.peerId);
    expect((await bob.client.notification("peerLeft")).data).to.deep.equal({ peerId: rita.peerId });

    links.emit("moved", parseAddress(bob.key.address));
    expect((await bob.client.closed).reason).to.equal("replaced");
    await eventually("the link is left", () => links.left.length === 1);
    expect(links.left).to.deep.equal([bob.key.address]);
  });

  it("passes commands on, and checks those that others pass on", async () => {
    const links = new OtherNode();
    stage = await Stage.open({ signaling: { links } });
    const { admission, signaling } = stage.node;
    const alice = await stage.joined("alice");
    const command = {
      ...{ app: admission.app, action: "remove" as const, target: alice.key.address },
      expiresAt: BigInt(Math.floor(Date.now() / 1_000) + 60),
    };
    const hashed = { ...command, room: roomHash("standup") };
    const clear = { ...command, room: "standup" };
    const forged = await roomCommand.sign(createSessionKey(), admission.domain, hashed);
    links.emit("command", { command: clear, signature: forged });
    expect(await alice.refused("restartIce", { transportId: "x" })).to.equal("not_found");
    const signature = await roomCommand.sign(admission.signer, admission.domain, hashed);
    links.emit("command", { command: clear, signature });
    expect((await alice.client.closed).reason).to.equal("removed_by_moderator");
    expect(links.commands, "what came from other nodes goes no further").to.deep.equal([]);

    // Nobody is here, but the room is known elsewhere.
    const response = await fetch(`http://127.0.0.1:${signaling.port}/rooms`, {
      method: "POST",
      body: JSON.stringify(toWire({ command: clear, signature })),
    });
    expect(await response.json()).to.deep.include({ affected: 0, forwarded: true });
    expect(links.commands).to.deep.equal([{ command: clear, signature }]);
  });
});

function infoOf(sessionKey: string, identity: string): PeerInfo {
  return { peerId: parseAddress(sessionKey), identity, name: undefined, metadata: undefined };
}

async function expectDenied(action: Promise<unknown>): Promise<void> {
  const error: unknown = await action.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(error).to.have.property("message", "permission_denied");
}
