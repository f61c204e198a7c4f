import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A directory of its own that is gone when this process ends, however a part ends; unless it is killed. */
export function temporaryDirectory(name: string): string {
  const directory = mkdtempSync(join(tmpdir(), `bench-${name}-`));
  process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
