import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

/**
 * Opens a node's database file. What is committed survives the death of the process and of the machine: WAL with a
 * flush at each commit. The file belongs to one process: a second one is refused.
 * @throws Error where the file cannot be opened or another process has it.
 */
export function openDatabase(path: string): DatabaseSync {
  if (path !== ":memory:") mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path);
  try {
    database.exec(`
      PRAGMA busy_timeout = 2000;
      PRAGMA locking_mode = EXCLUSIVE;
      PRAGMA journal_mode = WAL;
      PRAGMA synchronous = FULL;
      PRAGMA foreign_keys = ON;
    `);
    // Locks are taken at the first write: take them now, so that a second process learns it at start.
    database.exec("BEGIN IMMEDIATE; COMMIT;");
  } catch (cause) {
    database.close();
    throw new Error(`the database ${path} cannot be opened; is another node using it? ${String(cause)}`, {
      cause,
    });
  }
  return database;
}

/** Runs an action in one transaction: all of it is stored, or nothing. */
export function inTransaction<T>(database: DatabaseSync, action: () => T): T {
  database.exec("BEGIN IMMEDIATE");
  try {
    const result = action();
    database.exec("COMMIT");
    return result;
  } catch (error) {
    // A full or failing disk has ended the transaction already.
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}
