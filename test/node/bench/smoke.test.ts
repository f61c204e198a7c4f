import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { expect } from "chai";
import { z } from "zod";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const outputSchema = z.object({
  figures: z.array(z.object({ part: z.string(), what: z.string(), value: z.number(), unit: z.string() })),
  notes: z.array(z.string()),
});

/** Runs parts of the bench in their quickest form; a part that fails makes this fail. */
async function bench(...parts: string[]) {
  const args = ["--import", "tsx", "scripts/bench/node.ts", "--quick", "--json", ...parts];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: ROOT });
  const { figures } = outputSchema.parse(JSON.parse(stdout));
  return (part: string, what: string) => {
    const figure = figures.find((one) => one.part === part && one.what.includes(what));
    if (!figure) throw new Error(`the part ${part} printed no "${what}"`);
    return figure.value;
  };
}

describe("Bench of the node, in its quickest form", function () {
  this.timeout(90_000);

  it("measures media, receipts and the tree", async () => {
    const value = await bench("media", "receipts", "tree");
    expect(value("media", "packets forwarded, bare")).to.be.within(500, 700);
    expect(value("media", "packets forwarded, node")).to.be.within(500, 700);
    expect(value("media", "CPU per packet, node to bare")).to.be.greaterThan(0);
    expect(value("media", "memory per subscriber, node")).to.be.greaterThan(0);
    expect(value("receipts", "receipts acknowledged")).to.be.greaterThan(0);
    expect(value("receipts", "acknowledged but not stored")).to.equal(0);
    expect(value("tree", "sessions built")).to.be.greaterThan(0);
  });

  it("sees a call join and come back when its worker is killed", async () => {
    const value = await bench("worker");
    expect(value("worker", "half of 1 within")).to.be.within(1, 30_000);
  });

  it("names the parts where one is not known", async () => {
    const failed = await promisify(execFile)(
      process.execPath,
      ["--import", "tsx", "scripts/bench/node.ts", "meda"],
      { cwd: ROOT },
    ).then(
      () => undefined,
      (error: unknown) => error,
    );
    const { code, stderr } = z.object({ code: z.number(), stderr: z.string() }).parse(failed);
    expect(code).to.equal(2);
    expect(stderr).to.match(/no part meda[\s\S]*media[\s\S]*soak/);
  });
});
