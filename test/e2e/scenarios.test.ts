/** A scenario as it is run. Each of them checks its own steps; here, that one does end well and says so. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { expect } from "chai";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));

async function scenario(name: string): Promise<{ output: string; steps: string; code: number | null }> {
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/scenarios/main.ts", name], {
    cwd: ROOT,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let [output, steps] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => (output += chunk.toString()));
  child.stderr.on("data", (chunk: Buffer) => (steps += chunk.toString()));
  const [code] = (await once(child, "close")) as [number | null];
  return { output, steps, code };
}

describe("npm run scenario", function () {
  this.timeout(180_000);

  it("lets a delegator and an app leave while a slash is open, and ends with a JSON line", async () => {
    const { output, steps, code } = await scenario("exit");
    expect(code, steps).to.equal(0);
    expect(output.trim().split("\n")).to.have.length(1);
    expect(JSON.parse(output)).to.include({
      scenario: "exit",
      slashOpen: 100,
      delegatorLeftWith: 2_000,
      appLeftWith: 5_000,
      ok: true,
    });
  });

  it("says which scenarios there are", async () => {
    const { output, steps, code } = await scenario("dance");
    expect(code).to.equal(1);
    expect(output).to.equal("");
    expect(steps).to.contain('there is no scenario "dance"').and.to.contain("governance");
  });
});
