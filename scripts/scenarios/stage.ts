/** Where a scenario plays: a chain with the whole protocol and the indexer; its nodes are driven by the script. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { formatEther, NonceManager, parseEther } from "ethers";
import type {
  ContractTransactionReceipt,
  ContractTransactionResponse,
  JsonRpcProvider,
  Signer,
  Wallet,
} from "ethers";
import { devnetProvider, startChain } from "../devnet/chain.js";
import { deployDevnet, saveDeployment } from "../devnet/deployment.js";
import { randomWallet } from "../devnet/economy.js";
import { startApi, startDatabase, startProcessor } from "../devnet/indexer.js";
import { ProcessGroup } from "../devnet/processGroup.js";
import type { ProtocolDeployment } from "../ignition/plan.js";
import { loadParameters } from "../parameters/schema.js";
import type { Parameters } from "../parameters/schema.js";
import { connectAll } from "./contracts.js";
import type { AllContracts } from "./contracts.js";
import { IndexReader } from "./indexReader.js";

const PARAMETERS = new URL("../parameters/devnet.json", import.meta.url);
const GAS = parseEther("10");

/**
 * The chain's clock is the machine's, and goes on by itself, a block a second. Where a story waits for minutes, the
 * clock is put forward; every rule of the contracts still sees the time go by.
 */
export class Stage {
  readonly group = new ProcessGroup();
  readonly parameters: Parameters;
  readonly deployment: ProtocolDeployment;
  readonly provider: JsonRpcProvider;
  readonly rpcUrl: string;
  readonly graphqlUrl: string;
  /** Reads. */
  readonly contracts: AllContracts;
  readonly #directory: string;
  readonly #holder: Signer;
  readonly #index: IndexReader;

  private constructor(parts: {
    group: ProcessGroup;
    parameters: Parameters;
    deployment: ProtocolDeployment;
    provider: JsonRpcProvider;
    rpcUrl: string;
    graphqlUrl: string;
    directory: string;
    holder: Signer;
  }) {
    this.group = parts.group;
    this.parameters = parts.parameters;
    this.deployment = parts.deployment;
    this.provider = parts.provider;
    this.rpcUrl = parts.rpcUrl;
    this.graphqlUrl = parts.graphqlUrl;
    this.contracts = connectAll(parts.deployment, parts.provider);
    this.#directory = parts.directory;
    this.#holder = parts.holder;
    this.#index = new IndexReader({ ...parts, failure: parts.group.failure });
  }

  static async start(say: (text: string) => void): Promise<Stage> {
    const directory = await mkdtemp(join(tmpdir(), "dtelecom-scenario-"));
    const group = new ProcessGroup();
    try {
      const parameters = await loadParameters(PARAMETERS);
      const database = startDatabase(group, directory);
      // Awaited below; a failure until then is not lost, and no unhandled rejection either.
      database.catch(() => undefined);
      const { rpcUrl } = await startChain(group, directory, 0);
      const provider = devnetProvider(rpcUrl);
      const newest = await provider.getBlock("latest");
      say(`chain at ${rpcUrl}`);
      const deployment = await deployDevnet({
        provider,
        parameters,
        genesisSeconds: (newest?.timestamp ?? 0) - parameters.clock.epochSeconds,
      });
      // Each transaction is mined when it comes; a block a second comes besides.
      await provider.send("evm_setAutomine", [true]);
      say("contracts deployed, in the hands of the timelock");
      const deploymentFile = join(directory, "deployment.json");
      await saveDeployment(deploymentFile, deployment);
      const databaseUrl = await database;
      await startProcessor(group, { directory, databaseUrl, deploymentFile, rpcUrl });
      const apiUrl = await startApi(group, {
        directory,
        databaseUrl,
        deploymentFile,
        port: 0,
        nodeEndpoints: [],
        appUrl: "",
      });
      say(`GraphQL at ${apiUrl}graphql`);
      return new Stage({
        group,
        parameters,
        deployment,
        provider,
        rpcUrl,
        graphqlUrl: `${apiUrl}graphql`,
        directory,
        holder: new NonceManager(await provider.getSigner(0)),
      });
    } catch (error) {
      await group.stop();
      await rm(directory, { recursive: true, force: true });
      throw error;
    }
  }

  /** Stops everything. @param keep Leaves the logs, and says where they are. */
  async stop(keep: boolean): Promise<string | undefined> {
    this.provider.destroy();
    await this.group.stop();
    if (keep) return this.#directory;
    await rm(this.#directory, { recursive: true, force: true });
    return undefined;
  }

  /** A new account with native coin and DTEL, in wei. */
  async person(dtelWei = 0n): Promise<Wallet> {
    const wallet = randomWallet(this.provider);
    await (await this.#holder.sendTransaction({ to: wallet.address, value: GAS })).wait();
    if (dtelWei > 0n) await this.give(wallet.address, dtelWei);
    return wallet;
  }

  /** Gives DTEL, in wei. */
  async give(to: string, dtelWei: bigint): Promise<void> {
    await sent(this.contracts.token.connect(this.#holder).transfer(to, dtelWei));
  }

  // ---------------------------------------------------------------------- time

  /** Time of the newest block, Unix time in seconds. */
  async now(): Promise<number> {
    const block = await this.provider.getBlock("latest");
    if (block === null) throw new Error("the chain has no block");
    return block.timestamp;
  }

  /** Puts the clock forward to a moment, and mines a block there; no further back than it is. */
  async goTo(timestamp: number): Promise<void> {
    const ahead = timestamp - (await this.now());
    if (ahead > 0) await this.provider.send("evm_increaseTime", [ahead]);
    await this.provider.send("evm_mine", []);
  }

  async pass(seconds: number): Promise<void> {
    await this.goTo((await this.now()) + seconds);
  }

  /** Mines blocks, in no time. One by one: those of `hardhat_mine` have no parents that an indexer could follow. */
  async mine(blocks: number): Promise<void> {
    for (let count = 0; count < blocks; count++) await this.provider.send("evm_mine", []);
  }

  startOf(epoch: number): number {
    return this.deployment.genesisSeconds + epoch * this.deployment.epochSeconds;
  }

  async epoch(): Promise<number> {
    return Math.floor(((await this.now()) - this.deployment.genesisSeconds) / this.deployment.epochSeconds);
  }

  // ------------------------------------------------------------------- GraphQL

  /** Asks for one field, once the index has reached the newest block. */
  ask(query: string): Promise<unknown> {
    return this.#index.ask(query);
  }

  /** What GraphQL and the contracts' views say differently, in words. */
  differences(): Promise<readonly string[]> {
    return this.#index.differences();
  }
}

/** Waits until a transaction is mined. */
export async function sent(
  transaction: Promise<ContractTransactionResponse>,
): Promise<ContractTransactionReceipt> {
  const receipt = await (await transaction).wait();
  if (receipt === null) throw new Error("a transaction was not mined");
  return receipt;
}

/** DTEL in wei. */
export const dtel = (amount: number): bigint => parseEther(String(amount));

/** Wei as DTEL, for the JSON line. */
export const inDtel = (wei: bigint): number => Number(formatEther(wei));
