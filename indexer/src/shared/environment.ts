import { z } from "zod";

/** Switches in the environment are written 1 or 0, true or false. */
export const flag = z
  .enum(["1", "0", "true", "false"])
  .transform((value) => value === "1" || value === "true");

/** A TCP port; 0 lets the system choose one. */
export const port = z.coerce.number().int().min(0).max(65_535);

/**
 * Reads settings from the environment, lowercase defaults applied.
 * @throws Error that names every variable that is missing or wrong.
 */
export function readEnvironment<Schema extends z.ZodType>(schema: Schema, program: string): z.infer<Schema> {
  // An empty variable means the same as none: that is how shells and compose files leave one out.
  const present = Object.entries(process.env).filter(([, value]) => value !== undefined && value !== "");
  const result = schema.safeParse(Object.fromEntries(present));
  if (!result.success) {
    throw new Error(`${program}: the environment is not valid:\n${z.prettifyError(result.error)}`);
  }
  return result.data;
}
