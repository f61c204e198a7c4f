import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

import { expect } from "chai";

const fixture = (name: string) => fileURLToPath(new URL(`fixtures/${name}`, import.meta.url));

/** Starts a parent that runs `child-*.mjs` in the foreground, and waits for the child's first words. */
async function startParent(child: string): Promise<{ parent: ChildProcess; output: () => string }> {
  const parent = spawn(process.execPath, [fixture("parent.mjs"), fixture(child)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let output = "";
  parent.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
  while (!output.includes("ready")) await once(parent.stdout, "data");
  return { parent, output: () => output };
}

async function endOf(parent: ChildProcess): Promise<{ code: number | null; signal: NodeJS.Signals | null }> {
  const [code, signal] = (await once(parent, "close")) as [number | null, NodeJS.Signals | null];
  return { code, signal };
}

describe("setup: running programs", () => {
  it("passes a signal on once, though npm sends it a second time, and waits for a clean end", async () => {
    const { parent, output } = await startParent("child-counts-signals.mjs");
    parent.kill("SIGINT");
    parent.kill("SIGINT");
    expect(await endOf(parent)).to.deep.equal({ code: 7, signal: null });
    expect(output()).to.include("signals: 1");
  });

  it("has the program shut down when set-up itself is killed outright", async () => {
    const { parent, output } = await startParent("child-counts-signals.mjs");
    parent.kill("SIGKILL");
    // Closed only when the program has ended too: it has the other end of the output.
    expect(await endOf(parent)).to.deep.equal({ code: null, signal: "SIGKILL" });
    expect(output()).to.include("signals: 1");
  });

  it("ends as the program does: by the same signal", async () => {
    const { parent } = await startParent("child-without-handlers.mjs");
    parent.kill("SIGTERM");
    expect(await endOf(parent)).to.deep.equal({ code: null, signal: "SIGTERM" });
  });

  it("asks the program to end when its terminal is closed", async () => {
    const { parent } = await startParent("child-without-handlers.mjs");
    parent.kill("SIGHUP");
    expect(await endOf(parent)).to.deep.equal({ code: null, signal: "SIGTERM" });
  });
});
