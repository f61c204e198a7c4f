import type { Logger } from "pino";
import { parseGrantDetails } from "../protocol/grantDetails.js";
import { JoinRefused } from "../protocol/refusals.js";
import { MAX_COMMAND_SECONDS } from "../protocol/roomCommand.js";
import type { SignedRoomCommand } from "../protocol/roomCommand.js";
import { InvalidSignature, accessGrant, detailsHash, roomCommand, roomHash } from "../protocol/typedData.js";
import type { Address } from "../protocol/typedData.js";
import type { Admission } from "./admission.js";
import type { ParticipantRequest } from "./clientRequest.js";
import { CommandRefused } from "./CommandRefused.js";
import type { Lobby } from "./Lobby.js";
import type { Participant } from "./Participant.js";
import { Removals } from "./Removals.js";
import { RequestError, denied } from "./requestError.js";
import type { RoomLinks } from "./roomLinks.js";

export interface ModerationOptions {
  readonly admission: Admission;
  readonly lobby: Lobby;
  readonly links: RoomLinks;
  /** How long somebody who was removed may not come back, at most. */
  readonly removalMs: number;
  readonly logger: Logger;
}

/** What came of a command. */
export interface CommandOutcome {
  /** Tracks (un)muted, or participants sent away, on this node. */
  readonly affected: number;
  /** Whether other nodes were told. */
  readonly forwarded: boolean;
}

/** Commands of apps and of admins in the room: checked wherever they come from, done here, and passed on. */
export class Moderation {
  readonly #options: ModerationOptions;
  readonly #removals = new Removals();

  constructor(options: ModerationOptions) {
    this.#options = options;
  }

  /** Throws RequestError: removed_by_moderator. */
  assertNotRemoved(app: Address, room: string, sessionKey: Address): void {
    if (this.#removals.has(app, room, sessionKey)) {
      throw new RequestError("removed_by_moderator", "a moderator removed you from this room");
    }
  }

  /** From an app's backend, or from an admin who need not be in the room. Throws CommandRefused, JoinRefused. */
  async byAnybody(signed: SignedRoomCommand): Promise<CommandOutcome> {
    await this.#check(signed);
    const { app, room, target } = signed.command;
    const live = this.#options.lobby.room(app, room);
    // First the others: where everybody leaves here, the link to them ends.
    const others = live ? live.link.remotePeers.length > 0 : false;
    live?.link.forward(signed);
    const forwarded = live ? others : this.#options.links.forward(signed);
    const affected = await this.#do(signed);
    if (!live && !forwarded)
      throw new CommandRefused(404, "room_unknown", `nobody is in the room "${room}" here`);
    if (affected === 0 && !forwarded) {
      throw new CommandRefused(404, "target_unknown", `there is nothing to do for "${target}" in the room`);
    }
    return { affected, forwarded };
  }

  /** From an admin in the room. Throws RequestError: permission_denied; CommandRefused, JoinRefused. */
  async byAdmin(
    admin: Participant,
    { action, target, expiresAt, signature }: Extract<ParticipantRequest, { method: "moderate" }>["data"],
  ): Promise<void> {
    if (!admin.details.permissions.admin) throw denied("moderate the room");
    const { app, name: room } = admin.room.room;
    const { grant, grantSignature, details } = admin.claim;
    const command = { app, room, action, target, expiresAt };
    await this.byAnybody({ command, signature, admin: { grant, grantSignature, details } });
  }

  /** From another node, which passes on what somebody signed. Never rejects. */
  async fromNode(signed: SignedRoomCommand): Promise<void> {
    try {
      await this.#check(signed);
      await this.#do(signed);
    } catch (error) {
      const { app, action } = signed.command;
      this.#options.logger.info({ err: error, app, action }, "command of another node refused");
    }
  }

