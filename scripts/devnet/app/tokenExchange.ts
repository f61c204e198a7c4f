/**
 * What a participant asks the devnet's app: which rooms it has (GET /rooms), and for a token (POST /token). Shared with the page, so nothing of Node here.
 * A real app would first find out who is asking; this one lets everybody in.
 */
import { z } from "zod";
import { MAX_ROOM_NAME_LENGTH } from "../../../node/protocol/limits.js";
import {
  accessGrantSchema,
  addressSchema,
  signatureSchema,
  toWire,
  uint256Schema,
} from "../../../node/protocol/schemas.js";
import { typedDataDomainSchema } from "../../../node/protocol/signaling.js";

export const tokenRequestSchema = z.strictObject({
  /** The participant's own key for this session. */
  sessionKey: addressSchema,
  room: z.string().min(1).max(MAX_ROOM_NAME_LENGTH),
  /** How the participant wants to be called. */
  identity: z.string().trim().min(1).max(40),
});
export type TokenRequest = z.output<typeof tokenRequestSchema>;

export const tokenAnswerSchema = z.strictObject({
  /** The nodes that carry the room, its home first; `url` is a signaling address. */
  nodes: z.array(z.strictObject({ nodeId: uint256Schema, url: z.url({ protocol: /^wss?$/ }) })).min(1),
  domain: typedDataDomainSchema,
  token: z.strictObject({ grant: accessGrantSchema, grantSignature: signatureSchema, details: z.string() }),
});
export type TokenAnswer = z.output<typeof tokenAnswerSchema>;

const errorSchema = z.object({ error: z.string() });

/** @throws Error with the app's words where it refuses, or where it cannot be reached. */
export async function requestToken(
  appUrl: string,
  request: TokenRequest,
  signal?: AbortSignal,
): Promise<TokenAnswer> {
  const response = await fetch(new URL("token", appUrl), {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(toWire(request)),
    signal: AbortSignal.any([AbortSignal.timeout(10_000), ...(signal === undefined ? [] : [signal])]),
  });
  const answer: unknown = await response.json();
  if (!response.ok) {
    const refused = errorSchema.safeParse(answer);
    throw new Error(`the app gave no token: ${refused.data?.error ?? `HTTP ${response.status}`}`);
  }
  return tokenAnswerSchema.parse(answer);
}

const roomsSchema = z.object({ rooms: z.array(z.string()) });

/** The app's rooms. @throws Error where it cannot be reached. */
export async function listRooms(appUrl: string): Promise<string[]> {
  const response = await fetch(new URL("rooms", appUrl), { signal: AbortSignal.timeout(10_000) });
  if (!response.ok) throw new Error(`the app does not tell its rooms: HTTP ${response.status}`);
  return roomsSchema.parse(await response.json()).rooms;
}
