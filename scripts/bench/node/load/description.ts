import { z } from "zod";

/** The credentials of one side of an ICE connection (RFC 8445). */
const iceCredentialsSchema = z.object({ usernameFragment: z.string(), password: z.string() });

/** Where a media server waits for an endpoint, and with which credentials. */
export const remoteDescriptionSchema = iceCredentialsSchema.extend({
  address: z.string(),
  port: z.number(),
  /** Whether it nominates the pair (the controlling role of RFC 8445); else the endpoint does. */
  controlling: z.boolean(),
});
export type RemoteDescription = z.output<typeof remoteDescriptionSchema>;

/** What a media server has to know of an endpoint: its certificate's SHA-256 fingerprint, as SDP writes it. */
export const localDescriptionSchema = iceCredentialsSchema.extend({
  id: z.number(),
  fingerprint: z.string(),
  port: z.number(),
});
export type LocalDescription = z.output<typeof localDescriptionSchema>;
