import { expect } from "chai";

import { projectEnvironment } from "../../scripts/setup/environment.mjs";

describe("setup: the programs' environment", () => {
  const node = "/opt/node/bin/node";

  it("has the project's tools and Node first in the path", () => {
    const { PATH } = projectEnvironment({ node }, { PATH: "/usr/bin:/bin" });
    const [bin, ...others] = (PATH ?? "").split(":");
    expect(bin).to.match(/\/node_modules\/\.bin$/);
    expect(others).to.deep.equal(["/opt/node/bin", "/usr/bin", "/bin"]);
  });

  it("names the worker and the browser where there are any, and keeps the rest", () => {
    const env = projectEnvironment({ node, worker: "/w", chromium: "/c" }, { PATH: "", LANG: "C" });
    expect(env).to.include({ MEDIASOUP_WORKER_BIN: "/w", CHROMIUM_BIN: "/c", LANG: "C" });
    expect(projectEnvironment({ node }, { PATH: "" })).to.not.have.any.keys(
      "MEDIASOUP_WORKER_BIN",
      "CHROMIUM_BIN",
    );
  });
});
