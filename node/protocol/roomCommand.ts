import { z } from "zod";
import { MAX_DETAILS_BYTES } from "./grantDetails.js";
import { MAX_ROOM_NAME_LENGTH } from "./limits.js";
import { accessGrantSchema, addressSchema, signatureSchema, uint64Schema } from "./schemas.js";

/**
 * What an app, or an admin in the room, may do to a room. `target` is the id of a published track to (un)mute, the
 * session key of the participant to remove, or empty to close the room.
 */
export const moderationActionSchema = z.enum(["mute", "unmute", "remove", "close"]);
export type ModerationAction = z.infer<typeof moderationActionSchema>;

/** Longest time for which a command may be valid: it can be repeated until then. */
export const MAX_COMMAND_SECONDS = 120;

/**
 * Body of `POST /rooms` on a node's public port: a `RoomCommand` with the room's name in clear, and its signature: by
 * one of the app's signers, or by the session key of an admin, whose grant then goes with it. So every node of a room
 * can check it, whoever passes it on.
 */
export const signedRoomCommandSchema = z.strictObject({
  command: z.strictObject({
    app: addressSchema,
    room: z.string().min(1).max(MAX_ROOM_NAME_LENGTH),
    action: moderationActionSchema,
    target: z.string().max(64),
    expiresAt: uint64Schema,
  }),
  signature: signatureSchema,
  /** Where an admin in the room signed: what makes the key one. */
  admin: z
    .strictObject({
      grant: accessGrantSchema,
      grantSignature: signatureSchema,
      details: z.string().max(MAX_DETAILS_BYTES),
    })
    .optional(),
});
export type SignedRoomCommand = z.infer<typeof signedRoomCommandSchema>;
