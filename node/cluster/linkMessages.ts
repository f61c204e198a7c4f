import { z } from "zod";
import { linkNotifications, linkRequests } from "../protocol/nodeLink.js";
import type { LinkMethod, LinkNotification, LinkNotifications, LinkRequests } from "../protocol/nodeLink.js";
import { LinkError } from "./linkError.js";

/** A request of the other node, checked. */
export type LinkRequest = {
  [M in LinkMethod]: { readonly method: M; readonly data: z.output<LinkRequests[M]["data"]> };
}[LinkMethod];

/** A notification of the other node about a room, checked. */
export type LinkNotice = {
  [M in Exclude<LinkNotification, "about">]: {
    readonly method: M;
    readonly data: z.output<LinkNotifications[M]>;
  };
}[Exclude<LinkNotification, "about">];

/** Orders what belongs together: everything about one room. */
export function roomOf(data: unknown): string {
  const parsed = z.object({ room: z.object({ app: z.string(), hash: z.string() }) }).safeParse(data);
  return parsed.success ? `${parsed.data.room.app}/${parsed.data.room.hash}`.toLowerCase() : "";
}

export function parseRequest(method: string, data: unknown): LinkRequest {
  const parsed = requestSchema.safeParse({ method, data });
  if (parsed.success) return parsed.data;
  if (!Object.hasOwn(linkRequests, method)) {
    throw new LinkError("unknown_method", `there is no request "${method.slice(0, 64)}"`);
  }
  throw new LinkError("invalid_request", `${method}: ${z.prettifyError(parsed.error).slice(0, 512)}`);
}

/** Undefined for one that this version does not know. */
export function parseNotice(method: string, data: unknown): LinkNotice | undefined {
  if (!Object.hasOwn(linkNotifications, method)) return undefined;
  return noticeSchema.parse({ method, data });
}

export function parseAnswer<M extends LinkMethod>(
  method: M,
  answer: unknown,
): z.output<LinkRequests[M]["answer"]> {
  const parsed = linkRequests[method].answer.safeParse(answer);
  if (!parsed.success) throw new LinkError("failed", `the answer to ${method} is malformed`);
  return parsed.data as z.output<LinkRequests[M]["answer"]>;
}

/** Each method with its schema, so that what comes out is one of `LinkRequest` and not a mixture of them. */
const requestSchema = z.discriminatedUnion("method", [
  z.object({ method: z.literal("register"), data: linkRequests.register.data }),
  z.object({ method: z.literal("enterRoom"), data: linkRequests.enterRoom.data }),
  z.object({ method: z.literal("addMember"), data: linkRequests.addMember.data }),
  z.object({ method: z.literal("pipeTrack"), data: linkRequests.pipeTrack.data }),
  z.object({ method: z.literal("pipeData"), data: linkRequests.pipeData.data }),
]);

const noticeSchema = z.discriminatedUnion("method", [
  z.object({ method: z.literal("nodes"), data: linkNotifications.nodes }),
  z.object({ method: z.literal("unregister"), data: linkNotifications.unregister }),
  z.object({ method: z.literal("synced"), data: linkNotifications.synced }),
  z.object({ method: z.literal("removeMember"), data: linkNotifications.removeMember }),
  z.object({ method: z.literal("leaveRoom"), data: linkNotifications.leaveRoom }),
  z.object({ method: z.literal("track"), data: linkNotifications.track }),
  z.object({ method: z.literal("trackPaused"), data: linkNotifications.trackPaused }),
  z.object({ method: z.literal("trackClosed"), data: linkNotifications.trackClosed }),
  z.object({ method: z.literal("dataChannel"), data: linkNotifications.dataChannel }),
  z.object({ method: z.literal("dataChannelClosed"), data: linkNotifications.dataChannelClosed }),
  z.object({ method: z.literal("release"), data: linkNotifications.release }),
  z.object({ method: z.literal("pipeClosed"), data: linkNotifications.pipeClosed }),
  z.object({ method: z.literal("command"), data: linkNotifications.command }),
]);
