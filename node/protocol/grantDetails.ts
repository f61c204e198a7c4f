import { z } from "zod";

/** Longest details text, in bytes of UTF-8. */
export const MAX_DETAILS_BYTES = 8 * 1024;

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
  permissions: z
    .strictObject({
      publish: z.boolean().default(true),
      subscribe: z.boolean().default(true),
      data: z.boolean().default(true),
    })
    .default({ publish: true, subscribe: true, data: true }),
  /** Where the app signs vouchers for the service that this grant allows. */
  voucherUrl: z.url({ protocol: /^https?$/ }).max(512),
});
export type GrantDetails = z.infer<typeof grantDetailsSchema>;

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
