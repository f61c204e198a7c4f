import { SnakeNamingStrategy } from "@subsquid/typeorm-config/lib/namingStrategy";
import { join } from "node:path";
import { DataSource } from "typeorm";
import * as model from "../model";

/** Folder of `indexer/`: this file runs from `lib/database`. */
export const INDEXER_DIRECTORY = join(__dirname, "..", "..");

/** Postgres channel on which the processor announces each new head, as JSON {height, hash}. */
export const HEAD_CHANNEL = "indexer_head";

/** Opens the database of the entities in `schema.graphql`, without changing it. */
export async function openEntities(url: string): Promise<DataSource> {
  const source = new DataSource({
    type: "postgres",
    url,
    applicationName: "dtelecom-indexer",
    namingStrategy: new SnakeNamingStrategy(),
    entities: Object.values(model).filter((value) => typeof value === "function"),
    migrations: [join(INDEXER_DIRECTORY, "db", "migrations", "*.js")],
  });
  return source.initialize();
}

/** Statements that would bring the database to what the entities ask for; none where migrations are complete. */
export async function missingMigration(source: DataSource): Promise<string[]> {
  const { upQueries } = await source.driver.createSchemaBuilder().log();
  return upQueries.map(({ query }) => query);
}
