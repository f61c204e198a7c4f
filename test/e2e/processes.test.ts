import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { z } from "zod";
import { ProcessGroup } from "../../scripts/devnet/processGroup.js";

describe("the devnet's processes", () => {
  let directory: string;
  let group: ProcessGroup;

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "dtelecom-processes-"));
    group = new ProcessGroup();
  });

  afterEach(async () => {
    await group.stop();
    await rm(directory, { recursive: true, force: true });
  });

  const start = (name: string, stopMs?: number) =>
    group.start({
      name,
      script: `test/e2e/fixtures/${name}.mjs`,
      logFile: join(directory, `${name}.log`),
      ...(stopMs === undefined ? {} : { stopMs }),
    });

  it("hears what a process says when it is ready, and stops it", async () => {
    const process = start("obedient");
    const message = await process.receive(z.object({ ready: z.literal(true), answer: z.number() }), 10_000);
    expect(message.answer).to.equal(42);
    const end = await process.stop();
    expect(end).to.deep.equal({ code: null, signal: "SIGTERM", unexpected: false });
    expect(group.failure.aborted).to.equal(false);
  });

  it("kills what does not stop in time, and says so", async () => {
    const process = start("stubborn", 300);
    await process.receive(z.object({ ready: z.literal(true) }), 10_000);
    expect((await process.stop()).signal).to.equal("SIGKILL");
    expect(process.problems).to.deep.equal(["did not stop within 300 ms and was killed"]);
  });

  it("notices a death and its reason, and the errors reported before", async () => {
    const process = start("failing");
    await process.exited;
    expect(String(group.failure.reason)).to.match(/failing ended unexpectedly with exit code 1/);
    expect(String(group.failure.reason)).to.contain("nobody waits for this");
    const problems = group.problems().join("\n");
    expect(problems).to.contain("the disk is full");
    expect(problems).to.contain("the fork is too deep");
    expect(problems).to.not.contain("only a warning");
  });

  it("leaves nothing running when the supervisor itself is killed", async () => {
    const supervisor = spawn(
      process.execPath,
      ["--import", "tsx", "test/e2e/fixtures/supervisor.ts", directory],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const exited = once(supervisor, "exit");
    const [line] = z
      .tuple([z.string()])
      .parse(await once(createInterface({ input: supervisor.stdout }), "line"));
    const pids = z.array(z.int().positive()).length(2).parse(JSON.parse(line));
    expect(pids.every(isAlive)).to.equal(true);
    // Time for the processes to take hold of their signals.
    await sleep(500);
    supervisor.kill("SIGKILL");
    await exited;
    const deadline = Date.now() + 20_000;
    while (pids.some(isAlive) && Date.now() < deadline) await sleep(100);
    expect(pids.filter(isAlive)).to.deep.equal([]);
  });
});

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
