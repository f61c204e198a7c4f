/**
 * Fingerprints of what a step was done from, to tell whether it must be done again.
 */
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";

import { ROOT } from "./paths.mjs";

/**
 * All files at the given paths, folders with everything below them, in a stable order. Paths that do not exist
 * are passed over.
 *
 * @param {readonly string[]} paths
 * @param {(path: string) => boolean} [include] asked for every file and folder
 * @returns {string[]}
 */
export function filesIn(paths, include = () => true) {
  return paths.flatMap((path) => {
    const found = statSync(path, { throwIfNoEntry: false });
    if (!found || !include(path)) return [];
    if (!found.isDirectory()) return [path];
    const names = readdirSync(path).sort();
    return filesIn(
      names.map((name) => join(path, name)),
      include,
    );
  });
}

/**
 * @param {readonly string[]} files their paths and contents are part of the fingerprint
 * @param {readonly string[]} [facts] and so are these
 */
export function fingerprint(files, facts = []) {
  const hash = createHash("sha256");
  /** Lengths keep neighbouring parts apart. @param {string | Buffer} part */
  const add = (part) => hash.update(`${Buffer.byteLength(part)}:`).update(part);
  facts.forEach(add);
  for (const file of files) {
    add(relative(ROOT, file));
    add(readFileSync(file));
  }
  return hash.digest("hex");
}

/**
 * A note of the fingerprint that a step was last done from.
 *
 * @param {string} path
 */
export function noteAt(path) {
  return {
    /** @param {string} value */
    says(value) {
      try {
        return readFileSync(path, "utf8").trim() === value;
      } catch {
        return false;
      }
    },
    /** @param {string} value */
    write(value) {
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, `${value}\n`);
    },
  };
}
