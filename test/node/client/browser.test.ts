import { expect } from "chai";
import { build } from "esbuild";

describe("browser entry", () => {
  it("bundles without anything of Node's", async () => {
    const { outputFiles, metafile } = await build({
      entryPoints: ["node/client/browser.ts"],
      bundle: true,
      format: "esm",
      platform: "browser",
      target: "es2022",
      minify: true,
      write: false,
      metafile: true,
      logLevel: "silent",
    });
    const inputs = Object.keys(metafile.inputs);
    expect(inputs).to.include("node/client/Room.ts");
    expect(
      inputs.filter((path) => /wrtc|AccessToken|Voucher|node\/(media|signaling|service|chain)/.test(path)),
    ).to.deep.equal([]);
    const imports = Object.values(metafile.inputs).flatMap((input) => input.imports);
    expect(imports.filter(({ path, external }) => external || path.startsWith("node:"))).to.deep.equal([]);
    expect(outputFiles[0]?.text).to.include("dtelecom-signaling-1");
  });
});
