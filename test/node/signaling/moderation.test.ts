import { expect } from "chai";
import { Wallet } from "ethers";
import { createSessionKey } from "../../../node/client/sessionKey.js";
import type { SessionKey } from "../../../node/client/sessionKey.js";
import { parseAddress } from "../../../node/protocol/hex.js";
import type { ModerationAction } from "../../../node/protocol/roomCommand.js";
import { toWire } from "../../../node/protocol/schemas.js";
import { roomCommand, roomHash } from "../../../node/protocol/typedData.js";
import type { TypedDataSigner } from "../../../node/protocol/typedData.js";
import { eventually } from "../support/eventually.js";
import { RawClient } from "../support/RawClient.js";
import type { RawParticipant } from "./support/RawParticipant.js";
import { Stage } from "./support/stage.js";

interface CommandOptions {
  readonly signer?: TypedDataSigner;
  readonly room?: string;
  readonly app?: string;
  /** From now. */
  readonly seconds?: number;
  readonly admin?: object;
}

describe("moderation", () => {
  let stage: Stage;

  beforeEach(async () => {
    stage = await Stage.open();
  });

  afterEach(() => stage.close());

  /** Signs a command and posts it. */
  async function post(
    action: ModerationAction,
    target: string,
    { signer, room = "standup", app, seconds = 60, admin }: CommandOptions = {},
  ): Promise<{ status: number; body: unknown }> {
    const { admission } = stage.node;
    const command = {
      app: parseAddress(app ?? admission.app),
      ...{ action, target, expiresAt: BigInt(Math.floor(Date.now() / 1_000) + seconds) },
    };
    const signature = await roomCommand.sign(signer ?? admission.signer, admission.domain, {
      ...command,
      room: roomHash(room),
    });
    return postBody(JSON.stringify(toWire({ command: { ...command, room }, signature, admin })));
  }

  async function postBody(body: string): Promise<{ status: number; body: unknown }> {
    const url = `http://127.0.0.1:${stage.node.signaling.port}/rooms`;
    const response = await fetch(url, { method: "POST", body });
    return { status: response.status, body: await response.json() };
  }

  async function expectRefused(
    answer: Promise<{ status: number; body: unknown }>,
    status: number,
    error: string,
  ) {
    const { status: got, body } = await answer;
    expect({ got, body }).to.have.nested.property("body.error", error);
    expect(got).to.equal(status);
  }

  /** As an admin in the room asks for it. */
  async function moderate(admin: RawParticipant, action: ModerationAction, target: string) {
    const { admission } = stage.node;
    const expiresAt = BigInt(Math.floor(Date.now() / 1_000) + 60);
    const command = { app: admission.app, room: roomHash("standup"), action, target, expiresAt };
    const signature = await roomCommand.sign(admin.key, admission.domain, command);
    return admin.client.request("moderate", { action, target, expiresAt, signature });
  }

  it("mutes a track until it is unmuted, whatever the publisher does", async () => {
    const [alice, bob] = [await stage.joined("alice"), await stage.joined("bob")];
    await bob.receive();
    const { id: producerId } = await alice.publish(stage.tone());
    await eventually("bob hears", async () => (await bob.bytesReceived()) > 0);
    expect(await post("mute", producerId)).to.deep.equal({
      status: 200,
      body: { room: "standup", action: "mute", target: producerId, affected: 1, forwarded: false },
    });
    await bob.client.notification("producerPaused");
    expect((await alice.client.notification("trackMuted")).data).to.deep.equal({ producerId, muted: true });
    expect(await alice.refused("resumeProducer", { producerId })).to.equal("muted_by_moderator");
    await expectRefused(post("mute", producerId), 404, "target_unknown");

    expect((await post("unmute", producerId)).status).to.equal(200);
    await bob.client.notification("producerResumed");
    await eventually("alice is told", () => alice.client.received("trackMuted").length === 2);
    await alice.request("pauseProducer", { producerId });
    await post("mute", producerId);
    await post("unmute", producerId);
    // The publisher's own pause is not a moderator's to end.
    expect(bob.client.received("producerResumed")).to.have.length(1);
    await alice.request("resumeProducer", { producerId });
    await eventually("bob is told", () => bob.client.received("producerResumed").length === 2);
  });

  it("tells one who comes back of what was muted meanwhile", async () => {
    const alice = await stage.joined("alice");
    const { id: producerId } = await alice.publish(stage.tone());
    await alice.client.end();
    await post("mute", producerId);
    await alice.resume();
    expect((await alice.client.notification("trackMuted")).data).to.deep.equal({ producerId, muted: true });
  });

  it("removes a participant, who may not come back to this room", async () => {
    const [alice, bob] = [await stage.joined("alice"), await stage.joined("bob")];
    const answer = await post("remove", alice.key.address);
    expect(answer.body).to.deep.include({ affected: 1 });
    expect((await alice.client.closed).reason).to.equal("removed_by_moderator");
    expect(alice.client.received("goodbye")).to.deep.equal([
      { code: "removed_by_moderator", reason: "a moderator removed you from the room", rejoin: "no" },
    ]);
    await bob.client.notification("peerLeft");
    expect(await joinCode(alice.key, "standup")).to.equal("removed_by_moderator");
    expect(await joinCode(alice.key, "retro")).to.equal(undefined);
    expect(await joinCode(createSessionKey(), "standup")).to.equal(undefined);
  });

  it("closes a room", async () => {
    const people = [await stage.joined("alice"), await stage.joined("bob")];
    const other = await stage.joined("carol", { room: "retro" });
    await people[1]?.client.end();
    expect((await post("close", "")).body).to.deep.include({ affected: 2 });
    expect((await people[0]?.client.closed)?.reason).to.equal("room_closed");
    await eventually("one room is left", () => stage.node.media.roomCount === 1);
    expect(await other.refused("restartIce", { transportId: "x" })).to.equal("not_found");
    await expectRefused(post("close", ""), 404, "room_unknown");
  });

  it("takes only what the app signed, just now, for a room that is here", async () => {
    const alice = await stage.joined("alice");
    const target = alice.key.address;
    await expectRefused(post("remove", target, { signer: Wallet.createRandom() }), 403, "signer_unknown");
    await expectRefused(
      post("remove", target, { app: Wallet.createRandom().address }),
      403,
      "signer_unknown",
    );
    await expectRefused(post("remove", target, { seconds: -1 }), 403, "command_expired");
    await expectRefused(post("remove", target, { seconds: 600 }), 400, "command_valid_too_long");
    await expectRefused(post("close", "", { room: "retro" }), 404, "room_unknown");
    await expectRefused(post("mute", "none"), 404, "target_unknown");
    await expectRefused(postBody("{"), 400, "command_malformed");
    await expectRefused(postBody(JSON.stringify({ command: {}, signature: "0x" })), 400, "command_malformed");
    await expectRefused(postBody(" ".repeat(20_000)), 413, "body_too_large");
    expect(await alice.refused("restartIce", { transportId: "x" })).to.equal("not_found");
  });

  it("is for admins in the room too, who sign themselves", async () => {
    const admin = await stage.joined("admin", { permissions: { admin: true } });
    const [alice, bob] = [await stage.joined("alice"), await stage.joined("bob")];
    const { id: producerId } = await bob.publish(stage.tone());
    expect((await moderate(alice, "mute", producerId)).errorCode).to.equal("permission_denied");
    expect((await moderate(admin, "mute", producerId)).errorCode).to.equal(undefined);
    await bob.client.notification("trackMuted");
    expect((await moderate(admin, "mute", "none")).errorCode).to.equal("target_unknown");
    const forged = {
      action: "close",
      target: "",
      expiresAt: 9_999_999_999n,
      signature: `0x${"11".repeat(65)}`,
    };
    expect(await admin.refused("moderate", forged)).to.equal("command_valid_too_long");
    expect((await moderate(admin, "remove", bob.key.address)).errorCode).to.equal(undefined);
    expect((await bob.client.closed).reason).to.equal("removed_by_moderator");
  });

  it("is for admins who are not in the room, by their grant", async () => {
    const alice = await stage.joined("alice");
    const key = createSessionKey();
    const grantOf = (permissions: object) => stage.node.token(key, { identity: "desk", permissions });
    const target = alice.key.address;
    const plain = await grantOf({ join: false });
    await expectRefused(post("remove", target, { signer: key, admin: plain }), 403, "not_admin");
    const admin = await grantOf({ join: false, admin: true });
    await expectRefused(post("remove", target, { admin }), 403, "signature_invalid");
    await expectRefused(post("remove", target, { signer: key }), 403, "signer_unknown");
    const swapped = { ...plain, details: admin.details };
    await expectRefused(post("remove", target, { signer: key, admin: swapped }), 403, "grant_mismatch");
    const forged = { ...admin, grantSignature: plain.grantSignature };
    await expectRefused(post("remove", target, { signer: key, admin: forged }), 403, "signer_unknown");
    expect((await post("remove", target, { signer: key, admin })).status).to.equal(200);
    expect((await alice.client.closed).reason).to.equal("removed_by_moderator");
  });

  it("limits how often an address may try", async () => {
    await stage.close();
    stage = await Stage.open({ limits: { requestBurst: 3, requestsPerSecond: 0.01 } });
    for (let attempt = 0; attempt < 3; attempt += 1)
      await expectRefused(postBody("{"), 400, "command_malformed");
    await expectRefused(postBody("{"), 429, "rate_limited");
  });

  it("gives strangers who guess at keys no more than a few tries", async () => {
    const alice = await stage.joined("alice");
    for (let attempt = 0; attempt < 20; attempt += 1) {
      const signer = Wallet.createRandom();
      await expectRefused(post("remove", alice.key.address, { signer }), 403, "signer_unknown");
    }
    await expectRefused(post("remove", alice.key.address), 429, "rate_limited");
  });

  /** What a join is refused with; undefined where it is not. */
  async function joinCode(key: SessionKey, room: string): Promise<string | undefined> {
    const client = await RawClient.welcomed(stage.node.signaling.url);
    try {
      return (await client.request("join", await stage.node.claim(client, key, { room }))).errorCode;
    } finally {
      await client.end();
    }
  }
});
