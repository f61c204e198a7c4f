import { createYoga, type Plugin, type YogaServerInstance } from "graphql-yoga";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Pool } from "pg";
import type { Logger } from "../shared/log";
import { renderConsole } from "./console";
import { badInput, createErrorMask } from "./errors";
import { useHeadCache } from "./headCache";
import type { HeadFeed } from "./heads";
import { useLimits } from "./limits";
import { buildSchema } from "./schema";
import type { ApiSettings } from "./settings";
import { Snapshot } from "./snapshot";

/** Path of the GraphQL endpoint: queries, server-sent events, WebSocket, and the console for browsers. */
export const GRAPHQL_PATH = "/graphql";

export interface ServerContext {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
}

export interface UserContext {
  readonly openreader: Snapshot;
}

export type GraphqlServer = YogaServerInstance<ServerContext, UserContext>;

/** The GraphQL server over a pool of connections. */
export async function createGraphql(options: {
  readonly settings: ApiSettings;
  readonly pool: Pool;
  readonly heads: HeadFeed;
  readonly log: Logger;
}): Promise<GraphqlServer> {
  const { settings, pool, heads, log } = options;
  let subscriptions = 0;
  const enterSubscription = (): (() => void) => {
    if (subscriptions >= settings.MAX_SUBSCRIPTIONS) {
      throw badInput(
        `There are ${subscriptions} subscriptions already: try again later, or query from time to time.`,
      );
    }
    subscriptions += 1;
    return () => (subscriptions -= 1);
  };
  return createYoga<ServerContext, UserContext>({
    schema: await buildSchema(),
    graphqlEndpoint: GRAPHQL_PATH,
    context: () => ({
      openreader: new Snapshot({
        pool,
        heads,
        maxResponseValues: settings.MAX_RESPONSE_VALUES,
        enterSubscription,
      }),
    }),
    plugins: [
      useLimits({ maxDepth: settings.MAX_QUERY_DEPTH, maxFields: settings.MAX_QUERY_FIELDS }),
      useHeadCache(heads),
      useSnapshotEnd(),
    ],
    graphiql: true,
    renderGraphiQL: () => renderConsole(GRAPHQL_PATH),
    maskedErrors: { maskError: createErrorMask(log) },
    // Public data, read only: any page may ask.
    cors: { origin: "*", credentials: false, methods: ["GET", "POST", "OPTIONS"] },
    landingPage: false,
    logging: {
      debug: () => undefined,
      info: () => undefined,
      warn: (...args: unknown[]) => log.warn({ args }, "graphql"),
      error: (...args: unknown[]) => log.error({ args }, "graphql"),
    },
  });
}

/** Gives an operation's connection back when its result is there. */
function useSnapshotEnd(): Plugin<UserContext> {
  return {
    onExecute: ({ args }) => ({
      onExecuteDone: () => args.contextValue.openreader.close(),
    }),
  };
}
