import { expect } from "chai";
import { chmod, mkdir, mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { z } from "zod";
import { startDatabase } from "../../indexer/lib/database/embedded.js";
import { withClient } from "./support/databases.js";
import { startProgram } from "./support/program.js";

const readySchema = z.object({ url: z.string(), pid: z.int() });

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("the embedded database", function () {
  this.timeout(60_000);
  let directory: string;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "dtelecom-database-"));
  });

  afterEach(() => rm(directory, { recursive: true }));

  const remember = (url: string): Promise<unknown> =>
    withClient(url, (client) => client.query("CREATE TABLE note AS SELECT 'still here' AS text"));
  const recall = (url: string): Promise<unknown> =>
    withClient(url, async (client): Promise<unknown> => {
      const { rows } = await client.query<{ text: string }>("SELECT text FROM note");
      return rows;
    });

  it("keeps what it holds over a restart, and stops when asked to", async () => {
    const first = await startDatabase({ directory });
    await remember(first.url);
    await first.stop();
    expect(isAlive(first.pid)).to.be.false;
    const second = await startDatabase({ directory });
    expect(await recall(second.url)).to.deep.equal([{ text: "still here" }]);
    await Promise.all([second.stop(), second.stop()]);
    expect(isAlive(second.pid)).to.be.false;
  });

  it("ends with its program, and is taken over where the program was killed", async () => {
    const program = startProgram(["indexer/lib/database.js"], { DB_DIRECTORY: directory });
    const { url, pid } = readySchema.parse(await program.ready);
    await remember(url);
    await program.stop("SIGKILL");
    expect(isAlive(pid)).to.be.true;
    const next = startProgram(["indexer/lib/database.js"], { DB_DIRECTORY: directory });
    const ready = readySchema.parse(await next.ready);
    expect(ready.pid).to.equal(pid);
    expect(await recall(ready.url)).to.deep.equal([{ text: "still here" }]);
    expect(await next.stop()).to.equal(0);
    expect(isAlive(pid)).to.be.false;
  });

  it("tells its program when it ends by itself", async () => {
    const program = startProgram(["indexer/lib/database.js"], { DB_DIRECTORY: directory });
    const { pid } = readySchema.parse(await program.ready);
    process.kill(pid, "SIGINT");
    expect(await program.exited).to.equal(1);
    expect(program.log()).to.include("Postgres ended by itself");
  });

  it("makes its folder anew where a killed run left half of it", async () => {
    await mkdir(join(directory, "data.new", "base"), { recursive: true });
    const database = await startDatabase({ directory });
    await database.stop();
  });

  it("says in Postgres' own words why it does not start", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    try {
      const { port } = taken.address() as AddressInfo;
      const failure = await startDatabase({ directory, port }).catch((error: unknown) => error);
      expect(failure).to.be.instanceOf(Error);
      expect(String(failure)).to.include("Address already in use");
    } finally {
      taken.close();
    }
  });

  it("runs for root where only root may enter", async function () {
    // Anybody else runs Postgres as themselves.
    if (process.getuid?.() !== 0) this.skip();
    const closed = await mkdtemp(join(homedir(), ".dtelecom-database-"));
    try {
      await chmod(closed, 0o700);
      const database = await startDatabase({ directory: join(closed, "postgres") });
      await remember(database.url);
      await database.stop();
      const again = await startDatabase({ directory: join(closed, "postgres") });
      expect(await recall(again.url)).to.deep.equal([{ text: "still here" }]);
      await again.stop();
      expect(again.directory).not.to.equal(join(closed, "postgres"));
      await rm(again.directory, { recursive: true });
    } finally {
      await rm(closed, { recursive: true });
    }
  });
});
