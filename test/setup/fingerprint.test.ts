import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { expect } from "chai";

import { filesIn, fingerprint, noteAt } from "../../scripts/setup/fingerprint.mjs";

describe("setup: fingerprints", () => {
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "dtelecom-fingerprint-"));
    mkdirSync(join(folder, "inner"));
    writeFileSync(join(folder, "a.sol"), "contract A {}");
    writeFileSync(join(folder, "inner", "b.sol"), "contract B {}");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const current = () => fingerprint(filesIn([folder]));

  it("lists files of folders and single files in a stable order, and passes over what is absent", () => {
    const [a, b] = [join(folder, "a.sol"), join(folder, "inner", "b.sol")];
    expect(filesIn([folder])).to.deep.equal([a, b]);
    expect(filesIn([join(folder, "inner"), join(folder, "absent"), a])).to.deep.equal([b, a]);
    expect(filesIn([folder], (path) => !path.endsWith("inner"))).to.deep.equal([a]);
  });

  it("stays the same as long as the files do", () => {
    const before = current();
    writeFileSync(join(folder, "a.sol"), "contract A {}");
    expect(current()).to.equal(before);
  });

  it("changes with a file's content, a file's name, an added file, and a fact", () => {
    const seen = new Set([current()]);
    writeFileSync(join(folder, "a.sol"), "contract A { }");
    seen.add(current());
    writeFileSync(join(folder, "c.sol"), "");
    seen.add(current());
    rmSync(join(folder, "c.sol"));
    writeFileSync(join(folder, "d.sol"), "");
    seen.add(current());
    seen.add(fingerprint(filesIn([folder]), ["arm64"]));
    expect(seen.size).to.equal(5);
  });

  it("notes what a step was done from", () => {
    const note = noteAt(join(folder, "notes", "step"));
    expect(note.says("one")).to.equal(false);
    note.write("one");
    expect(note.says("one")).to.equal(true);
    expect(note.says("two")).to.equal(false);
  });
});
