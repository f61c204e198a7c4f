import { z } from "zod";
import { MAX_DETAILS_BYTES } from "../protocol/grantDetails.js";
import { accessGrantSchema, signatureSchema, toWire } from "../protocol/schemas.js";

export const roomTokenSchema = z.strictObject({
  grant: accessGrantSchema,
  grantSignature: signatureSchema,
  details: z.string().max(MAX_DETAILS_BYTES),
});

/** What an app gives a participant, so that it gets into a room: made by `AccessToken`. */
export type RoomToken = z.infer<typeof roomTokenSchema>;

/** A token as JSON, for the way from the app's backend to the participant. */
export function stringifyRoomToken(token: RoomToken): string {
  return JSON.stringify(toWire(token));
}

/**
 * Reads a token that `stringifyRoomToken` wrote.
 * @throws RangeError saying what is wrong with it.
 */
export function parseRoomToken(text: string): RoomToken {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw new RangeError("the room token is not JSON");
  }
  const parsed = roomTokenSchema.safeParse(json);
  if (!parsed.success) throw new RangeError(`the room token is invalid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
