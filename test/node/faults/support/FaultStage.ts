import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Wallet } from "ethers";
import { createEpochClock } from "../../../../node/protocol/epochClock.js";
import type { EpochClock } from "../../../../node/protocol/epochClock.js";
import { eventually } from "../../support/eventually.js";
import { LocalChain } from "../../support/localChain.js";
import { addressOf, walletOf } from "../../support/participants.js";
import { AppServer } from "./AppServer.js";
import { NodeProcess } from "./NodeProcess.js";
import { RpcProxy } from "./RpcProxy.js";
import { StagedOperator } from "./StagedOperator.js";

/** A real chain whose time stands still unless it is moved, and RPC endpoints before it that can be made to fail. */
export class FaultStage {
  readonly chain: LocalChain;
  readonly clock: EpochClock;
  readonly directory: string;
  readonly #closers: (() => Promise<unknown>)[] = [];
  readonly #nodes = new Set<NodeProcess>();
  #headSeconds = 0;
  #skewMs = 0;
  #count = 0;

  private constructor(chain: LocalChain, clock: EpochClock, directory: string) {
    this.chain = chain;
    this.clock = clock;
    this.directory = directory;
  }

  static async start(): Promise<FaultStage> {
    const chain = await LocalChain.start();
    const deployment = await chain.deploy();
    const directory = await mkdtemp(join(tmpdir(), "dtelecom-faults-"));
    await writeFile(join(directory, "deployment.json"), JSON.stringify(deployment));
    const stage = new FaultStage(chain, createEpochClock(deployment), directory);
    await stage.#readHead();
    return stage;
  }

  /** Ends what a test has started. */
  async reset(): Promise<void> {
    this.#skewMs = 0;
    for (const node of this.#nodes) if (node.isRunning) await node.kill();
    this.#nodes.clear();
    for (const close of this.#closers.splice(0).reverse()) await close();
    await this.chain.automine(true);
  }

  async close(): Promise<void> {
    await this.reset();
    await this.chain.close();
    await rm(this.directory, { recursive: true });
  }

  /** The chain's time, Unix time in milliseconds. */
  get nowMs(): number {
    return this.#headSeconds * 1_000;
  }

  get epoch(): number {
    return this.clock.currentEpoch(this.nowMs);
  }

  /** Sets the clocks of the nodes apart from the chain's. */
  set skewMs(skewMs: number) {
    this.#skewMs = skewMs;
    this.#setClocks();
  }

  async proxy(): Promise<RpcProxy> {
    const proxy = await RpcProxy.start(this.chain.url);
    this.#closers.push(() => proxy.close());
    return proxy;
  }

  /** A registered, bonded node, and an app whose participants it serves. */
  async operator(rpcUrls: readonly string[], settings: object = {}): Promise<StagedOperator> {
    const wallet = await this.chain.account();
    const { nodeId, owner } = await this.chain.ownedNode(wallet);
    const signer = walletOf(`signer ${nodeId}`);
    const app = await this.chain.app(signer.address, { [nodeId.toString()]: "900" }, "2000");
    const server = await AppServer.start(this.chain, {
      ...{ app: addressOf(app), signer, nowMs: () => this.nowMs },
    });
    this.#closers.push(() => server.close());
    const staged = new StagedOperator(this, { nodeId, owner, wallet, app: server, rpcUrls, settings });
    await this.#readHead();
    return staged;
  }

  /** Starts a node's process at the chain's time. */
  async spawn(configPath: string, wallet: Wallet): Promise<NodeProcess> {
    const node = await NodeProcess.start({
      ...{ configPath, operatorKey: wallet.privateKey, clockOffsetMs: this.#offsetMs },
    });
    this.#nodes.add(node);
    node.setClock(this.#offsetMs);
    return node;
  }

  /** Moves the time and mines a block. */
  async goTo(seconds: number): Promise<void> {
    // A node's transaction may be mined in between: then that block's time is no longer to be had.
    for (let tries = 1; ; tries++) {
      await this.#readHead();
      try {
        await this.chain.mineAt(Math.max(seconds, this.#headSeconds + 1));
        break;
      } catch (error) {
        if (tries === 5 || !String(error).includes("previous block's timestamp")) throw error;
      }
    }
    await this.#readHead();
  }

  /** Mines blocks a second apart. */
  async mine(blocks = 1): Promise<void> {
    for (let block = 0; block < blocks; block++) await this.goTo(0);
  }

  /** Begins an epoch that nothing has happened in; its number. */
  async newEpoch(): Promise<number> {
    await this.#readHead();
    const epoch = this.epoch + 1;
    await this.goTo(this.clock.startOf(epoch) + 1);
    return epoch;
  }

  /** Lets the chain go on, a block at a time, until something holds. */
  async mineUntil(what: string, holds: () => boolean | Promise<boolean>, timeoutMs = 30_000): Promise<void> {
    await eventually(
      what,
      async () => {
        if (await holds()) return true;
        await this.mine();
        await pause(150);
        return holds();
      },
      timeoutMs,
    );
  }

  /** Sees an epoch through to its end, as the node that is running takes part in it. */
  async settle(operator: StagedOperator, epoch: number): Promise<void> {
    const { serviceAttestations } = this.chain.contracts();
    const drawn = async () => (await serviceAttestations.epochRecordOf(epoch)).drawnAt !== 0n;
    await this.goTo(this.clock.commitWindowOf(epoch).closesAt);
    await this.mineUntil("the seed is drawn", drawn, 30_000);
    const { timestamp, blockNumber } = await serviceAttestations.proofDeadline(epoch);
    await this.mineUntil("proven, where it must be", async () => {
      const { burned } = await this.chain.contracts().paymentEscrow.nodeRevenueOf(operator.nodeId, epoch);
      if (!(await serviceAttestations.mustProve(operator.nodeId, epoch, burned))) return true;
      return (await operator.outcome(epoch)).proven > 0;
    });
    await this.mine(Math.max(0, Number(blockNumber) - (await this.chain.provider.getBlockNumber())));
    await this.goTo(Math.max(Number(timestamp), this.clock.endOf(epoch + 1)) + 1);
    await this.mineUntil("claimed", async () => (await operator.outcome(epoch)).claimed > 0);
  }

  async #readHead(): Promise<void> {
    const head = await this.chain.provider.getBlock("latest");
    this.#headSeconds = head?.timestamp ?? 0;
    this.#setClocks();
  }

  get #offsetMs(): number {
    return this.nowMs - Date.now() + this.#skewMs;
  }

  #setClocks(): void {
    for (const node of this.#nodes) if (node.isRunning) node.setClock(this.#offsetMs);
  }

  /** A number that no test has had before. */
  next(): number {
    return this.#count++;
  }
}
