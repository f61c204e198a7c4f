import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The top of the repository. */
export const ROOT = dirname(dirname(dirname(fileURLToPath(import.meta.url))));

/** Installed command-line tools. npm's Node 24 is here as `node`. */
export const BIN = join(ROOT, "node_modules", ".bin");

/** Set-up's notes about this clone. They go with Hardhat's cache, so `hardhat clean` forgets both. */
export const NOTES = join(ROOT, "cache", "setup");

/**
 * Where things are kept that outlive `node_modules` and serve every clone of the user.
 *
 * @param {NodeJS.ProcessEnv} env
 */
export function userCache(env = process.env) {
  const configured = env.XDG_CACHE_HOME;
  // The XDG specification has relative paths ignored.
  const base = configured && isAbsolute(configured) ? configured : join(homedir(), ".cache");
  return join(base, "dtelecom");
}