  async #check({ command, signature, admin }: SignedRoomCommand): Promise<void> {
    const { admission } = this.#options;
    const { app, room, action, target, expiresAt } = command;
    const aheadSeconds = Number(expiresAt) - Date.now() / 1_000;
    if (aheadSeconds <= 0) throw new CommandRefused(403, "command_expired", "the command has expired");
    if (aheadSeconds > MAX_COMMAND_SECONDS) {
      const message = `a command is valid for at most ${MAX_COMMAND_SECONDS} s`;
      throw new CommandRefused(400, "command_valid_too_long", message);
    }
    const hash = roomHash(room);
    const signer = recovered("command", () =>
      roomCommand.recover(admission.domain, { app, room: hash, action, target, expiresAt }, signature),
    );
    if (!admin) return this.#checkAppSigner(app, signer, "command");
    const { grant, grantSignature, details } = admin;
    if (signer !== grant.sessionKey) {
      throw new CommandRefused(403, "signature_invalid", "the grant's session key did not sign the command");
    }
    if (grant.app !== app || grant.room !== hash || grant.detailsHash !== detailsHash(details)) {
      throw new CommandRefused(403, "grant_mismatch", "the grant is for another app, room or other details");
    }
    if (Number(grant.expiresAt) <= Date.now() / 1_000) {
      throw new CommandRefused(403, "grant_expired", "the admin's grant has expired");
    }
    if (!isAdmin(details) || this.#removals.has(app, room, signer)) {
      throw new CommandRefused(403, "not_admin", "the grant does not allow to moderate the room");
    }
    const grantSigner = recovered("grant", () =>
      accessGrant.recover(admission.domain, grant, grantSignature),
    );
    await this.#checkAppSigner(app, grantSigner, "grant");
  }

  async #checkAppSigner(app: Address, signer: Address, what: string): Promise<void> {
    if (await this.#options.admission.isAppSigner(app, signer)) return;
    throw new CommandRefused(
      403,
      "signer_unknown",
      `${signer}, who signed the ${what}, is no signer of app ${app}`,
    );
  }

  /** Does it on this node; resolves to how many tracks or participants it concerned. */
  async #do({ command }: SignedRoomCommand): Promise<number> {
    const { app, room: name, action, target } = command;
    const members = this.#options.lobby.room(app, name)?.members ?? [];
    this.#options.logger.info({ app, room: name, action, target }, "room moderated");
    switch (action) {
      case "mute":
      case "unmute": {
        const changes = await Promise.all(members.map((one) => one.setMuted(target, action === "mute")));
        return changes.filter((changed) => changed).length;
      }
      case "remove": {
        const removed = members.filter(({ info }) => info.peerId.toLowerCase() === target.toLowerCase());
        this.#remember(app, name, target, removed[0]);
        const reason = "a moderator removed you from the room";
        for (const one of removed) void one.sendAway("removed_by_moderator", reason);
        return removed.length;
      }
      case "close":
        for (const one of members) void one.sendAway("room_closed", "the room was closed");
        return members.length;
    }
  }

  #remember(app: Address, room: string, sessionKey: string, removed: Participant | undefined): void {
    const latestMs = Date.now() + this.#options.removalMs;
    const grantEndsMs = removed ? Number(removed.claim.grant.expiresAt) * 1_000 : latestMs;
    this.#removals.add(app, room, sessionKey, Math.min(latestMs, grantEndsMs));
  }
}

function isAdmin(details: string): boolean {
  try {
    return parseGrantDetails(details).permissions.admin;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function recovered(what: string, recover: () => Address): Address {
  try {
    return recover();
  } catch (error) {
    if (!(error instanceof InvalidSignature)) throw error;
    throw new CommandRefused(403, "signature_invalid", `the ${what}: ${error.message}`);
  }
}

/** The HTTP status of what `Moderation` throws; undefined where it is something unexpected. */
export function refusalOf(error: unknown): { status: number; code: string; message: string } | undefined {
  if (error instanceof CommandRefused) return error;
  if (error instanceof JoinRefused) return { status: 503, code: error.code, message: error.message };
  return undefined;
}
