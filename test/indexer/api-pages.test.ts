import { expect } from "chai";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startEmptyApi } from "./support/api.js";
import type { TestApi } from "./support/api.js";

describe("the API's pages", function () {
  this.timeout(60_000);
  let page: string;
  let api: TestApi;

  before(async () => {
    page = await mkdtemp(join(tmpdir(), "dtelecom-page-"));
    await mkdir(join(page, "public", "assets"), { recursive: true });
    await writeFile(join(page, "secret.txt"), "not yours");
    await writeFile(join(page, "public", "index.html"), "<title>network</title>");
    await writeFile(join(page, "public", "assets", "app.js"), "export {};");
    await writeFile(join(page, "public", ".env"), "not yours");
    await symlink(join(page, "secret.txt"), join(page, "public", "link.txt"));
    api = await startEmptyApi({
      PAGE_DIRECTORY: join(page, "public"),
      NODE_ENDPOINTS: "wss://one.example,wss://two.example",
      APP_ENDPOINT: "http://app.example",
    });
  });

  after(async () => {
    await api.stop();
    await rm(page, { recursive: true });
  });

  it("serves the network's page and its settings", async () => {
    const root = await fetch(api.url);
    expect(root.status).to.equal(200);
    expect(root.headers.get("content-type")).to.include("text/html");
    expect(await root.text()).to.include("<title>network</title>");
    const script = await fetch(`${api.url}assets/app.js?v=1`);
    expect(script.headers.get("content-type")).to.include("text/javascript");
    const config = await fetch(`${api.url}config.json`);
    expect(await config.json()).to.deep.equal({
      graphqlPath: "/graphql",
      deployment: null,
      nodeEndpoints: ["wss://one.example", "wss://two.example"],
      appEndpoint: "http://app.example",
    });
  });

  it("serves nothing from outside the page's folder", async () => {
    for (const path of [
      "/../secret.txt",
      "/%2e%2e/secret.txt",
      "/..%2fsecret.txt",
      "/assets/../../secret.txt",
      "/link.txt",
      "/.env",
      "/assets%00",
      "/%",
      "/assets",
      "//etc/passwd",
      "/graphiql/../../package.json",
    ]) {
      expect(await statusOfRawPath(api.url, path), path).to.equal(404);
    }
    expect((await fetch(api.url, { method: "DELETE" })).status).to.equal(405);
  });

  it("serves GraphiQL, whole, without another server", async () => {
    const response = await fetch(api.graphqlUrl, { headers: { accept: "text/html" } });
    const html = await response.text();
    expect(html).to.include('window.GRAPHQL_API="/graphql"');
    const parts = [...html.matchAll(/(?:src|href)="([^"]+)"/g)].map(([, path]) => path!);
    expect(parts.length).to.be.greaterThan(3);
    for (const path of parts) {
      expect(path).to.match(/^\//);
      expect((await fetch(new URL(path, api.url))).status, path).to.equal(200);
    }
  });

  it("lets any page read it", async () => {
    const response = await fetch(api.graphqlUrl, {
      method: "POST",
      headers: { "content-type": "application/json", origin: "https://elsewhere.example" },
      body: JSON.stringify({ query: "{ squidStatus { height } }" }),
    });
    expect(response.headers.get("access-control-allow-origin")).to.equal("https://elsewhere.example");
    // Without cookies: nothing here depends on who asks.
    expect(response.headers.get("access-control-allow-credentials")).not.to.equal("true");
  });

  it("says that it lives, and that it is not ready while nothing is indexed", async () => {
    expect((await fetch(`${api.url}health`)).status).to.equal(200);
    const response = await fetch(`${api.url}ready`);
    expect(response.status).to.equal(503);
    expect(await response.text()).to.include("not indexed a block yet");
  });
});

/** `fetch` would clean the path up. */
async function statusOfRawPath(url: string, path: string): Promise<number | undefined> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve, reject) => {
    const sent = request({ hostname, port, path }, (response) => {
      response.resume();
      resolve(response.statusCode);
    });
    sent.on("error", reject);
    sent.end();
  });
}
