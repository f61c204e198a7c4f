import { expect } from "chai";

import { matchesLockfile } from "../../scripts/setup/packages.mjs";

describe("setup: packages", () => {
  const wanted = {
    packages: {
      "": {},
      "node_modules/a": { version: "1.0.0" },
      "node_modules/a/node_modules/b": { version: "2.0.0" },
      "node_modules/a-darwin": { version: "1.0.0", optional: true },
    },
  };
  const a = { "node_modules/a": { version: "1.0.0" } };
  const b = { "node_modules/a/node_modules/b": { version: "2.0.0" } };

  it("takes an installation as the lockfile has it, with or without the optional packages", () => {
    expect(matchesLockfile(wanted, { packages: { ...a, ...b } })).to.equal(true);
    const darwin = { "node_modules/a-darwin": { version: "1.0.0" } };
    expect(matchesLockfile(wanted, { packages: { ...a, ...b, ...darwin } })).to.equal(true);
  });

  it("notices a package that is missing, of another version, or too many", () => {
    expect(matchesLockfile(wanted, { packages: { ...a } })).to.equal(false);
    const newer = { "node_modules/a": { version: "1.0.1" } };
    expect(matchesLockfile(wanted, { packages: { ...newer, ...b } })).to.equal(false);
    const other = { "node_modules/c": { version: "3.0.0" } };
    expect(matchesLockfile(wanted, { packages: { ...a, ...b, ...other } })).to.equal(false);
    const otherDarwin = { "node_modules/a-darwin": { version: "0.9.0" } };
    expect(matchesLockfile(wanted, { packages: { ...a, ...b, ...otherDarwin } })).to.equal(false);
  });
});
