import { readFileSync } from "node:fs";
import { z } from "zod";

/** Of this software, from its package. */
export const VERSION: string = z
  .looseObject({ version: z.string() })
  .parse(JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"))).version;
