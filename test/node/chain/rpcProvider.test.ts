import { createServer } from "node:http";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { z } from "zod";
import { BlockWatcher } from "../../../node/chain/blockWatcher.js";
import { loadDeployment } from "../../../node/chain/deployment.js";
import { ChainUnavailable, RpcProvider } from "../../../node/chain/rpcProvider.js";
import { walletOf } from "../support/participants.js";

const callSchema = z.object({ id: z.number(), method: z.string() });

/** An RPC endpoint that answers as the test says. */
async function endpoint(chainId: number) {
  const state = { mode: "ok" as "ok" | "down" | "limited" | "reverts" | "stalls", calls: [] as string[] };
  const answerTo = ({ id, method }: z.infer<typeof callSchema>) => {
    state.calls.push(method);
    if (state.mode === "limited")
      return { jsonrpc: "2.0", id, error: { code: -32005, message: "limit exceeded" } };
    if (state.mode === "reverts" && method === "eth_call") {
      return { jsonrpc: "2.0", id, error: { code: 3, message: "execution reverted", data: "0x" } };
    }
    const result = method === "eth_chainId" ? `0x${chainId.toString(16)}` : "0x10";
    return { jsonrpc: "2.0", id, result };
  };
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk: Buffer) => (body += chunk.toString()));
    request.on("end", () => {
      if (state.mode === "stalls") return;
      if (state.mode === "down") return response.writeHead(502).end("<html>bad gateway</html>");
      const calls = z.union([z.array(callSchema), callSchema]).parse(JSON.parse(body));
      response.end(JSON.stringify(Array.isArray(calls) ? calls.map(answerTo) : answerTo(calls)));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  return {
    state,
    url: `http://127.0.0.1:${port}/?key=secret`,
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(resolve);
      }),
  };
}

describe("RPC provider", function () {
  this.timeout(10_000);
  const open: { close(): Promise<unknown> }[] = [];
  const providers: RpcProvider[] = [];
  afterEach(async function () {
    for (const provider of providers.splice(0)) provider.destroy();
    for (const one of open.splice(0)) await one.close();
  });
  async function endpoints(...chainIds: number[]) {
    const made = await Promise.all(chainIds.map((chainId) => endpoint(chainId)));
    open.push(...made);
    return made;
  }
  function providerOf(urls: string[], onFailure?: (endpoint: string, reason: string) => void) {
    const provider = new RpcProvider({ urls, chainId: 5, timeoutMs: 300, ...(onFailure && { onFailure }) });
    providers.push(provider);
    return provider;
  }

  it("asks the next endpoint when one is down, limits or stalls, and stays with it", async function () {
    const [first, second] = await endpoints(5, 5);
    if (first === undefined || second === undefined) throw new Error("two endpoints were asked for");
    for (const mode of ["down", "limited", "stalls"] as const) {
      first.state.mode = mode;
      const failures: string[] = [];
      const provider = providerOf([first.url, second.url], (url, reason) =>
        failures.push(`${url} ${reason}`),
      );
      expect(await provider.getBlockNumber()).to.equal(16);
      expect(failures).to.have.length(1);
      expect(failures[0]).to.not.contain("secret");
      first.state.calls.length = 0;
      expect(await provider.getBlockNumber()).to.equal(16);
      expect([failures.length, first.state.calls.length]).to.deep.equal([1, 0]);
    }
  });

  it("never listens to an endpoint of another chain", async function () {
    const [wrong, right] = await endpoints(6, 5);
    const failures: string[] = [];
    const provider = providerOf([wrong?.url ?? "", right?.url ?? ""], (_, reason) => failures.push(reason));
    expect(await provider.getBlockNumber()).to.equal(16);
    expect(failures).to.deep.equal(["it serves chain 6, not 5"]);
    expect(wrong?.state.calls).to.deep.equal(["eth_chainId"]);
  });

  it("takes a revert for an answer and asks nobody else", async function () {
    const [first, second] = await endpoints(5, 5);
    if (first === undefined || second === undefined) throw new Error("two endpoints were asked for");
    first.state.mode = "reverts";
    const provider = providerOf([first.url, second.url]);
    const error: unknown = await provider
      .call({ to: walletOf("x").address })
      .catch((reason: unknown) => reason);
    expect(error).to.have.property("code", "CALL_EXCEPTION");
    expect(second.state.calls).to.deep.equal([]);
  });

  it("says that no endpoint answered, without their credentials", async function () {
    const [only] = await endpoints(5);
    if (only === undefined) throw new Error("an endpoint was asked for");
    only.state.mode = "down";
    const provider = providerOf([only.url, "http://127.0.0.1:1/v1/secret"]);
    const error: unknown = await provider.getBlockNumber().catch((reason: unknown) => reason);
    expect(error).to.be.instanceOf(ChainUnavailable);
    expect(String(error)).to.contain("HTTP 502").and.not.contain("secret");
  });
});

describe("block watcher", function () {
  it("tells of each new block once, never goes back, and survives failures", async function () {
    const blocks = [5, 5, undefined, 7, 6, 8];
    const errors: unknown[] = [];
    const watcher = new BlockWatcher(
      {
        getBlock: () => {
          const number = blocks.length > 1 ? blocks.shift() : blocks[0];
          if (number === undefined) return Promise.reject(new Error("no endpoint"));
          return Promise.resolve({ number, timestamp: 1_000 + number });
        },
      },
      { periodMs: 5, onError: (error) => errors.push(error) },
    );
    expect(() => watcher.head).to.throw("not known yet");
    await watcher.start();
    const seen: number[] = [];
    await new Promise<void>((resolve) => {
      watcher.onBlock(({ number }) => {
        seen.push(number);
        if (number === 8) resolve();
      });
    });
    watcher.stop();
    expect(seen).to.deep.equal([7, 8]);
    expect(watcher.head).to.deep.equal({ number: 8, timestamp: 1_008 });
    expect(errors).to.have.length(1);
  });
});

describe("deployment file", function () {
  it("is checked member by member", async function () {
    const directory = await mkdtemp(join(tmpdir(), "dtelecom-deployment-"));
    const path = join(directory, "deployment.json");
    const address = walletOf("contract").address;
    const names = [
      "token",
      "nodeRegistry",
      "nodeStaking",
      "paymentEscrow",
      "serviceAttestations",
      "rewardDistributor",
      "auditRing",
    ];
    const addresses = Object.fromEntries(
      [...names, "accessManager", "treasury"].map((name) => [name, address.toLowerCase()]),
    );
    const deployment = {
      chainId: 5,
      addresses,
      genesisSeconds: 1_000,
      epochSeconds: 60,
      epochBlocks: 60,
      auditors: 3,
      startBlock: 0,
    };
    const load = async (value: unknown) => {
      await writeFile(path, typeof value === "string" ? value : JSON.stringify(value));
      return loadDeployment(path).catch((error: unknown) => String(error));
    };
    expect(await load(deployment)).to.have.nested.property("addresses.treasury", address);
    const complete = { ...addresses, governor: address, peaqIdentity: address };
    expect(await load({ ...deployment, addresses: complete })).to.have.nested.property("addresses.governor");
    const { auditRing: _, ...withoutRing } = addresses;
    expect(await load({ ...deployment, addresses: withoutRing })).to.contain("addresses.auditRing");
    expect(await load({ ...deployment, extra: 1 })).to.contain('"extra"');
    expect(await load({ ...deployment, addresses: { ...addresses, token: "0x12" } })).to.contain(
      "addresses.token",
    );
    expect(await load("{")).to.contain("cannot be read");
    await rm(directory, { recursive: true });
  });
});
