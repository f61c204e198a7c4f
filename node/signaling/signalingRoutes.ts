import { z } from "zod";
import type { MediaServer } from "../media/MediaServer.js";
import { signedRoomCommandSchema } from "../protocol/roomCommand.js";
import { AddressLimiter } from "./AddressLimiter.js";
import type { Admission } from "./admission.js";
import type { Entrance } from "./Entrance.js";
import type { Lobby } from "./Lobby.js";
import { refusalOf } from "./Moderation.js";
import type { Moderation } from "./Moderation.js";
import { refusal } from "./publicRoutes.js";
import type { PublicAnswer, PublicRoute } from "./publicRoutes.js";

/** A command, an admin's grant and its details fit. */
const MAX_COMMAND_BYTES = 16 * 1024;
/** Commands by keys that are no signers: an address may try so many at once, and regains so many each second. */
const STRANGERS = { burst: 20, perSecond: 0.5 };
/** How old an answer of `GET /health` may be. */
const HEALTH_AGE_MS = 1_000;

/** `POST /rooms`: carries out a `SignedRoomCommand`. */
export function moderationRoute(moderation: Moderation): PublicRoute {
  // Each key that this node has not seen yet costs a question to the chain.
  const strangers = new AddressLimiter(STRANGERS.burst, STRANGERS.perSecond);
  return {
    method: "POST",
    path: "/rooms",
    maxBodyBytes: MAX_COMMAND_BYTES,
    async handle({ body, remoteAddress }) {
      if (strangers.isEmpty(remoteAddress)) {
        return refusal(429, "rate_limited", "too many commands that no app has signed", {
          "retry-after": "2",
        });
      }
      const parsed = signedRoomCommandSchema.safeParse(jsonOf(body));
      if (!parsed.success) {
        return refusal(400, "command_malformed", z.prettifyError(parsed.error));
      }
      try {
        const { action, room, target } = parsed.data.command;
        const outcome = await moderation.byAnybody(parsed.data);
        return { status: 200, body: { room, action, target, ...outcome } };
      } catch (error) {
        const refused = refusalOf(error);
        if (!refused) throw error;
        if (refused.code === "signer_unknown") strangers.take(remoteAddress);
        return refusal(refused.status, refused.code, refused.message);
      }
    },
  };
}

export interface HealthOptions {
  readonly admission: Admission;
  readonly media: MediaServer;
  readonly lobby: Lobby;
  readonly entrance: Entrance;
  readonly version?: string | undefined;
}

/**
 * `GET /health`: whether the node is up, and how much room it has. Clients of any page may ask: they measure the time of
 * the answer to choose among nodes.
 */
export function healthRoute({ admission, media, lobby, entrance, version }: HealthOptions): PublicRoute {
  const headers = {
    "access-control-allow-origin": "*",
    "timing-allow-origin": "*",
    "cache-control": `public, max-age=${HEALTH_AGE_MS / 1_000}`,
  };
  let madeMs = -Infinity;
  let made: PublicAnswer;
  return {
    method: "GET",
    path: "/health",
    maxBodyBytes: 0,
    handle() {
      const nowMs = performance.now();
      if (nowMs - madeMs >= HEALTH_AGE_MS) {
        const { nodeId } = admission;
        const { maxPeers } = media.limits;
        const participants = lobby.participants.filter(({ session }) => !session.audit).length;
        const load = loadOf(media);
        const accepting = entrance.open && admission.accepting && load < 1;
        const body = { status: "ok", nodeId, version, participants, maxPeers, load, accepting };
        made = { status: 200, body, headers };
        madeMs = nowMs;
      }
      return Promise.resolve(made);
    },
  };
}

/** How much of what is scarcest is used up, 0 to 1: places, or cores. */
function loadOf({ peerCount, limits, load }: MediaServer): number {
  const shares = load.workers.map(({ cpuShare }) => cpuShare);
  const cpuShare = shares.reduce((sum, share) => sum + share, 0) / Math.max(1, shares.length);
  return Math.round(1_000 * Math.min(1, Math.max(peerCount / limits.maxPeers, cpuShare))) / 1_000;
}

function jsonOf(body: Buffer): unknown {
  try {
    return JSON.parse(body.toString("utf8"));
  } catch {
    return undefined;
  }
}
