import {
  GraphQLError,
  type DocumentNode,
  type ExecutionArgs,
  type ExecutionResult,
  type GraphQLSchema,
} from "graphql";
import { useServer } from "graphql-ws/use/ws";
import type { Server } from "node:http";
import { WebSocketServer } from "ws";
import { GRAPHQL_PATH, type GraphqlServer } from "./graphql";
import { MAX_REQUEST_BYTES } from "./limits";

const MAX_CONNECTIONS = 1_000;

/** What the server does to operations, its plugins included; the library leaves it untyped. */
interface Enveloped {
  readonly schema: GraphQLSchema;
  readonly parse: (query: string) => DocumentNode;
  readonly validate: (schema: GraphQLSchema, document: DocumentNode) => readonly GraphQLError[];
  readonly contextFactory: () => Promise<Record<string, unknown>>;
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult>;
  readonly subscribe: (args: ExecutionArgs) => Promise<AsyncIterable<ExecutionResult> | ExecutionResult>;
}

type Executor = Pick<Enveloped, "execute" | "subscribe">;

/** Serves the same operations over WebSocket, by the graphql-transport-ws protocol. Returns what ends it. */
export function serveSockets(server: Server, graphql: GraphqlServer): () => Promise<void> {
  const sockets = new WebSocketServer({ server, path: GRAPHQL_PATH, maxPayload: MAX_REQUEST_BYTES });
  sockets.on("connection", (socket) => {
    if (sockets.clients.size > MAX_CONNECTIONS) socket.close(1013, "Too many connections: try again later.");
  });
  const running = useServer(
    {
      execute: (args) => rootOf(args).execute(args),
      subscribe: (args) => rootOf(args).subscribe(args),
      onSubscribe: async (context, _id, params) => {
        const enveloped = graphql.getEnveloped({
          ...context,
          req: context.extra.request,
          socket: context.extra.socket,
          params,
        }) as Enveloped;
        const { schema } = enveloped;
        let document: DocumentNode;
        try {
          document = enveloped.parse(params.query);
        } catch (error) {
          // An answer to the caller: thrown on, it would close the connection.
          if (error instanceof GraphQLError) return [error];
          throw error;
        }
        const errors = enveloped.validate(schema, document);
        if (errors.length > 0) return errors;
        return {
          schema,
          operationName: params.operationName,
          document,
          variableValues: params.variables,
          contextValue: await enveloped.contextFactory(),
          rootValue: { execute: enveloped.execute, subscribe: enveloped.subscribe },
        };
      },
    },
    sockets,
  );
  return async () => {
    await running.dispose();
  };
}

/** The plugins' own execute and subscribe travel as the root value: resolvers at the root use none. */
function rootOf(args: ExecutionArgs): Executor {
  const root: unknown = args.rootValue;
  if (typeof root !== "object" || root === null || !("execute" in root) || !("subscribe" in root)) {
    throw new Error("An operation came without its plugins.");
  }
  return root as Executor;
}
