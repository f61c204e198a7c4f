import { z } from "zod";
import { mediaKindSchema } from "./mediaParameters.js";
import type { MediaKind } from "./mediaParameters.js";
import { epochSchema, uint256Schema } from "./schemas.js";

/** Longest details text, in bytes of UTF-8. */
export const MAX_DETAILS_BYTES = 8 * 1024;

const httpUrlSchema = z.url({ protocol: /^https?$/ }).max(512);

/** What a participant may do. */
export const permissionsSchema = z.strictObject({
  /** Be in the room. Without it a grant serves to administrate a room only. */
  join: z.boolean().default(true),
  /** Publish tracks: all, none, or those of some kinds. */
  publish: z.union([z.boolean(), z.array(mediaKindSchema).max(2)]).default(true),
  subscribe: z.boolean().default(true),
  /** Send to others by data channels; whoever may subscribe receives what others send. */
  data: z.boolean().default(true),
  /** Nobody is told that the participant is there; it publishes and sends nothing. */
  hidden: z.boolean().default(false),
  /** Mute and remove others, and close the room. */
  admin: z.boolean().default(false),
});
export type Permissions = z.output<typeof permissionsSchema>;
/** As an app writes them: what it leaves out is as usual. */
export type PermissionsInput = z.input<typeof permissionsSchema>;

/**
 * The claims that an app binds to a grant by `detailsHash` and that stay off chain. A JSON object; members that are
 * not named here are the app's own and are passed on.
 */
export const grantDetailsSchema = z.looseObject({
  /** Who the participant is for the app; unique in a room. */
  identity: z.string().min(1).max(128),
  /** What other participants see. */
  name: z.string().max(128).optional(),
  /** The app's own data about the participant. */
  metadata: z.string().max(4096).optional(),
  permissions: permissionsSchema.prefault({}),
  /** Where the app signs vouchers for the service that this grant allows. Only an audit has none. */
  voucherUrl: httpUrlSchema.optional(),
  /** Where the app is told what happens in the room (`webhook.ts`). */
  webhookUrl: httpUrlSchema.optional(),
  /**
   * Nodes that may keep the room together, by id, best first: the room's home is the first of them that answers. Without
   * them, and where none answers, the node that the participant joins is the home, and the room is its alone.
   */
  homes: z.array(uint256Schema).max(8).optional(),
  /** A node audits the one that it joins: the grant is signed by its operator key, and it pays nothing. */
  audit: z.strictObject({ auditorId: uint256Schema, epoch: epochSchema }).optional(),
});
export type GrantDetails = z.infer<typeof grantDetailsSchema>;

/** Whether a participant may publish tracks of a kind. Who is hidden publishes nothing. */
export function mayPublish({ publish, hidden }: Permissions, kind: MediaKind): boolean {
  return !hidden && (typeof publish === "boolean" ? publish : publish.includes(kind));
}

/**
 * Reads the details of a grant.
 * @throws RangeError saying what is wrong with them.
 */
export function parseGrantDetails(details: string): GrantDetails {
  if (new TextEncoder().encode(details).length > MAX_DETAILS_BYTES) {
    throw new RangeError(`the grant's details are longer than ${MAX_DETAILS_BYTES} bytes`);
  }
  let json: unknown;
  try {
    json = JSON.parse(details);
  } catch {
    throw new RangeError("the grant's details are not JSON");
  }
  const parsed = grantDetailsSchema.safeParse(json);
  if (!parsed.success)
    throw new RangeError(`the grant's details are invalid: ${z.prettifyError(parsed.error)}`);
  return parsed.data;
}
