// How values come in GraphQL's answers.
import { z } from "zod";

export const amount = z.string().transform((digits) => BigInt(digits));
/** A time as Unix seconds. */
export const time = z.string().transform((iso) => Date.parse(iso) / 1_000);
/** Another entity. */
export const entity = z.object({ id: z.string() });
