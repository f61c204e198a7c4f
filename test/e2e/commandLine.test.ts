import { expect } from "chai";
import { problemIn } from "../../scripts/devnet/logLine.js";
import { parseOptions } from "../../scripts/devnet/options.js";

describe("the devnet's command line", () => {
  it("stays up unless it is told after how many epochs to stop", () => {
    expect(parseOptions([])).to.deep.include({ epochs: undefined, help: false });
    expect(parseOptions(["--epochs", "3", "--exit", "--port", "4100"])).to.deep.include({
      epochs: 3,
      port: 4100,
    });
  });

  it("refuses what it does not know or cannot do, and says which option", () => {
    expect(() => parseOptions(["--epochs", "3"])).to.throw("--epochs and --exit go together");
    expect(() => parseOptions(["--exit"])).to.throw("--epochs and --exit go together");
    expect(() => parseOptions(["--epochs", "0", "--exit"])).to.throw("epochs");
    expect(() => parseOptions(["--port", "99999"])).to.throw("port");
    expect(() => parseOptions(["--nodes", "5"])).to.throw("--nodes");
    expect(() => parseOptions(["fast"])).to.throw("fast");
  });
});

describe("errors in log lines", () => {
  it("are found in pino's, Subsquid's and Node's own form", () => {
    const pino = '{"level":50,"time":1,"msg":"the disk is full"}';
    const subsquid = '{"level":4,"time":1,"ns":"sqd:processor","msg":"data ingestion error"}';
    expect(problemIn(pino)).to.equal(pino);
    expect(problemIn(subsquid)).to.equal(subsquid);
    expect(problemIn("[UnhandledPromiseRejection: This error originated …")).to.contain("Unhandled");
    expect(problemIn("(node:1) MaxListenersExceededWarning: Possible memory leak")).to.contain("memory leak");
  });

  it("are not seen where there are none", () => {
    expect(problemIn('{"level":40,"msg":"a warning"}')).to.equal(undefined);
    expect(problemIn('{"level":2,"ns":"sqd:processor","msg":"processing blocks"}')).to.equal(undefined);
    expect(problemIn('{"level":50 and no JSON')).to.equal(undefined);
    expect(problemIn("Ada joined town-hall")).to.equal(undefined);
  });
});
