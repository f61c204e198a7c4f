import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Path below which the console's own files are served. */
export const CONSOLE_PATH = "/graphiql";

/** Folder of GraphiQL as an npm package brings it, so that it works without a network. */
export const CONSOLE_DIRECTORY = join(
  dirname(require.resolve("@subsquid/graphiql-console/package.json")),
  "build",
);

const FIRST_QUERY = `{
  squidStatus { height }
  networks(limit: 1) { currentEpoch nodes bytesDelivered feesCollected feesBurned rewardsMinted }
  nodes(limit: 10, orderBy: number_ASC) { id endpoint operator pool { bond assets } }
}`;

/** The console's page, set to a GraphQL endpoint. */
export function renderConsole(endpoint: string): string {
  return readFileSync(join(CONSOLE_DIRECTORY, "index.html"), "utf8")
    .replaceAll("/static/", `${CONSOLE_PATH}/static/`)
    .replace("/manifest.json", `${CONSOLE_PATH}/manifest.json`)
    .replace('"${GRAPHQL_API}"', JSON.stringify(endpoint))
    .replace('"${GRAPHQL_DEFAULT_QUERY}"', () => JSON.stringify(FIRST_QUERY))
    .replace("${APP_TITLE}", "dTelecom GraphQL");
}
