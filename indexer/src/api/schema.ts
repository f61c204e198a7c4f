import type { Context } from "@subsquid/openreader/lib/context";
import { Dialect, getSchemaBuilder } from "@subsquid/openreader/lib/dialect";
import type { Query } from "@subsquid/openreader/lib/sql/query";
import { loadModel } from "@subsquid/openreader/lib/tools";
import {
  GraphQLInt,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  type GraphQLFieldConfigMap,
} from "graphql";
import { join } from "node:path";
import { z } from "zod";
import { INDEXER_DIRECTORY } from "../database/entities";

/** Where the index is; null before the first block. */
export interface SquidStatus {
  readonly height: number;
  readonly hash: string;
  readonly finalizedHeight: number;
  readonly finalizedHash: string;
}

const statusType = new GraphQLObjectType({
  name: "SquidStatus",
  description: "Which blocks all other answers of the same operation include.",
  fields: {
    height: { type: new GraphQLNonNull(GraphQLInt), description: "The newest block included." },
    hash: { type: new GraphQLNonNull(GraphQLString), description: "Its hash." },
    finalizedHeight: {
      type: new GraphQLNonNull(GraphQLInt),
      description: "The newest block that is taken as final: what happened up to it is never taken back.",
    },
    finalizedHash: { type: new GraphQLNonNull(GraphQLString), description: "Its hash." },
  },
});

const statusRow = z.tuple([z.int(), z.string(), z.int(), z.string()]);

const STATUS_QUERY: Query<SquidStatus | null> = {
  sql:
    "SELECT coalesce(hot.height, status.height), coalesce(hot.hash, status.hash), status.height, status.hash " +
    "FROM squid_processor.status LEFT JOIN LATERAL " +
    "(SELECT height, hash FROM squid_processor.hot_block ORDER BY height DESC LIMIT 1) AS hot ON true " +
    "WHERE status.height >= 0",
  params: [],
  map(rows) {
    if (rows[0] === undefined) return null;
    const [height, hash, finalizedHeight, finalizedHash] = statusRow.parse(rows[0]);
    return { height, hash, finalizedHeight, finalizedHash };
  },
};

/** Connections whose names the library forms wrongly; lists are named in `schema.graphql`. */
const CONNECTION_NAMES: Readonly<Record<string, string>> = {
  epochesConnection: "epochsConnection",
  nodeEpochesConnection: "nodeEpochsConnection",
};

/** Openreader's schema for the entities of `schema.graphql`, and `squidStatus`. */
export async function buildSchema(): Promise<GraphQLSchema> {
  const model = loadModel(join(INDEXER_DIRECTORY, "schema.graphql"));
  const builder = await getSchemaBuilder({ model, subscriptions: true, dialect: Dialect.OpenCrud });
  const entities = builder.build();
  const description = "Which blocks all other answers of the same operation include; none before the first.";
  const query: GraphQLFieldConfigMap<unknown, Context> = {
    ...Object.fromEntries(
      Object.entries(entities.getQueryType()?.toConfig().fields ?? {}).map(([name, field]) => [
        CONNECTION_NAMES[name] ?? name,
        field,
      ]),
    ),
    squidStatus: {
      type: statusType,
      description,
      resolve: (_source, _args, context) => context.openreader.executeQuery(STATUS_QUERY),
    },
  };
  const subscription: GraphQLFieldConfigMap<unknown, Context> = {
    ...entities.getSubscriptionType()?.toConfig().fields,
    squidStatus: {
      type: statusType,
      description,
      resolve: (status) => status,
      subscribe: (_source, _args, context) => context.openreader.subscription(STATUS_QUERY),
    },
  };
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: "Query", fields: query }),
    subscription: new GraphQLObjectType({ name: "Subscription", fields: subscription }),
  });
}
