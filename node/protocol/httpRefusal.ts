import { z } from "zod";

/**
 * What an HTTP endpoint of the protocol answers where it does not do what it was asked, with the status that fits: all
 * on a node's public port, and an app's voucher endpoint. `error` is a code for programs, `message` is for people.
 */
export const httpRefusalSchema = z.looseObject({ error: z.string().max(64), message: z.string().max(2_048) });
export type HttpRefusal = Readonly<z.infer<typeof httpRefusalSchema>>;

/** A message that is too long is cut. */
export function httpRefusal(error: string, message: string): HttpRefusal {
  return { error, message: message.slice(0, 2_048) };
}
