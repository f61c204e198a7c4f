// Writes the next migration of db/migrations: what is between the migrations so far and schema.graphql. It tries them
// on a database of its own, so nothing needs to run. Build first.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const { startDatabase } = require("../lib/database/embedded.js");
const { openEntities } = require("../lib/database/entities.js");

const indexer = dirname(dirname(fileURLToPath(import.meta.url)));
const root = dirname(indexer);
const migrations = join(indexer, "db", "migrations");
const name = process.argv[2];
if (name === undefined || !/^[A-Z][A-Za-z0-9]*$/.test(name)) {
  throw new Error("Say what the migration does: npm --prefix indexer run migration -- AddAudits");
}

const directory = mkdtempSync(join(tmpdir(), "dtelecom-migration-"));
const database = await startDatabase({ directory });
try {
  const source = await openEntities(database.url);
  await source.runMigrations({ transaction: "all" });
  const { upQueries, downQueries } = await source.driver.createSchemaBuilder().log();
  await source.destroy();
  if (upQueries.length === 0) {
    console.log("The migrations match the schema: there is nothing to write.");
  } else {
    const number = String(readdirSync(migrations).length + 1).padStart(13, "0");
    const statements = (queries) =>
      queries.map(({ query }) => `    await db.query(\`${query.trim()}\`);`).join("\n");
    const path = join(migrations, `${number}-${name}.js`);
    writeFileSync(
      path,
      `module.exports = class ${name}${number} {
  name = "${name}${number}";

  async up(db) {
${statements(upQueries)}
  }

  async down(db) {
${statements(downQueries.toReversed())}
  }
};
`,
    );
    execFileSync(process.execPath, [
      join(root, "node_modules", "prettier", "bin", "prettier.cjs"),
      "--write",
      path,
    ]);
    console.log(`Wrote ${path}`);
  }
} finally {
  await database.stop();
  rmSync(directory, { recursive: true, force: true });
}
