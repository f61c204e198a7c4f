import { z } from "zod";
import { MAX_ROOM_NAME_LENGTH } from "./limits.js";
import { mediaKindSchema } from "./mediaParameters.js";
import { addressSchema, uint256Schema } from "./schemas.js";

// What a node tells an app by HTTP POST to the `webhookUrl` of a grant: this JSON as the body, and in headers who signed
// it (`WebhookProof`). Each event is delivered at least once, those of one room in their order; `id` tells repetitions.

export const WEBHOOK_HEADERS = {
  /** The node's operator signature over `WebhookProof`. */
  signature: "dtelecom-signature",
  /** Unix time in seconds. */
  issuedAt: "dtelecom-issued-at",
} as const;

const participant = z.strictObject({ sessionKey: addressSchema, identity: z.string() });
const track = z.strictObject({ id: z.string(), kind: mediaKindSchema, source: z.string() });
const common = {
  /** The same in each repetition. */
  id: z.string().min(1).max(64),
  nodeId: uint256Schema,
  app: addressSchema,
  room: z.string().min(1).max(MAX_ROOM_NAME_LENGTH),
  /** Unix time in milliseconds. */
  atMs: z.number().int().positive(),
};

/** Something that happened in a room on this node. A room on several nodes starts and finishes on each of them. */
export const webhookEventSchema = z.discriminatedUnion("event", [
  z.strictObject({ ...common, event: z.literal("room_started") }),
  z.strictObject({ ...common, event: z.literal("room_finished") }),
  z.strictObject({ ...common, event: z.literal("participant_joined"), participant }),
  z.strictObject({ ...common, event: z.literal("participant_left"), participant, reason: z.string() }),
  z.strictObject({ ...common, event: z.literal("track_published"), participant, track }),
  z.strictObject({ ...common, event: z.literal("track_unpublished"), participant, track }),
]);
export type WebhookEvent = z.infer<typeof webhookEventSchema>;
