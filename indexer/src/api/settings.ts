import { join } from "node:path";
import { z } from "zod";
import { INDEXER_DIRECTORY } from "../database/entities";
import { port, readEnvironment } from "../shared/environment";

const urlList = z
  .string()
  .transform((list) => list.split(",").map((url) => url.trim()))
  .pipe(z.array(z.url()));

const settingsSchema = z.object({
  /** postgres:// URL of the database that the processor fills. */
  DB_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  API_HOST: z.string().default("127.0.0.1"),
  /** TCP port; 0 for a free one. */
  API_PORT: port.default(4350),
  /** Folder of the built page that is served at /. */
  PAGE_DIRECTORY: z.string().default(join(INDEXER_DIRECTORY, "dashboard", "dist")),
  /** For the page's /config.json: where the contracts are, */
  DEPLOYMENT_FILE: z.string().optional(),
  /** WebSocket URLs of nodes to join, separated by commas, */
  NODE_ENDPOINTS: urlList.optional(),
  /** and the demo app that gives access grants. */
  APP_ENDPOINT: z.url().optional(),
  /** Levels of fields in an operation. */
  MAX_QUERY_DEPTH: z.coerce.number().int().min(1).default(10),
  /** Fields in an operation, fragments counted wherever they are used. */
  MAX_QUERY_FIELDS: z.coerce.number().int().min(1).default(500),
  /** Values that an operation may return at most, judged by its limits before it runs. */
  MAX_RESPONSE_VALUES: z.coerce.number().int().min(1).default(50_000),
  /** Time for one statement in the database. */
  QUERY_TIMEOUT_MS: z.coerce.number().int().min(100).default(10_000),
  /** Connections to the database, so operations that run at once; others wait. */
  DB_CONNECTIONS: z.coerce.number().int().min(1).max(200).default(10),
  /** Subscriptions of all clients together. */
  MAX_SUBSCRIPTIONS: z.coerce.number().int().min(1).default(1_000),
});

export type ApiSettings = z.infer<typeof settingsSchema>;

export function readSettings(): ApiSettings {
  return readEnvironment(settingsSchema, "api");
}
