import { expect } from "chai";

import { parseArguments, PARTS, sideBySide } from "../../scripts/setup/test.mjs";
import { add, format, judgePart } from "../../scripts/setup/test-summary.mjs";

describe("setup: the test suite's result", () => {
  const counts = (passed: number, failed: number, skipped: number) => ({ passed, failed, skipped });
  const written = (passed: number, failed: number, skipped: number) =>
    JSON.stringify(counts(passed, failed, skipped));
  const ended = { code: 0, signal: null };

  it("takes the counts that a part's reporter wrote", () => {
    expect(judgePart(written(3, 0, 1), ended)).to.deep.equal({ counts: counts(3, 0, 1) });
    expect(judgePart(written(3, 2, 0), { code: 2, signal: null })).to.deep.equal({ counts: counts(3, 2, 0) });
  });

  it("fails a part that broke off before there were any", () => {
    const broken = judgePart(undefined, { code: 7, signal: null });
    expect(broken.counts).to.deep.equal(counts(0, 1, 0));
    expect(broken.problem).to.include("exit code 7");
    expect(judgePart(undefined, ended).counts.failed).to.equal(1);
    expect(judgePart('{"passed": 3', { code: null, signal: "SIGKILL" }).problem).to.include("SIGKILL");
    expect(judgePart('{"passed": -1, "failed": 0, "skipped": 0}', ended).counts.failed).to.equal(1);
  });

  it("fails a part whose tests passed and whose process did not end well", () => {
    const { counts: found, problem } = judgePart(written(3, 0, 0), { code: 1, signal: null });
    expect(found).to.deep.equal(counts(3, 1, 0));
    expect(problem).to.include("exit code 1");
  });

  it("fails a part that ran no test", () => {
    expect(judgePart(written(0, 0, 0), ended).counts.failed).to.equal(1);
    expect(judgePart(written(0, 0, 4), ended)).to.deep.equal({
      counts: counts(0, 1, 4),
      problem: "ran no test",
    });
  });

  it("adds the parts up and says so in one line", () => {
    expect(add([counts(1, 2, 3), counts(10, 20, 30)])).to.deep.equal(counts(11, 22, 33));
    expect(add([])).to.deep.equal(counts(0, 0, 0));
    expect(format(counts(12, 0, 0))).to.equal("12 passed, 0 failed");
    expect(format(counts(12, 0, 1))).to.equal("12 passed, 0 failed, 1 skipped");
  });

  it("runs each part once, the node's two side by side where both are asked for", () => {
    expect(sideBySide(["setup", "node", "media", "e2e"])).to.deep.equal([
      ["setup"],
      ["node", "media"],
      ["e2e"],
    ]);
    expect(sideBySide(["media"])).to.deep.equal([["media"]]);
    expect(sideBySide(parseArguments([]).names).flat()).to.have.members(Object.keys(PARTS));
  });

  it("runs all parts, those named, or one with arguments for its runner", () => {
    expect(parseArguments([])).to.deep.equal({ names: Object.keys(PARTS), runnerArgs: [] });
    expect(parseArguments(["node", "e2e"])).to.deep.equal({ names: ["node", "e2e"], runnerArgs: [] });
    expect(parseArguments(["node", "--grep", "e2e"])).to.deep.equal({
      names: ["node"],
      runnerArgs: ["--grep", "e2e"],
    });
    expect(parseArguments(["node", "test/node/room.test.ts"]).runnerArgs).to.deep.equal([
      "test/node/room.test.ts",
    ]);
    expect(() => parseArguments(["node", "nodes"])).to.throw('"nodes" is no part');
    expect(() => parseArguments(["nodes"])).to.throw('"nodes" is no part');
    expect(() => parseArguments(["node", "e2e", "--bail"])).to.throw('"--bail" is no part');
  });
});
