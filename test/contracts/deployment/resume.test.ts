/** `npm run deploy` and `npm run deploy:check`, as they are run: in processes of their own, against a node over HTTP. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect } from "chai";
import { JsonRpcProvider, JsonRpcSigner, Network, Transaction, parseEther } from "ethers";
import hre from "hardhat";
import { checkDeployment } from "../../../scripts/deploy/check/check.js";
import { deployedAddresses } from "../../../scripts/deploy/journal.js";
import { DEVNET_CHAIN_ID } from "../../../scripts/devnet/chain.js";
import { loadDeployment } from "../../../node/chain/deployment.js";
import {
  DTelToken__factory,
  INodeStaking__factory,
  InertImplementation__factory,
  ProtocolAccessManager__factory,
} from "../../../types/contracts/index.js";

const ROOT = fileURLToPath(new URL("../../..", import.meta.url));
const STRANGER = "0x00000000000000000000000000000000000000E1";

describe("npm run deploy", function () {
  this.timeout(180_000);

  let directory: string;
  let rpcUrl: string;
  let provider: JsonRpcProvider;
  let stop: () => Promise<void>;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "dtelecom-deploy-"));
    const server = await hre.network.createServer("node", "127.0.0.1", 0);
    const { port } = await server.listen();
    rpcUrl = `http://127.0.0.1:${port}`;
    provider = new JsonRpcProvider(rpcUrl, Network.from(DEVNET_CHAIN_ID), {
      staticNetwork: true,
      cacheTimeout: -1,
    });
    await provider.send("evm_setAutomine", [true]);
    stop = async () => {
      provider.destroy();
      await server.close();
    };
  });

  after(async () => {
    await stop();
    await rm(directory, { recursive: true, force: true });
  });

  /** Runs it, and kills it without a warning when a line of its output says so. Resolves to output and exit code. */
  async function deploy(
    killAt?: (lines: number) => boolean,
  ): Promise<{ output: string; code: number | null }> {
    const child = spawn(
      process.execPath,
      ["--import", "tsx", "scripts/deploy/deploy.ts", "--network", "devnet", "--directory", directory],
      { cwd: ROOT, env: { ...process.env, DTEL_RPC_URL: rpcUrl }, stdio: ["ignore", "pipe", "pipe"] },
    );
    let output = "";
    const collect = (chunk: Buffer) => {
      output += chunk.toString();
      if (killAt?.(output.split("\n").length) === true) child.kill("SIGKILL");
    };
    child.stdout.on("data", collect);
    child.stderr.on("data", collect);
    const [code] = (await once(child, "close")) as [number | null];
    return { output, code };
  }

  const journalFile = () => join(directory, "journal.jsonl");
  /** By the journal: the kill may have come while Ignition wrote its file of addresses. */
  const addresses = () => deployedAddresses(directory);

  /** What a process leaves that is killed after a transaction was sent and before Ignition wrote that down. */
  async function forgetLastTransaction(): Promise<void> {
    const lines = (await readFile(journalFile(), "utf8")).split("\n");
    const last = lines.findLastIndex((line) => line.includes('"TRANSACTION_SEND"'));
    expect(last).to.be.greaterThan(0);
    // And in the middle of writing the next line.
    await writeFile(journalFile(), [...lines.slice(0, last), (lines[last] ?? "").slice(0, 40)].join("\n"));
  }

  it("goes on after being killed, deploys nothing twice, and says so when it was begun otherwise", async () => {
    const first = await deploy((lines) => lines > 6);
    expect(first.code, first.output).to.equal(null);
    const early = addresses();
    await forgetLastTransaction();
    const second = await deploy((lines) => lines > 30);
    expect(second.output).to.contain("going on").and.to.contain("was not recorded");
    expect(second.code, second.output).to.equal(null);
    const later = addresses();
    expect(later).to.include(early);
    await forgetLastTransaction();

    const third = await deploy();
    expect(third.code, third.output).to.equal(0);
    expect(addresses()).to.include(later);
    const deployment = await loadDeployment(join(directory, "deployment.json"));
    expect(Object.keys(deployment.addresses)).to.have.length(18);

    // Every transaction of the deployer is one that was written down, once for each nonce.
    const sent = (await readFile(join(directory, "sent.jsonl"), "utf8")).trim().split("\n");
    const nonces = sent.map((line) => Transaction.from((JSON.parse(line) as { raw: string }).raw).nonce);
    const { deployer } = JSON.parse(await readFile(join(directory, "decisions.json"), "utf8")) as {
      deployer: string;
    };
    expect(nonces.toSorted((a, b) => a - b)).to.deep.equal(
      Array.from({ length: await provider.getTransactionCount(deployer) }, (_, nonce) => nonce),
    );
    const steps = (await readFile(journalFile(), "utf8"))
      .split("\n")
      .filter((line) => line.includes('"TRANSACTION_CONFIRM"'));
    expect(steps).to.have.length(nonces.length);

    const decisions = await readFile(join(directory, "decisions.json"), "utf8");
    await writeFile(
      join(directory, "decisions.json"),
      decisions.replace('"kappaBps": 9000', '"kappaBps": 8999'),
    );
    const changed = await deploy();
    expect(changed.output).to.contain("the parameters file has changed since");
    expect(changed.code).to.equal(1);
    await writeFile(join(directory, "decisions.json"), decisions);
  });

  it("leaves what deploy:check confirms, and finds whatever is changed afterwards", async () => {
    const check = () => checkDeployment({ network: "devnet", directory, rpcUrls: [rpcUrl] });
    expect((await check()).differences).to.deep.equal([]);

    const { addresses: at } = await loadDeployment(join(directory, "deployment.json"));
    const as = async (address: string) => {
      await provider.send("hardhat_impersonateAccount", [address]);
      await provider.send("hardhat_setBalance", [address, `0x${parseEther("10").toString(16)}`]);
      return new JsonRpcSigner(provider, address);
    };
    const administrator = await as(at.timelock ?? "");
    const manager = ProtocolAccessManager__factory.connect(at.accessManager, administrator);
    const setLimits = INodeStaking__factory.createInterface().encodeFunctionData("setStakeLimits", [
      parseEther("2000"),
      5,
    ]);
    await manager.execute(at.nodeStaking, setLimits);
    await manager.grantRole(1, STRANGER, 0);
    const inert = await new InertImplementation__factory(administrator).deploy(at.accessManager);
    const upgrade = inert.interface.encodeFunctionData("upgradeToAndCall", [await inert.getAddress(), "0x"]);
    await manager.execute(at.paymentEscrow, upgrade);
    await DTelToken__factory.connect(at.token, await as(at.tokenVesting ?? "")).delegate(STRANGER);
    const proofs = at.serviceProofs ?? "";
    await provider.send("hardhat_setCode", [proofs, `${(await provider.getCode(proofs)).slice(0, -2)}00`]);

    const { differences } = await check();
    for (const found of [
      "parameters: minimum bond is 2000",
      "parameters: delegation cap is 5, expected 10",
      `power: members of roles is ["0 ${at.timelock}","1 ${STRANGER}"`,
      "proxies: PaymentEscrow, implementation is",
      `supply: votes of the vesting contract is ${STRANGER.toLowerCase()}`,
      "code: Protocol#ServiceProofs is",
    ]) {
      const isFound = differences.some((one) => one.toLowerCase().startsWith(found.toLowerCase()));
      const all = differences.map((difference) => difference.slice(0, 200)).join("\n");
      expect(isFound, `${found} among\n${all}`).to.equal(true);
    }
  });
});
