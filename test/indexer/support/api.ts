/** An API that a test sends operations to. */
import { z } from "zod";
import { openEntities } from "../../../indexer/lib/database/entities.js";
import { TestDatabases } from "./databases.js";
import { startProgram } from "./program.js";

export interface GraphqlAnswer {
  readonly data?: unknown;
  readonly errors?:
    readonly { message: string; extensions?: { code?: string | undefined } | undefined }[] | undefined;
}

const answerSchema = z.object({
  data: z.unknown().optional(),
  errors: z
    .array(
      z.object({
        message: z.string(),
        extensions: z.looseObject({ code: z.string().optional() }).optional(),
      }),
    )
    .optional(),
});

const readySchema = z.object({ url: z.string(), graphqlUrl: z.string() });

/** Sends an operation and returns its whole answer. */
export async function sendOperation(
  graphqlUrl: string,
  query: string,
  variables: Record<string, unknown> = {},
): Promise<GraphqlAnswer> {
  const response = await fetch(graphqlUrl, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ query, variables }),
  });
  return answerSchema.parse(await response.json());
}

export interface TestApi {
  readonly url: string;
  readonly graphqlUrl: string;
  readonly databaseUrl: string;
  readonly log: () => string;
  send(query: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer>;
  /** Ends it and fails where it does not end as it should. */
  stop(): Promise<void>;
}

/** Starts an API on a free port. */
export async function startApi(
  settings: Readonly<Record<string, string>> & { DB_URL: string },
): Promise<TestApi> {
  const program = startProgram(["indexer/lib/api.js"], { API_PORT: "0", ...settings });
  const { url, graphqlUrl } = readySchema.parse(await program.ready);
  return {
    url,
    graphqlUrl,
    databaseUrl: settings.DB_URL,
    log: program.log,
    send: (query, variables) => sendOperation(graphqlUrl, query, variables),
    async stop() {
      const code = await program.stop();
      if (code !== 0) throw new Error(`the API ended with code ${code}:\n${program.log()}`);
    },
  };
}

/** An API over a database with all tables and no content: enough for what does not depend on it. */
export async function startEmptyApi(settings: Readonly<Record<string, string>> = {}): Promise<TestApi> {
  const databases = await TestDatabases.start();
  const databaseUrl = await databases.create();
  const entities = await openEntities(databaseUrl);
  await entities.runMigrations({ transaction: "all" });
  await entities.destroy();
  const api = await startApi({ DB_URL: databaseUrl, ...settings });
  return {
    ...api,
    async stop() {
      await api.stop();
      await databases.stop();
    },
  };
}
