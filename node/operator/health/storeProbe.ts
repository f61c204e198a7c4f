import type { DatabaseSync } from "node:sqlite";

/** Makes the function that writes one row, on disk when it returns; it throws where the disk is full or gone. */
export function storeProbe(database: DatabaseSync): () => void {
  database.exec(
    "CREATE TABLE IF NOT EXISTS store_probe (id INTEGER PRIMARY KEY CHECK (id = 1), at_ms INTEGER) STRICT",
  );
  const write = database.prepare(
    "INSERT INTO store_probe VALUES (1, ?) ON CONFLICT (id) DO UPDATE SET at_ms = excluded.at_ms",
  );
  return () => void write.run(Date.now());
}
