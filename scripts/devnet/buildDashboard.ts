/** Bundles the network's page into indexer/dashboard/dist, which the API serves. */
import { cp, rm } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import { build } from "esbuild";

const dashboard = fileURLToPath(new URL("../../indexer/dashboard", import.meta.url));
const output = `${dashboard}/dist`;

await rm(output, { recursive: true, force: true });
await build({
  entryPoints: [`${dashboard}/src/main.ts`, `${dashboard}/src/main.css`],
  outdir: output,
  bundle: true,
  minify: true,
  sourcemap: true,
  format: "esm",
  platform: "browser",
  target: ["chrome111", "firefox120", "safari17"],
  logLevel: "warning",
});
await cp(`${dashboard}/index.html`, `${output}/index.html`);
