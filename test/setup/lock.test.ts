import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

import { withLock } from "../../scripts/setup/lock.mjs";

const LOCKED_APPEND = fileURLToPath(new URL("fixtures/locked-append.mjs", import.meta.url));

describe("setup: the lock", () => {
  let folder: string;
  let lock: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dtelecom-lock-"));
    lock = join(folder, "lock");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("lets one process in after another", async () => {
    const log = join(folder, "log");
    const processes = ["a", "b", "c"].map((name) =>
      spawn(process.execPath, [LOCKED_APPEND, lock, log, name], { stdio: ["ignore", "ignore", "inherit"] }),
    );
    await Promise.all(processes.map((child) => once(child, "close")));

    const lines = readFileSync(log, "utf8").trim().split("\n");
    expect(lines).to.have.length(6);
    for (let index = 0; index < lines.length; index += 2) {
      const name = lines[index]?.split(" ")[0];
      expect(lines.slice(index, index + 2)).to.deep.equal([`${name} in`, `${name} out`]);
    }
  });

  it("is given back also when the work fails", async () => {
    const failure = new Error("work failed");
    const caught: unknown = await withLock(lock, () => Promise.reject(failure)).catch(
      (error: unknown) => error,
    );
    expect(caught).to.equal(failure);
    expect(existsSync(lock)).to.equal(false);
  });

  it("is taken over from a process that died with it", async () => {
    const gone = spawn(process.execPath, ["-e", ""]);
    await once(gone, "close");
    writeFileSync(lock, String(gone.pid));
    expect(await withLock(lock, () => Promise.resolve("done"))).to.equal("done");
    expect(existsSync(lock)).to.equal(false);
  });
});
